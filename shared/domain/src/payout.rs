//! The payout: its facts, and [`Payout::apply`], the only way it changes.
//!
//! Every change is one [`Transition`] with balanced legs and the next version.

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use crate::payout_machine::{PayoutStatus, Progress};
use crate::{
    attempt::Attempt,
    denied::Denied,
    fee::{FeeQuote, Rail},
    ids::{ATTEMPTS_MAX, DriverId, LoadId, PayoutId, TenantId},
    ledger::{Account, Leg, Posting, Shares},
    money::{Cents, Currency},
    payout_machine::{self, Cell, Event},
    routing::Provider,
    schedule,
    time::Timestamp,
    transition::{Actor, Recorded, Transition},
};

/// How many attempts one run (a creation or a retry) may use.
pub const RUN_ATTEMPTS_MAX: u8 = 3;
/// How many shards the pending, in-transit, clearing and fee accounts of a tenant have.
pub const SHARDS: u8 = 4;

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
    pub description: Option<String>,
    pub rail: Rail,
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
}

/// What a new payout is made of.
#[derive(Clone, Debug)]
pub struct Booking {
    pub tenant: TenantId,
    pub id: PayoutId,
    pub driver: DriverId,
    pub driver_name: String,
    pub load: Option<LoadId>,
    pub description: Option<String>,
    pub amount: Cents,
    pub quote: FeeQuote,
    pub currency: Currency,
    pub rail: Rail,
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

/// An event with what it brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Due,
    Enqueue,
    Claim(Provider),
    Accepted,
    Unknown,
    Paid(Provider),
    /// `counts` is false when the attempt was given up before anything was ever sent.
    DeadWithRoute {
        counts: bool,
    },
    Dead,
    Partial,
    Cancel,
    Retry,
    Returned(Provider),
    Settle(Provider, Settlement),
}

/// What two operators decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    Paid,
    NotPaid,
    /// Only this much of N reached the driver.
    Partly(Cents),
}

impl Change {
    pub const fn event(self) -> Event {
        match self {
            Self::Due => Event::Due,
            Self::Enqueue => Event::Enqueue,
            Self::Claim(_) => Event::Claim,
            Self::Accepted => Event::Accepted,
            Self::Unknown => Event::Unknown,
            Self::Paid(_) => Event::Paid,
            Self::DeadWithRoute { .. } => Event::DeadWithRoute,
            Self::Dead => Event::Dead,
            Self::Partial => Event::Partial,
            Self::Cancel => Event::Cancel,
            Self::Retry => Event::Retry,
            Self::Returned(_) => Event::Returned,
            Self::Settle(..) => Event::Settle,
        }
    }

    const fn recorded(self) -> Recorded {
        match self {
            Self::Due => Recorded::Due,
            Self::Enqueue => Recorded::Enqueue,
            Self::Claim(_) => Recorded::Claim,
            Self::Accepted => Recorded::Accepted,
            Self::Unknown => Recorded::Unknown,
            Self::Paid(_) => Recorded::Paid,
            Self::DeadWithRoute { .. } => Recorded::DeadWithRoute,
            Self::Dead => Recorded::Dead,
            Self::Partial => Recorded::Partial,
            Self::Cancel => Recorded::Cancel,
            Self::Retry => Recorded::Retry,
            Self::Returned(_) => Recorded::Returned,
            Self::Settle(..) => Recorded::Settle,
        }
    }
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

