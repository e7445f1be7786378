//! One submission of a payout to one provider.
//!
//! An attempt changes only through [`Attempt::apply`], and every stored change is written on condition
//! of the version it was read at, so a worker that lost its place cannot write.

use std::time::Duration;

mod money;
mod reread;
mod undecided;

use serde::{Deserialize, Serialize};

pub use self::{
    money::{AttemptMoney, OtherObject},
    reread::FinalNews,
    undecided::{DEAD_READS_APART, Shown, Undecided},
};

use crate::{
    answer::{Difference, Refusal},
    attempt_machine::{self, AttemptCell, AttemptEvent, AttemptState},
    denied::Denied,
    driver::MethodKind,
    fee::Rail,
    ids::{AttemptRef, DriverId, ProviderId, TenantId},
    manifest::manifest,
    money::{Cents, Currency},
    payout::Payout,
    resolution,
    routing::Provider,
    schedule::{self, Watch},
    time::Timestamp,
};

/// How long a worker owns an attempt.
pub const LEASE: Duration = Duration::from_secs(120);
/// A worker starts no call unless its lease outlives the call's budget by this much.
pub const LEASE_MARGIN: Duration = Duration::from_secs(10);
/// The spread of a watch's first read: where a random number would stand.
const NO_CHANCE: u64 = 500;
/// How often a create may be repeated after the provider showed nothing twice.
pub const REPEATS_MAX: u32 = 3;
/// How often an object that stays inert is processed again.
pub const REPROCESSES_MAX: u32 = 5;

/// One submission to one provider. Times are milliseconds since the epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub tenant: TenantId,
    pub reference: AttemptRef,
    /// Grows with every write; the condition of the next one.
    pub version: u32,
    /// Grows whenever another worker may own the attempt.
    pub fence: u32,
    pub state: AttemptState,
    pub provider: Provider,
    /// Why this provider, for the timeline.
    pub route: String,
    /// The providers that could carry the payout when this one was chosen, should this attempt die.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<Provider>,
    /// Who could carry the payout on the standard rail after this attempt on the instant one, where that is
    /// allowed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fallback: Vec<Provider>,
    pub driver: DriverId,
    /// The payout method this attempt is sent with, pinned at the first claim: a repeat must carry the
    /// same recipient data.
    pub method: Option<PinnedMethod>,
    pub rail: Rail,
    /// What the driver receives.
    pub net: Cents,
    pub currency: Currency,
    /// The driver's own id at the provider, where payments are made to one: a repeat must name the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payee: Option<ProviderId>,
    /// What was on the driver's prepaid card before anything was sent: with the balance after it, the only
    /// evidence where the provider cannot be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance_before: Option<Cents>,
    /// The name under which the card is locked for this attempt: one money call at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_lock: Option<String>,
    /// The provider's object, once seen.
    pub object: Option<ProviderId>,
    /// The provider's ordering key of the newest news.
    pub object_updated: i64,
    pub last_status: Option<String>,
    pub reason: Option<String>,
    /// How many creates may have left.
    pub tries: u32,
    pub repeats: u32,
    pub reprocesses: u32,
    /// Whether a process call may ever have left: then abandoning is not safe any more.
    pub processed: bool,
    pub created_at: Timestamp,
    pub lease_until: Option<Timestamp>,
    /// When the newest create may have left.
    pub sent_at: Option<Timestamp>,
    /// When the newest process call may have left.
    pub process_sent_at: Option<Timestamp>,
    /// When the present watch (submitted or unknown) began, or when the attempt ended.
    pub watched_at: Option<Timestamp>,
    /// Reads of the present watch; of a final attempt, its latest reads in a row that said nothing.
    pub polls: u32,
    pub checked_at: Option<Timestamp>,
    /// When a read last showed nothing and counted, in the present watch.
    pub absent_at: Option<Timestamp>,
    /// How many such reads there were.
    #[serde(default)]
    pub absences: u32,
    /// Set when the provider refused the create without a promise that nothing was created: what the
    /// absences prove then is the refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<Refusal>,
    /// When somebody has to look again; none only when final.
    pub next_at: Option<Timestamp>,
    /// Since when people have to decide about it; none while nobody has to. An attempt has one review at the most,
    /// which may be opened again.
    pub reviewed_at: Option<Timestamp>,
    /// What is posted under its name, where that is not a plain payment of N.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub money: Option<AttemptMoney>,
    /// News of the final attempt that nobody has decided about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undecided: Option<Undecided>,
    /// What the provider showed when owners decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_on: Option<Shown>,
}

