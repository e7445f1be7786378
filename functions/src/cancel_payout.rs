//! `POST /api/v1/payouts/{id}/cancel`: withdraws a payout before money could leave.

use app::{
    cancel_payout::{self, CancelPayout},
    error::Error,
    port::Store,
    request_key::Answered,
};
use domain::{ids::PayoutId, payout::Payout};
use platform::{
    api::{envelope::Reply, request::Request, view::CanceledView},
    entry::Backend,
};

use crate::asked::{Asked, asking, reply};

pub async fn handle<S: Store>(backend: Backend<S>, request: Request) -> Reply {
    let meta = request.meta();
    reply(cancel(&backend, &request).await, &meta)
}

async fn cancel<S: Store>(
    backend: &Backend<S>,
    request: &Request,
) -> Result<Answered<Payout>, Error> {
    let asked = Asked::read(backend, request)?;
    asked.fields.finish()?;
    let payout = request.parsed_param("id", "payout", PayoutId::parse)?;
    let meta = asked.meta;
    let render = |payout: &Payout| Reply::ok(&CanceledView::from(payout), &meta).body;
    let command = CancelPayout {
        asking: asking(&asked.caller, asked.key.as_ref(), &render),
        payout,
    };
    let call = backend.call(asked.caller.actor());
    cancel_payout::run(&call, &backend.store, command).await
}
