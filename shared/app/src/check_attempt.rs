//! Asks a provider about one attempt and applies what it says. Callbacks, polls and expired leases all
//! come here; none of them carries facts.

use std::time::Duration;

use domain::{
    answer::Answer,
    attempt::{Attempt, Wake},
    attempt_machine::AttemptState,
    breaker::{Operation, is_unclear},
    ids::ProviderId,
    payout::Payout,
    resolution::{self, Asked},
    time::Timestamp,
};
use tracing::warn;

use crate::{
    attempt_review,
    breaker::Breaker,
    call::Call,
    changes::Changes,
    dispatch_payout::send_next_check,
    error::Error,
    message::{Check, Dispatch, Message},
    port::{CommitError, Lookup, Providers, Queue, Store},
    record::{Inbox, Key, Record},
    record_answer::{self, News, Recorded, Sight},
    send,
};

/// Reads of one attempt closer than this are put off, never dropped.
const COALESCE: Duration = Duration::from_secs(2);
/// When a callback that cannot be answered now rings again.
const LATER_SECONDS: u32 = 2;
/// How often the news is applied again after somebody else moved the payout meanwhile.
const ROUNDS: u32 = 3;

/// What the checker works with.
#[derive(Clone)]
pub struct Checker<S, Q, P> {
    pub store: S,
    pub queue: Q,
    pub providers: P,
    /// One for all checks of a process.
    pub breaker: Breaker,
}

enum Next {
    /// A worker died between its intent and its answer: that is an answer lost.
    LeaseExpired(Asked),
    Read,
    /// Nothing to ask; something can be sent.
    Dispatch,
    Later,
    Nothing,
}

impl<S: Store, Q: Queue, P: Providers> Checker<S, Q, P> {
    /// Asks once, and writes what follows.
    ///
    /// # Errors
    /// `Unavailable` when the store cannot be reached: the message should come again.
    pub async fn run(&self, call: &Call, message: &Check) -> Result<(), Error> {
        let done = self.look(call, message).await;
        self.breaker.flush(call, &self.store).await;
        done
    }

    async fn look(&self, call: &Call, message: &Check) -> Result<(), Error> {
        for _ in 0..ROUNDS {
            let Some(sight) = self.read(message).await? else {
                return Ok(());
            };
            let news = match next(call, &sight) {
                Next::Nothing => return Ok(()),
                Next::Later => return self.ask_later(message).await,
                Next::Dispatch => {
                    send::now(&self.queue, dispatch_of(&sight)).await;
                    return Ok(());
                }
                Next::LeaseExpired(asked) => News {
                    asked,
                    answer: Answer::Unclear {
                        cause: "lease_expired".to_owned(),
                    },
                },
                Next::Read => self.ask(call, &sight).await?,
            };
            match record_answer::run(call, &self.store, &sight, &news).await? {
                Recorded::Overtaken => {}
                Recorded::Stale => return Ok(()),
                Recorded::WorkerBusy => {
                    return match sight.inbox {
                        Some(_) => self.ask_later(message).await,
                        None => Ok(()),
                    };
                }
                Recorded::Written {
                    payout,
                    attempt,
                    message,
                } => {
                    self.follow_up(call, (&payout, &attempt), message).await;
                    return Ok(());
                }
            }
        }
        // Others keep moving it: a poll comes again by itself, a callback does not.
        match message.inbox {
            Some(_) => self.ask_later(message).await,
            None => Ok(()),
        }
    }

    async fn ask_later(&self, message: &Check) -> Result<(), Error> {
        let again = Message::Check(message.clone());
        Ok(self.queue.send(again, LATER_SECONDS).await?)
    }

    async fn ask(&self, call: &Call, sight: &Sight) -> Result<News, Error> {
        let attempt = &sight.attempt;
        let rang = sight.inbox.as_ref().map(|inbox| &inbox.id.object);
        let lookup = match &attempt.object {
            // A callback about another object than ours: whatever stands under our reference decides.
            Some(object) if rang.is_some_and(|rang| rang != object) => Lookup::Reference,
            Some(object) => Lookup::Object(object.clone()),
            None => Lookup::Reference,
        };
        let answer = self.providers.read(attempt, &lookup).await;
        let route = record_answer::route_of(attempt);
        self.breaker
            .note(route, (Operation::Read, is_unclear(&answer)), call.now());
        let answer = match resolution::to_withdraw(attempt, &answer) {
            Some(object) => self.withdraw(attempt, object).await,
            None => self.withdrawn_for_people(call, attempt, answer).await?,
        };
        Ok(News {
            asked: Asked::Read,
            answer,
        })
    }

    /// An owner said that nothing was paid: what its provider can still withdraw is withdrawn, so that it never will
    /// be. Whether it was is told by the read after the call.
    async fn withdrawn_for_people(
        &self,
        call: &Call,
        attempt: &Attempt,
        answer: Answer,
    ) -> Result<Answer, Error> {
        let Some(object) = resolution::withdrawable(attempt, &answer) else {
            return Ok(answer);
        };
        let review = attempt_review::of(&self.store, attempt).await?;
        let Some(review) = review.filter(|it| it.asks_for_withdrawal()) else {
            return Ok(answer);
        };
        let withdrawn = self.providers.cancel(attempt, object).await;
        let after = self
            .providers
            .read(attempt, &Lookup::Object(object.clone()))
            .await;
        let refused = matches!(withdrawn, Answer::Refused { .. } | Answer::Doubted { .. });
        if refused && resolution::withdrawable(attempt, &after).is_some() {
            warn!(attempt = %attempt.reference, "a provider does not withdraw what it said could be withdrawn");
            let noted = attempt_review::write(
                Changes::new("not-withdrawn", call.tx_id("not-withdrawn")),
                &review,
                &review.not_withdrawn(),
            );
            // Whoever was faster has newer evidence; the next read withdraws again.
            if let Err(error @ (CommitError::Contended | CommitError::Unreachable(_))) =
                self.store.commit(noted).await
            {
                return Err(error.into());
            }
        }
        Ok(after)
    }

