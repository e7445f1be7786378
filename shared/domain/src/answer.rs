//! What a provider says of one attempt, in our words. Vendor words end at the adapter.

use serde::{Deserialize, Serialize};

use crate::{
    attempt::Attempt,
    ids::{Mode, ProviderId},
    manifest::{Shows, manifest},
    money::Cents,
};

/// One answer of a provider, or its absence. Not a `Result`: a transport error is not a failed payout,
/// it is an unclear one, and every caller has to face that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Proven: not a byte reached the provider (name lookup, connect or TLS handshake failed).
    NotSent { cause: String },
    /// The provider showed its object.
    Exists { object: ProviderId, seen: Box<Seen> },
    /// The provider took the call over. What becomes of it is told by reads.
    Taken,
    /// A read that found nothing. One is not proof.
    Absent,
    /// A status that proves non-creation, and whose fault it is.
    Refused { by: Refusal, reason: String },
    /// A status that says no, but does not promise that nothing was created: absences make it so.
    Doubted { by: Refusal, reason: String },
    /// Timeout, reset, 5xx, unreadable body: money may have moved.
    Unclear { cause: String },
}

/// Whose fault a proven refusal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Our credentials (401, 403).
    Credentials,
    /// Our integration (405).
    Integration,
    /// The data of this payout (422).
    Input,
}

/// What the provider's object shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub standing: Standing,
    /// The provider's own status word, for operators.
    pub status: String,
    /// The provider's ordering key; news with a lower one is old.
    pub updated: i64,
    /// The provider itself says that a call can still withdraw the object, so that no money can have left.
    pub withdrawable: bool,
    pub facts: Facts,
}

/// What a provider's status word means for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Exists, and no money can move until we say so.
    Inert,
    InFlight,
    /// A word the contract does not know: in flight, and somebody should look.
    Unrecognised,
    Paid,
    /// Its review said no. It may be corrected and paid until it is withdrawn.
    Rejected,
    /// Ended without payment.
    FinalNegative,
    /// Ended with the money back. Whether it had left is told by the facts.
    Reversed,
    /// Partly paid, partly returned, or a refused cancellation.
    NeedsReview,
}

/// A figure that a provider gives only once money has moved. One that is there and cannot be read is no proof that
/// none did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Figure {
    /// Left out, or null.
    #[default]
    Absent,
    /// There, and not an exact amount of the currency from zero up.
    Unreadable,
    Exact(Cents),
}

impl Figure {
    pub const fn exact(self) -> Option<Cents> {
        match self {
            Self::Exact(cents) => Some(cents),
            Self::Absent | Self::Unreadable => None,
        }
    }

    /// Whether it can stand for money that moved.
    pub const fn may_be_money(self) -> bool {
        match self {
            Self::Absent => false,
            Self::Unreadable => true,
            Self::Exact(cents) => cents.get() != 0,
        }
    }
}

impl From<Option<Cents>> for Figure {
    fn from(exact: Option<Cents>) -> Self {
        exact.map_or(Self::Absent, Self::Exact)
    }
}

/// The figures of a provider's object. None where the provider did not say, or where its figure is not
/// an exact amount of the currency: either way it differs from what we asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    pub reference: String,
    pub currency: String,
    pub amount: Option<Cents>,
    pub payout_amount: Option<Cents>,
    pub service_currency: Option<String>,
    pub service_payout_amount: Option<Cents>,
    /// What it says was paid.
    pub processed_amount: Figure,
    pub test_mode: Option<bool>,
    /// Whether the provider says that it executed the payment at some time.
    pub was_processed: bool,
}

/// The first figure in which a provider's object is not what we asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// Another object than the one the attempt holds.
    Object,
    Reference,
    Currency,
    Mode,
    Amount,
    PayoutAmount,
    ServiceCurrency,
    ServiceAmount,
    ProcessedAmount,
}

impl Difference {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Object => "object_differs",
            Self::Reference => "reference_differs",
            Self::Currency => "currency_differs",
            Self::Mode => "mode_differs",
            Self::Amount => "amount_differs",
            Self::PayoutAmount => "payout_amount_differs",
            Self::ServiceCurrency => "service_currency_differs",
            Self::ServiceAmount => "service_amount_differs",
            Self::ProcessedAmount => "processed_amount_differs",
        }
    }
}

