//! The payout: its facts, and [`Payout::apply`], the only way it changes.
//!
//! Every change is one [`Transition`] with balanced legs and the next version.

use std::time::Duration;

mod change;
mod hold;
mod late;

use serde::{Deserialize, Serialize};

pub use self::{
    change::{Change, GivenBack, Settlement},
    hold::{CONTRADICTED, Hold},
    late::{LateChange, LateOf},
};

pub use crate::payout_machine::{PayoutStatus, Progress};
use crate::{
    attempt::Attempt,
    denied::Denied,
    fee::{FeeQuote, Rail},
    ids::{ATTEMPTS_MAX, BatchId, DriverId, LoadId, PayoutId, TenantId},
    ledger::{Account, Posting, Shares},
    money::{Cents, Currency},
    payout_machine::{self, Cell},
    routing::Provider,
    schedule,
    time::Timestamp,
    transition::{Actor, Recorded, Transition},
};

/// How many attempts one run (a creation or a retry) may use.
pub const RUN_ATTEMPTS_MAX: u8 = 3;
/// How many shards the pending, in-transit, clearing and fee accounts of a tenant have.
pub const SHARDS: u8 = 4;

/// The line of a batch that a payout was made for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchLine {
    pub id: BatchId,
    /// From 1, in the order of the batch.
    pub line: u32,
    /// Which of the batch's tallies counts it.
    pub tally: u8,
}

/// Money we send to a driver for a load.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payout {
    pub tenant: TenantId,
    pub id: PayoutId,
    /// The sequence number of the newest transition.
    pub version: u32,
    pub status: PayoutStatus,
    pub progress: Option<Progress>,
    /// A: what leaves the wallet.
    pub amount: Cents,
    pub quote: FeeQuote,
    pub currency: Currency,
    pub driver: DriverId,
    pub driver_name: String,
    pub load: Option<LoadId>,
    pub batch: Option<BatchLine>,
    pub description: Option<String>,
    pub rail: Rail,
    /// Whether an instant payout may go by the standard rail when nobody carries it by the instant one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub may_fall_back: bool,
    pub requested_by: Option<String>,
    /// Grows with every need to dispatch; a message with another number is old.
    pub dispatch_seq: u32,
    pub live_attempt: Option<u8>,
    pub settled_attempt: Option<u8>,
    /// The number of the newest attempt.
    pub attempts: u8,
    /// Attempts that count against the maximum, in all and in this run.
    pub counted: u8,
    pub run_counted: u8,
    /// Providers tried in this run.
    pub tried: Vec<Provider>,
    /// Which shard of the sharded accounts this payout's legs always touch.
    pub shard: u8,
    pub reason: Option<String>,
    pub requested_at: Timestamp,
    /// When the present status began.
    pub changed_at: Timestamp,
    pub completed_at: Option<Timestamp>,
    /// When somebody has to look again while no attempt is live.
    pub next_at: Option<Timestamp>,
    /// How often the due index had to send this payout again.
    pub wakes: u32,
    /// The outbox entry that still has to be sent, if any.
    pub outbox: Option<String>,
    /// Hash of the newest transition.
    pub head: String,
    /// Set while a provider's news contradicts our books and people have to decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// Parts of the payment that came back and were given to the wallet.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub returned: Cents,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks with a reference"
)]
fn is_zero(cents: &Cents) -> bool {
    *cents == Cents::ZERO
}

/// What a new payout is made of.
#[derive(Clone, Debug)]
pub struct Booking {
    pub tenant: TenantId,
    pub id: PayoutId,
    pub driver: DriverId,
    pub driver_name: String,
    pub load: Option<LoadId>,
    pub batch: Option<BatchLine>,
    pub description: Option<String>,
    pub amount: Cents,
    pub quote: FeeQuote,
    pub currency: Currency,
    pub rail: Rail,
    /// Instant payouts only: whether the standard rail will do.
    pub may_fall_back: bool,
    pub requested_by: Option<String>,
}

