//! The immutable record of one transition of a payout: what happened, who caused it, which money moved.
//!
//! Records of a payout form a hash chain: each holds the hash of the one before it, and the payout
//! holds the newest, so that a record cannot be altered or dropped unnoticed.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    driver::DriverFigures,
    ids::{AttemptRef, PayoutId, ProviderId, TenantId},
    ledger::Posting,
    money::Cents,
    payout_machine::{PayoutStatus, Progress},
    routing::Provider,
    time::Timestamp,
};

/// Who caused a transition: an API key or one of our own functions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Actor {
    #[serde(rename = "key")]
    Key(String),
    #[serde(rename = "system")]
    System(String),
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Key(id) => write!(f, "key:{id}"),
            Self::System(name) => write!(f, "system:{name}"),
        }
    }
}

/// What was recorded. The names are public: they stand in timelines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recorded {
    Create,
    Due,
    Enqueue,
    Claim,
    Accepted,
    Unknown,
    Paid,
    DeadWithRoute,
    Dead,
    Partial,
    Cancel,
    Retry,
    Returned,
    Settle,
    /// News of an attempt that had ended for us; moves no state, and holds the payout.
    Contradiction,
    /// Another payout of the load is contradicted: this one waits with it.
    Hold,
    /// What held it is over.
    Lift,
    /// Owners decided that the contradicting attempt paid it.
    LatePaid,
    /// Owners decided that it did not.
    LateNotPaid,
    /// Owners decided that it paid on top of another payment.
    Surplus,
    /// Some of a surplus came back.
    Recovered,
    /// Nobody gets the surplus back.
    Absorbed,
    /// What never reached anybody went back to the wallet.
    RestReturned,
    /// A part of the payment came back.
    PartReturned,
    /// Owners decided that nothing came back.
    NothingReturned,
}

impl Recorded {
    pub const ALL: [Self; 25] = [
        Self::Create,
        Self::Due,
        Self::Enqueue,
        Self::Claim,
        Self::Accepted,
        Self::Unknown,
        Self::Paid,
        Self::DeadWithRoute,
        Self::Dead,
        Self::Partial,
        Self::Cancel,
        Self::Retry,
        Self::Returned,
        Self::Settle,
        Self::Contradiction,
        Self::Hold,
        Self::Lift,
        Self::LatePaid,
        Self::LateNotPaid,
        Self::Surplus,
        Self::Recovered,
        Self::Absorbed,
        Self::RestReturned,
        Self::PartReturned,
        Self::NothingReturned,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Due => "due",
            Self::Enqueue => "enqueue",
            Self::Claim => "claim",
            Self::Accepted => "accepted",
            Self::Unknown => "unknown",
            Self::Paid => "paid",
            Self::DeadWithRoute => "dead_with_route",
            Self::Dead => "dead",
            Self::Partial => "partial",
            Self::Cancel => "cancel",
            Self::Retry => "retry",
            Self::Returned => "returned",
            Self::Settle => "settle",
            Self::Contradiction => "contradiction",
            Self::Hold => "hold",
            Self::Lift => "lift",
            Self::LatePaid => "late_paid",
            Self::LateNotPaid => "late_not_paid",
            Self::Surplus => "surplus",
            Self::Recovered => "recovered",
            Self::Absorbed => "absorbed",
            Self::RestReturned => "rest_returned",
            Self::PartReturned => "part_returned",
            Self::NothingReturned => "nothing_returned",
        }
    }
}

/// One transition, written once under the payout's next version and never changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    pub tenant: TenantId,
    pub payout: PayoutId,
    /// The payout's version after this transition: 1 for the creation.
    pub seq: u32,
    pub event: Recorded,
    pub from: Option<PayoutStatus>,
    pub to: PayoutStatus,
    pub progress: Option<Progress>,
    pub actor: Actor,
    pub at: Timestamp,
    pub legs: Posting,
    pub provider: Option<Provider>,
    pub reference: Option<AttemptRef>,
    pub object: Option<ProviderId>,
    pub reason: Option<String>,
    /// What the driver got by it, where the legs do not say: the provider's payment was posted before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received: Option<Cents>,
    /// Which balance shard the legs touched.
    pub shard: u8,
    /// The write that made this record; tells a repeat of our own write from a stranger's.
    pub tx_id: String,
    pub prev_hash: String,
    pub hash: String,
}

impl Transition {
    /// What the transition adds to the figures of the payout's driver. Paid is what moved to or from a
    /// provider, so a partial settlement counts with its part, and so does a part that came back.
    pub fn driver_figures(&self) -> DriverFigures {
        let was_pending = self.from.is_some_and(PayoutStatus::is_pending);
        DriverFigures {
            payouts: i64::from(self.from.is_none()),
            pending_payouts: i64::from(self.to.is_pending()) - i64::from(was_pending),
            total_paid: self.received(),
        }
    }

    /// How much of the payment came back with it.
    pub fn returned_part(&self) -> Cents {
        self.received().negated()
    }

    /// What the driver got by it, or lost.
    fn received(&self) -> Cents {
        let cleared = || {
            let legs = self.legs.legs().iter();
            let clearing = legs.filter(|leg| leg.account.is_clearing());
            Cents::new(clearing.fold(0_i64, |sum, leg| sum.saturating_add(leg.amount.get())))
        };
        match self.event {
            Recorded::LatePaid => self.received.unwrap_or(Cents::ZERO),
            // Nobody knows yet what it paid, or it did not pay the driver for this load.
            Recorded::Contradiction
            | Recorded::LateNotPaid
            | Recorded::Surplus
            | Recorded::Recovered
            | Recorded::Absorbed => Cents::ZERO,
            Recorded::Create
            | Recorded::Due
            | Recorded::Enqueue
            | Recorded::Claim
            | Recorded::Accepted
            | Recorded::Unknown
            | Recorded::Paid
            | Recorded::DeadWithRoute
            | Recorded::Dead
            | Recorded::Partial
            | Recorded::Cancel
            | Recorded::Retry
            | Recorded::Returned
            | Recorded::Settle
            | Recorded::Hold
            | Recorded::Lift
            | Recorded::RestReturned
            | Recorded::PartReturned
            | Recorded::NothingReturned => cleared(),
        }
    }

    /// The hash of this record: SHA-256 over every other field, in lower-case hex.
    pub fn digest(&self) -> String {
        let mut hasher = Sha256::new();
        let mut field = |text: &str| {
            hasher.update(text.as_bytes());
            hasher.update([0x1f]);
        };
        field(&self.prev_hash);
        field(&self.tenant.to_string());
        field(self.payout.as_str());
        field(&self.seq.to_string());
        field(self.event.name());
        field(self.from.map_or("", PayoutStatus::name));
        field(self.to.name());
        field(self.progress.map_or("", Progress::name));
        field(&self.actor.to_string());
        field(&self.at.millis().to_string());
        for leg in self.legs.legs() {
            field(leg.account.name());
            field(&leg.amount.to_string());
        }
        field(self.provider.map_or("", Provider::name));
        field(
            &self
                .reference
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
        );
        field(self.object.as_ref().map_or("", ProviderId::as_str));
        field(self.reason.as_deref().unwrap_or(""));
        // Left out where there is none, so that it changes no hash of a transition without it.
        if let Some(received) = self.received {
            field(&received.to_string());
        }
        field(&self.shard.to_string());
        field(&self.tx_id);
        hex::encode(hasher.finalize())
    }

    /// The record with its hash filled in.
    #[must_use]
    pub fn sealed(self) -> Self {
        Self {
            hash: self.digest(),
            ..self
        }
    }
}
