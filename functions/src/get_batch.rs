//! `GET /api/v1/batches/{id}`: a batch with how far its lines are.

use app::{
    error::Error,
    get_batch::{self, BatchNow},
    port::Store,
};
use domain::ids::BatchId;
use platform::{
    api::{batch_view::BatchDetailView, envelope::Reply, request::Request},
    entry::Backend,
};

use crate::asked::reader;

pub async fn handle<S: Store>(backend: Backend<S>, request: Request) -> Reply {
    let meta = request.meta();
    match get(&backend, &request).await {
        Ok(now) => Reply::ok(&BatchDetailView::from(&now), &meta),
        Err(error) => Reply::error(&error, &meta),
    }
}

async fn get<S: Store>(backend: &Backend<S>, request: &Request) -> Result<BatchNow, Error> {
    let caller = reader(request)?;
    let batch = request.parsed_param("id", "batch", BatchId::parse)?;
    get_batch::run(&backend.store, &caller.tenant, &batch).await
}
