//! `GET /api/v1/loads/{loadId}`: one load, and which payout has it.

use app::{error::Error, get_load, port::Store};
use domain::{ids::LoadId, load::Load};
use platform::{
    api::{envelope::Reply, request::Request, view::LoadView},
    entry::Backend,
};

use crate::asked::reader;

pub async fn handle<S: Store>(backend: Backend<S>, request: Request) -> Reply {
    let meta = request.meta();
    match get(&backend, &request).await {
        Ok(load) => Reply::ok(&LoadView::from(&load), &meta),
        Err(error) => Reply::error(&error, &meta),
    }
}

async fn get<S: Store>(backend: &Backend<S>, request: &Request) -> Result<Load, Error> {
    let caller = reader(request)?;
    let load = request.parsed_param("loadId", "load", LoadId::parse)?;
    get_load::run(&backend.store, &caller.tenant, &load).await
}