/// Who, when and why: what every transition records.
#[derive(Clone, Debug)]
pub struct Note<'a> {
    pub actor: &'a Actor,
    pub at: Timestamp,
    pub tx_id: &'a str,
    pub attempt: Option<&'a Attempt>,
    pub reason: Option<String>,
}

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Moved(Box<Payout>, Box<Transition>),
    Ignored,
    Contradiction,
}

impl Payout {
    /// N: what the driver receives.
    pub fn net(&self) -> Cents {
        Cents::new(self.amount.get() - self.quote.fee.get())
    }

    pub fn shares(&self) -> Shares {
        Shares {
            gross: self.amount,
            net: self.net(),
            fee: self.quote.fee,
        }
    }

    /// The rail the driver's method has to serve: any that the payout may go by.
    pub const fn payable_rail(&self) -> Rail {
        if self.may_fall_back {
            Rail::Standard
        } else {
            self.rail
        }
    }

    /// The payout about to be carried on `rail`. The fee stays as it was quoted; providers that were tried on
    /// another rail count as untried.
    #[must_use]
    pub fn on_rail(self, rail: Rail) -> Self {
        if rail == self.rail {
            return self;
        }
        Self {
            rail,
            tried: Vec::new(),
            ..self
        }
    }

    /// T1: a standard payout, reserved and waiting for its dispatch.
    pub fn book_standard(booking: Booking, note: &Note<'_>) -> (Self, Transition) {
        let amount = booking.amount;
        let payout = Self::booked(booking, note.at);
        let legs = Posting::between(Account::Available, Account::Pending, amount);
        payout.created(legs, note)
    }

    /// T3: an instant payout, owned by its first attempt from the start.
    pub fn book_instant(
        booking: Booking,
        provider: Provider,
        note: &Note<'_>,
    ) -> (Self, Transition) {
        let amount = booking.amount;
        let mut payout = Self::booked(booking, note.at);
        payout.status = PayoutStatus::Processing;
        payout.progress = Some(Progress::Preparing);
        payout.begin_attempt(provider);
        payout.next_at = None;
        let legs = Posting::between(Account::Available, Account::InTransit, amount);
        payout.created(legs, note)
    }

    /// T2: a line of a batch that was not released. Its batch wakes it.
    pub fn book_scheduled_line(
        booking: Booking,
        from: Account,
        note: &Note<'_>,
    ) -> (Self, Transition) {
        let amount = booking.amount;
        let mut payout = Self::booked(booking, note.at);
        payout.status = PayoutStatus::Scheduled;
        payout.next_at = None;
        payout.created(Posting::between(from, Account::Pending, amount), note)
    }

    /// T1 for a line of a batch that is released already: its money comes out of the batch's hold.
    pub fn book_released_line(booking: Booking, note: &Note<'_>) -> (Self, Transition) {
        let amount = booking.amount;
        let payout = Self::booked(booking, note.at);
        payout.created(
            Posting::between(Account::Hold, Account::Pending, amount),
            note,
        )
    }

    fn booked(booking: Booking, at: Timestamp) -> Self {
        let shard = match &booking.batch {
            // The lines of one chunk touch one shard together.
            Some(line) => line.tally % SHARDS,
            None => booking.id.as_str().bytes().fold(0_u8, u8::wrapping_add) % SHARDS,
        };
        Self {
            tenant: booking.tenant,
            id: booking.id,
            version: 0,
            status: PayoutStatus::Validated,
            progress: None,
            amount: booking.amount,
            quote: booking.quote,
            currency: booking.currency,
            driver: booking.driver,
            driver_name: booking.driver_name,
            load: booking.load,
            batch: booking.batch,
            description: booking.description,
            rail: booking.rail,
            may_fall_back: booking.may_fall_back,
            requested_by: booking.requested_by,
            dispatch_seq: 1,
            live_attempt: None,
            settled_attempt: None,
            attempts: 0,
            counted: 0,
            run_counted: 0,
            tried: Vec::new(),
            shard,
            reason: None,
            requested_at: at,
            changed_at: at,
            completed_at: None,
            next_at: Some(at.plus(schedule::redispatch_delay(0))),
            wakes: 0,
            outbox: None,
            head: String::new(),
            hold: None,
            returned: Cents::ZERO,
        }
    }

