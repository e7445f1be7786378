//! Collects what one answer about a live attempt changes: transitions of the payout, the load, the next dispatch.

use domain::{
    answer::Answer,
    attempt::{Applied, Attempt, Look, Shows},
    attempt_machine::{AttemptEvent, AttemptState},
    fee::Rail,
    load::LoadStatus,
    payout::{Change, GivenBack, Note, Outcome, Payout},
    resolution::{self, Identity, Step, Verdict},
    routing::Provider,
    transition::Transition,
};
use tracing::error;

use super::{load_given_back, load_settlement, next_dispatch};
use crate::{call::Call, changes::Write, message::Message, record::Record};

/// Collects what one answer changes.
pub(super) struct Pen<'a> {
    pub(super) call: &'a Call,
    pub(super) verdict: &'a Verdict,
    pub(super) tx_id: &'a str,
    pub(super) payout: Payout,
    pub(super) transitions: Vec<Transition>,
    pub(super) writes: Vec<Write>,
    pub(super) message: Option<Message>,
}

/// Whether an event moved the payout, or had happened before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Moved {
    Yes,
    Before,
}

impl Pen<'_> {
    /// Takes the step an answer proved. None when the payout or the attempt is past it.
    pub(super) fn step(&mut self, before: &Attempt, answer: &Answer) -> Option<Attempt> {
        let shows = match (self.verdict.step, answer) {
            (Step::AbsentOnce, _) => Shows::Nothing,
            (_, Answer::Exists { .. }) => Shows::Object,
            (Step::Nothing | Step::Attempt(_) | Step::PaidThenReturned, _) => Shows::Unclear,
        };
        match self.verdict.step {
            Step::Nothing | Step::AbsentOnce => Some(self.polled(before, shows)),
            Step::PaidThenReturned => {
                let paid = match before.apply(AttemptEvent::Paid, self.call.now()) {
                    Ok(Applied::Changed(paid)) => *paid,
                    Ok(Applied::Unchanged) => return Some(self.polled(before, shows)),
                    Ok(Applied::Contradiction) | Err(_) => return None,
                };
                self.change(&paid, Change::Paid(paid.provider))?;
                self.returned(&paid)?;
                Some(Attempt {
                    money: Some(paid.posted().all_back()),
                    ..paid.no_more_reads()
                })
            }
            Step::Attempt(event) => match before.apply(event, self.call.now()) {
                // News of an ended attempt is not taken here.
                Ok(Applied::Contradiction) | Err(_) => None,
                Ok(Applied::Unchanged) => Some(self.polled(before, shows)),
                Ok(Applied::Changed(next)) => {
                    let next = Attempt {
                        reason: self.verdict.reason.clone(),
                        doubt: self.verdict.doubt,
                        ..*next
                    };
                    self.attempt_moved(&next)?;
                    Some(next)
                }
            },
        }
    }

    fn note<'n>(&'n self, attempt: &'n Attempt) -> Note<'n> {
        Note {
            actor: &self.call.actor,
            at: self.call.now(),
            tx_id: self.tx_id,
            attempt: Some(attempt),
            reason: self.verdict.reason.clone(),
        }
    }

    /// A read that moved nothing: only the next one is put off.
    fn polled(&self, attempt: &Attempt, shows: Shows) -> Attempt {
        let look = Look {
            at: self.call.now(),
            shows,
        };
        attempt.polled(look, self.call.entropy.chance())
    }

    /// Applies one event to the payout. None when the payout does not allow it.
    fn change(&mut self, attempt: &Attempt, change: Change) -> Option<Moved> {
        match self.payout.apply(change, &self.note(attempt)) {
            Ok(Outcome::Moved(payout, transition)) => {
                self.payout = *payout;
                self.transitions.push(*transition);
                Some(Moved::Yes)
            }
            Ok(Outcome::Ignored) => Some(Moved::Before),
            Ok(Outcome::Contradiction) | Err(_) => None,
        }
    }

    fn returned(&mut self, attempt: &Attempt) -> Option<()> {
        let money = attempt.posted();
        let back = GivenBack {
            provider: attempt.provider,
            cleared: money.returnable(),
            rest: money.rest(),
        };
        if self.change(attempt, Change::Returned(back))? == Moved::Yes {
            let given_back = load_given_back(&self.payout, self.call.now());
            self.writes.extend(given_back);
        }
        Some(())
    }

    fn settle_load(&mut self, status: LoadStatus) {
        self.writes
            .extend(load_settlement(&self.payout, status, self.call.now()));
    }

    /// What the attempt's move means for the payout.
    fn attempt_moved(&mut self, next: &Attempt) -> Option<()> {
        match resolution::identity_of(&self.payout, next) {
            Identity::Live => self.live_attempt_moved(next),
            Identity::Settled | Identity::Other => {
                error!(attempt = %next.reference, "an attempt that has not ended does not own its payout");
                None
            }
        }
    }

    fn live_attempt_moved(&mut self, next: &Attempt) -> Option<()> {
        match next.state {
            AttemptState::Prepared
            | AttemptState::Sending
            | AttemptState::Created
            | AttemptState::ProcessSending => {}
            AttemptState::Submitted => {
                self.change(next, Change::Accepted)?;
            }
            AttemptState::Unknown => {
                self.change(next, Change::Unknown)?;
            }
            AttemptState::Review => {
                self.change(next, Change::Partial)?;
            }
            AttemptState::Paid => {
                self.change(next, Change::Paid(next.provider))?;
                self.settle_load(LoadStatus::Paid);
            }
            AttemptState::Dead => self.attempt_died(next)?,
        }
        Some(())
    }

    fn attempt_died(&mut self, next: &Attempt) -> Option<()> {
        let untried = |provider: &Provider| !self.payout.tried.contains(provider);
        // On the standard rail all providers of the instant one are untried.
        let falls_back = self.payout.rail == Rail::Instant && !next.fallback.is_empty();
        let retried = if falls_back || next.left.iter().any(untried) {
            self.change(next, Change::DeadWithRoute { counts: true })
        } else {
            None
        };
        if retried.is_none() {
            self.change(next, Change::Dead)?;
            return Some(());
        }
        // Who is held is sent on by the people who decide.
        if self.payout.is_held() {
            return Some(());
        }
        let outbox = next_dispatch(&mut self.payout, self.call);
        self.message = Some(outbox.message.clone());
        self.writes
            .push(Write::Insert(Record::Outbox(Box::new(outbox))));
        Some(())
    }
}
