//! The table in memory: one lock, and every precondition of a unit checked before its first write.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::{
    ids::{PayoutId, TenantId},
    ledger::Account,
    money::Cents,
    payout::SHARDS,
    time::Timestamp,
    transition::Transition,
};

use super::table::Inner;
use crate::{
    audit::Dump,
    changes::{BalanceKey, Changes},
    port::{CommitError, Store, Unreachable},
    record::{Balances, DueEntry, Key, OutboxEntry, Record},
};

/// A whole table. Clones share it.
#[derive(Clone, Default)]
pub struct MemoryStore {
    inner: Arc<Mutex<Inner>>,
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = self.lock();
        f.debug_struct("MemoryStore")
            .field("records", &inner.records.len())
            .field("balances", &inner.balances.len())
            .finish_non_exhaustive()
    }
}

impl MemoryStore {
    pub fn new() -> Self {
        Self::default()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything, as of one instant.
    pub fn dump(&self) -> Dump {
        let inner = self.lock();
        Dump {
            records: inner.records.values().cloned().collect(),
            balances: inner.balances.clone(),
            payout_counts: inner.payout_counts(),
            counts: inner
                .counts
                .iter()
                .map(|((key, name), count)| ((key.clone(), (*name).to_owned()), *count))
                .collect(),
        }
    }
}

impl Store for MemoryStore {
    async fn fetch(&self, keys: &[Key]) -> Result<Vec<Option<Record>>, Unreachable> {
        let inner = self.lock();
        Ok(keys
            .iter()
            .map(|key| inner.records.get(key).cloned())
            .collect())
    }

    async fn commit(&self, changes: Changes) -> Result<(), CommitError> {
        let tx_id = changes.tx_id.clone();
        self.lock().commit(tx_id, changes.into_writes())
    }

    async fn transitions(
        &self,
        tenant: &TenantId,
        payout: &PayoutId,
    ) -> Result<Vec<Transition>, Unreachable> {
        let key = |seq| Key::Transition(tenant.clone(), payout.clone(), seq);
        let inner = self.lock();
        let records = inner.records.range(key(0)..=key(u32::MAX));
        Ok(records
            .filter_map(|(_, record)| match record {
                Record::Transition(it) => Some((**it).clone()),
                _ => None,
            })
            .collect())
    }

    async fn balances(&self, tenant: &TenantId) -> Result<Balances, Unreachable> {
        let inner = self.lock();
        let sum = |account: Account| {
            let shards = if account.is_sharded() { SHARDS } else { 1 };
            (0..shards)
                .map(|shard| BalanceKey {
                    tenant: tenant.clone(),
                    account,
                    shard,
                })
                .fold(Cents::ZERO, |sum, key| {
                    Cents::new(sum.get().saturating_add(inner.balance(&key).get()))
                })
        };
        Ok(Balances {
            available: sum(Account::Available),
            pending: Cents::new(
                sum(Account::Pending)
                    .get()
                    .saturating_add(sum(Account::Hold).get()),
            ),
            in_transit: sum(Account::InTransit),
        })
    }

    async fn due(
        &self,
        shard: u8,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<DueEntry>, Unreachable> {
        let inner = self.lock();
        Ok(inner
            .due
            .get(&shard)
            .into_iter()
            .flatten()
            .take_while(|(at, _)| *at <= until)
            .take(usize::try_from(limit).unwrap_or(usize::MAX))
            .map(|(at, key)| DueEntry {
                at: *at,
                key: key.clone(),
            })
            .collect())
    }

    async fn outbox(
        &self,
        shard: u8,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<OutboxEntry>, Unreachable> {
        let inner = self.lock();
        let first = Key::Outbox(format!("{shard:02}#"));
        let end = Key::Outbox(format!("{shard:02}$"));
        Ok(inner
            .records
            .range(first..end)
            .filter_map(|(_, record)| {
                if let Record::Outbox(it) = record {
                    Some((**it).clone())
                } else {
                    None
                }
            })
            .filter(|entry| entry.created_at <= until)
            .take(usize::try_from(limit).unwrap_or(usize::MAX))
            .collect())
    }
}
