//! A payout's history as people read it: what happened, which money moved, and what comes next.

use domain::{
    payout::{Payout, PayoutStatus, Progress},
    routing::Provider,
    transition::{Recorded, Transition},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{view::status_reason, vocabulary};

/// The answer of `GET /payouts/{id}/timeline`, oldest first.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Timeline)]
pub struct TimelineView<'a> {
    #[schema(value_type = vocabulary::PayoutId)]
    payout_id: &'a str,
    #[schema(value_type = vocabulary::PayoutStatus)]
    status: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String)]
    status_reason: Option<&'a str>,
    items: Vec<TimelineItem<'a>>,
}

/// One transition.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TimelineItem<'a> {
    /// 1 for the creation.
    seq: u32,
    #[schema(value_type = vocabulary::TimelineEvent)]
    event: &'a str,
    /// `null` for the creation.
    #[schema(required, value_type = Option<vocabulary::PayoutStatus>)]
    from: Option<&'a str>,
    #[schema(value_type = vocabulary::PayoutStatus)]
    to: &'a str,
    /// `key:<key id>` or `system:<function>`.
    actor: String,
    #[schema(value_type = vocabulary::Time)]
    at: String,
    /// The money that moved; the amounts sum to zero.
    legs: Vec<LegView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::Provider)]
    provider: Option<&'a str>,
    /// 1 for the first attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = u8)]
    attempt: Option<u8>,
    /// Our reference at the provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String)]
    reference: Option<String>,
    /// The provider's own id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String)]
    provider_reference: Option<&'a str>,
    /// Why, in a stable word.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String)]
    reason: Option<&'a str>,
    /// What happened, as a sentence.
    message: String,
    /// What happens next, or what the reader can do.
    next: &'static str,
}

/// One ledger leg, signed minor units.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Leg)]
pub struct LegView<'a> {
    #[schema(value_type = vocabulary::Account)]
    account: &'a str,
    #[schema(value_type = vocabulary::SignedAmount)]
    amount: i64,
}

impl<'a> TimelineView<'a> {
    pub fn new(payout: &'a Payout, transitions: &'a [Transition]) -> Self {
        Self {
            payout_id: payout.id.as_str(),
            status: payout.status.name(),
            status_reason: status_reason(payout),
            items: transitions.iter().map(item).collect(),
        }
    }
}

fn item(transition: &Transition) -> TimelineItem<'_> {
    TimelineItem {
        seq: transition.seq,
        event: transition.event.name(),
        from: transition.from.map(PayoutStatus::name),
        to: transition.to.name(),
        actor: transition.actor.to_string(),
        at: transition.at.to_string(),
        legs: transition
            .legs
            .legs()
            .iter()
            .map(|leg| LegView {
                account: leg.account.name(),
                amount: leg.amount.get(),
            })
            .collect(),
        provider: transition.provider.map(Provider::name),
        attempt: transition
            .reference
            .as_ref()
            .map(|reference| reference.number),
        reference: transition.reference.as_ref().map(ToString::to_string),
        provider_reference: transition.object.as_ref().map(|object| object.as_str()),
        reason: transition.reason.as_deref(),
        message: message(transition),
        next: next(transition),
    }
}

fn message(transition: &Transition) -> String {
    let provider = transition.provider.map_or("the provider", Provider::name);
    let because = match &transition.reason {
        Some(reason) => format!(" ({reason})"),
        None => String::new(),
    };
    match transition.event {
        Recorded::Create => "The payout was accepted and its amount reserved.".to_owned(),
        Recorded::Due => "The payout's time has come.".to_owned(),
        Recorded::Enqueue => "The payout was handed to the dispatcher.".to_owned(),
        Recorded::Claim => format!("An attempt through {provider} began."),
        Recorded::Accepted => format!("{provider} has the payout and owns its outcome{because}."),
        Recorded::Unknown => {
            format!("The answer of {provider} was lost{because}; the money stays in transit.")
        }
        Recorded::Paid => format!("{provider} confirmed that the driver was paid."),
        Recorded::DeadWithRoute => {
            format!("The attempt ended without payment{because}; another may follow.")
        }
        Recorded::Dead => {
            format!("The attempt ended without payment{because}; the money is available again.")
        }
        Recorded::Partial => {
            format!("What {provider} shows does not match the payout{because}.")
        }
        Recorded::Cancel => format!("The payout was withdrawn{because}."),
        Recorded::Retry => "A new run was asked for and the amount reserved again.".to_owned(),
        Recorded::Returned => format!("The paid money came back{because}."),
        Recorded::Settle => "Two operators decided the outcome.".to_owned(),
        Recorded::Contradiction => {
            format!("{provider} reports something our books do not know{because}.")
        }
        Recorded::Hold => {
            "Another payout of the load may have paid it; this one waits for the decision."
                .to_owned()
        }
        Recorded::Lift => format!("What held the payout is over{because}."),
        Recorded::LatePaid => {
            format!(
                "Two operators decided that the earlier attempt through {provider} paid it{because}."
            )
        }
        Recorded::LateNotPaid => {
            format!(
                "Two operators decided that the earlier attempt through {provider} did not pay it{because}."
            )
        }
        Recorded::Surplus => {
            format!(
                "Two operators decided that {provider} paid on top of another payment{because}."
            )
        }
        Recorded::Recovered => format!("A part of what was paid twice came back{because}."),
        Recorded::Absorbed => format!("Nobody gets back what was paid twice{because}."),
        Recorded::RestReturned => {
            format!("What never reached the driver went back to the wallet{because}.")
        }
        Recorded::PartReturned => format!("A part of the payment came back{because}."),
        Recorded::NothingReturned => {
            format!("Two operators decided that nothing came back{because}.")
        }
    }
}

fn next(transition: &Transition) -> &'static str {
    match transition.event {
        Recorded::Contradiction => {
            return "Two owners decide with the provider's evidence; until then nothing is sent, tried again or \
                canceled for it.";
        }
        Recorded::Hold => {
            return "Two owners decide about the other payout; until then nothing is sent for this one.";
        }
        Recorded::Surplus => {
            return "What was paid twice stays in suspense until it is recovered or absorbed.";
        }
        _ => {}
    }
    match transition.to {
        PayoutStatus::Scheduled => "It is dispatched when its time comes.",
        PayoutStatus::Validated => "It is dispatched at once.",
        PayoutStatus::Queued => "The next attempt begins as soon as a route is open.",
        PayoutStatus::Processing => match transition.progress {
            Some(Progress::Preparing) => "The provider is asked to pay.",
            Some(Progress::Submitted) => {
                "The provider is asked for the outcome until it gives one."
            }
            Some(Progress::OutcomeUnknown) => {
                "The provider is asked whether it knows the attempt; nothing is sent before it answers."
            }
            Some(Progress::InReview) | None => "An operator decides with the provider's evidence.",
        },
        PayoutStatus::Completed => "Nothing more; a later return would be shown here.",
        PayoutStatus::Failed => "Retry it, or cancel it to release the load.",
        PayoutStatus::Canceled | PayoutStatus::Returned => {
            "Nothing more; the load can be paid by another payout."
        }
    }
}