    fn created(self, legs: Posting, note: &Note<'_>) -> (Self, Transition) {
        let (mut payout, transition) = self.recorded(Recorded::Create, legs, note);
        let transition = Transition {
            from: None,
            ..transition
        }
        .sealed();
        payout.head.clone_from(&transition.hash);
        (payout, transition)
    }

    /// The payout after `change`, with its transition, or why nothing moved.
    ///
    /// # Errors
    /// [`Denied::WrongState`] for a refused cell, [`Denied::AttemptsExhausted`] when a retry or a
    /// further attempt is out of its limit, [`Denied::Contradicted`] for what waits for people.
    pub fn apply(&self, change: Change, note: &Note<'_>) -> Result<Outcome, Denied> {
        self.require_free(change)?;
        match payout_machine::decide(self.status, change.event()) {
            Cell::Refuses => Err(Denied::WrongState(self.status)),
            Cell::Ignores => Ok(Outcome::Ignored),
            Cell::Contradicts => Ok(Outcome::Contradiction),
            Cell::Marks(progress) if self.progress == Some(progress) => Ok(Outcome::Ignored),
            Cell::Marks(progress) => {
                let mut next = self.clone();
                next.progress = Some(progress);
                next.reason.clone_from(&note.reason);
                Ok(next.moved_from(self.status, change, Posting::none(), note))
            }
            Cell::Moves(to) => self.moves(to, change, note),
            // The caller applies `paid` first and `returned` to what comes of it.
            Cell::CompletesThenReturns => Err(Denied::WrongState(self.status)),
            Cell::Settles => match change {
                Change::Settle(_, Settlement::NotPaid) => {
                    self.moves(PayoutStatus::Failed, change, note)
                }
                Change::Settle(_, Settlement::Paid | Settlement::Partly(_)) => {
                    self.moves(PayoutStatus::Completed, change, note)
                }
                Change::Due
                | Change::Enqueue
                | Change::Claim(_)
                | Change::Accepted
                | Change::Unknown
                | Change::Paid(_)
                | Change::DeadWithRoute { .. }
                | Change::Dead
                | Change::Partial
                | Change::Cancel
                | Change::Retry
                | Change::Returned(_) => Err(Denied::WrongState(self.status)),
            },
        }
    }

    fn moves(&self, to: PayoutStatus, change: Change, note: &Note<'_>) -> Result<Outcome, Denied> {
        let legs = self.legs(change)?;
        let mut next = self.clone();
        next.status = to;
        next.progress = None;
        next.changed_at = note.at;
        next.reason.clone_from(&note.reason);
        next.next_at = None;
        next.outbox = None;
        match change {
            Change::Due | Change::Enqueue => next.wait(note.at),
            Change::Claim(provider) => {
                if next.attempts >= 99 {
                    return Err(Denied::AttemptsExhausted);
                }
                next.progress = Some(Progress::Preparing);
                next.begin_attempt(provider);
            }
            Change::Paid(_) | Change::Settle(_, Settlement::Paid | Settlement::Partly(_)) => {
                next.completed_at = Some(note.at);
                next.settled_attempt = next.live_attempt.take();
            }
            Change::DeadWithRoute { counts } => {
                next.live_attempt = None;
                if !counts {
                    next.counted = next.counted.saturating_sub(1);
                    next.run_counted = next.run_counted.saturating_sub(1);
                    next.tried.pop();
                }
                if next.run_counted >= RUN_ATTEMPTS_MAX || next.counted >= ATTEMPTS_MAX {
                    return Err(Denied::AttemptsExhausted);
                }
                next.dispatch_seq += 1;
                next.wait(note.at);
            }
            Change::Dead | Change::Settle(_, Settlement::NotPaid) => next.live_attempt = None,
            Change::Retry => {
                if next.counted >= ATTEMPTS_MAX {
                    return Err(Denied::AttemptsExhausted);
                }
                next.run_counted = 0;
                next.tried.clear();
                next.dispatch_seq += 1;
                next.wakes = 0;
                next.wait(note.at);
            }
            Change::Returned(_) => {
                if let Some(number) = next.settled_attempt {
                    next.freed_of_attempt(number, note.at);
                }
            }
            Change::Cancel | Change::Accepted | Change::Unknown | Change::Partial => {}
        }
        if let Change::Settle(_, settlement) = change {
            // The evidence is for the timeline only.
            next.reason = settlement.reason().map(str::to_owned);
        }
        if next.is_held() {
            next.rest();
        }
        Ok(next.moved_from(self.status, change, legs, note))
    }

