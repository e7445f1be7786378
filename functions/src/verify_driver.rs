//! `POST /api/v1/drivers/{id}/verification`: what was decided about a driver's identity.

use app::{
    error::Error,
    port::Store,
    request_key::Answered,
    verify_driver::{self, VerifyDriver},
};
use domain::driver::{Driver, KycDecision};
use platform::{
    api::{envelope::Reply, request::Request, view::DriverView},
    entry::Backend,
};

use crate::asked::{Asked, asking, driver_id, reply};

const DECISIONS: [(&str, KycDecision); 2] = [
    ("approve", KycDecision::Approve),
    ("reject", KycDecision::Reject),
];

pub async fn handle<S: Store>(backend: Backend<S>, request: Request) -> Reply {
    let meta = request.meta();
    reply(verify(&backend, &request).await, &meta)
}

async fn verify<S: Store>(
    backend: &Backend<S>,
    request: &Request,
) -> Result<Answered<Driver>, Error> {
    let mut asked = Asked::read(backend, request)?;
    let decision = asked.fields.required_one_of("decision", &DECISIONS);
    let reason = asked.fields.required_text("reason", 500);
    let (decision, reason) = asked.fields.finish_with(decision.zip(reason))?;
    let tenant = &asked.caller.tenant;
    let driver = request.parsed_param("id", "driver", |text| driver_id(backend, tenant, text))?;
    let meta = asked.meta;
    let render = |driver: &Driver| Reply::ok(&DriverView::from(driver), &meta).body;
    let command = VerifyDriver {
        asking: asking(&asked.caller, asked.key.as_ref(), &render),
        driver,
        decision,
        reason,
    };
    let call = backend.call(asked.caller.actor());
    verify_driver::run(&call, &backend.store, command).await
}
