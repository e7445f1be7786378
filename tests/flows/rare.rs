//! Rare meetings: two workers at once, torn reads, odd answers at odd moments. Each was a defect once.

use std::sync::Arc;

use app::{
    changes::{BalanceKey, Changes},
    check_attempt::Checker,
    create_payout::{self, CreatePayout, Source},
    dispatch_payout::Dispatcher,
    memory::{Ending, MemoryQueue, MemoryStore, Operation, ScriptedProvider, Trouble},
    message::{Check, Message, QueueName},
    port::{CommitError, CreateOrder, Lookup, Providers, Store, Unreachable},
    record::{Balances, DueEntry, Key, OutboxEntry, Record},
    request_key::{Answered, Asking, RequestKey},
    seal::Seal,
};
use domain::{
    answer::{Answer, Refusal, Standing},
    attempt::Attempt,
    attempt_machine::AttemptState,
    driver::MethodKind,
    fee::{FeeSchedule, Rail},
    ids::{AttemptRef, LoadId, PayoutId, ProviderId, TenantId},
    ledger::Account,
    payout::{Payout, PayoutStatus},
    time::Timestamp,
    transition::Transition,
};
use tokio::sync::Mutex;

use crate::{
    books,
    stage::{MarkingVault, Stage, WALLET},
    troubles::ring,
};

