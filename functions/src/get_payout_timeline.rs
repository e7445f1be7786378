//! `GET /api/v1/payouts/{id}/timeline`: everything that happened to a payout, and what comes next.

use app::{error::Error, get_payout, port::Store};
use domain::{ids::PayoutId, payout::Payout, transition::Transition};
use platform::{
    api::{envelope::Reply, request::Request, timeline::TimelineView},
    entry::Backend,
};

use crate::asked::reader;

pub async fn handle<S: Store>(backend: Backend<S>, request: Request) -> Reply {
    let meta = request.meta();
    match get(&backend, &request).await {
        Ok((payout, transitions)) => Reply::ok(&TimelineView::new(&payout, &transitions), &meta),
        Err(error) => Reply::error(&error, &meta),
    }
}

async fn get<S: Store>(
    backend: &Backend<S>,
    request: &Request,
) -> Result<(Payout, Vec<Transition>), Error> {
    let caller = reader(request)?;
    let payout = request.parsed_param("id", "payout", PayoutId::parse)?;
    get_payout::timeline(&backend.store, &caller.tenant, &payout).await
}
