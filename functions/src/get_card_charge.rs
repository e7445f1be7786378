//! `GET /api/v1/wallet/card-charges/{id}`: one charge as it is now, with the evidence while it is in review.

use app::{error::Error, get_card_charge, port::Store};
use domain::{charge::Charge, ids::ChargeId};
use platform::{
    api::{envelope::Reply, request::Request, view::CardChargeView},
    entry::Backend,
};

use crate::asked::reader;

pub async fn handle<S: Store>(backend: Backend<S>, request: Request) -> Reply {
    let meta = request.meta();
    match get(&backend, &request).await {
        Ok(charge) => Reply::ok(&CardChargeView::from(&charge), &meta),
        Err(error) => Reply::error(&error, &meta),
    }
}

async fn get<S: Store>(backend: &Backend<S>, request: &Request) -> Result<Charge, Error> {
    let caller = reader(request)?;
    let charge = request.parsed_param("id", "card charge", ChargeId::parse)?;
    get_card_charge::run(&backend.store, &caller.tenant, &charge).await
}
