//! `GET /api/v1/drivers`: drivers, newest first; all, or of one status.

use app::{
    error::Error,
    list_drivers::{self, ListDrivers},
    port::{Lists, Store},
};
use domain::driver::DriverStatus;
use platform::{
    api::{envelope::Reply, page::Listing, query::Query, request::Request, view::ListedDriverView},
    entry::Backend,
};

pub async fn handle<S: Store + Lists>(backend: Backend<S>, request: Request) -> Reply {
    let listed = list(&backend, &request).await;
    listed.unwrap_or_else(|error| Reply::error(&error, &request.meta()))
}

async fn list<S: Store + Lists>(backend: &Backend<S>, request: &Request) -> Result<Reply, Error> {
    let listing = Listing::of(request, &backend.seal)?;
    let mut query = Query::new(&request.query);
    let command = ListDrivers {
        tenant: &request.caller()?.tenant,
        status: query.optional_one_of("status", &DriverStatus::ALL.map(|it| (it.name(), it))),
        paging: listing.paging(&mut query),
    };
    query.finish()?;
    let page = list_drivers::run(&backend.store, &command).await?;
    let view = listing.view::<_, ListedDriverView<'_>>(&page);
    Ok(Reply::ok(&view, &request.meta()))
}