async fn attempt_of(stage: &Stage, payout: &PayoutId, number: u8) -> Attempt {
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

fn suspense(stage: &Stage) -> i64 {
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

/// A provider whose creates wait for each other and then all say 401.
#[derive(Clone)]
struct Gate {
    inner: ScriptedProvider,
    barrier: Arc<tokio::sync::Barrier>,
    by: Refusal,
}

impl Providers for Gate {
    fn call_budget(&self) -> std::time::Duration {
        self.inner.call_budget()
    }
    async fn create(&self, _: CreateOrder<'_>) -> Answer {
        self.barrier.wait().await;
        Answer::Refused {
            by: self.by,
            reason: "refused".to_owned(),
        }
    }
    async fn process(&self, attempt: &Attempt, object: &ProviderId) -> Answer {
        self.inner.process(attempt, object).await
    }
    async fn read(&self, attempt: &Attempt, lookup: &Lookup) -> Answer {
        self.inner.read(attempt, lookup).await
    }
}

/// Two workers get 401 at the same moment. Both refusals prove that nothing was created.
#[tokio::test]
async fn two_refusals_at_once_are_both_recorded_as_proven() {
    let stage = Stage::new().await;
    let mut messages = Vec::new();
    for (load, key) in [("L-1", "k1"), ("L-2", "k2")] {
        stage.put_load(load).await;
        stage
            .create(load, Rail::Standard, key)
            .await
            .expect("created");
        messages.push(stage.take(QueueName::Dispatch).expect("sent"));
    }
    let dispatcher = Dispatcher {
        store: stage.memory.clone(),
        queue: MemoryQueue::new(stage.clock.clone()),
        providers: Gate {
            inner: stage.provider.clone(),
            barrier: Arc::new(tokio::sync::Barrier::new(2)),
            by: Refusal::Credentials,
        },
        vault: MarkingVault,
        seal: Seal::new([7; 32]),
    };
    let ids: Vec<_> = messages
        .iter()
        .map(|it| match it {
            Message::Dispatch(it) => it.clone(),
            Message::Check(_) => panic!("dispatch"),
        })
        .collect();
    let (one, two) = (stage.call("one"), stage.call("two"));
    let (a, b) = tokio::join!(dispatcher.run(&one, &ids[0]), dispatcher.run(&two, &ids[1]));
    a.expect("one");
    b.expect("two");
    for it in &ids {
        let state = attempt_of(&stage, &it.payout, 1).await.state;
        assert_eq!(state, AttemptState::Prepared, "401 proves non-creation");
    }
}

/// The same with 405 and what the client sees a while later.
#[tokio::test]
async fn the_loser_of_the_switch_becomes_outcome_unknown() {
    let stage = Stage::new().await;
    let mut ids = Vec::new();
    for (load, key) in [("L-1", "k1"), ("L-2", "k2")] {
        stage.put_load(load).await;
        stage
            .create(load, Rail::Standard, key)
            .await
            .expect("created");
        match stage.take(QueueName::Dispatch).expect("sent") {
            Message::Dispatch(it) => ids.push(it),
            Message::Check(_) => panic!("dispatch"),
        }
    }
    let dispatcher = Dispatcher {
        store: stage.memory.clone(),
        queue: MemoryQueue::new(stage.clock.clone()),
        providers: Gate {
            inner: stage.provider.clone(),
            barrier: Arc::new(tokio::sync::Barrier::new(2)),
            by: Refusal::Credentials,
        },
        vault: MarkingVault,
        seal: Seal::new([7; 32]),
    };
    let (one, two) = (stage.call("one"), stage.call("two"));
    let (a, b) = tokio::join!(dispatcher.run(&one, &ids[0]), dispatcher.run(&two, &ids[1]));
    a.expect("one");
    b.expect("two");
    // The credentials stay revoked: reads say 401 too, and so do the probes of the other payout.
    for _ in 0..400 {
        stage.provider.trouble(Operation::Read, Trouble::LostBefore);
        stage
            .provider
            .trouble(Operation::Create, Trouble::Refused(Refusal::Credentials));
    }
    stage.advance(3_600).await;
    for it in &ids {
        let payout = stage.payout(&it.payout).await;
        assert_eq!(
            (payout.status, payout.progress),
            (PayoutStatus::Queued, None),
            "a payout that provably was never sent waits cancelable"
        );
    }
}

/// A store whose batch read is not one instant: the request record is read before another caller's
/// commit, everything else after it. BatchGetItem promises no more than that.
#[derive(Clone)]
struct Torn {
    inner: MemoryStore,
    meanwhile: Arc<Mutex<Option<Changes>>>,
}

impl Store for Torn {
    async fn fetch(&self, keys: &[Key]) -> Result<Vec<Option<Record>>, Unreachable> {
        let early = self.inner.fetch(keys).await?;
        if let Some(changes) = self.meanwhile.lock().await.take() {
            self.inner
                .commit(changes)
                .await
                .expect("the other caller wins");
        }
        let late = self.inner.fetch(keys).await?;
        Ok(keys
            .iter()
            .zip(early.into_iter().zip(late))
            .map(|(key, (early, late))| match key {
                Key::Request(..) => early,
                _ => late,
            })
            .collect())
    }
    async fn commit(&self, changes: Changes) -> Result<(), CommitError> {
        self.inner.commit(changes).await
    }
    async fn transitions(
        &self,
        t: &TenantId,
        p: &PayoutId,
    ) -> Result<Vec<Transition>, Unreachable> {
        self.inner.transitions(t, p).await
    }
    async fn balances(&self, t: &TenantId) -> Result<Balances, Unreachable> {
        self.inner.balances(t).await
    }
    async fn due(&self, s: u8, u: Timestamp, l: u32) -> Result<Vec<DueEntry>, Unreachable> {
        self.inner.due(s, u, l).await
    }
    async fn outbox(&self, s: u8, u: Timestamp, l: u32) -> Result<Vec<OutboxEntry>, Unreachable> {
        self.inner.outbox(s, u, l).await
    }
}

/// Keeps the unit instead of writing it.
#[derive(Clone)]
struct Catch {
    inner: MemoryStore,
    caught: Arc<Mutex<Option<Changes>>>,
}

impl Store for Catch {
    async fn fetch(&self, keys: &[Key]) -> Result<Vec<Option<Record>>, Unreachable> {
        self.inner.fetch(keys).await
    }
    async fn commit(&self, changes: Changes) -> Result<(), CommitError> {
        *self.caught.lock().await = Some(changes);
        Err(CommitError::Unreachable("held back".to_owned()))
    }
    async fn transitions(
        &self,
        t: &TenantId,
        p: &PayoutId,
    ) -> Result<Vec<Transition>, Unreachable> {
        self.inner.transitions(t, p).await
    }
    async fn balances(&self, t: &TenantId) -> Result<Balances, Unreachable> {
        self.inner.balances(t).await
    }
    async fn due(&self, s: u8, u: Timestamp, l: u32) -> Result<Vec<DueEntry>, Unreachable> {
        self.inner.due(s, u, l).await
    }
    async fn outbox(&self, s: u8, u: Timestamp, l: u32) -> Result<Vec<OutboxEntry>, Unreachable> {
        self.inner.outbox(s, u, l).await
    }
}

async fn create_with(
    stage: &Stage,
    store: &impl Store,
) -> Result<Answered<Payout>, app::error::Error> {
    let request = RequestKey {
        digest: "key-1".to_owned(),
        fingerprint: "same".to_owned(),
        expires_at: stage
            .clock
            .now()
            .plus(std::time::Duration::from_secs(3_600)),
    };
    let render = |payout: &Payout| payout.id.to_string();
    let command = CreatePayout {
        asking: Asking {
            tenant: &stage.tenant,
            key: Some(&request),
            render: &render,
        },
        source: Source::Load(LoadId::parse("L-1").expect("valid")),
        rail: Rail::Standard,
        requested_by: None,
        fees: &FeeSchedule::default(),
    };
    let queue = MemoryQueue::new(stage.clock.clone());
    create_payout::run(&stage.call("client"), store, &queue, command).await
}

/// The same request twice at once, on a store with DynamoDB's read isolation.
#[tokio::test]
async fn the_loser_of_a_same_key_race_gets_a_replay_not_409() {
    let stage = Stage::new().await;
    let caught = Arc::new(Mutex::new(None));
    let winner = Catch {
        inner: stage.memory.clone(),
        caught: caught.clone(),
    };
    assert!(create_with(&stage, &winner).await.is_err(), "held back");
    let loser = Torn {
        inner: stage.memory.clone(),
        meanwhile: caught,
    };
    let answer = create_with(&stage, &loser).await;
    assert!(
        matches!(answer, Ok(Answered::Replayed { .. })),
        "{answer:?}"
    );
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
    fn call_budget(&self) -> std::time::Duration {
        self.inner.call_budget()
    }
    async fn create(&self, order: CreateOrder<'_>) -> Answer {
        self.dress(self.inner.create(order).await)
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
    };
    let Some(Message::Dispatch(message)) = stage.take(QueueName::Dispatch) else {
        panic!("sent");
    };
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
    fn call_budget(&self) -> std::time::Duration {
        self.inner.call_budget()
    }
    async fn create(&self, order: CreateOrder<'_>) -> Answer {
        self.inner.create(order).await
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
async fn a_reversed_object_in_review_is_polled_by_the_table_not_on_every_tick() {
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
    let next_at = attempt_of(&stage, &id, 1).await.next_at;
    assert!(
        next_at > Some(stage.clock.now()),
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
    fn call_budget(&self) -> std::time::Duration {
        self.inner.call_budget()
    }
    async fn create(&self, order: CreateOrder<'_>) -> Answer {
        if let Some((call, check)) = self.check.lock().await.take() {
            self.checker.run(&call, &check).await.expect("checked");
        }
        self.inner.create(order).await
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
            },
            check: Arc::new(Mutex::new(Some((stage.call("check"), check)))),
        },
        vault: MarkingVault,
        seal: Seal::new([7; 32]),
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
    assert_eq!(seen.facts.processed_amount, Some(attempt.net));
    let verdict = proves(
        &attempt,
        Asked::Read,
        &Answer::Exists { object, seen },
        stage.clock.now(),
    );
    assert_eq!(verdict.step, Step::Attempt(AttemptEvent::Mismatch));
}
