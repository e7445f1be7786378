//! Random walks: providers that say anything about anything at any time, clients and owners who do what they may, and
//! after every step the invariants. In the end the provider makes up its mind, owners say what is true, and nothing
//! may be left that nobody can end.

use app::{
    audit,
    decide_review::{self, DecideReview},
    error::Error,
    memory::{Ending, Operation, Trouble},
    message::{Check, Message},
    record::{Key, Record},
    request_key::{Answered, Asking},
};
use domain::{
    attempt::Attempt,
    batch::Hand,
    denied::Denied,
    fee::Rail,
    ids::{AttemptRef, Mode, PayoutId, ReviewId},
    ledger::Account,
    money::Cents,
    payout::PayoutStatus,
    review::{Bearer, Disposition, Proof, Question, Review},
    routing::{Provider, RouteSwitch, StopReason},
};

use crate::{
    lives::{cancel, retry},
    review_stage::balance,
    stage::Stage,
    troubles::ring,
    vendor_changes::approved,
};

const WALKS: u64 = 200;
const STEPS: u32 = 30;

/// A small generator: the same walk for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        let sides = u64::try_from(of.len()).expect("few");
        of[usize::try_from(self.roll(sides)).expect("few")]
    }
}

const ENDINGS: [Ending; 9] = [
    Ending::Paid,
    Ending::InFlight,
    Ending::Rejected,
    Ending::Withdrawn,
    Ending::Failed,
    Ending::PaidShort,
    Ending::Reversing,
    Ending::Reversed,
    Ending::PartlyBack,
];

struct Walk {
    stage: Stage,
    dice: Dice,
    payouts: Vec<PayoutId>,
    bodies: u32,
    story: Vec<String>,
}

impl Walk {
    async fn new(seed: u64) -> Self {
        let mut dice = Dice(seed.wrapping_mul(977).wrapping_add(13));
        let stage = if dice.roll(3) == 0 {
            Stage::new().await
        } else {
            approved().await
        };
        stage.put_load("L-2").await;
        let mut walk = Self {
            stage,
            dice,
            payouts: Vec::new(),
            bodies: 0,
            story: Vec::new(),
        };
        walk.book().await;
        walk
    }

    fn tell(&mut self, what: impl Into<String>) {
        self.story.push(what.into());
    }

    async fn book(&mut self) {
        let key = format!("key {}", self.payouts.len());
        match self.stage.create("L-2", Rail::Standard, &key).await {
            Ok(Answered::Fresh { it, .. }) => {
                self.tell(format!("booked {}", it.id));
                self.payouts.push(it.id);
            }
            Ok(Answered::Replayed { .. }) => {}
            Err(Error::Denied(_)) => self.tell("a new payout was refused"),
            Err(error) => panic!("{error:?}"),
        }
    }

    async fn attempts(&self) -> Vec<Attempt> {
        let mut found = Vec::new();
        for id in &self.payouts {
            for number in 1..=self.stage.payout(id).await.attempts {
                let reference = AttemptRef::new(id.clone(), number);
                let key = Key::Attempt(self.stage.tenant.clone(), reference);
                if let Some(Record::Attempt(attempt)) = self.stage.record(key).await {
                    found.push(*attempt);
                }
            }
        }
        found
    }

    async fn any_attempt(&mut self) -> Option<Attempt> {
        let attempts = self.attempts().await;
        let sides = u64::try_from(attempts.len()).expect("few");
        if sides == 0 {
            return None;
        }
        let picked = usize::try_from(self.dice.roll(sides)).expect("few");
        attempts.into_iter().nth(picked)
    }

    async fn review(&self, attempt: &Attempt) -> Option<Review> {
        let key = Key::Review(attempt.tenant.clone(), attempt.reference.clone());
        match self.stage.record(key).await {
            Some(Record::Review(review)) => Some(*review),
            Some(_) | None => None,
        }
    }

