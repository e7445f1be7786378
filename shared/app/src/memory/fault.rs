//! Named fault points: every await on a port, before its effect and after it.
//!
//! A test runs a use case once to learn the points, then again for each of them with a crash there. A
//! crashed process does nothing more until it is revived.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::{
    answer::Answer,
    attempt::Attempt,
    charge::Charge,
    ids::{PayoutId, ProviderId, TenantId},
    routing::Provider,
    time::Timestamp,
    transition::Transition,
};

use crate::{
    changes::Changes,
    message::Message,
    port::{
        AccountAsk, AccountCheck, ChargeOrder, CommitError, CreateOrder, ListAsk, Listing, Lookup,
        NotShown, PayeeAnswer, PayeeAsk, Plaintext, Providers, Queue, SealedFor, Snapshot, Store,
        Unreachable, Vault,
    },
    record::{Balances, DueEntry, Key, OutboxEntry, Record},
};

/// The fault points of one process, shared by all its wrapped ports.
#[derive(Clone, Debug, Default)]
pub struct FaultPoints {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    names: Vec<String>,
    crash_at: Option<usize>,
    is_down: bool,
}

impl FaultPoints {
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Crashes at the point that becomes `names()[n]`: before its effect, or after it with the answer
    /// lost, as the point's name says. Points already passed count.
    pub fn crash_at(&self, n: usize) {
        self.lock().crash_at = Some(n);
    }

    /// The points passed so far, the one that crashed included, as `commit claim after`.
    pub fn names(&self) -> Vec<String> {
        self.lock().names.clone()
    }

    /// Whether the process crashed and was not revived.
    pub fn is_down(&self) -> bool {
        self.lock().is_down
    }

    /// Lets every port work again, as a new process would, without a further crash planned.
    pub fn revive(&self) {
        let mut inner = self.lock();
        inner.is_down = false;
        inner.crash_at = None;
    }

    /// A port of this process.
    pub fn wrap<T>(&self, inner: T) -> Faulty<T> {
        Faulty {
            inner,
            points: self.clone(),
        }
    }

    fn pass(&self, method: &str, moment: &str) -> Result<(), Unreachable> {
        let name = format!("{method} {moment}");
        let mut inner = self.lock();
        if inner.is_down {
            return Err(Unreachable(format!("the process is down at {name}")));
        }
        let number = inner.names.len();
        inner.names.push(name.clone());
        if inner.crash_at == Some(number) {
            inner.is_down = true;
            return Err(Unreachable(format!("crashed at {name}")));
        }
        Ok(())
    }
}

/// A port with a fault point before and after each of its methods.
#[derive(Clone, Debug)]
pub struct Faulty<T> {
    inner: T,
    points: FaultPoints,
}

impl<T> Faulty<T> {
    /// The port itself, for looking at what a crash left behind.
    pub const fn inner(&self) -> &T {
        &self.inner
    }

    async fn through<R>(
        &self,
        method: &str,
        effect: impl Future<Output = Result<R, Unreachable>>,
    ) -> Result<R, Unreachable> {
        self.points.pass(method, "before")?;
        let answer = effect.await?;
        self.points.pass(method, "after")?;
        Ok(answer)
    }

    async fn asking(&self, method: &str, effect: impl Future<Output = Answer>) -> Answer {
        if let Err(Unreachable(cause)) = self.points.pass(method, "before") {
            return Answer::NotSent { cause };
        }
        let answer = effect.await;
        match self.points.pass(method, "after") {
            Ok(()) => answer,
            Err(Unreachable(cause)) => Answer::Unclear { cause },
        }
    }
}

impl<T: Store> Store for Faulty<T> {
    async fn fetch(&self, keys: &[Key]) -> Result<Vec<Option<Record>>, Unreachable> {
        self.through("fetch", self.inner.fetch(keys)).await
    }

    async fn commit(&self, changes: Changes) -> Result<(), CommitError> {
        let method = format!("commit {}", changes.label);
        let lost = |Unreachable(cause)| CommitError::Unreachable(cause);
        self.points.pass(&method, "before").map_err(lost)?;
        let outcome = self.inner.commit(changes).await;
        self.points.pass(&method, "after").map_err(lost)?;
        outcome
    }

    async fn transitions(
        &self,
        tenant: &TenantId,
        payout: &PayoutId,
    ) -> Result<Vec<Transition>, Unreachable> {
        let effect = self.inner.transitions(tenant, payout);
        self.through("transitions", effect).await
    }

    async fn balances(&self, tenant: &TenantId) -> Result<Balances, Unreachable> {
        self.through("balances", self.inner.balances(tenant)).await
    }

