//! A store on which others are at work too.

use std::sync::{Arc, Mutex};

use app::{
    changes::Changes,
    memory::MemoryStore,
    port::{CommitError, Store, Unreachable},
    record::{Balances, DueEntry, Key, OutboxEntry, Record},
};
use domain::{
    ids::{LoadId, PayoutId, TenantId},
    load::Load,
    money::Cents,
    time::Timestamp,
    transition::Transition,
};

use crate::stage::Stage;

/// A store that lets others go first at every call, and on which somebody revises a load before commits of
/// an import.
#[derive(Clone)]
pub(crate) struct Busy {
    inner: MemoryStore,
    load: LoadId,
    /// How many commits are still preceded.
    left: Arc<Mutex<u32>>,
    amount: Cents,
}

impl Busy {
    /// `L-1` becomes 9 before `times` commits.
    pub(crate) fn new(stage: &Stage, times: u32) -> Self {
        Self {
            inner: stage.memory.clone(),
            load: LoadId::parse("L-1").expect("valid"),
            left: Arc::new(Mutex::new(times + 1)),
            amount: Cents::new(9),
        }
    }

    async fn revise(&self) {
        let is_due = {
            let mut left = self.left.lock().expect("whole");
            *left = left.saturating_sub(1);
            *left > 0
        };
        if !is_due {
            return;
        }
        let tenant: TenantId = "acme~test".parse().expect("valid");
        let key = Key::Load(tenant, self.load.clone());
        let found = self.inner.fetch(&[key]).await.expect("in memory").remove(0);
        let Some(Record::Load(before)) = found else {
            panic!("the load is there");
        };
        let after = Load {
            version: before.version + 1,
            amount: self.amount,
            ..(*before).clone()
        };
        let id = format!("other {}", after.version);
        let changes = Changes::new("other", id);
        let record = Record::Load(Box::new(after));
        let changes = changes.replace(record, before.version);
        self.inner.commit(changes).await.expect("first");
    }
}

impl Store for Busy {
    async fn fetch(&self, keys: &[Key]) -> Result<Vec<Option<Record>>, Unreachable> {
        tokio::task::yield_now().await;
        self.inner.fetch(keys).await
    }
    async fn commit(&self, changes: Changes) -> Result<(), CommitError> {
        tokio::task::yield_now().await;
        if changes.label == "import-loads" {
            self.revise().await;
        }
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
