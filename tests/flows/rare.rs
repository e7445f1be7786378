//! Odd answers at odd moments: each was a defect once.

use std::sync::Arc;

use app::{
    breaker::Breaker,
    changes::BalanceKey,
    check_attempt::Checker,
    dispatch_payout::Dispatcher,
    memory::{Ending, MemoryQueue, MemoryStore, Operation, ScriptedProvider, Trouble},
    message::{Check, Message, QueueName},
    port::{ChargeOrder, CreateOrder, Lookup, NotShown, Plaintext, Providers, Snapshot, Store},
    record::{Key, Record},
    seal::Seal,
};
use domain::{
    answer::{Answer, Refusal, Standing},
    attempt::Attempt,
    attempt_machine::AttemptState,
    driver::MethodKind,
    fee::Rail,
    ids::{AttemptRef, PayoutId, ProviderId},
    ledger::Account,
    payout::PayoutStatus,
    routing::Provider,
};
use tokio::sync::Mutex;

use crate::{
    books,
    stage::{MarkingVault, Stage, WALLET},
    troubles::ring,
};

pub(crate) async fn attempt_of(stage: &Stage, payout: &PayoutId, number: u8) -> Attempt {
    let key = Key::Attempt(
        stage.tenant.clone(),
        AttemptRef::new(payout.clone(), number),
    );
    match stage
        .memory
        .fetch(&[key])
        .await
        .expect("in memory")
        .remove(0)
    {
        Some(Record::Attempt(attempt)) => *attempt,
        other => panic!("no attempt: {other:?}"),
    }
}

pub(crate) fn suspense(stage: &Stage) -> i64 {
    let key = BalanceKey {
        tenant: stage.tenant.clone(),
        account: Account::Suspense,
        shard: 0,
    };
    stage
        .memory
        .dump()
        .balances
        .get(&key)
        .map_or(0, |it| it.get())
}

/// A dead attempt is seen in flight first (T18 without money), then paid.
#[tokio::test]
async fn a_dead_attempt_seen_in_flight_and_then_paid_is_parked_in_suspense() {
    let stage = Stage::new().await;
    stage.provider.end_with(Ending::Failed);
    let id = stage.create_for_sure("L-1", Rail::Standard).await;
    stage.advance(3_600).await;
    assert_eq!(stage.payout(&id).await.status, PayoutStatus::Failed);
    let reference = format!("{id}-a01");
    stage.provider.end(&reference, Ending::InFlight);
    ring(&stage, &id, 1, "processing").await;
    stage.advance(60).await;
    assert!(stage.events(&id).await.contains(&"contradiction"));
    stage.provider.end(&reference, Ending::Paid);
    ring(&stage, &id, 1, "processed").await;
    stage.advance(60).await;
    assert_eq!(stage.provider.paid(), 1, "the driver has the money");
    let net = stage.payout(&id).await.net().get();
    assert_eq!(suspense(&stage), -net, "and the books must show it");
}

/// The provider does not answer the one read a refund's callback causes.
#[tokio::test]
async fn a_refund_whose_read_failed_once_still_comes_back() {
    let stage = Stage::new().await;
    let id = stage.create_for_sure("L-1", Rail::Standard).await;
    stage.advance(3_600).await;
    books::paid_exactly_once(&stage, &id).await;
    stage.provider.end(&format!("{id}-a01"), Ending::Reversed);
    stage.provider.trouble(Operation::Read, Trouble::LostBefore);
    ring(&stage, &id, 1, "refunded").await;
    stage.advance(20 * 24 * 3_600).await;
    // Even the sender's repeat of the same bytes is swallowed.
    ring(&stage, &id, 1, "refunded").await;
    stage.advance(20 * 24 * 3_600).await;
    assert_eq!(stage.payout(&id).await.status, PayoutStatus::Returned);
    assert_eq!(stage.balances().await.available.get(), WALLET);
}

/// Shows the object as in flight (an unknown word) until told otherwise, whatever its books say.
#[derive(Clone)]
struct Strange {
    inner: ScriptedProvider,
    strange: Arc<std::sync::atomic::AtomicBool>,
}

