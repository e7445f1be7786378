//! A payout that waits for people because a provider's news contradicts our books. Its status stays as it is, and
//! nothing is sent, withdrawn or tried again for it.

use serde::{Deserialize, Serialize};

use super::Payout;
use crate::{
    denied::Denied,
    ids::PayoutId,
    payout::{Change, PayoutStatus},
    time::Timestamp,
};

/// Why a payout is held. Public as the reason `contradicted`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    pub since: Timestamp,
    /// The numbers of its own attempts with news that nobody has decided about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<u8>,
    /// Payouts of the same load that may have paid it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub payouts: Vec<PayoutId>,
}

/// The public reason of a payout that is held.
pub const CONTRADICTED: &str = "contradicted";

impl Payout {
    /// Whether it waits for people and must not move by itself. What was paid waits for no other payout of its load;
    /// should it come back before that is decided, it does.
    pub fn is_held(&self) -> bool {
        let was_paid = self.status == PayoutStatus::Completed;
        self.hold
            .as_ref()
            .is_some_and(|hold| !hold.attempts.is_empty() || !was_paid)
    }

    /// Whether news of one of its own attempts holds it.
    pub fn is_contradicted(&self) -> bool {
        self.hold.as_ref().is_some_and(|it| !it.attempts.is_empty())
    }

    /// # Errors
    /// [`Denied::Contradicted`] for what must wait for the decision.
    pub(super) fn require_free(&self, change: Change) -> Result<(), Denied> {
        match change {
            Change::Claim(_) | Change::Cancel | Change::Retry if self.is_held() => {
                Err(Denied::Contradicted)
            }
            Change::Claim(_)
            | Change::Cancel
            | Change::Retry
            | Change::Due
            | Change::Enqueue
            | Change::Accepted
            | Change::Unknown
            | Change::Paid(_)
            | Change::DeadWithRoute { .. }
            | Change::Dead
            | Change::Partial
            | Change::Returned(_)
            | Change::Settle(..) => Ok(()),
        }
    }

    pub(super) fn held_by_attempt(&mut self, number: u8, at: Timestamp) {
        let hold = self.hold.get_or_insert_with(|| Hold::since(at));
        if !hold.attempts.contains(&number) {
            hold.attempts.push(number);
        }
        self.rest();
    }

    pub(super) fn held_for_payout(&mut self, other: &PayoutId, at: Timestamp) {
        let hold = self.hold.get_or_insert_with(|| Hold::since(at));
        if !hold.payouts.contains(other) {
            hold.payouts.push(other.clone());
        }
        self.rest();
    }

    pub(super) fn freed_of_attempt(&mut self, number: u8, at: Timestamp) {
        if let Some(hold) = &mut self.hold {
            hold.attempts.retain(|it| *it != number);
        }
        self.go_on_if_free(at);
    }

    pub(super) fn freed_of_payout(&mut self, other: &PayoutId, at: Timestamp) {
        if let Some(hold) = &mut self.hold {
            hold.payouts.retain(|it| it != other);
        }
        self.go_on_if_free(at);
    }

    /// The load is somebody else's for good. Its own news is to be decided all the same.
    pub(super) fn freed_of_payouts(&mut self) {
        if let Some(hold) = &mut self.hold {
            hold.payouts.clear();
            if hold.attempts.is_empty() {
                self.hold = None;
            }
        }
    }

    /// What waits for people is woken by their decision.
    pub(super) fn rest(&mut self) {
        self.next_at = None;
        self.outbox = None;
    }

    fn go_on_if_free(&mut self, at: Timestamp) {
        let is_empty = |hold: &Hold| hold.attempts.is_empty() && hold.payouts.is_empty();
        if !self.hold.as_ref().is_some_and(is_empty) {
            return;
        }
        self.hold = None;
        if self.waits_for_dispatch() {
            self.dispatch_seq += 1;
            self.wakes = 0;
            self.wait(at);
        }
    }
}

impl Hold {
    const fn since(at: Timestamp) -> Self {
        Self {
            since: at,
            attempts: Vec::new(),
            payouts: Vec::new(),
        }
    }
}
