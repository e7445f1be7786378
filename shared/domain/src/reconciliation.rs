//! Our payouts against a provider's list and against a settlement file: what differs, and why. Pure; it moves
//! nothing.

use serde::{Deserialize, Serialize};

use crate::{
    answer::{Seen, Standing},
    attempt::Attempt,
    attempt_machine::AttemptState,
    charge::{Charge, ChargeState},
    ids::{PayoutId, ProviderId},
    money::Cents,
    payout::{Payout, PayoutStatus},
    routing::Provider,
    time::Timestamp,
};

/// Why something differs, in the order of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The provider shows an object under a reference we never issued.
    MissingHere,
    /// We hold it as handed over or paid, and the provider's list lacks it.
    MissingAtProvider,
    CurrencyDiffers,
    AmountDiffers,
    /// One side has it paid, or ended, and the other has not.
    StatusDiffers,
    /// We hold it as paid, and the settlement lacks it.
    SettlementMissing,
    SettlementAmountDiffers,
    /// The settlement has it, and we do not hold it as paid.
    SettlementUnknown,
}

impl Reason {
    pub const ALL: [Self; 8] = [
        Self::MissingHere,
        Self::MissingAtProvider,
        Self::CurrencyDiffers,
        Self::AmountDiffers,
        Self::StatusDiffers,
        Self::SettlementMissing,
        Self::SettlementAmountDiffers,
        Self::SettlementUnknown,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::MissingHere => "missing_here",
            Self::MissingAtProvider => "missing_at_provider",
            Self::CurrencyDiffers => "currency_differs",
            Self::AmountDiffers => "amount_differs",
            Self::StatusDiffers => "status_differs",
            Self::SettlementMissing => "settlement_missing",
            Self::SettlementAmountDiffers => "settlement_amount_differs",
            Self::SettlementUnknown => "settlement_unknown",
        }
    }

    /// Whether asking the provider about the attempt may settle it.
    pub const fn asks_provider(self) -> bool {
        match self {
            Self::MissingAtProvider
            | Self::CurrencyDiffers
            | Self::AmountDiffers
            | Self::StatusDiffers => true,
            Self::MissingHere
            | Self::SettlementMissing
            | Self::SettlementAmountDiffers
            | Self::SettlementUnknown => false,
        }
    }
}

/// The most characters that are kept of a text of the other side.
pub const TEXT_MAX: usize = 80;

/// One thing that differs. Amounts are minor units as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    #[serde(rename = "r")]
    pub reason: Reason,
    #[serde(rename = "p")]
    pub payout: Option<PayoutId>,
    #[serde(rename = "v")]
    pub provider: Option<Provider>,
    /// Ours where it is one, else what the other side calls it.
    #[serde(rename = "f")]
    pub reference: String,
    #[serde(rename = "o")]
    pub object: Option<ProviderId>,
    #[serde(rename = "u")]
    pub ours: Option<String>,
    #[serde(rename = "t")]
    pub theirs: Option<String>,
    /// When the payout was made; where we know of none, when the other side made it.
    #[serde(rename = "m")]
    pub made_at: Timestamp,
}

impl Difference {
    /// The order of a report: by reason, the oldest first. Total, so that the same state gives the same bytes.
    pub fn sorted(mut differences: Vec<Self>) -> Vec<Self> {
        differences.sort_by(|one, other| {
            let key = |it: &Self| (it.reason, it.made_at);
            key(one)
                .cmp(&key(other))
                .then_with(|| one.reference.cmp(&other.reference))
                .then_with(|| one.object.cmp(&other.object))
        });
        differences
    }
}

/// One object of a provider's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedObject {
    pub object: ProviderId,
    pub created_at: Timestamp,
    pub seen: Seen,
}

/// An attempt of ours with its payout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub payout: Payout,
    pub attempt: Attempt,
}

impl Held {
    /// When the provider may have made its object.
    pub fn sent_at(&self) -> Timestamp {
        self.attempt.sent_at.unwrap_or(self.attempt.created_at)
    }

    fn difference(&self, reason: Reason, ours: String, theirs: Option<String>) -> Difference {
        Difference {
            reason,
            payout: Some(self.payout.id.clone()),
            provider: Some(self.attempt.provider),
            reference: self.attempt.reference.to_string(),
            object: self.attempt.object.clone(),
            ours: Some(ours),
            theirs,
            made_at: self.payout.requested_at,
        }
    }
}

/// What differs between an attempt and the provider's object under its reference: the first of currency,
/// amount and status.
pub fn compare(held: &Held, shown: &ListedObject) -> Option<Difference> {
    let Held { payout, attempt } = held;
    let facts = &shown.seen.facts;
    let text = |cents: Option<Cents>| cents.map(|it| it.to_string());
    let found = |reason, ours: String, theirs| {
        let object = Some(shown.object.clone());
        Some(Difference {
            object,
            ..held.difference(reason, ours, theirs)
        })
    };
    let (net, currency) = (attempt.net, attempt.currency.code());
    if facts.currency != currency {
        let theirs = Some(cut(&facts.currency));
        return found(Reason::CurrencyDiffers, currency.to_owned(), theirs);
    }
    if facts.amount != Some(net) {
        return found(Reason::AmountDiffers, net.to_string(), text(facts.amount));
    }
    let paid = facts.paid_figure(attempt);
    if shown.seen.standing == Standing::Paid && paid != Some(net) {
        let theirs = text(paid);
        return found(Reason::AmountDiffers, net.to_string(), theirs);
    }
    if agrees(held, &shown.seen) {
        return None;
    }
    let ours = payout.status.name().to_owned();
    let theirs = Some(shown.seen.status.clone());
    found(Reason::StatusDiffers, ours, theirs)
}

