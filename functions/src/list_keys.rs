//! `GET /api/v1/keys`: the keys of the tenant, newest first.

use app::{
    error::Error,
    list_keys,
    port::{Lists, Store},
};
use platform::{
    api::{envelope::Reply, key_view::KeyView, page::Listing, query::Query, request::Request},
    entry::Backend,
};

pub async fn handle<S: Store + Lists>(backend: Backend<S>, request: Request) -> Reply {
    let meta = request.meta();
    match list(&backend, &request).await {
        Ok(reply) => reply,
        Err(error) => Reply::error(&error, &meta),
    }
}

async fn list<S: Store + Lists>(backend: &Backend<S>, request: &Request) -> Result<Reply, Error> {
    let listing = Listing::of(request, &backend.seal)?;
    let mut query = Query::new(&request.query);
    let paging = listing.paging(&mut query);
    query.finish()?;
    let page = list_keys::run(&backend.store, &request.caller()?.tenant, &paging).await?;
    let view = listing.view::<_, KeyView<'_>>(&page);
    Ok(Reply::ok(&view, &request.meta()))
}
