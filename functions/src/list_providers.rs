//! `GET /api/v1/providers`: how every provider stands.

use app::{error::Error, list_providers, port::Store};
use platform::{
    api::{envelope::Reply, provider_view::ProvidersView, request::Request},
    entry::Backend,
};

use crate::asked::reader;

pub async fn handle<S: Store>(backend: Backend<S>, request: Request) -> Reply {
    let meta = request.meta();
    match list(&backend, &request).await {
        Ok(view) => Reply::ok(&view, &meta),
        Err(error) => Reply::error(&error, &meta),
    }
}

async fn list<S: Store>(backend: &Backend<S>, request: &Request) -> Result<ProvidersView, Error> {
    let caller = reader(request)?;
    let call = backend.call(caller.actor());
    let standings = list_providers::run(&call, &backend.store, caller.tenant.mode()).await?;
    Ok(ProvidersView::new(&standings))
}
