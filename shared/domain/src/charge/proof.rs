//! What the answer to a charge proves: the decision table of docs/reliability.md, as a pure function.

use super::{Charge, ChargeEvent, Told};
use crate::{
    answer::{Answer, Refusal, Seen, Standing},
    ids::ProviderId,
    routing::StopReason,
};

/// What follows from the answer to one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChargeVerdict {
    pub event: ChargeEvent,
    /// Why, as a stable word.
    pub reason: Option<String>,
    /// Set when the answer proves that the route itself cannot be used.
    pub stop: Option<StopReason>,
    /// What the provider calls the charge, where it says so.
    pub object: Option<ProviderId>,
    /// What the provider says of the charge, where it says something.
    pub told: Option<Told>,
}

impl ChargeVerdict {
    pub fn new(event: ChargeEvent, reason: impl Into<String>) -> Self {
        Self {
            event,
            reason: Some(reason.into()),
            stop: None,
            object: None,
            told: None,
        }
    }

    fn stopping(self, stop: StopReason) -> Self {
        Self {
            stop: Some(stop),
            ..self
        }
    }
}

/// What `answer` to the one call of `charge` proves. Everything that is no plain yes or no is for people; reads may
/// still show that it was paid.
pub fn charge_proves(charge: &Charge, answer: &Answer) -> ChargeVerdict {
    use ChargeEvent::{NotSent, Refused, RefusedUs, Unclear};
    match answer {
        Answer::NotSent { cause } => ChargeVerdict::new(NotSent, cause),
        Answer::Refused { by, reason } => match by {
            Refusal::Credentials => ChargeVerdict::new(RefusedUs, "credentials_refused")
                .stopping(StopReason::Credentials),
            Refusal::Input => ChargeVerdict::new(Refused, reason),
            // No status of this provider promises that a call we made wrongly did nothing.
            Refusal::Integration => ChargeVerdict::new(Unclear, "integration_defect")
                .stopping(StopReason::IntegrationDefect),
        },
        Answer::Doubted { reason, .. } => ChargeVerdict::new(Unclear, reason),
        Answer::Unclear { cause } => ChargeVerdict::new(Unclear, cause),
        Answer::Absent => ChargeVerdict::new(Unclear, "absent"),
        Answer::Taken => ChargeVerdict::new(Unclear, "object_not_shown"),
        Answer::Exists { object, seen } => ChargeVerdict {
            object: Some(object.clone()),
            told: Some(told(seen)),
            ..seen_proves(charge, seen)
        },
    }
}

/// What a read of `charge` by the provider's id proves: that it was paid, by exactly the amount. Everything else leaves
/// it to people, a refusal too: it may be about something else than the debit.
pub fn charge_read_proves(charge: &Charge, answer: &Answer) -> ChargeVerdict {
    let open = ChargeVerdict {
        reason: charge.reason.clone(),
        ..ChargeVerdict::new(ChargeEvent::Unclear, "")
    };
    match answer {
        Answer::Exists { object, seen } if charge.object.as_ref() == Some(object) => {
            let told = Some(told(seen));
            let is_paid = seen.standing == Standing::Paid;
            if is_paid && seen.facts.amount == Some(charge.amount) {
                ChargeVerdict {
                    event: ChargeEvent::Paid,
                    reason: None,
                    told,
                    ..open
                }
            } else {
                ChargeVerdict { told, ..open }
            }
        }
        // Another object's figures say nothing of this one.
        Answer::Exists { .. }
        | Answer::NotSent { .. }
        | Answer::Taken
        | Answer::Absent
        | Answer::Refused { .. }
        | Answer::Doubted { .. }
        | Answer::Unclear { .. } => open,
    }
}

fn told(seen: &Seen) -> Told {
    Told {
        status: seen.status.clone(),
        paid: match seen.standing {
            Standing::Paid => seen.facts.processed_amount.exact().or(seen.facts.amount),
            Standing::FinalNegative
            | Standing::Inert
            | Standing::InFlight
            | Standing::Unrecognised
            | Standing::Rejected
            | Standing::Reversed
            | Standing::NeedsReview => seen.facts.processed_amount.exact(),
        },
    }
}

fn seen_proves(charge: &Charge, seen: &Seen) -> ChargeVerdict {
    use ChargeEvent::{Paid, Refused, Unclear};
    match seen.standing {
        Standing::Paid if seen.facts.amount == Some(charge.amount) => ChargeVerdict {
            event: Paid,
            reason: None,
            stop: None,
            object: None,
            told: None,
        },
        Standing::Paid => ChargeVerdict::new(Unclear, "amount_differs"),
        // A refusal that took money is for a person.
        Standing::FinalNegative if seen.facts.may_have_paid() => {
            ChargeVerdict::new(Unclear, "processed_amount_differs")
        }
        Standing::FinalNegative => ChargeVerdict::new(Refused, &seen.status),
        Standing::InFlight => ChargeVerdict::new(Unclear, "pending"),
        Standing::Inert
        | Standing::Unrecognised
        | Standing::Rejected
        | Standing::Reversed
        | Standing::NeedsReview => ChargeVerdict::new(Unclear, &seen.status),
    }
}
