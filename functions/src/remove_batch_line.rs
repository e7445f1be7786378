//! `DELETE /api/v1/batches/{id}/lines/{loadId}`: takes a load out of a batch that was not released.

use app::{
    error::Error,
    port::Store,
    remove_batch_line::{self, RemoveBatchLine},
};
use domain::{
    batch::Batch,
    ids::{BatchId, LoadId},
};
use platform::{
    api::{
        batch_view::EditedBatchView, envelope::Reply, fields::Fields, query::Query,
        request::Request,
    },
    entry::Backend,
};

use crate::asked::hand;

pub async fn handle<S: Store>(backend: Backend<S>, request: Request) -> Reply {
    let meta = request.meta();
    match remove(&backend, &request).await {
        Ok(batch) => Reply::ok(&EditedBatchView::from(&batch), &meta),
        Err(error) => Reply::error(&error, &meta),
    }
}

async fn remove<S: Store>(backend: &Backend<S>, request: &Request) -> Result<Batch, Error> {
    let caller = request.caller()?;
    let mut query = Query::new(&request.query);
    let edition = query.optional_number("version", 1..=u32::MAX);
    if !query.has("version") {
        query.problem("version", "is required");
    }
    query.finish()?;
    Fields::of_object(request.json()?)?.finish()?;
    let edition = edition.ok_or_else(|| Error::invalid("version", "is required"))?;
    let command = RemoveBatchLine {
        tenant: &caller.tenant,
        batch: request.parsed_param("id", "batch", BatchId::parse)?,
        load: request.parsed_param("loadId", "line", LoadId::parse)?,
        edition,
        by: hand(caller),
    };
    let call = backend.call(caller.actor());
    remove_batch_line::run(&call, &backend.store, &command).await
}