impl Strange {
    fn dress(&self, answer: Answer) -> Answer {
        match answer {
            Answer::Exists { object, mut seen }
                if self.strange.load(std::sync::atomic::Ordering::SeqCst) =>
            {
                seen.standing = Standing::Unrecognised;
                "moderation".clone_into(&mut seen.status);
                Answer::Exists { object, seen }
            }
            other => other,
        }
    }
}

impl Providers for Strange {
    fn offers(&self, provider: Provider) -> bool {
        self.inner.offers(provider)
    }
    async fn snapshot(
        &self,
        provider: Provider,
        account: &Plaintext,
    ) -> Result<Snapshot, NotShown> {
        self.inner.snapshot(provider, account).await
    }
    fn call_budget(&self) -> std::time::Duration {
        self.inner.call_budget()
    }
    async fn create(&self, order: CreateOrder<'_>) -> Answer {
        self.dress(self.inner.create(order).await)
    }
    async fn charge(&self, order: ChargeOrder<'_>) -> Answer {
        self.inner.charge(order).await
    }
    async fn process(&self, attempt: &Attempt, object: &ProviderId) -> Answer {
        self.inner.process(attempt, object).await
    }
    async fn read(&self, attempt: &Attempt, lookup: &Lookup) -> Answer {
        self.dress(self.inner.read(attempt, lookup).await)
    }
}

/// The create shows a word we do not know; a minute later the object is `created`.
#[tokio::test]
async fn an_object_that_turns_out_inert_is_processed_at_last() {
    let stage = Stage::new().await;
    let id = stage.create_for_sure("L-1", Rail::Standard).await;
    let strange = Strange {
        inner: stage.provider.clone(),
        strange: Arc::new(std::sync::atomic::AtomicBool::new(true)),
    };
    let queue = MemoryQueue::new(stage.clock.clone());
    let dispatcher = Dispatcher {
        store: stage.memory.clone(),
        queue: queue.clone(),
        providers: strange.clone(),
        vault: MarkingVault,
        seal: Seal::new([7; 32]),
        breaker: Breaker::default(),
    };
    let Some(Message::Dispatch(message)) = stage.take(QueueName::Dispatch) else {
        panic!("sent");
    };
    let message = message.to(Provider::Payelata);
    dispatcher
        .run(&stage.call("dispatch"), &message)
        .await
        .expect("handled");
    assert_eq!(
        attempt_of(&stage, &id, 1).await.state,
        AttemptState::Submitted
    );
    // From here on the provider shows `created`.
    stage.advance(7 * 24 * 3_600).await;
    assert_eq!(stage.provider.calls(), (1, 1), "processed");
    books::paid_exactly_once(&stage, &id).await;
}

/// Credentials revoked over a weekend, one payout waiting.
#[tokio::test]
async fn a_payout_survives_a_weekend_of_refused_credentials() {
    let stage = Stage::new().await;
    let id = stage.create_for_sure("L-1", Rail::Standard).await;
    for _ in 0..3 * 24 * 4 {
        stage
            .provider
            .trouble(Operation::Create, Trouble::Refused(Refusal::Credentials));
    }
    for hour in 0..96 {
        println!("hour {hour}: attempt {}", stage.payout(&id).await.attempts);
        stage.advance(3_600).await;
    }
    books::paid_exactly_once(&stage, &id).await;
}

/// Counts reads.
#[derive(Clone)]
struct Counting {
    inner: ScriptedProvider,
    reads: Arc<std::sync::atomic::AtomicUsize>,
}

impl Providers for Counting {
    fn offers(&self, provider: Provider) -> bool {
        self.inner.offers(provider)
    }
    async fn snapshot(
        &self,
        provider: Provider,
        account: &Plaintext,
    ) -> Result<Snapshot, NotShown> {
        self.inner.snapshot(provider, account).await
    }
    fn call_budget(&self) -> std::time::Duration {
        self.inner.call_budget()
    }
    async fn create(&self, order: CreateOrder<'_>) -> Answer {
        self.inner.create(order).await
    }
    async fn charge(&self, order: ChargeOrder<'_>) -> Answer {
        self.inner.charge(order).await
    }
    async fn process(&self, attempt: &Attempt, object: &ProviderId) -> Answer {
        self.inner.process(attempt, object).await
    }
    async fn read(&self, attempt: &Attempt, lookup: &Lookup) -> Answer {
        self.reads.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        self.inner.read(attempt, lookup).await
    }
}

