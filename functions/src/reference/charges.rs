//! What is said of card charges.

use app::error::Error;
use domain::{
    charge::{
        Applied, Asked, Charge, ChargeDecision, ChargeEvent, ChargeOutcome, ChargeState, Decided,
        Evidence, Told,
    },
    denied::Denied,
    ids::{ChargeId, ProviderId},
    money::Cents,
    transition::Actor,
};
use platform::api::{
    body::{NewCardCharge, NewChargeDecision},
    view::CardChargeView,
};

use super::{
    operation::{Operation, Title},
    parameters::CHARGE,
    samples::Samples,
    wallet::TAG,
};

const AMOUNT: Cents = Cents::new(250_000);
const REFERENCE: &str = "topup-2026-11-21";

pub(super) fn operations(samples: &Samples) -> Result<Vec<Operation>, Error> {
    let charges = Charges::new(samples)?;
    Ok(vec![
        create(samples, &charges)?,
        get(samples, &charges),
        decide(samples, &charges)?,
    ])
}

/// One charge at several times of its life, and another end of it.
struct Charges {
    prepared: Charge,
    paid: Charge,
    review: Charge,
    proposed: Charge,
    settled: Charge,
}

impl Charges {
    fn new(samples: &Samples) -> Result<Self, Error> {
        let asked = Asked {
            tenant: samples.driver.tenant.clone(),
            id: ChargeId::parse(CHARGE).map_err(|it| Error::invalid("", &it.to_string()))?,
            amount: AMOUNT,
            reference: REFERENCE.to_owned(),
            masked: "****0001".to_owned(),
            account: String::new(),
            sealed: String::new(),
        };
        let prepared = Charge::prepared(asked, samples.now);
        let sending = moved(samples, &prepared, ChargeEvent::Intend)?;
        let review = Charge {
            reason: Some("amount_differs".to_owned()),
            object: ProviderId::parse("930000000000000001").ok(),
            told: Some(Told {
                status: "success".to_owned(),
                paid: Some(Cents::new(AMOUNT.get() + 1)),
            }),
            balance_before: Some(Cents::new(1_000_000)),
            evidence: Some(Evidence {
                balance: Cents::new(750_000),
                at: samples.now,
            }),
            ..moved(samples, &sending, ChargeEvent::Unclear)?
        };
        let proposed = decided(samples, &review, "ann")?;
        Ok(Self {
            paid: moved(samples, &sending, ChargeEvent::Paid)?,
            settled: decided(samples, &proposed, "bob")?,
            prepared,
            review,
            proposed,
        })
    }
}

fn moved(samples: &Samples, charge: &Charge, event: ChargeEvent) -> Result<Charge, Error> {
    match charge.apply(event, samples.now)? {
        Applied::Changed(next) => Ok(*next),
        Applied::Unchanged => Err(Denied::ChargeState(charge.state).into()),
    }
}

fn decided(samples: &Samples, charge: &Charge, owner: &str) -> Result<Charge, Error> {
    let decision = ChargeDecision {
        outcome: ChargeOutcome::Paid,
        evidence: "statement-2026-11-21/17".to_owned(),
        note: None,
        actor: Actor::Key("f57fd3b39691".to_owned()),
        owner: owner.to_owned(),
        at: samples.now,
    };
    match charge.decided(decision)? {
        Decided::Proposed(next) | Decided::Settled(next) => Ok(*next),
        Decided::Known | Decided::Disagrees => Err(Denied::ChargeState(charge.state).into()),
    }
}

fn create(samples: &Samples, charges: &Charges) -> Result<Operation, Error> {
    let title = Title {
        function: "create-card-charge",
        tag: TAG,
        summary: "Take money from a company's prepaid card",
        description: "Once per reference: the same reference with the same amount and card answers the first charge. An \
            `Idempotency-Key` is required. The answer is `processing`; the wallet has the money when the charge is \
            `completed`. A charge whose outcome nobody can tell is never sent again: it is `in_review`, for two operators.",
    };
    let body = NewCardCharge {
        amount: AMOUNT.get(),
        account_id: "6000000000000001",
        entry_type: None,
        channel: None,
        reference: REFERENCE,
    };
    let other = "a charge with this reference exists with another amount or card";
    let refusals = [
        Samples::invalid(&[
            ("accountId", "must be 12 to 19 digits"),
            ("channel", "must be one of: FACTOR4"),
            ("Idempotency-Key", "is required for a card charge"),
        ]),
        Error::Conflict(other.to_owned()),
    ];
    Ok(Operation::new(title)
        .taking(&[("charge", body)])?
        .answering(
            "processing",
            &CardChargeView::from(&charges.prepared),
            samples,
        )
        .refusing(refusals, samples)
        .linking("get-card-charge", "id", "/data/id"))
}

fn get(samples: &Samples, charges: &Charges) -> Operation {
    let title = Title {
        function: "get-card-charge",
        tag: TAG,
        summary: "Read a card charge",
        description: "While it is in review it shows the evidence: what the provider says of it, and what was on the card \
            before the call and after it, read again every hour. A read that shows it paid by exactly its amount completes it.",
    };
    Operation::new(title)
        .answering("completed", &CardChargeView::from(&charges.paid), samples)
        .answering("in_review", &CardChargeView::from(&charges.review), samples)
        .refusing(
            [Samples::unknown_query(), Error::NotFound("card charge")],
            samples,
        )
        .linking("decide-card-charge", "id", "/data/id")
}

fn decide(samples: &Samples, charges: &Charges) -> Result<Operation, Error> {
    let title = Title {
        function: "decide-card-charge",
        tag: TAG,
        summary: "Decide about a charge in review",
        description: "The first operator proposes; an operator's key of another owner that says the same settles it, and \
            only then money moves. The first may correct a word nobody agreed with. The scope belongs to operators.",
    };
    let body = NewChargeDecision {
        outcome: ChargeOutcome::Paid.name(),
        evidence_id: "statement-2026-11-21/17",
        note: Some("Line 17 of the card's statement."),
    };
    let other = "another operator decided otherwise about this charge";
    let refusals = [
        Samples::invalid(&[("outcome", "must be one of: paid, not_paid")]),
        Error::NotFound("card charge"),
        Denied::ChargeState(ChargeState::Paid).into(),
        Denied::WalletLimit.into(),
        Error::Conflict(other.to_owned()),
    ];
    Ok(Operation::new(title)
        .taking(&[("decision", body)])?
        .answering(
            "proposed",
            &CardChargeView::from(&charges.proposed),
            samples,
        )
        .answering("settled", &CardChargeView::from(&charges.settled), samples)
        .refusing(refusals, samples)
        .linking("get-card-charge", "id", "/data/id"))
}