/// One version of the driver's payout method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinnedMethod {
    pub kind: MethodKind,
    pub version: u32,
}

/// What a new attempt is made of.
#[derive(Clone, Debug)]
pub struct Opening {
    pub reference: AttemptRef,
    pub provider: Provider,
    pub method: Option<PinnedMethod>,
    /// Why this provider, and who else could carry it.
    pub route: String,
    pub left: Vec<Provider>,
    pub fallback: Vec<Provider>,
    pub at: Timestamp,
}

/// Which worker a due attempt wakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// Something can be sent: the dispatcher.
    Dispatch,
    /// Something must be read: the checker.
    Check,
}

impl Attempt {
    /// A new attempt of `payout`, `prepared` and without a lease. The due index wakes it when no
    /// message does.
    pub fn prepared(payout: &Payout, opening: Opening) -> Self {
        Self {
            tenant: payout.tenant.clone(),
            reference: opening.reference,
            version: 1,
            fence: 1,
            state: AttemptState::Prepared,
            provider: opening.provider,
            route: opening.route,
            left: opening.left,
            fallback: opening.fallback,
            driver: payout.driver.clone(),
            method: opening.method,
            rail: payout.rail,
            net: payout.net(),
            currency: payout.currency,
            payee: None,
            balance_before: None,
            card_lock: None,
            object: None,
            object_updated: 0,
            last_status: None,
            reason: None,
            tries: 0,
            repeats: 0,
            reprocesses: 0,
            processed: false,
            created_at: opening.at,
            lease_until: None,
            sent_at: None,
            process_sent_at: None,
            watched_at: None,
            polls: 0,
            checked_at: None,
            absent_at: None,
            absences: 0,
            doubt: None,
            next_at: Some(opening.at.plus(schedule::redispatch_delay(0))),
            reviewed_at: None,
            money: None,
            undecided: None,
            decided_on: None,
        }
    }

    /// The same attempt, looked at again at `next_at`.
    #[must_use]
    pub fn postponed(&self, next_at: Timestamp) -> Self {
        Self {
            version: self.version + 1,
            next_at: Some(next_at),
            ..self.clone()
        }
    }

    /// What a due attempt waits for; none when it is final.
    pub const fn wake(&self) -> Option<Wake> {
        match self.state {
            AttemptState::Prepared | AttemptState::Created => Some(Wake::Dispatch),
            AttemptState::Sending
            | AttemptState::ProcessSending
            | AttemptState::Submitted
            | AttemptState::Unknown
            | AttemptState::Review => Some(Wake::Check),
            // Final, but a payment can be taken back, and news of a callback must not get lost.
            AttemptState::Paid | AttemptState::Dead if self.next_at.is_some() => Some(Wake::Check),
            AttemptState::Paid | AttemptState::Dead => None,
        }
    }

    /// Whether nothing more can come of the attempt by itself.
    pub const fn is_final(&self) -> bool {
        matches!(self.state, AttemptState::Paid | AttemptState::Dead)
    }

    /// Whether a worker may hold the attempt now.
    pub fn is_leased(&self, now: Timestamp) -> bool {
        self.lease_until.is_some_and(|until| until > now)
    }

    /// Whether a call that may take `budget` fits into the lease.
    pub fn lease_covers(&self, now: Timestamp, budget: Duration) -> bool {
        self.is_leased(now.plus(budget).plus(LEASE_MARGIN))
    }

    /// Whether nothing of this attempt can be at the provider: it may then be given up for a closed
    /// route without counting.
    pub const fn was_never_sent(&self) -> bool {
        matches!(self.state, AttemptState::Prepared) && self.tries == 0
    }