/// An attempt in review whose money then comes back.
#[tokio::test]
async fn a_reversed_object_in_review_is_a_return_and_not_read_on_every_tick() {
    let stage = Stage::new().await;
    stage.provider.end_with(Ending::PaidShort);
    let id = stage.create_for_sure("L-1", Rail::Standard).await;
    stage.advance(3_600).await;
    assert_eq!(attempt_of(&stage, &id, 1).await.state, AttemptState::Review);
    stage.provider.end(&format!("{id}-a01"), Ending::Reversed);
    stage.clock.advance_ms(2 * 3_600_000);
    let reads = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let checker = Checker {
        store: stage.memory.clone(),
        queue: MemoryQueue::new(stage.clock.clone()),
        providers: Counting {
            inner: stage.provider.clone(),
            reads: reads.clone(),
        },
        breaker: Breaker::default(),
    };
    let check = Check {
        tenant: stage.tenant.clone(),
        reference: AttemptRef::new(id.clone(), 1),
        inbox: None,
    };
    for _ in 0..10 {
        checker
            .run(&stage.call("check"), &check)
            .await
            .expect("handled");
        stage.clock.advance_ms(60_000);
    }
    // What fits in every figure leads out of review: the money left and came back.
    assert_eq!(stage.payout(&id).await.status, PayoutStatus::Returned);
    let next_at = attempt_of(&stage, &id, 1).await.next_at;
    assert!(
        next_at.is_none_or(|at| at > stage.clock.now()),
        "still due after {} reads",
        reads.load(std::sync::atomic::Ordering::SeqCst)
    );
}

/// The driver changes to a bank account before the first worker claims an instant payout.
#[tokio::test]
async fn an_instant_payout_is_not_sent_to_a_method_that_cannot_be_paid_instantly() {
    let stage = Stage::new().await;
    let id = stage.create_for_sure("L-1", Rail::Instant).await;
    stage.put_method(MethodKind::BankAccount).await;
    stage.work().await;
    let attempt = attempt_of(&stage, &id, 1).await;
    assert_ne!(
        attempt.method.map(|it| it.kind),
        Some(MethodKind::BankAccount),
        "{:?}",
        attempt.state
    );
}

/// A callback while the worker's create is on its way, whose read finds nothing yet.
#[derive(Clone)]
struct RingsWithin {
    inner: ScriptedProvider,
    checker: Checker<MemoryStore, MemoryQueue, ScriptedProvider>,
    check: Arc<Mutex<Option<(app::call::Call, Check)>>>,
}

impl Providers for RingsWithin {
    fn offers(&self, provider: Provider) -> bool {
        self.inner.offers(provider)
    }
    async fn snapshot(
        &self,
        provider: Provider,
        account: &Plaintext,
    ) -> Result<Snapshot, NotShown> {
        self.inner.snapshot(provider, account).await
    }
    fn call_budget(&self) -> std::time::Duration {
        self.inner.call_budget()
    }
    async fn create(&self, order: CreateOrder<'_>) -> Answer {
        if let Some((call, check)) = self.check.lock().await.take() {
            self.checker.run(&call, &check).await.expect("checked");
        }
        self.inner.create(order).await
    }
    async fn charge(&self, order: ChargeOrder<'_>) -> Answer {
        self.inner.charge(order).await
    }
    async fn process(&self, attempt: &Attempt, object: &ProviderId) -> Answer {
        self.inner.process(attempt, object).await
    }
    async fn read(&self, attempt: &Attempt, lookup: &Lookup) -> Answer {
        self.inner.read(attempt, lookup).await
    }
}