impl Facts {
    /// What the provider says that it paid: the figure where it gives one, all of N where it calls the
    /// payment done without one. A figure nobody can read is no amount to post.
    pub fn reported_paid(&self, standing: Standing, net: Cents) -> Cents {
        match standing {
            Standing::Paid => self.processed_amount.exact().unwrap_or(net),
            Standing::NeedsReview | Standing::FinalNegative => match self.processed_amount {
                Figure::Exact(cents) => cents,
                Figure::Absent if self.was_processed => net,
                Figure::Absent | Figure::Unreadable => Cents::ZERO,
            },
            Standing::Inert
            | Standing::InFlight
            | Standing::Unrecognised
            | Standing::Rejected
            | Standing::Reversed => Cents::ZERO,
        }
    }

    /// Compares what the provider shows with the attempt. The driver must get exactly N: an amount with
    /// the provider's commission taken out of it is a difference too.
    pub fn difference(&self, attempt: &Attempt) -> Option<Difference> {
        let amount = (self.amount != Some(attempt.net)).then_some(Difference::Amount);
        match manifest(attempt.provider).shows {
            Shows::Amount => amount,
            // The mode is that of the key unless the object says otherwise.
            Shows::Order => self
                .identity_differs(attempt)
                .or_else(|| self.mode_differs(attempt, self.test_mode.is_none()))
                .or(amount),
            Shows::Breakdown => self
                .identity_differs(attempt)
                .or_else(|| self.mode_differs(attempt, false))
                .or(amount)
                .or_else(|| self.arrival_differs(attempt)),
        }
    }

    /// What the provider calls paid: its own figure of it, where it has one beside the amount.
    pub const fn paid_figure(&self, attempt: &Attempt) -> Option<Cents> {
        match manifest(attempt.provider).shows {
            Shows::Breakdown => self.processed_amount.exact(),
            Shows::Order | Shows::Amount => self.amount,
        }
    }

    /// Whether anything here says that money left, or could be read so.
    pub const fn may_have_paid(&self) -> bool {
        self.was_processed || self.processed_amount.may_be_money()
    }

    /// Whether the figures agree with a payment of exactly `net` that came back in full.
    pub fn fits_a_return(&self, net: Cents) -> bool {
        match self.processed_amount {
            Figure::Absent => true,
            Figure::Unreadable => false,
            Figure::Exact(cents) => cents == net,
        }
    }

    /// Whether the figures are about this attempt at all. Where the provider shows an amount only, the call they
    /// answer tells.
    pub fn is_about(&self, attempt: &Attempt) -> bool {
        match manifest(attempt.provider).shows {
            Shows::Breakdown | Shows::Order => self.reference == attempt.reference.to_string(),
            Shows::Amount => true,
        }
    }

    /// What the provider says that it paid, where it gives a figure. What it was asked for is none.
    pub const fn reported_figure(&self) -> Option<Cents> {
        self.processed_amount.exact()
    }

    fn identity_differs(&self, attempt: &Attempt) -> Option<Difference> {
        if self.reference != attempt.reference.to_string() {
            return Some(Difference::Reference);
        }
        if self.currency != attempt.currency.code() {
            return Some(Difference::Currency);
        }
        None
    }

    fn mode_differs(&self, attempt: &Attempt, is_known: bool) -> Option<Difference> {
        let fits = self.test_mode == Some(attempt.tenant.mode() == Mode::Test);
        (!fits && !is_known).then_some(Difference::Mode)
    }

    fn arrival_differs(&self, attempt: &Attempt) -> Option<Difference> {
        let net = Some(attempt.net);
        let currency = attempt.currency.code();
        if self.payout_amount != net {
            return Some(Difference::PayoutAmount);
        }
        if self.service_currency.as_deref() != Some(currency) {
            return Some(Difference::ServiceCurrency);
        }
        if self.service_payout_amount != net {
            return Some(Difference::ServiceAmount);
        }
        None
    }
}
