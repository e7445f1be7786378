//! `GET /api/v1/payouts/{id}`: one payout as it is now.

use app::{error::Error, get_payout, port::Store};
use domain::{ids::PayoutId, payout::Payout};
use platform::{
    api::{envelope::Reply, request::Request, view::PayoutView},
    entry::Backend,
};

use crate::asked::reader;

pub async fn handle<S: Store>(backend: Backend<S>, request: Request) -> Reply {
    let meta = request.meta();
    match get(&backend, &request).await {
        Ok(payout) => Reply::ok(&PayoutView::from(&payout), &meta),
        Err(error) => Reply::error(&error, &meta),
    }
}

async fn get<S: Store>(backend: &Backend<S>, request: &Request) -> Result<Payout, Error> {
    let caller = reader(request)?;
    let payout = request.parsed_param("id", "payout", PayoutId::parse)?;
    get_payout::run(&backend.store, &caller.tenant, &payout).await
}
