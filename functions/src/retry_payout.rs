//! `POST /api/v1/payouts/{id}/retry`: gives a failed payout another run.

use app::{
    error::Error,
    port::{Queue, Store},
    request_key::Answered,
    retry_payout::{self, RetryPayout},
};
use domain::{ids::PayoutId, payout::Payout};
use platform::{
    api::{envelope::Reply, request::Request, view::RetriedView},
    entry::Backend,
};

use crate::asked::{Asked, asking, reply};

pub async fn handle<S: Store, Q: Queue>(backend: Backend<S>, queue: Q, request: Request) -> Reply {
    let meta = request.meta();
    reply(retry(&backend, &queue, &request).await, &meta)
}

async fn retry<S: Store, Q: Queue>(
    backend: &Backend<S>,
    queue: &Q,
    request: &Request,
) -> Result<Answered<Payout>, Error> {
    let asked = Asked::read(backend, request)?;
    asked.fields.finish()?;
    let payout = request.parsed_param("id", "payout", PayoutId::parse)?;
    let meta = asked.meta;
    let render = |payout: &Payout| Reply::ok(&RetriedView::from(payout), &meta).body;
    let command = RetryPayout {
        asking: asking(&asked.caller, asked.key.as_ref(), &render),
        payout,
    };
    let call = backend.call(asked.caller.actor());
    retry_payout::run(&call, &backend.store, queue, command).await
}
