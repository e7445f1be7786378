//! `POST /api/v1/payouts`: books a payout for a delivered load, or for a driver and an amount.

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
    api::{
        envelope::Reply,
        request::Request,
        view::{InstantPayoutView, PayoutView},
    },
    entry::Backend,
};

use crate::asked::{Asked, RAIL_FALLBACKS, asking, driver_id, reply};

const RAILS: [(&str, Rail); 2] = [("standard", Rail::Standard), ("instant", Rail::Instant)];

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
    let has_key = asked.key.is_some();
    let fields = &mut asked.fields;
    let by_amount = ["driverId", "recipientId", "amount", "rail", "description"]
        .iter()
        .any(|name| fields.has(name));
    let by_load = ["loadId", "urgency"].iter().any(|name| fields.has(name));
    let (source, rail) = if by_amount {
        if by_load {
            fields.problem("", "names a load or a driver and an amount, not both");
            fields.optional("loadId", LoadId::parse);
            fields.optional_one_of("urgency", &RAILS);
        }
        let both = fields.has("driverId") && fields.has("recipientId");
        if both {
            fields.problem("recipientId", "means the same as driverId; send one");
        }
        let name = if fields.has("recipientId") {
            "recipientId"
        } else {
            "driverId"
        };
        let tenant = &asked.caller.tenant;
        let driver = fields.required(name, |text| driver_id(backend, tenant, text));
        if both {
            fields.optional("driverId", |text| driver_id(backend, tenant, text));
        }
        let amount = fields.required_amount("amount");
        let description = fields.optional_text("description", 500);
        let rail = fields.optional_one_of("rail", &RAILS);
        if !has_key {
            fields.problem("Idempotency-Key", "is required when no load is named");
        }
        let source = driver.zip(amount).map(|(driver, amount)| Source::Driver {
            driver,
            amount,
            description,
        });
        (source, rail)
    } else {
        let load = fields.required("loadId", LoadId::parse);
        (
            load.map(Source::Load),
            fields.optional_one_of("urgency", &RAILS),
        )
    };
    let requested_by = fields.optional_text("requestedBy", 200);
    let rail = rail.unwrap_or(Rail::Standard);
    let falls_back = fields.optional_one_of("railFallback", &RAIL_FALLBACKS);
    let source = asked.fields.finish_with(source)?;
    let meta = asked.meta;
    let render = |payout: &Payout| match rail {
        Rail::Standard => Reply::ok(&PayoutView::from(payout), &meta).body,
        Rail::Instant => Reply::ok(&InstantPayoutView::from(payout), &meta).body,
    };
    let command = CreatePayout {
        asking: asking(&asked.caller, asked.key.as_ref(), &render),
        source,
        rail,
        // To a standard payout it adds nothing.
        may_fall_back: rail == Rail::Instant && falls_back.is_some(),
        requested_by,
        fees: &FeeSchedule::default(),
    };
    let call = backend.call(asked.caller.actor());
    create_payout::run(&call, &backend.store, queue, command).await
}