/// Whether both sides say the same of the money. What is still under way at ours may be anything that is not
/// decided at theirs.
fn agrees(held: &Held, seen: &Seen) -> bool {
    let is_returned = held.payout.status == PayoutStatus::Returned;
    match (held.attempt.state, seen.standing) {
        (AttemptState::Paid, Standing::Paid) => !is_returned,
        (AttemptState::Paid, Standing::Reversed) => is_returned,
        (
            AttemptState::Paid,
            Standing::Inert
            | Standing::InFlight
            | Standing::Unrecognised
            | Standing::Rejected
            | Standing::FinalNegative
            | Standing::NeedsReview,
        ) => false,
        (AttemptState::Dead, Standing::Inert) => true,
        (AttemptState::Dead, Standing::FinalNegative | Standing::Reversed) => {
            !seen.facts.may_have_paid()
        }
        (
            AttemptState::Dead,
            Standing::InFlight
            | Standing::Unrecognised
            | Standing::Paid
            | Standing::Rejected
            | Standing::NeedsReview,
        ) => false,
        // A person is on it already.
        (AttemptState::Review, Standing::Rejected | Standing::NeedsReview) => true,
        (
            AttemptState::Prepared
            | AttemptState::Sending
            | AttemptState::Created
            | AttemptState::ProcessSending
            | AttemptState::Submitted
            | AttemptState::Unknown
            | AttemptState::Review,
            Standing::Inert | Standing::InFlight | Standing::Unrecognised,
        ) => true,
        (
            AttemptState::Prepared
            | AttemptState::Sending
            | AttemptState::Created
            | AttemptState::ProcessSending
            | AttemptState::Submitted
            | AttemptState::Unknown
            | AttemptState::Review,
            Standing::Paid
            | Standing::Rejected
            | Standing::FinalNegative
            | Standing::Reversed
            | Standing::NeedsReview,
        ) => false,
    }
}

/// An attempt that a complete list of its provider lacks; none where the provider need not have it. An attempt
/// that was repeated may have been made on another day than it was last sent.
pub fn missing_at_provider(held: &Held) -> Option<Difference> {
    let is_theirs = match held.attempt.state {
        AttemptState::ProcessSending
        | AttemptState::Submitted
        | AttemptState::Review
        | AttemptState::Paid => held.attempt.repeats == 0,
        AttemptState::Prepared
        | AttemptState::Sending
        | AttemptState::Created
        | AttemptState::Unknown
        | AttemptState::Dead => false,
    };
    let ours = held.payout.status.name().to_owned();
    is_theirs.then(|| held.difference(Reason::MissingAtProvider, ours, None))
}

/// An object under a reference we never issued.
pub fn missing_here(provider: Provider, shown: &ListedObject) -> Difference {
    Difference {
        reason: Reason::MissingHere,
        payout: None,
        provider: Some(provider),
        reference: cut(&shown.seen.facts.reference),
        object: Some(shown.object.clone()),
        ours: None,
        theirs: Some(shown.seen.status.clone()),
        made_at: shown.created_at,
    }
}

/// A text of the other side, no longer than ours are.
fn cut(text: &str) -> String {
    text.chars().take(TEXT_MAX).collect()
}

/// One row of a settlement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettledRow {
    /// Our reference, or the provider's id; at most [`TEXT_MAX`] characters.
    #[serde(rename = "f")]
    pub reference: String,
    #[serde(rename = "a")]
    pub amount: Cents,
}

/// What of ours a settlement's row names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    Attempt(Box<Held>),
    Charge(Box<Charge>),
    Nothing,
}

/// What differs between a row of a provider's settlement and what it names.
pub fn settle(
    (provider, row): (Provider, &SettledRow),
    named: &Named,
    day_start: Timestamp,
) -> Option<Difference> {
    let (state, paid) = match named {
        Named::Attempt(held) => (
            held.payout.status.name(),
            paid_by(provider, held).then_some(held.attempt.net),
        ),
        Named::Charge(charge) => (
            charge.state.name(),
            (charge.state == ChargeState::Paid && provider == Provider::Paywizard)
                .then_some(charge.amount),
        ),
        Named::Nothing => ("", None),
    };
    let reason = match paid {
        Some(paid) if paid == row.amount => return None,
        Some(_) => Reason::SettlementAmountDiffers,
        None => Reason::SettlementUnknown,
    };
    let ours = paid.map_or_else(|| state.to_owned(), |paid| paid.to_string());
    let theirs = Some(row.amount.to_string());
    Some(match named {
        Named::Attempt(held) => held.difference(reason, ours, theirs),
        Named::Charge(_) | Named::Nothing => Difference {
            reason,
            payout: None,
            provider: Some(provider),
            reference: row.reference.clone(),
            object: None,
            ours: Some(ours).filter(|it| !it.is_empty()),
            theirs,
            made_at: day_start,
        },
    })
}

/// Whether we hold an attempt as paid by this provider.
fn paid_by(provider: Provider, held: &Held) -> bool {
    held.attempt.state == AttemptState::Paid && held.attempt.provider == provider
}

/// A payout that its provider's settlement of its day lacks; none for one that was not paid, or came back.
pub fn settlement_missing(held: &Held) -> Option<Difference> {
    let is_paid =
        held.attempt.state == AttemptState::Paid && held.payout.status == PayoutStatus::Completed;
    let ours = held.attempt.net.to_string();
    is_paid.then(|| held.difference(Reason::SettlementMissing, ours, None))
}

#[cfg(test)]
mod tests;
