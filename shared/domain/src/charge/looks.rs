//! Looks at a charge in review: when the next one is due, and what it brings to those who decide.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Charge, ChargeState, ChargeVerdict};
use crate::{money::Cents, time::Timestamp};

/// When the balance of a charge in review is first read, and how far apart later reads are.
const FIRST_EVIDENCE: Duration = Duration::from_secs(5 * 60);
const EVIDENCE_APART: Duration = Duration::from_secs(60 * 60);
/// When the provider is first asked about a charge in review that it has named; each later read comes after four times
/// as long, and at last with the balance.
const FIRST_READ: Duration = Duration::from_secs(60);

/// A balance of the card after the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    pub balance: Cents,
    pub at: Timestamp,
}

/// What a provider says of a charge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Its own word.
    pub status: String,
    /// What it says that it took, where it gives a figure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid: Option<Cents>,
}

/// What one look at a charge in review brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    pub balance: Option<Cents>,
    pub told: Option<Told>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
pub(super) const fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl Charge {
    /// The charge in review after a look; what it did not bring stays as it was.
    #[must_use]
    pub fn looked_at(&self, look: Look, at: Timestamp) -> Self {
        let seen = look.balance.map(|balance| Evidence { balance, at });
        let mut next = Self {
            version: self.version + 1,
            evidence: seen.or(self.evidence),
            told: look.told.or_else(|| self.told.clone()),
            looks: self.looks + 1,
            changed_at: at,
            ..self.clone()
        };
        next.next_at = Some(at.plus(next.look_delay()));
        next
    }

    /// The charge after an answer led to it: with what the provider calls it and says of it.
    #[must_use]
    pub fn answered(&self, verdict: &ChargeVerdict, at: Timestamp) -> Self {
        let mut next = Self {
            object: self.object.clone().or_else(|| verdict.object.clone()),
            told: verdict.told.clone().or_else(|| self.told.clone()),
            reason: verdict.reason.clone(),
            ..self.clone()
        };
        if next.state == ChargeState::Review {
            next.next_at = Some(at.plus(next.look_delay()));
        }
        next
    }

    /// How long a charge in review is left alone.
    pub(super) fn look_delay(&self) -> Duration {
        match (&self.object, self.looks) {
            (Some(_), looks) => FIRST_READ
                .saturating_mul(4_u32.saturating_pow(looks))
                .min(EVIDENCE_APART),
            (None, 0) => FIRST_EVIDENCE,
            (None, _) => EVIDENCE_APART,
        }
    }
}
