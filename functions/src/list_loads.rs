//! `GET /api/v1/loads`: loads, newest first; all, or those made within a time.

use app::{
    error::Error,
    list_loads::{self, ListLoads},
    port::{Lists, Store},
};
use platform::{
    api::{
        envelope::Reply,
        page::{self, Listing},
        query::Query,
        request::Request,
        view::LoadView,
    },
    entry::Backend,
};

pub async fn handle<S: Store + Lists>(backend: Backend<S>, request: Request) -> Reply {
    let listed = list(&backend, &request).await;
    listed.unwrap_or_else(|error| Reply::error(&error, &request.meta()))
}

async fn list<S: Store + Lists>(backend: &Backend<S>, request: &Request) -> Result<Reply, Error> {
    let listing = Listing::of(request, &backend.seal)?;
    let mut query = Query::new(&request.query);
    let command = ListLoads {
        tenant: &request.caller()?.tenant,
        range: page::range(&mut query),
        paging: listing.paging(&mut query),
    };
    query.finish()?;
    let page = list_loads::run(&backend.store, &command).await?;
    let view = listing.view::<_, LoadView<'_>>(&page);
    Ok(Reply::ok(&view, &request.meta()))
}