    async fn read(&mut self, attempt: &Attempt) {
        self.bodies += 1;
        let body = format!("body {}", self.bodies);
        ring(
            &self.stage,
            &attempt.reference.payout,
            attempt.reference.number,
            &body,
        )
        .await;
        self.stage.advance(3).await;
    }

    async fn turn(&mut self, provider: Provider, stops: bool) {
        let key = Key::Switch(provider, Mode::Test);
        let known = match self.stage.record(key).await {
            Some(Record::Switch(switch)) => *switch,
            Some(_) | None => RouteSwitch::open(provider, Mode::Test),
        };
        let next = if stops {
            known.stopped_by(StopReason::IntegrationDefect, self.stage.clock.now())
        } else {
            known.reopened()
        };
        let tx_id = self.stage.call("operator").tx_id("turn");
        let changes = app::changes::Changes::new("turn", tx_id);
        let record = Record::Switch(Box::new(next));
        let changes = match known.version {
            0 => changes.insert(record),
            version => changes.replace(record, version),
        };
        let turned = app::port::Store::commit(&self.stage.memory, changes).await;
        turned.expect("turned");
        self.tell(format!("{} stops: {stops}", provider.name()));
    }

    async fn say(
        &mut self,
        attempt: &Attempt,
        (owner, outcome): (&str, Disposition),
    ) -> Result<Review, Error> {
        let (store, queue) = self.stage.call_store();
        let command = DecideReview {
            asking: Asking {
                tenant: &self.stage.tenant,
                key: None,
                render: &|_| String::new(),
            },
            review: ReviewId::of(&attempt.reference),
            by: Hand {
                key: format!("key of {owner}"),
                owner: owner.to_owned(),
            },
            outcome,
            evidence_id: "statement".to_owned(),
            note: None,
        };
        let said = decide_review::run(&self.stage.call(owner), store, queue, command).await;
        let said = said.map(|answered| match answered {
            Answered::Fresh { it, .. } => it,
            Answered::Replayed { .. } => panic!("no key was sent"),
        });
        let result = said.as_ref().err().map(|error| format!("{error:?}"));
        self.tell(format!(
            "{owner} says {outcome:?} of {}: {result:?}",
            attempt.reference
        ));
        said
    }

    async fn step(&mut self) {
        match self.dice.roll(12) {
            0..=2 => {
                if let Some(attempt) = self.any_attempt().await {
                    let ending = self.dice.one(&ENDINGS);
                    self.tell(format!("{} ends {ending:?}", attempt.reference));
                    self.stage
                        .provider
                        .end(&attempt.reference.to_string(), ending);
                    self.read(&attempt).await;
                }
            }
            3 => {
                let ending = self.dice.one(&ENDINGS);
                self.tell(format!("from now on {ending:?}"));
                self.stage.provider.end_with(ending);
            }
            4 => {
                let provider = self.dice.one(&[Provider::Payelata, Provider::Owlpay]);
                let stops = self.dice.roll(2) == 0;
                self.turn(provider, stops).await;
            }
            5 => {
                let operation = self.dice.one(&[
                    Operation::Create,
                    Operation::Process,
                    Operation::Read,
                    Operation::Cancel,
                ]);
                let trouble = [Trouble::NotSent, Trouble::LostBefore, Trouble::LostAfter];
                let picked = usize::try_from(self.dice.roll(3)).expect("few");
                self.tell(format!("{operation:?} has trouble {picked}"));
                self.stage
                    .provider
                    .trouble(operation, trouble[picked].clone());
            }
            6 => {
                let id = self.payouts[0].clone();
                let done = retry(&self.stage, &id).await.map(|_| ());
                self.tell(format!("retry: {done:?}"));
            }
            7 => {
                let id = self.payouts[self.payouts.len() - 1].clone();
                let done = cancel(&self.stage, &id).await.map(|_| ());
                self.tell(format!("cancel: {done:?}"));
            }
            8 if self.payouts.len() < 4 => self.book().await,
            9 => {
                if let Some(attempt) = self.any_attempt().await {
                    let net = attempt.net.get();
                    let outcome = self.dice.one(&[
                        Disposition::Paid,
                        Disposition::NotPaid,
                        Disposition::Partly(Cents::new(net - 1)),
                        Disposition::PartlyRestReturned(Cents::new(net - 1)),
                        Disposition::Surplus,
                        Disposition::Recovered(Cents::new(1)),
                        Disposition::Absorbed(Bearer::Tenant),
                        Disposition::RestReturned(Cents::new(1)),
                        Disposition::Returned(Cents::new(100)),
                        Disposition::Returned(Cents::new(net)),
                        Disposition::Nothing,
                    ]);
                    for owner in ["ann", "bob"] {
                        let _ = self.say(&attempt, (owner, outcome)).await;
                    }
                }
            }
            _ => {
                let seconds = self.dice.one(&[5, 60, 900, 7_200, 3 * 86_400]);
                self.tell(format!("{seconds} s pass"));
                self.stage.advance(seconds).await;
            }
        }
        self.assert_in_order("after a step");
    }