    async fn due(
        &self,
        shard: u8,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<DueEntry>, Unreachable> {
        let effect = self.inner.due(shard, until, limit);
        self.through("due", effect).await
    }

    async fn outbox(
        &self,
        shard: u8,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<OutboxEntry>, Unreachable> {
        let effect = self.inner.outbox(shard, until, limit);
        self.through("outbox", effect).await
    }
}

impl<T: Queue> Queue for Faulty<T> {
    async fn send(&self, message: Message, delay_seconds: u32) -> Result<(), Unreachable> {
        let method = format!("send {}", message.queue().name());
        let effect = self.inner.send(message, delay_seconds);
        self.through(&method, effect).await
    }
}

impl<T: Vault> Vault for Faulty<T> {
    async fn seal(
        &self,
        tenant: &TenantId,
        owner: &SealedFor,
        plain: &Plaintext,
    ) -> Result<String, Unreachable> {
        let effect = self.inner.seal(tenant, owner, plain);
        self.through("seal", effect).await
    }

    async fn open(
        &self,
        tenant: &TenantId,
        owner: &SealedFor,
        sealed: &str,
    ) -> Result<Plaintext, Unreachable> {
        let effect = self.inner.open(tenant, owner, sealed);
        self.through("open", effect).await
    }
}

impl<T: Providers> Providers for Faulty<T> {
    fn offers(&self, provider: Provider) -> bool {
        self.inner.offers(provider)
    }

    async fn snapshot(
        &self,
        provider: Provider,
        account: &Plaintext,
    ) -> Result<Snapshot, NotShown> {
        let lost = |_: Unreachable| NotShown::Silent;
        self.points.pass("snapshot", "before").map_err(lost)?;
        let snapshot = self.inner.snapshot(provider, account).await;
        self.points.pass("snapshot", "after").map_err(lost)?;
        snapshot
    }

    fn call_budget(&self) -> std::time::Duration {
        self.inner.call_budget()
    }

    async fn create(&self, order: CreateOrder<'_>) -> Answer {
        self.asking("create", self.inner.create(order)).await
    }

    async fn charge(&self, order: ChargeOrder<'_>) -> Answer {
        self.asking("charge", self.inner.charge(order)).await
    }

    async fn process(&self, attempt: &Attempt, object: &ProviderId) -> Answer {
        let effect = self.inner.process(attempt, object);
        self.asking("process", effect).await
    }

    async fn cancel(&self, attempt: &Attempt, object: &ProviderId) -> Answer {
        let effect = self.inner.cancel(attempt, object);
        self.asking("cancel", effect).await
    }

    async fn read(&self, attempt: &Attempt, lookup: &Lookup) -> Answer {
        self.asking("read", self.inner.read(attempt, lookup)).await
    }

    async fn read_charge(&self, charge: &Charge, object: &ProviderId) -> Answer {
        let effect = self.inner.read_charge(charge, object);
        self.asking("read-charge", effect).await
    }

    async fn list(&self, ask: ListAsk<'_>) -> Listing {
        self.inner.list(ask).await
    }

    async fn check_account(&self, ask: AccountAsk<'_>) -> AccountCheck {
        self.inner.check_account(ask).await
    }

    async fn payee(&self, ask: PayeeAsk<'_>) -> PayeeAnswer {
        let lost = |Unreachable(cause)| PayeeAnswer::Unclear { cause };
        if let Err(down) = self.points.pass("payee", "before") {
            return lost(down);
        }
        let answer = self.inner.payee(ask).await;
        match self.points.pass("payee", "after") {
            Ok(()) => answer,
            Err(down) => lost(down),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        call::Clock,
        memory::{MemoryQueue, MemoryStore},
        message::Dispatch,
        record::ApiKey,
    };

    fn unit() -> Changes {
        let key = ApiKey {
            id: "k1".to_owned(),
            version: 1,
            tenant: "acme~test".parse().expect("valid"),
            name: "one".to_owned(),
            owner: "test".to_owned(),
            operator: false,
            digest: "d".to_owned(),
            previous: None,
            scopes: Vec::new(),
            limit: domain::rate::RateLimit::STANDARD,
            expires_at: None,
            revoked_at: None,
            created_at: Timestamp::default(),
        };
        Changes::new("add-key", "t1".to_owned()).insert(Record::ApiKey(Box::new(key)))
    }

    fn message() -> Message {
        Message::Dispatch(Dispatch {
            tenant: "acme~test".parse().expect("valid"),
            payout: "pay_1".parse().expect("valid"),
            driver: None,
            attempt: 1,
            seq: 1,
            provider: None,
        })
    }

    /// Commits, then sends: the smallest use case.
    async fn run(points: &FaultPoints, store: &MemoryStore, queue: &MemoryQueue) {
        if points.wrap(store.clone()).commit(unit()).await.is_ok() {
            let _ = points.wrap(queue.clone()).send(message(), 0).await;
        }
    }

    #[tokio::test]
    async fn a_crash_before_a_point_has_no_effect_and_after_it_has_its_effect_and_nothing_more() {
        let rest = || {
            let clock = Clock::standing_at(Timestamp::default());
            (
                FaultPoints::new(),
                MemoryStore::new(),
                MemoryQueue::new(clock),
            )
        };
        let (points, store, queue) = rest();
        run(&points, &store, &queue).await;
        assert_eq!(
            points.names(),
            [
                "commit add-key before",
                "commit add-key after",
                "send dispatch before",
                "send dispatch after"
            ]
        );
        for (crash, effects) in [(0, (0, 0)), (1, (1, 0)), (2, (1, 0)), (3, (1, 1))] {
            let (points, store, queue) = rest();
            points.crash_at(crash);
            run(&points, &store, &queue).await;
            assert!(points.is_down());
            assert_eq!(
                (store.dump().records.len(), queue.len()),
                effects,
                "{crash}"
            );
        }
    }

    #[tokio::test]
    async fn a_crashed_process_does_nothing_until_it_is_revived() {
        let points = FaultPoints::new();
        points.crash_at(0);
        let store = points.wrap(MemoryStore::new());
        for _ in 0..3 {
            let outcome = store.commit(unit()).await;
            assert!(matches!(outcome, Err(CommitError::Unreachable(_))));
        }
        assert!(store.inner().dump().records.is_empty());
        points.revive();
        assert_eq!(store.commit(unit()).await, Ok(()));
        assert_eq!(points.names().len(), 3);
    }
}
