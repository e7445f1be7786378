//! `GET /api/v1/payouts`: payouts, newest first; all, or what the filters leave.

use app::{
    error::Error,
    list_payouts::{self, ListPayouts},
    port::{Lists, Store},
};
use domain::{ids::LoadId, payout::PayoutStatus};
use platform::{
    api::{
        envelope::Reply,
        page::{self, Listing},
        query::Query,
        request::Request,
        view::PayoutView,
    },
    entry::Backend,
};

use crate::asked::driver_id;

pub async fn handle<S: Store + Lists>(backend: Backend<S>, request: Request) -> Reply {
    let listed = list(&backend, &request).await;
    listed.unwrap_or_else(|error| Reply::error(&error, &request.meta()))
}

async fn list<S: Store + Lists>(backend: &Backend<S>, request: &Request) -> Result<Reply, Error> {
    let listing = Listing::of(request, &backend.seal)?;
    let tenant = &request.caller()?.tenant;
    let mut query = Query::new(&request.query);
    let command = ListPayouts {
        tenant,
        status: query.optional_one_of("status", &PayoutStatus::ALL.map(|it| (it.name(), it))),
        driver: query.optional("driverId", |text| driver_id(backend, tenant, text)),
        load: query.optional("loadId", LoadId::parse),
        range: page::range(&mut query),
        paging: listing.paging(&mut query),
        now: backend.clock.now(),
    };
    query.finish()?;
    let page = list_payouts::run(&backend.store, &command).await?;
    let view = listing.view::<_, PayoutView<'_>>(&page);
    Ok(Reply::ok(&view, &request.meta()))
}