    fn assert_in_order(&self, when: &str) {
        let findings = audit::findings(&self.stage.memory.dump());
        assert_eq!(findings, [], "{when}: {:#?}", self.story);
    }

    /// What an honest owner says, after a look at the provider's books.
    async fn honest(&self, attempt: &Attempt, review: &Review) -> Disposition {
        let booked = self.stage.provider.booked();
        let ending = booked
            .get(&attempt.reference.to_string())
            .and_then(|it| it.ending);
        let net = attempt.net.get();
        let at_provider = match ending {
            Some(Ending::Paid) => net,
            Some(Ending::PaidShort) => net - 1,
            _ => 0,
        };
        let money = attempt.posted();
        match review.question {
            Question::Outcome => match at_provider {
                0 => Disposition::NotPaid,
                paid if paid == net => Disposition::Paid,
                paid => Disposition::Partly(Cents::new(paid)),
            },
            Question::LatePayment if at_provider == 0 => Disposition::NotPaid,
            Question::LatePayment => Disposition::Paid,
            Question::Return => {
                let back = money.returnable().get() - at_provider;
                if back > 0 {
                    Disposition::Returned(Cents::new(back))
                } else {
                    Disposition::Nothing
                }
            }
            Question::Suspense if money.surplus().is_positive() => {
                Disposition::Recovered(money.surplus())
            }
            Question::Suspense => Disposition::RestReturned(money.rest()),
        }
    }

    /// The provider makes up its mind, and owners say what is true, until nobody is asked anything.
    async fn settle(&mut self) {
        self.tell("everybody makes up their mind");
        self.stage.provider.calm();
        for attempt in self.attempts().await {
            let reference = attempt.reference.to_string();
            let ending = self
                .dice
                .one(&[Ending::Paid, Ending::Failed, Ending::PaidShort]);
            let is_there = self
                .stage
                .provider
                .booked()
                .get(&reference)
                .is_some_and(|it| it.ending.is_some());
            if is_there {
                self.tell(format!("{reference} ends {ending:?}"));
                self.stage.provider.end(&reference, ending);
            }
        }
        self.stage.provider.end_with(Ending::Paid);
        for provider in [Provider::Payelata, Provider::Owlpay] {
            self.turn(provider, false).await;
        }
        for _ in 0..12 {
            for attempt in self.attempts().await {
                self.read(&attempt).await;
            }
            self.stage.advance(6 * 86_400).await;
            let mut is_asked = false;
            for attempt in self.attempts().await {
                let Some(review) = self.review(&attempt).await else {
                    continue;
                };
                if review.closing.is_some() && !attempt.posted().is_unexplained() {
                    continue;
                }
                is_asked = true;
                self.decide_honestly(&attempt).await;
            }
            if !is_asked {
                return;
            }
        }
        panic!("people are asked for ever: {:#?}", self.story);
    }