    fn booked(booking: Booking, at: Timestamp) -> Self {
        let shard = booking.id.as_str().bytes().fold(0_u8, u8::wrapping_add) % SHARDS;
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
            description: booking.description,
            rail: booking.rail,
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
    /// further attempt is out of its limit.
    pub fn apply(&self, change: Change, note: &Note<'_>) -> Result<Outcome, Denied> {
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

    /// T18: what the provider paid although nothing of ours was in flight. No state moves; the money
    /// waits in suspense until somebody explains it.
    pub fn contradicted(&self, provider: Provider, paid: Cents, note: &Note<'_>) -> Outcome {
        let legs = Posting::between(Account::Suspense, Account::clearing(provider), paid);
        let legs = if paid.is_positive() {
            legs
        } else {
            Posting::none()
        };
        let (payout, transition) = self.clone().recorded(Recorded::Contradiction, legs, note);
        let transition = Transition {
            from: Some(self.status),
            ..transition
        };
        Self::sealed_move(payout, transition)
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
            Change::Cancel
            | Change::Returned(_)
            | Change::Accepted
            | Change::Unknown
            | Change::Partial => {}
        }
        Ok(next.moved_from(self.status, change, legs, note))
    }

    /// The legs of a move out of the present state (docs/ledger.md).
    fn legs(&self, change: Change) -> Result<Posting, Denied> {
        let amount = self.amount;
        let shares = self.shares();
        let posting = match change {
            Change::Due
            | Change::Enqueue
            | Change::Accepted
            | Change::Unknown
            | Change::Partial => Posting::none(),
            Change::Claim(_) => Posting::between(Account::Pending, Account::InTransit, amount),
            Change::Paid(provider) | Change::Settle(provider, Settlement::Paid) => {
                Posting::completion(provider, shares).map_err(|_| Denied::WalletLimit)?
            }
            Change::DeadWithRoute { .. } => {
                Posting::between(Account::InTransit, Account::Pending, amount)
            }
            Change::Dead | Change::Settle(_, Settlement::NotPaid) => {
                Posting::between(Account::InTransit, Account::Available, amount)
            }
            Change::Cancel if self.status == PayoutStatus::Failed => Posting::none(),
            Change::Cancel => Posting::between(Account::Pending, Account::Available, amount),
            Change::Retry => Posting::between(Account::Available, Account::Pending, amount),
            Change::Returned(provider) => {
                Posting::give_back(provider, shares, self.quote.refund_on_return)
                    .map_err(|_| Denied::WalletLimit)?
            }
            Change::Settle(provider, Settlement::Partly(paid)) => {
                let rest = shares
                    .net
                    .checked_sub(paid)
                    .ok_or(Denied::AmountOutOfRange)?;
                if !paid.is_positive() || !rest.is_positive() {
                    return Err(Denied::AmountOutOfRange);
                }
                Posting::new(vec![
                    Leg {
                        account: Account::InTransit,
                        amount: amount.negated(),
                    },
                    Leg {
                        account: Account::clearing(provider),
                        amount: paid,
                    },
                    Leg {
                        account: Account::Fees,
                        amount: shares.fee,
                    },
                    Leg {
                        account: Account::Suspense,
                        amount: rest,
                    },
                ])
                .map_err(|_| Denied::WalletLimit)?
            }
        };
        Ok(posting)
    }

    fn begin_attempt(&mut self, provider: Provider) {
        self.attempts += 1;
        self.counted += 1;
        self.run_counted += 1;
        self.live_attempt = Some(self.attempts);
        self.tried.push(provider);
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

    /// The payout while its route is closed: looked at again at `next_at` or after the longest probe.
    #[must_use]
    pub fn waiting_for_route(&self, at: Timestamp, probe_at: Option<Timestamp>) -> Self {
        let latest = at.plus(Duration::from_secs(15 * 60));
        Self {
            next_at: Some(probe_at.unwrap_or(latest).min(latest)),
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

    fn sealed_move(mut payout: Self, transition: Transition) -> Outcome {
        let transition = transition.sealed();
        payout.head.clone_from(&transition.hash);
        Outcome::Moved(Box::new(payout), Box::new(transition))
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
            shard: payout.shard,
            tx_id: note.tx_id.to_owned(),
            prev_hash: payout.head.clone(),
            hash: String::new(),
        };
        (payout, transition)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fee::{Channel, FeeSchedule};

    fn booking(rail: Rail) -> Booking {
        let amount = Cents::new(45_000);
        Booking {
            tenant: "acme~test".parse().expect("valid"),
            id: PayoutId::parse("pay_1").expect("valid"),
            driver: DriverId::parse("drv_1").expect("valid"),
            driver_name: "John Smith".to_owned(),
            load: Some(LoadId::parse("L-1").expect("valid")),
            description: None,
            amount,
            quote: FeeSchedule::default()
                .quote(rail, Channel::Single, amount)
                .expect("quoted"),
            currency: Currency::Usd,
            rail,
            requested_by: None,
        }
    }

    fn note(actor: &Actor) -> Note<'_> {
        Note {
            actor,
            at: Timestamp::from_millis(1_000),
            tx_id: "tx",
            attempt: None,
            reason: None,
        }
    }

    fn standard() -> (Payout, Transition) {
        Payout::book_standard(
            booking(Rail::Standard),
            &note(&Actor::System("test".to_owned())),
        )
    }

    fn walk(changes: &[Change]) -> (Payout, Vec<Transition>) {
        let actor = Actor::System("test".to_owned());
        let (mut payout, first) = standard();
        let mut transitions = vec![first];
        for change in changes {
            match payout.apply(*change, &note(&actor)) {
                Ok(Outcome::Moved(next, transition)) => {
                    payout = *next;
                    transitions.push(*transition);
                }
                other => panic!("{change:?} in {}: {other:?}", payout.status),
            }
        }
        (payout, transitions)
    }

    fn balance(transitions: &[Transition], account: Account) -> i64 {
        transitions
            .iter()
            .flat_map(|transition| transition.legs.legs())
            .filter(|leg| leg.account == account)
            .map(|leg| leg.amount.get())
            .sum()
    }

    const P: Provider = Provider::Payelata;

    #[test]
    fn a_completed_payout_leaves_nothing_reserved() {
        let (payout, transitions) = walk(&[Change::Enqueue, Change::Claim(P), Change::Paid(P)]);
        assert_eq!(payout.status, PayoutStatus::Completed);
        assert_eq!(payout.settled_attempt, Some(1));
        assert_eq!(payout.live_attempt, None);
        assert_eq!(balance(&transitions, Account::Available), -45_000);
        assert_eq!(balance(&transitions, Account::Pending), 0);
        assert_eq!(balance(&transitions, Account::InTransit), 0);
        assert_eq!(balance(&transitions, Account::ClearingPayelata), 44_750);
        assert_eq!(balance(&transitions, Account::Fees), 250);
    }

    #[test]
    fn a_failed_payout_gives_the_money_back_and_a_retry_takes_it_again() {
        let (failed, transitions) = walk(&[Change::Claim(P), Change::Dead]);
        assert_eq!(balance(&transitions, Account::Available), 0);
        assert_eq!(failed.status, PayoutStatus::Failed);
        let (queued, transitions) = walk(&[Change::Claim(P), Change::Dead, Change::Retry]);
        assert_eq!(queued.status, PayoutStatus::Queued);
        assert_eq!(queued.dispatch_seq, 2);
        assert!(queued.tried.is_empty());
        assert_eq!(balance(&transitions, Account::Available), -45_000);
        assert_eq!(balance(&transitions, Account::Pending), 45_000);
    }

    #[test]
    fn canceling_gives_back_only_what_is_still_reserved() {
        let (_, waiting) = walk(&[Change::Cancel]);
        assert_eq!(balance(&waiting, Account::Available), 0);
        let (_, failed) = walk(&[Change::Claim(P), Change::Dead, Change::Cancel]);
        assert_eq!(balance(&failed, Account::Available), 0);
    }

    #[test]
    fn a_return_gives_back_the_fee_too_by_default() {
        let (payout, transitions) = walk(&[Change::Claim(P), Change::Paid(P), Change::Returned(P)]);
        assert_eq!(payout.status, PayoutStatus::Returned);
        for account in Account::ALL {
            assert_eq!(balance(&transitions, account), 0, "{}", account.name());
        }
    }

    #[test]
    fn an_operators_partial_settlement_leaves_the_rest_in_suspense() {
        let (payout, transitions) = walk(&[
            Change::Claim(P),
            Change::Partial,
            Change::Settle(P, Settlement::Partly(Cents::new(40_000))),
        ]);
        assert_eq!(payout.status, PayoutStatus::Completed);
        assert_eq!(balance(&transitions, Account::Suspense), 4_750);
        assert_eq!(balance(&transitions, Account::InTransit), 0);
    }

    #[test]
    fn an_instant_payout_starts_in_transit_with_its_first_attempt() {
        let actor = Actor::System("test".to_owned());
        let (payout, created) = Payout::book_instant(booking(Rail::Instant), P, &note(&actor));
        assert_eq!(payout.status, PayoutStatus::Processing);
        assert_eq!(payout.live_attempt, Some(1));
        assert_eq!(payout.net(), Cents::new(44_550));
        assert_eq!(balance(&[created], Account::InTransit), 45_000);
    }

    #[test]
    fn a_run_has_three_attempts_and_giving_up_unsent_counts_none() {
        let dead = |counts| Change::DeadWithRoute { counts };
        let (payout, _) = walk(&[
            Change::Claim(P),
            dead(true),
            Change::Claim(P),
            dead(false),
            Change::Claim(P),
            dead(true),
            Change::Claim(P),
        ]);
        assert_eq!((payout.attempts, payout.run_counted), (4, 3));
        let actor = Actor::System("test".to_owned());
        assert_eq!(
            payout.apply(dead(true), &note(&actor)),
            Err(Denied::AttemptsExhausted)
        );
    }

    #[test]
    fn every_record_holds_the_hash_of_the_one_before() {
        let (payout, transitions) = walk(&[Change::Enqueue, Change::Claim(P), Change::Paid(P)]);
        let mut previous = String::new();
        for (index, transition) in transitions.iter().enumerate() {
            assert_eq!(transition.prev_hash, previous);
            assert_eq!(transition.digest(), transition.hash);
            assert_eq!(usize::try_from(transition.seq), Ok(index + 1));
            previous.clone_from(&transition.hash);
        }
        assert_eq!(payout.head, previous);
    }

    #[test]
    fn a_contradiction_parks_the_money_in_suspense_and_moves_no_state() {
        let actor = Actor::System("test".to_owned());
        let (payout, _) = walk(&[Change::Cancel]);
        let Outcome::Moved(after, record) =
            payout.contradicted(P, Cents::new(44_750), &note(&actor))
        else {
            panic!("a contradiction is recorded");
        };
        assert_eq!(after.status, PayoutStatus::Canceled);
        assert_eq!(balance(&[*record], Account::Suspense), -44_750);
    }

    #[test]
    fn a_payout_that_is_not_final_always_has_a_wake_up_of_its_own_or_of_its_attempt() {
        for changes in [
            &[][..],
            &[Change::Enqueue],
            &[Change::Claim(P)],
            &[Change::Claim(P), Change::DeadWithRoute { counts: true }],
            &[Change::Claim(P), Change::Dead, Change::Retry],
        ] {
            let (payout, _) = walk(changes);
            assert!(
                payout.next_at.is_some() != payout.live_attempt.is_some(),
                "{changes:?}"
            );
        }
    }
}
