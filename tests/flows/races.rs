//! Two at once: refusals that meet on the route's switch, and callers that meet on a request key.

use std::sync::Arc;

use app::{
    breaker::Breaker,
    changes::Changes,
    create_payout::{self, CreatePayout, Source},
    dispatch_payout::Dispatcher,
    memory::{MemoryQueue, MemoryStore, Operation, ScriptedProvider, Trouble},
    message::{Message, QueueName},
    port::{
        ChargeOrder, CommitError, CreateOrder, Lookup, NotShown, Plaintext, Providers, Snapshot,
        Store, Unreachable,
    },
    record::{Balances, DueEntry, Key, OutboxEntry, Record},
    request_key::{Answered, Asking, RequestKey},
    seal::Seal,
};
use domain::{
    answer::{Answer, Refusal},
    attempt::Attempt,
    attempt_machine::AttemptState,
    fee::{FeeSchedule, Rail},
    ids::{LoadId, PayoutId, ProviderId, TenantId},
    payout::{Payout, PayoutStatus},
    routing::Provider,
    time::Timestamp,
    transition::Transition,
};
use tokio::sync::Mutex;

use crate::{
    rare::attempt_of,
    stage::{MarkingVault, Stage},
};

/// A provider whose creates wait for each other and then all say 401.
#[derive(Clone)]
struct Gate {
    inner: ScriptedProvider,
    barrier: Arc<tokio::sync::Barrier>,
    by: Refusal,
}

impl Providers for Gate {
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
    async fn create(&self, _: CreateOrder<'_>) -> Answer {
        self.barrier.wait().await;
        Answer::Refused {
            by: self.by,
            reason: "refused".to_owned(),
        }
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
        breaker: Breaker::default(),
    };
    let ids: Vec<_> = messages
        .iter()
        .map(|it| match it {
            Message::Dispatch(it) => it.to(Provider::Payelata),
            Message::Charge(_) | Message::Check(_) | Message::Batch(_) | Message::Vendor(_) => {
                panic!("dispatch")
            }
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
            Message::Dispatch(it) => ids.push(it.to(Provider::Payelata)),
            Message::Charge(_) | Message::Check(_) | Message::Batch(_) | Message::Vendor(_) => {
                panic!("dispatch")
            }
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
        breaker: Breaker::default(),
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
pub(crate) struct Catch {
    pub(crate) inner: MemoryStore,
    pub(crate) caught: Arc<Mutex<Option<Changes>>>,
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
        may_fall_back: false,
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