#[tokio::test]
async fn a_read_without_news_does_not_take_the_place_of_the_worker() {
    let stage = Stage::new().await;
    let id = stage.create_for_sure("L-1", Rail::Instant).await;
    let Some(Message::Dispatch(message)) = stage.take(QueueName::Dispatch) else {
        panic!("sent");
    };
    let message = message.to(Provider::Payelata);
    ring(&stage, &id, 1, "early").await;
    let Some(Message::Check(check)) = stage.take(QueueName::Check) else {
        panic!("rang");
    };
    let queue = MemoryQueue::new(stage.clock.clone());
    let dispatcher = Dispatcher {
        store: stage.memory.clone(),
        queue: queue.clone(),
        providers: RingsWithin {
            inner: stage.provider.clone(),
            checker: Checker {
                store: stage.memory.clone(),
                queue: queue.clone(),
                providers: stage.provider.clone(),
                breaker: Breaker::default(),
            },
            check: Arc::new(Mutex::new(Some((stage.call("check"), check)))),
        },
        vault: MarkingVault,
        seal: Seal::new([7; 32]),
        breaker: Breaker::default(),
    };
    dispatcher
        .run(&stage.call("dispatch"), &message)
        .await
        .expect("handled");
    assert_eq!(stage.provider.calls(), (1, 1), "created and processed");
}

/// The provider's word says failed and its figures say paid.
#[tokio::test]
async fn a_failed_word_with_a_paid_figure_is_no_proof_of_death() {
    use domain::{
        attempt_machine::AttemptEvent,
        resolution::{Asked, Step, proves},
    };
    let stage = Stage::new().await;
    stage.provider.end_with(Ending::Paid);
    let id = stage.create_for_sure("L-1", Rail::Standard).await;
    stage.work().await;
    let attempt = attempt_of(&stage, &id, 1).await;
    let Answer::Exists { object, mut seen } =
        stage.provider.read(&attempt, &Lookup::Reference).await
    else {
        panic!("exists");
    };
    seen.standing = Standing::FinalNegative;
    "terminated".clone_into(&mut seen.status);
    assert_eq!(seen.facts.processed_amount.exact(), Some(attempt.net));
    let verdict = proves(
        &attempt,
        Asked::Read,
        &Answer::Exists { object, seen },
        stage.clock.now(),
    );
    assert_eq!(verdict.step, Step::Attempt(AttemptEvent::Mismatch));
}

/// A provider that notes how it was asked.
#[derive(Clone)]
struct Noting {
    inner: ScriptedProvider,
    lookups: Arc<Mutex<Vec<Lookup>>>,
}

impl Providers for Noting {
    fn offers(&self, provider: Provider) -> bool {
        self.inner.offers(provider)
    }
    async fn snapshot(
        &self,
        provider: Provider,
        account: &Plaintext,
    ) -> Result<Snapshot, NotShown> {
        self.inner.snapshot(provider, account).await
    }
    fn call_budget(&self) -> std::time::Duration {
        self.inner.call_budget()
    }
    async fn create(&self, order: CreateOrder<'_>) -> Answer {
        self.inner.create(order).await
    }
    async fn charge(&self, order: ChargeOrder<'_>) -> Answer {
        self.inner.charge(order).await
    }
    async fn process(&self, attempt: &Attempt, object: &ProviderId) -> Answer {
        self.inner.process(attempt, object).await
    }
    async fn read(&self, attempt: &Attempt, lookup: &Lookup) -> Answer {
        self.lookups.lock().await.push(lookup.clone());
        self.inner.read(attempt, lookup).await
    }
}

/// A callback about another object than ours asks what stands under our reference.
#[tokio::test]
async fn a_callback_about_a_stranger_object_reads_by_our_reference() {
    let stage = Stage::new().await;
    let id = stage.create_for_sure("L-1", Rail::Standard).await;
    stage.advance(3_600).await;
    let own = attempt_of(&stage, &id, 1).await.object;
    assert!(own.is_some_and(|own| own.as_str() != "cpoi_1"));
    ring(&stage, &id, 1, "about cpoi_1").await;
    let Some(Message::Check(check)) = stage.take(QueueName::Check) else {
        panic!("rung");
    };
    let lookups = Arc::new(Mutex::new(Vec::new()));
    let checker = Checker {
        store: stage.memory.clone(),
        queue: MemoryQueue::new(stage.clock.clone()),
        providers: Noting {
            inner: stage.provider.clone(),
            lookups: Arc::clone(&lookups),
        },
        breaker: Breaker::default(),
    };
    checker
        .run(&stage.call("check"), &check)
        .await
        .expect("handled");
    assert_eq!(*lookups.lock().await, [Lookup::Reference]);
}
