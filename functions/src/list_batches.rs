//! `GET /api/v1/batches`: batches, newest first; all, or of one status.

use app::{
    error::Error,
    list_batches::{self, ListBatches},
    port::{Lists, Store},
};
use domain::batch::BatchStatus;
use platform::{
    api::{batch_view::BatchView, envelope::Reply, page::Listing, query::Query, request::Request},
    entry::Backend,
};

/// The size of a page that names none (seed 000).
const SIZE: u32 = 20;

pub async fn handle<S: Store + Lists>(backend: Backend<S>, request: Request) -> Reply {
    let listed = list(&backend, &request).await;
    listed.unwrap_or_else(|error| Reply::error(&error, &request.meta()))
}

async fn list<S: Store + Lists>(backend: &Backend<S>, request: &Request) -> Result<Reply, Error> {
    let listing = Listing::of(request, &backend.seal)?.with_size(SIZE);
    let mut query = Query::new(&request.query);
    let command = ListBatches {
        tenant: &request.caller()?.tenant,
        status: query.optional_one_of("status", &BatchStatus::PUBLIC.map(|it| (it.name(), it))),
        paging: listing.paging(&mut query),
    };
    query.finish()?;
    let page = list_batches::run(&backend.store, &command).await?;
    let view = listing.view::<_, BatchView<'_>>(&page);
    Ok(Reply::ok(&view, &request.meta()))
}
