//! The stores under the contract.

use std::collections::BTreeMap;

use app::{
    audit::Dump,
    changes::{Changes, Counted},
    list::{Count, Entry, List, Range, Span},
    memory::MemoryStore,
    port::{CommitError, Lists, Store, Unreachable},
    record::{Balances, DueEntry, Key, OutboxEntry, Record},
};
use domain::{
    ids::{PayoutId, TenantId},
    payout::PayoutStatus,
    time::Timestamp,
    transition::Transition,
};
use local::engine::{Engine, Faults, TABLE};
use platform::dynamo::DynamoStore;

/// Any store, so that a case is written once.
#[derive(Clone, Debug)]
pub(crate) enum AnyStore {
    Memory(MemoryStore),
    Dynamo(DynamoStore),
}

/// Runs a case on a fresh store of each kind.
pub(crate) async fn on_every_store<F: Future<Output = ()>>(case: impl Fn(AnyStore) -> F) {
    eprintln!("on the store in memory");
    case(AnyStore::Memory(MemoryStore::new())).await;
    eprintln!("on the engine in memory");
    let engine = Engine::in_memory().expect("opens");
    case(AnyStore::Dynamo(over(&engine))).await;
    eprintln!("on the engine in a file");
    let folder = tempfile::tempdir().expect("a folder");
    let engine = Engine::on_file(&folder.path().join("table.db")).expect("opens");
    case(AnyStore::Dynamo(over(&engine))).await;
}

pub(crate) fn over(engine: &Engine) -> DynamoStore {
    engine.create_table().expect("a table");
    DynamoStore::new(engine.client(), TABLE.to_owned())
}

/// A store over `engine` whose answers are spoiled as planned, and that waits for nothing.
pub(crate) fn spoiled(engine: &Engine, faults: Faults) -> DynamoStore {
    engine.create_table().expect("a table");
    DynamoStore::new(engine.faulty_client(faults), TABLE.to_owned()).with_jitter(|| 0)
}

impl AnyStore {
    pub(crate) async fn dump(&self) -> Dump {
        match self {
            Self::Memory(it) => it.dump(),
            Self::Dynamo(it) => it.dump().await.expect("reachable"),
        }
    }
}

impl Store for AnyStore {
    async fn fetch(&self, keys: &[Key]) -> Result<Vec<Option<Record>>, Unreachable> {
        match self {
            Self::Memory(it) => it.fetch(keys).await,
            Self::Dynamo(it) => it.fetch(keys).await,
        }
    }

    async fn commit(&self, changes: Changes) -> Result<(), CommitError> {
        match self {
            Self::Memory(it) => it.commit(changes).await,
            Self::Dynamo(it) => it.commit(changes).await,
        }
    }

    async fn transitions(
        &self,
        tenant: &TenantId,
        payout: &PayoutId,
    ) -> Result<Vec<Transition>, Unreachable> {
        match self {
            Self::Memory(it) => it.transitions(tenant, payout).await,
            Self::Dynamo(it) => it.transitions(tenant, payout).await,
        }
    }

    async fn balances(&self, tenant: &TenantId) -> Result<Balances, Unreachable> {
        match self {
            Self::Memory(it) => it.balances(tenant).await,
            Self::Dynamo(it) => it.balances(tenant).await,
        }
    }

    async fn due(
        &self,
        shard: u8,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<DueEntry>, Unreachable> {
        match self {
            Self::Memory(it) => it.due(shard, until, limit).await,
            Self::Dynamo(it) => it.due(shard, until, limit).await,
        }
    }

    async fn outbox(
        &self,
        shard: u8,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<OutboxEntry>, Unreachable> {
        match self {
            Self::Memory(it) => it.outbox(shard, until, limit).await,
            Self::Dynamo(it) => it.outbox(shard, until, limit).await,
        }
    }
}

impl Lists for AnyStore {
    async fn entries(
        &self,
        list: &List,
        span: &Span,
        limit: u32,
    ) -> Result<Vec<Entry>, Unreachable> {
        match self {
            Self::Memory(it) => it.entries(list, span, limit).await,
            Self::Dynamo(it) => it.entries(list, span, limit).await,
        }
    }

    async fn count(&self, list: &List, range: Range, limit: u32) -> Result<Count, Unreachable> {
        match self {
            Self::Memory(it) => it.count(list, range, limit).await,
            Self::Dynamo(it) => Lists::count(it, list, range, limit).await,
        }
    }

    async fn oldest(&self, list: &List) -> Result<Option<Timestamp>, Unreachable> {
        match self {
            Self::Memory(it) => it.oldest(list).await,
            Self::Dynamo(it) => it.oldest(list).await,
        }
    }

    async fn payout_counts(
        &self,
        tenant: &TenantId,
    ) -> Result<BTreeMap<PayoutStatus, u64>, Unreachable> {
        match self {
            Self::Memory(it) => it.payout_counts(tenant).await,
            Self::Dynamo(it) => it.payout_counts(tenant).await,
        }
    }

    async fn counts(
        &self,
        tenant: &TenantId,
        list: Counted,
    ) -> Result<BTreeMap<String, u64>, Unreachable> {
        match self {
            Self::Memory(it) => it.counts(tenant, list).await,
            Self::Dynamo(it) => it.counts(tenant, list).await,
        }
    }
}
