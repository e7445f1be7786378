//! News of a final attempt that our books do not explain, until it is decided.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Applied, Attempt, Wake};
use crate::{
    answer::Seen, attempt_machine::AttemptEvent, attempt_machine::AttemptState, ids::PayoutId,
    money::Cents, time::Timestamp,
};

/// Two reads that show the attempt dead must lie this far apart to lift a hold by themselves.
pub const DEAD_READS_APART: Duration = Duration::from_secs(30);

/// What a read showed: the same again is no news.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The provider's own word.
    pub status: String,
    /// What it says that it paid, where it gives a figure.
    pub figure: Option<Cents>,
    /// Its ordering key.
    pub updated: i64,
}

impl Shown {
    pub fn of(seen: &Seen) -> Self {
        Self {
            status: seen.status.clone(),
            figure: seen.facts.processed_amount.exact(),
            updated: seen.updated,
        }
    }
}

/// News that nobody has decided about. It holds the payout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undecided {
    pub since: Timestamp,
    /// Why it is news, as a stable word.
    pub reason: String,
    /// When a read first showed the attempt dead again, in the provider's own words, with nothing in between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_at: Option<Timestamp>,
    /// Another payout of the same load, which waits for the same decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holds: Option<PayoutId>,
}

impl Attempt {
    /// Whether a read shows what owners have decided about already.
    pub fn was_decided_on(&self, seen: &Seen) -> bool {
        self.decided_on.as_ref() == Some(&Shown::of(seen))
    }

    /// A live attempt of a payout that is held: whoever has it loses its place. What could be sent is due at once, to
    /// be [set aside](Self::set_aside).
    #[must_use]
    pub fn fenced(&self, at: Timestamp) -> Self {
        let could_be_sent = self.wake() == Some(Wake::Dispatch);
        Self {
            version: self.version + 1,
            fence: self.fence + 1,
            lease_until: self.lease_until.filter(|_| !could_be_sent),
            next_at: if could_be_sent {
                Some(at)
            } else {
                self.next_at
            },
            ..self.clone()
        }
    }

    /// An attempt that could be sent, and rests until people have decided. Where nobody can be sure that giving it up
    /// is safe, they are asked about it too: it may stand in the way of what they decide.
    #[must_use]
    pub fn set_aside(&self, at: Timestamp) -> Self {
        let can_be_left = matches!(
            self.apply(AttemptEvent::Abandon, at),
            Ok(Applied::Changed(_))
        );
        let asked = if can_be_left { None } else { Some(at) };
        Self {
            version: self.version + 1,
            fence: self.fence + 1,
            lease_until: None,
            next_at: None,
            reason: asked
                .map(|_| "held".to_owned())
                .or_else(|| self.reason.clone()),
            reviewed_at: self.reviewed_at.or(asked),
            ..self.clone()
        }
    }

    /// The attempt that owners say paid after all.
    #[must_use]
    pub fn paid_late(&self, at: Timestamp) -> Self {
        let mut paid = Self {
            state: AttemptState::Paid,
            undecided: None,
            watched_at: Some(at),
            polls: 0,
            ..self.clone()
        };
        paid.next_at = paid.reread_after(at);
        paid
    }
}
