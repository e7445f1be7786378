//! `POST /api/v1/wallet/card-charges/{id}/decisions`: what an operator found out about a charge in review. The
//! second one who says the same settles it.

use app::{
    decide_card_charge::{self, DecideCardCharge},
    error::Error,
    port::Store,
    request_key::Answered,
};
use domain::{
    charge::{Charge, ChargeDecision, ChargeOutcome},
    ids::ChargeId,
};
use platform::{
    api::{envelope::Reply, request::Request, view::CardChargeView},
    entry::Backend,
};

use crate::asked::{Asked, asking, reply};

pub async fn handle<S: Store>(backend: Backend<S>, request: Request) -> Reply {
    let meta = request.meta();
    reply(decide(&backend, &request).await, &meta)
}

async fn decide<S: Store>(
    backend: &Backend<S>,
    request: &Request,
) -> Result<Answered<Charge>, Error> {
    let mut asked = Asked::read(backend, request)?;
    let outcomes = ChargeOutcome::ALL.map(|outcome| (outcome.name(), outcome));
    let outcome = asked.fields.required_one_of("outcome", &outcomes);
    let evidence = asked.fields.required_text("evidenceId", 200);
    let note = asked.fields.optional_text("note", 500);
    let (outcome, evidence) = asked.fields.finish_with(outcome.zip(evidence))?;
    let id = request.parsed_param("id", "card charge", ChargeId::parse)?;
    let meta = asked.meta;
    let render = |charge: &Charge| Reply::ok(&CardChargeView::from(charge), &meta).body;
    let call = backend.call(asked.caller.actor());
    let command = DecideCardCharge {
        asking: asking(&asked.caller, asked.key.as_ref(), &render),
        id,
        decision: ChargeDecision {
            outcome,
            evidence,
            note,
            actor: asked.caller.actor(),
            owner: asked.caller.owner.clone(),
            at: call.now(),
        },
    };
    decide_card_charge::run(&call, &backend.store, command).await
}
