//! `POST /api/v1/payouts/instant`: cash-out of a delivered load within seconds.

use app::{
    create_payout::{self, CreatePayout, Source},
    error::Error,
    port::{Queue, Store},
    request_key::Answered,
};
use domain::{
    fee::{FeeSchedule, Rail},
    ids::LoadId,
    payout::Payout,
};
use platform::{
    api::{envelope::Reply, request::Request, view::InstantPayoutView},
    entry::Backend,
};

use crate::asked::{Asked, RAIL_FALLBACKS, asking, reply};

pub async fn handle<S: Store, Q: Queue>(backend: Backend<S>, queue: Q, request: Request) -> Reply {
    let meta = request.meta();
    reply(create(&backend, &queue, &request).await, &meta)
}

async fn create<S: Store, Q: Queue>(
    backend: &Backend<S>,
    queue: &Q,
    request: &Request,
) -> Result<Answered<Payout>, Error> {
    let mut asked = Asked::read(backend, request)?;
    let load = asked.fields.required("loadId", LoadId::parse);
    let requested_by = asked.fields.required_text("requestedBy", 200);
    let falls_back = asked
        .fields
        .optional_one_of("railFallback", &RAIL_FALLBACKS);
    let load = asked.fields.finish_with(load)?;
    let meta = asked.meta;
    let render = |payout: &Payout| Reply::ok(&InstantPayoutView::from(payout), &meta).body;
    let command = CreatePayout {
        asking: asking(&asked.caller, asked.key.as_ref(), &render),
        source: Source::Load(load),
        rail: Rail::Instant,
        may_fall_back: falls_back.is_some(),
        requested_by,
        fees: &FeeSchedule::default(),
    };
    let call = backend.call(asked.caller.actor());
    create_payout::run(&call, &backend.store, queue, command).await
}