    /// The attempt after `event`, or the cell that says why not. Sets every field that follows from
    /// the event alone.
    ///
    /// # Errors
    /// [`Denied::AttemptState`] when the event is impossible from here, or its guard does not hold.
    pub fn apply(&self, event: AttemptEvent, at: Timestamp) -> Result<Applied, Denied> {
        if !self.guard_holds(event) {
            return Err(Denied::AttemptState);
        }
        match attempt_machine::decide(self.state, event) {
            AttemptCell::Refuses => Err(Denied::AttemptState),
            AttemptCell::Ignores => Ok(Applied::Unchanged),
            AttemptCell::Contradicts => Ok(Applied::Contradiction),
            AttemptCell::Moves(to) => {
                let mut next = Self {
                    version: self.version + 1,
                    state: to,
                    ..self.clone()
                };
                next.follow(event, at);
                Ok(Applied::Changed(Box::new(next)))
            }
        }
    }

    fn guard_holds(&self, event: AttemptEvent) -> bool {
        match event {
            AttemptEvent::Abandon => {
                let inert = manifest(self.provider).may_abandon() && !self.processed;
                inert || self.was_never_sent()
            }
            AttemptEvent::Repeat => manifest(self.provider).may_repeat(),
            // A create that may have left is sent again only where it is recognised.
            AttemptEvent::IntendCreate => self.tries == 0 || manifest(self.provider).may_repeat(),
            // Two objects stand under our reference: which of them fits says nothing of the other.
            AttemptEvent::InFlight | AttemptEvent::Paid | AttemptEvent::FinalNegative
                if self.state == AttemptState::Review
                    && self.reason.as_deref() == Some(Difference::Object.name()) =>
            {
                false
            }
            AttemptEvent::Created
            | AttemptEvent::InFlight
            | AttemptEvent::Paid
            | AttemptEvent::FinalNegative
            | AttemptEvent::Mismatch => self.tries > 0 || self.state != AttemptState::Prepared,
            AttemptEvent::IntendProcess | AttemptEvent::ProcessDone | AttemptEvent::Reprocess => {
                self.provider.is_two_step()
            }
            // While its provider may still end it, people are asked first.
            AttemptEvent::OperatorPaid | AttemptEvent::OperatorDead => self.reviewed_at.is_some(),
            AttemptEvent::NotSent
            | AttemptEvent::RefusedUs
            | AttemptEvent::Lost
            | AttemptEvent::Rejected
            | AttemptEvent::Reclaim => true,
        }
    }

    fn follow(&mut self, event: AttemptEvent, at: Timestamp) {
        match event {
            AttemptEvent::IntendCreate => {
                self.tries += 1;
                self.sent_at = Some(at);
                self.send(at);
            }
            AttemptEvent::Reclaim => {
                self.fence += 1;
                self.lease(at);
            }
            AttemptEvent::IntendProcess => {
                self.processed = true;
                self.process_sent_at = Some(at);
                self.send(at);
            }
            AttemptEvent::NotSent | AttemptEvent::RefusedUs => {
                // Proven not to have reached the provider: the send does not count as one.
                let delay = schedule::resend_delay(self.fence.saturating_sub(1));
                self.tries -= 1;
                self.release(at.plus(delay));
            }
            AttemptEvent::Repeat => {
                self.repeats += 1;
                self.fence += 1;
                self.forget_absences();
                self.release(at);
            }
            AttemptEvent::Reprocess => {
                self.reprocesses += 1;
                self.fence += 1;
                self.release(at);
            }
            AttemptEvent::Created => self.release(at),
            AttemptEvent::Lost => self.watch(self.sent_at.unwrap_or(at), at),
            AttemptEvent::ProcessDone | AttemptEvent::InFlight => {
                self.reviewed_at = None;
                let planned = self.next_at;
                self.watch(at, at);
                // The calls before have planned this read already.
                if planned > Some(at) && planned < self.next_at {
                    self.next_at = planned;
                }
            }
            AttemptEvent::Mismatch => {
                self.watch(at, at);
                self.next_at = Some(at.plus(Duration::from_secs(3600)));
                self.reviewed_at.get_or_insert(at);
            }
            AttemptEvent::Abandon
            | AttemptEvent::Rejected
            | AttemptEvent::Paid
            | AttemptEvent::FinalNegative
            | AttemptEvent::OperatorPaid
            | AttemptEvent::OperatorDead => {
                self.lease_until = None;
                self.reviewed_at = None;
                self.forget_absences();
                self.watched_at = Some(at);
                self.polls = 0;
                self.next_at = self.reread_after(at);
            }
        }
    }

    fn lease(&mut self, at: Timestamp) {
        self.lease_until = Some(at.plus(LEASE));
        self.next_at = self.lease_until;
    }

