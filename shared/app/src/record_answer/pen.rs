//! Collects what one answer changes: transitions of the payout, the load, the next dispatch, a
//! contradiction.

use domain::{
    answer::Answer,
    attempt::{Applied, Attempt, Look},
    attempt_machine::{AttemptEvent, AttemptState},
    fee::Rail,
    load::LoadStatus,
    money::Cents,
    payout::{Change, Note, Outcome, Payout, PayoutStatus},
    payout_machine,
    resolution::{self, Identity, Step, Verdict},
    routing::Provider,
    transition::Transition,
};
use tracing::error;

use super::{load_settlement, next_dispatch};
use crate::{
    call::Call,
    changes::Write,
    message::Message,
    record::{Contradiction, Record},
};

/// Collects what one answer changes.
pub(super) struct Pen<'a> {
    pub(super) call: &'a Call,
    pub(super) verdict: &'a Verdict,
    pub(super) known: Option<&'a Contradiction>,
    pub(super) tx_id: &'a str,
    pub(super) payout: Payout,
    pub(super) transitions: Vec<Transition>,
    pub(super) writes: Vec<Write>,
    pub(super) contradicts: bool,
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
        match self.verdict.step {
            Step::Nothing => Some(self.polled(before, false)),
            Step::AbsentOnce => Some(self.polled(before, true)),
            Step::Returned => {
                self.returned(before)?;
                Some(self.polled(before, false))
            }
            Step::PaidThenReturned => {
                let paid = match before.apply(AttemptEvent::Paid, self.call.now()) {
                    Ok(Applied::Changed(paid)) => *paid,
                    Ok(Applied::Unchanged) => return Some(self.polled(before, false)),
                    // Dead for us, paid and taken back at the provider: news only for a payout that
                    // still waits.
                    Ok(Applied::Contradiction) => return self.reversed_unseen(before, answer),
                    Err(_) => return None,
                };
                self.change(&paid, Change::Paid(paid.provider))?;
                self.returned(&paid)?;
                Some(paid.no_more_reads())
            }
            Step::Attempt(event) => match before.apply(event, self.call.now()) {
                Err(_) => None,
                Ok(Applied::Unchanged) => Some(self.polled(before, false)),
                Ok(Applied::Contradiction) => {
                    self.contradiction(before, answer)?;
                    Some(before.clone())
                }
                Ok(Applied::Changed(next)) => {
                    let next = Attempt {
                        reason: self.verdict.reason.clone(),
                        doubt: self.verdict.doubt,
                        ..*next
                    };
                    self.attempt_moved(&next, answer)?;
                    Some(next)
                }
            },
        }
    }

    fn reversed_unseen(&mut self, before: &Attempt, answer: &Answer) -> Option<Attempt> {
        let cell = payout_machine::decide(self.payout.status, payout_machine::Event::Returned);
        if cell == payout_machine::Cell::Contradicts {
            self.contradiction(before, answer)?;
        }
        Some(before.clone())
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

    /// A read that moved nothing: only the next one is put off. When a final attempt is read again is
    /// decided by what the read brought, not here.
    fn polled(&self, attempt: &Attempt, absent: bool) -> Attempt {
        if attempt.is_final() {
            return attempt.clone();
        }
        let look = Look {
            at: self.call.now(),
            absent,
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
        if self.change(attempt, Change::Returned(attempt.provider))? == Moved::Yes {
            self.settle_load(LoadStatus::Open);
        }
        Some(())
    }

    fn settle_load(&mut self, status: LoadStatus) {
        self.writes
            .extend(load_settlement(&self.payout, status, self.call.now()));
    }

    /// What the attempt's move means for the payout.
    fn attempt_moved(&mut self, next: &Attempt, answer: &Answer) -> Option<()> {
        match resolution::identity_of(&self.payout, next) {
            Identity::Live => self.live_attempt_moved(next),
            Identity::Settled | Identity::Other => self.contradiction(next, answer),
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
        let outbox = next_dispatch(&mut self.payout, self.call);
        self.message = Some(outbox.message.clone());
        self.writes
            .push(Write::Insert(Record::Outbox(Box::new(outbox))));
        Some(())
    }

    /// What the payout's completion has posted as paid by this attempt already.
    fn completed_with(&self, attempt: &Attempt) -> Cents {
        let is_completed = self.payout.status == PayoutStatus::Completed;
        match resolution::identity_of(&self.payout, attempt) {
            Identity::Settled if is_completed => attempt.net,
            Identity::Settled | Identity::Live | Identity::Other => Cents::ZERO,
        }
    }

    /// T18: recorded once per provider object and figure, and the route stops until an operator has
    /// looked. An object seen in flight first and paid later posts what was not posted yet.
    fn contradiction(&mut self, attempt: &Attempt, answer: &Answer) -> Option<()> {
        let Answer::Exists { object, seen } = answer else {
            // Something we hold as final is gone: no figure to post, but somebody has to know.
            error!(attempt = %attempt.reference, "a provider no longer shows what it paid");
            return Some(());
        };
        let paid = seen.facts.reported_paid(seen.standing, attempt.net);
        let posted = self
            .known
            .map_or_else(|| self.completed_with(attempt), |known| known.amount);
        let news = paid.checked_sub(posted).filter(|it| it.is_positive());
        // Seen again by a later read: whoever opened the route since then knows of it.
        if self.known.is_some() && news.is_none() {
            return Some(());
        }
        self.contradicts = true;
        error!(attempt = %attempt.reference, paid = paid.get(), "a provider contradicts our books");
        let outcome = self.payout.contradicted(
            attempt.provider,
            news.unwrap_or(Cents::ZERO),
            &self.note(attempt),
        );
        if let Outcome::Moved(payout, transition) = outcome {
            self.payout = *payout;
            self.transitions.push(*transition);
        }
        let version = self.known.map_or(0, |known| known.version);
        let record = Record::Contradiction(Box::new(Contradiction {
            provider: attempt.provider,
            tenant: attempt.tenant.clone(),
            reference: attempt.reference.clone(),
            object: object.clone(),
            version: version + 1,
            amount: paid.max(posted),
        }));
        self.writes.push(match version {
            0 => Write::Insert(record),
            version => Write::Replace { record, version },
        });
        Some(())
    }
}
