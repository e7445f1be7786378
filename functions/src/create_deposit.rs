//! `POST /api/v1/wallet/deposits`: books money that came from the bank, once per reference; in live mode
//! when a second operator says the same.

use app::{
    create_deposit::{self, Booked, CreateDeposit},
    error::Error,
    port::Store,
    request_key::Answered,
};
use platform::{
    api::{envelope::Reply, request::Request, view::DepositView},
    entry::Backend,
};

use crate::asked::{Asked, asking, reply};

pub async fn handle<S: Store>(backend: Backend<S>, request: Request) -> Reply {
    let meta = request.meta();
    reply(create(&backend, &request).await, &meta)
}

async fn create<S: Store>(
    backend: &Backend<S>,
    request: &Request,
) -> Result<Answered<Booked>, Error> {
    let mut asked = Asked::read(backend, request)?;
    let amount = asked.fields.required_amount("amount");
    let reference = asked.fields.required_text("reference", 200);
    let (amount, reference) = asked.fields.finish_with(amount.zip(reference))?;
    let meta = asked.meta;
    let render = |booked: &Booked| Reply::ok(&DepositView::from(booked), &meta).body;
    let command = CreateDeposit {
        asking: asking(&asked.caller, asked.key.as_ref(), &render),
        id: backend.seal.deposit_id(&asked.caller.tenant, &reference),
        amount,
        reference,
        owner: asked.caller.owner.clone(),
    };
    let call = backend.call(asked.caller.actor());
    create_deposit::run(&call, &backend.store, command).await
}