    /// A lease for a call. Due when the first read after it is, not when the lease ends: a call that goes well
    /// then moves no entry of the due index.
    fn send(&mut self, at: Timestamp) {
        self.lease(at);
        let first = at.plus(Watch::Submitted(self.rail).gap(0, NO_CHANCE));
        self.next_at = self.next_at.min(Some(first));
    }

    fn release(&mut self, next_at: Timestamp) {
        self.lease_until = None;
        self.next_at = Some(next_at);
    }

    fn watch(&mut self, since: Timestamp, now: Timestamp) {
        self.lease_until = None;
        self.watched_at = Some(since);
        self.polls = 0;
        self.forget_absences();
        let due = since.plus(self.watching().gap(0, NO_CHANCE));
        self.next_at = Some(due.max(now));
    }

    fn forget_absences(&mut self) {
        self.absent_at = None;
        self.absences = 0;
        self.doubt = None;
    }

    fn watching(&self) -> Watch {
        match self.state {
            AttemptState::Unknown | AttemptState::Sending => Watch::UnknownCreate,
            AttemptState::Prepared
            | AttemptState::Created
            | AttemptState::ProcessSending
            | AttemptState::Submitted
            | AttemptState::Review
            | AttemptState::Paid
            | AttemptState::Dead => Watch::Submitted(self.rail),
        }
    }

    /// When people have to decide because nothing comes of the attempt. None while our own workers go on with
    /// it, once it is final, and when they were asked already.
    pub fn review_due_at(&self) -> Option<Timestamp> {
        match self.state {
            AttemptState::Submitted | AttemptState::Unknown if self.reviewed_at.is_none() => self
                .watched_at
                .map(|since| self.watching().review_at(since)),
            AttemptState::Submitted
            | AttemptState::Unknown
            | AttemptState::Prepared
            | AttemptState::Sending
            | AttemptState::Created
            | AttemptState::ProcessSending
            | AttemptState::Review
            | AttemptState::Paid
            | AttemptState::Dead => None,
        }
    }

    /// The attempt after a read that changed nothing: the next one is due by the table. An absence that
    /// counted is looked at again 30 s later at the earliest.
    #[must_use]
    pub fn polled(&self, look: Look, chance: u64) -> Self {
        let polls = self.polls + 1;
        let mut next_at = look.at.plus(self.watching().gap(polls, chance));
        // A read that said nothing in between takes no absence back, one that showed the object does.
        let (absent_at, absences) = match look.shows {
            Shows::Nothing => (Some(look.at), self.absences + 1),
            Shows::Object => (None, 0),
            Shows::Unclear => (self.absent_at, self.absences),
        };
        let review_due_at = self.review_due_at();
        if let Some(due) = review_due_at.filter(|due| *due > look.at) {
            next_at = next_at.min(due);
        }
        if let Some(last) = absent_at {
            // An object that is gone is looked for again over a quarter of an hour, one that nobody saw sooner.
            let apart = match self.object {
                Some(_) => resolution::ABSENCES_OF_OBJECT_APART,
                None => resolution::ABSENCES_APART,
            };
            next_at = next_at.max(last.plus(apart));
            if self.object.is_some() {
                next_at = next_at.min(last.plus(apart));
            }
        }
        // A read must not put off a worker: neither the lease's end nor what can be sent.
        if let (Some(kept), true) = (self.next_at, self.wake() == Some(Wake::Dispatch)) {
            next_at = kept;
        }
        if let Some(until) = self.lease_until {
            next_at = until;
        }
        Self {
            version: self.version + 1,
            polls,
            checked_at: Some(look.at),
            absent_at,
            absences,
            next_at: Some(next_at),
            reviewed_at: self
                .reviewed_at
                .or(review_due_at.filter(|due| *due <= look.at).map(|_| look.at)),
            ..self.clone()
        }
    }
}

/// One read that brought no move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    pub at: Timestamp,
    pub shows: Shows,
}

/// What a read that brought no move showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shows {
    /// The provider has nothing of ours, and that counts.
    Nothing,
    Object,
    Unclear,
}

/// What became of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    Changed(Box<Attempt>),
    Unchanged,
    Contradiction,
}

#[cfg(test)]
pub(crate) mod tests;
