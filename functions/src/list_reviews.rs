//! `GET /api/v1/reviews`: what people have to decide or decided, newest first; all, or open or closed.

use app::{
    error::Error,
    list_reviews::{self, ListReviews},
    port::{Lists, Store},
};
use domain::review::ReviewStatus;
use platform::{
    api::{
        envelope::Reply, page::Listing, query::Query, request::Request, review_view::ReviewView,
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
    let command = ListReviews {
        tenant: &request.caller()?.tenant,
        status: query.optional_one_of("status", &ReviewStatus::ALL.map(|it| (it.name(), it))),
        paging: listing.paging(&mut query),
    };
    query.finish()?;
    let page = list_reviews::run(&backend.store, &command).await?;
    let view = listing.view::<_, ReviewView<'_>>(&page);
    Ok(Reply::ok(&view, &request.meta()))
}