    async fn decide_honestly(&mut self, attempt: &Attempt) {
        for owner in ["ann", "bob"] {
            for _ in 0..5 {
                let check = Check {
                    tenant: attempt.tenant.clone(),
                    reference: attempt.reference.clone(),
                    inbox: None,
                };
                self.stage.advance(3).await;
                self.stage.handle(Message::Check(check)).await;
                let reference = attempt.reference.clone();
                let key = Key::Attempt(attempt.tenant.clone(), reference);
                let Some(Record::Attempt(now)) = self.stage.record(key).await else {
                    return;
                };
                let Some(review) = self.review(&now).await else {
                    return;
                };
                let mut outcome = self.honest(&now, &review).await;
                if review.closing.is_some() {
                    if !now.posted().is_unexplained() {
                        return;
                    }
                    let money = now.posted();
                    outcome = if money.surplus().is_positive() {
                        Disposition::Recovered(money.surplus())
                    } else {
                        Disposition::RestReturned(money.rest())
                    };
                }
                let said = self.say(&now, (owner, outcome)).await;
                let said = match said {
                    Err(Error::Denied(Denied::OutcomeNotOffered { offered })) => {
                        let outcome = match offered.as_slice() {
                            ["surplus"] => Disposition::Surplus,
                            ["not_paid"] => Disposition::NotPaid,
                            other => panic!("{other:?}: {:#?}", self.story),
                        };
                        self.say(&now, (owner, outcome)).await
                    }
                    said => said,
                };
                match said {
                    Ok(_)
                    | Err(Error::Denied(Denied::OwnDecision { .. } | Denied::ReviewClosed)) => {
                        break;
                    }
                    Err(Error::Denied(Denied::DecisionDiffers)) => {
                        // Somebody had said something else before: it is theirs to say otherwise.
                        let first = review.decisions.first().map(|it| it.by.owner.clone());
                        if let Some(first) = first {
                            let _ = self.say(&now, (&first, outcome)).await;
                        }
                    }
                    Err(Error::Denied(
                        Denied::EvidenceStale
                        | Denied::WithdrawalPending
                        | Denied::EvidenceContradicts {
                            proof:
                                Proof::Part(_) | Proof::Open | Proof::NothingPaid | Proof::PaidInFull,
                        }
                        | Denied::AttemptInFlight,
                    )) => self.stage.advance(60).await,
                    Err(error) => panic!("{error:?}: {:#?}", self.story),
                }
            }
        }
        self.assert_in_order("after a decision");
    }

    async fn assert_ended(&self) {
        self.assert_in_order("at the end");
        for id in &self.payouts {
            let payout = self.stage.payout(id).await;
            assert!(!payout.is_held(), "{id} is held: {:#?}", self.story);
            let is_final = match payout.status {
                PayoutStatus::Completed
                | PayoutStatus::Failed
                | PayoutStatus::Canceled
                | PayoutStatus::Returned => true,
                PayoutStatus::Scheduled
                | PayoutStatus::Validated
                | PayoutStatus::Queued
                | PayoutStatus::Processing => false,
            };
            let status = payout.status;
            assert!(is_final, "{id} stays {status}: {:#?}", self.story);
        }
        let suspense = balance(&self.stage, Account::Suspense);
        assert_eq!(suspense, 0, "{:#?}", self.story);
        let dump = self.stage.memory.dump();
        let open = dump
            .records
            .iter()
            .filter(|record| matches!(record, Record::Review(review) if review.closing.is_none()));
        assert_eq!(open.count(), 0, "{:#?}", self.story);
    }
}

#[tokio::test]
async fn whatever_providers_say_and_people_do_the_books_fit_and_everything_can_be_ended() {
    for seed in 0..WALKS {
        let mut walk = Walk::new(seed).await;
        walk.tell(format!("seed {seed}"));
        for _ in 0..STEPS {
            walk.step().await;
        }
        walk.settle().await;
        walk.assert_ended().await;
    }
}