    fn begin_attempt(&mut self, provider: Provider) {
        self.attempts += 1;
        self.counted += 1;
        self.run_counted += 1;
        self.live_attempt = Some(self.attempts);
        self.tried.push(provider);
    }

    /// Whether only a dispatch brings it on.
    pub const fn waits_for_dispatch(&self) -> bool {
        match self.status {
            PayoutStatus::Validated | PayoutStatus::Queued => true,
            PayoutStatus::Scheduled
            | PayoutStatus::Processing
            | PayoutStatus::Completed
            | PayoutStatus::Failed
            | PayoutStatus::Canceled
            | PayoutStatus::Returned => false,
        }
    }

    fn wait(&mut self, at: Timestamp) {
        self.next_at = Some(at.plus(schedule::redispatch_delay(self.wakes)));
    }

    /// The payout after the due index sent it again: later each time.
    #[must_use]
    pub fn woken(&self, at: Timestamp) -> Self {
        let wakes = self.wakes + 1;
        Self {
            wakes,
            next_at: Some(at.plus(schedule::redispatch_delay(wakes))),
            outbox: None,
            ..self.clone()
        }
    }

    /// The payout while its route is closed: looked at again at the probe; without one soon enough after an
    /// operator opens the route.
    #[must_use]
    pub fn waiting_for_route(&self, at: Timestamp, probe_at: Option<Timestamp>) -> Self {
        let latest = at.plus(Duration::from_secs(15 * 60));
        let by_hand = at.plus(Duration::from_secs(60));
        Self {
            next_at: Some(probe_at.unwrap_or(by_hand).min(latest)),
            outbox: None,
            ..self.clone()
        }
    }

    fn moved_from(
        self,
        from: PayoutStatus,
        change: Change,
        legs: Posting,
        note: &Note<'_>,
    ) -> Outcome {
        let (payout, transition) = self.recorded(change.recorded(), legs, note);
        let transition = Transition {
            from: Some(from),
            ..transition
        };
        Self::sealed_move(payout, transition)
    }

    fn sealed_move(payout: Self, transition: Transition) -> Outcome {
        let (payout, transition) = Self::sealed(payout, transition);
        Outcome::Moved(Box::new(payout), Box::new(transition))
    }

    fn sealed(mut payout: Self, transition: Transition) -> (Self, Transition) {
        let transition = transition.sealed();
        payout.head.clone_from(&transition.hash);
        (payout, transition)
    }

    fn recorded(self, event: Recorded, legs: Posting, note: &Note<'_>) -> (Self, Transition) {
        let payout = Self {
            version: self.version + 1,
            ..self
        };
        let transition = Transition {
            tenant: payout.tenant.clone(),
            payout: payout.id.clone(),
            seq: payout.version,
            event,
            from: None,
            to: payout.status,
            progress: payout.progress,
            actor: note.actor.clone(),
            at: note.at,
            legs,
            provider: note.attempt.map(|attempt| attempt.provider),
            reference: note.attempt.map(|attempt| attempt.reference.clone()),
            object: note.attempt.and_then(|attempt| attempt.object.clone()),
            reason: note.reason.clone(),
            received: None,
            shard: payout.shard,
            tx_id: note.tx_id.to_owned(),
            prev_hash: payout.head.clone(),
            hash: String::new(),
        };
        (payout, transition)
    }
}

#[cfg(test)]
pub(crate) mod tests;