    /// Withdraws an object that was rejected and could still be paid, and reads what became of it. Where nobody
    /// knows whether the call arrived, a later read withdraws it again.
    async fn withdraw(&self, attempt: &Attempt, object: &ProviderId) -> Answer {
        let withdrawn = self.providers.cancel(attempt, object).await;
        let lookup = Lookup::Object(object.clone());
        let answer = self.providers.read(attempt, &lookup).await;
        if resolution::to_withdraw(attempt, &answer).is_none() {
            return answer;
        }
        match withdrawn {
            Answer::NotSent { cause } | Answer::Unclear { cause } => {
                warn!(attempt = %attempt.reference, cause, "a rejected object may not be withdrawn yet");
                Answer::Unclear { cause }
            }
            Answer::Taken
            | Answer::Absent
            | Answer::Exists { .. }
            | Answer::Refused { .. }
            | Answer::Doubted { .. } => answer,
        }
    }

    async fn follow_up(
        &self,
        call: &Call,
        (payout, attempt): (&Payout, &Attempt),
        message: Option<Message>,
    ) {
        if let Some(message) = message {
            send::now(&self.queue, message).await;
        }
        let can_be_sent = attempt.wake() == Some(Wake::Dispatch) && is_due(attempt, call.now());
        if can_be_sent {
            let message = Message::Dispatch(Dispatch {
                tenant: payout.tenant.clone(),
                payout: payout.id.clone(),
                driver: Some(payout.driver.clone()),
                attempt: attempt.reference.number,
                seq: payout.dispatch_seq,
                provider: attempt.method.map(|_| attempt.provider),
            });
            send::now(&self.queue, message).await;
        }
        send_next_check(call, &self.queue, attempt).await;
    }

    async fn read(&self, message: &Check) -> Result<Option<Sight>, Error> {
        let tenant = &message.tenant;
        let mut keys = vec![
            Key::Payout(tenant.clone(), message.reference.payout.clone()),
            Key::Attempt(tenant.clone(), message.reference.clone()),
        ];
        keys.extend(message.inbox.clone().map(Key::Inbox));
        let mut found = self.store.fetch(&keys).await?.into_iter();
        let (Some(Some(Record::Payout(payout))), Some(Some(Record::Attempt(attempt)))) =
            (found.next(), found.next())
        else {
            warn!(attempt = %message.reference, "a message names an attempt that does not exist");
            return Ok(None);
        };
        let inbox = match found.next().flatten() {
            Some(Record::Inbox(inbox)) => Some(*inbox).filter(|inbox: &Inbox| !inbox.done),
            Some(_) | None => None,
        };
        // A callback that was answered already needs no read.
        if message.inbox.is_some() && inbox.is_none() {
            return Ok(None);
        }
        Ok(Some(Sight {
            payout: *payout,
            attempt: *attempt,
            inbox,
            switch: None,
        }))
    }
}

fn next(call: &Call, sight: &Sight) -> Next {
    let (now, attempt) = (call.now(), &sight.attempt);
    let rang = sight.inbox.is_some();
    let leased = attempt.is_leased(now);
    let next = match attempt.state {
        AttemptState::Sending if !leased && !rang => return Next::LeaseExpired(Asked::Create),
        AttemptState::ProcessSending if !leased && !rang => {
            return Next::LeaseExpired(Asked::Process);
        }
        AttemptState::Prepared if attempt.tries == 0 => return Next::Dispatch,
        AttemptState::Prepared | AttemptState::Created
            if !rang && attempt.reviewed_at.is_none() =>
        {
            return Next::Dispatch;
        }
        // What people are asked about is read whenever one of them decides.
        AttemptState::Paid | AttemptState::Dead
            if !rang && !is_due(attempt, now) && attempt.reviewed_at.is_none() =>
        {
            return Next::Nothing;
        }
        AttemptState::Sending | AttemptState::ProcessSending if !rang => return Next::Nothing,
        AttemptState::Prepared
        | AttemptState::Sending
        | AttemptState::Created
        | AttemptState::ProcessSending
        | AttemptState::Submitted
        | AttemptState::Unknown
        | AttemptState::Review
        | AttemptState::Paid
        | AttemptState::Dead => Next::Read,
    };
    let just_read = attempt
        .checked_at
        .is_some_and(|at| now.since(at) < COALESCE);
    match (just_read, rang) {
        (false, _) => next,
        (true, true) => Next::Later,
        // A poll may be dropped: the attempt's own due entry asks again.
        (true, false) => Next::Nothing,
    }
}

fn is_due(attempt: &Attempt, now: Timestamp) -> bool {
    attempt.next_at.is_some_and(|at| at <= now)
}

fn dispatch_of(sight: &Sight) -> Message {
    Message::Dispatch(Dispatch {
        tenant: sight.payout.tenant.clone(),
        payout: sight.payout.id.clone(),
        driver: Some(sight.payout.driver.clone()),
        attempt: sight.attempt.reference.number,
        seq: sight.payout.dispatch_seq,
        // The first attempt of an instant payout names a provider before anybody chose one.
        provider: sight.attempt.method.map(|_| sight.attempt.provider),
    })
}
