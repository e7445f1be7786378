//! The table in memory: one lock, and every precondition of a unit checked before its first write.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::{
    ids::{PayoutId, TenantId},
    ledger::Account,
    load::{Load, LoadStatus},
    money::Cents,
    payout::SHARDS,
    time::Timestamp,
    transition::Transition,
};

use crate::{
    audit::Dump,
    changes::{BalanceKey, Changes, Write},
    port::{CommitError, Refused, Store, Unreachable},
    record::{Balances, DueEntry, Key, OutboxEntry, Record, due_shard},
};

/// How many of the newest units are recognised when they are repeated, also without a transition.
const REMEMBERED_UNITS: usize = 256;

/// A whole table. Clones share it.
#[derive(Clone, Default)]
pub struct MemoryStore {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    records: BTreeMap<Key, Record>,
    balances: BTreeMap<BalanceKey, Cents>,
    /// By due shard, earliest first.
    due: BTreeMap<u8, BTreeSet<(Timestamp, Key)>>,
    newest_units: VecDeque<(String, Vec<Write>)>,
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

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything, as of one instant.
    pub fn dump(&self) -> Dump {
        let inner = self.lock();
        Dump {
            records: inner.records.values().cloned().collect(),
            balances: inner.balances.clone(),
        }
    }
}

impl Inner {
    /// Why `write` may not happen, or nothing.
    fn refusal(&self, write: &Write) -> Option<Refused> {
        let subject = write.subject();
        let refused = |found: Option<&Record>| {
            Some(Refused {
                subject,
                found: found.cloned(),
            })
        };
        match write {
            Write::Insert(record) => {
                let found = self.records.get(&record.key());
                found.and_then(|_| refused(found))
            }
            Write::Replace { record, version } => match self.records.get(&record.key()) {
                Some(found) if found.version() == *version => None,
                found => refused(found),
            },
            Write::Remember { record, now } => {
                let found = self.records.get(&record.key())?;
                let forgotten = found.forgotten_at().is_some_and(|at| at < *now);
                if forgotten {
                    None
                } else {
                    refused(Some(found))
                }
            }
            Write::RequirePayable {
                tenant,
                driver,
                rail,
            } => {
                let found = self
                    .records
                    .get(&Key::Driver(tenant.clone(), driver.clone()));
                match found {
                    Some(Record::Driver(driver)) if driver.require_payable(*rail).is_ok() => None,
                    found => refused(found),
                }
            }
            Write::SettleLoad {
                tenant,
                load,
                payout,
                ..
            } => match self.records.get(&Key::Load(tenant.clone(), load.clone())) {
                Some(Record::Load(load)) if load.holder.as_ref() == Some(payout) => None,
                found => refused(found),
            },
            Write::Move { balance, by } => {
                if self.fits(balance, *by) {
                    None
                } else {
                    refused(None)
                }
            }
            Write::Forget(_) => None,
        }
    }

    fn fits(&self, balance: &BalanceKey, by: Cents) -> bool {
        let held = self.balance(balance);
        let Some(after) = held.checked_add(by) else {
            return false;
        };
        if by < Cents::ZERO && balance.account.is_bounded() {
            return after >= Cents::ZERO;
        }
        let is_limited = by > Cents::ZERO && balance.account == Account::Available;
        !is_limited || after <= Cents::WALLET_MAX
    }

    fn balance(&self, balance: &BalanceKey) -> Cents {
        self.balances.get(balance).copied().unwrap_or_default()
    }

    fn apply(&mut self, write: &Write) {
        match write {
            Write::Insert(record)
            | Write::Replace { record, .. }
            | Write::Remember { record, .. } => {
                self.put(record.clone());
            }
            Write::RequirePayable { .. } => {}
            Write::SettleLoad {
                tenant,
                load,
                status,
                at,
                ..
            } => {
                let key = Key::Load(tenant.clone(), load.clone());
                if let Some(Record::Load(load)) = self.records.get(&key) {
                    let settled = settled(load, *status, *at);
                    self.put(Record::Load(Box::new(settled)));
                }
            }
            Write::Move { balance, by } => {
                let after = self.balance(balance).get().saturating_add(by.get());
                self.balances.insert(balance.clone(), Cents::new(after));
            }
            Write::Forget(key) => {
                if let Some(gone) = self.records.remove(key) {
                    self.unlist(&gone);
                }
            }
        }
    }

    fn put(&mut self, record: Record) {
        if let Some((at, payout)) = record.due() {
            let shard = self.due.entry(due_shard(payout)).or_default();
            shard.insert((at, record.key()));
        }
        let due = record.due().map(|(at, _)| at);
        let key = record.key();
        if let Some(before) = self.records.insert(key, record)
            && before.due().map(|(at, _)| at) != due
        {
            self.unlist(&before);
        }
    }

    fn unlist(&mut self, record: &Record) {
        if let Some((at, payout)) = record.due()
            && let Some(shard) = self.due.get_mut(&due_shard(payout))
        {
            shard.remove(&(at, record.key()));
        }
    }

    fn commit(&mut self, tx_id: String, writes: Vec<Write>) -> Result<(), CommitError> {
        let is_repeat = |unit: &(String, Vec<Write>)| unit.0 == tx_id && unit.1 == writes;
        if self.newest_units.iter().any(is_repeat) {
            return Ok(());
        }
        let mut refusals = Vec::new();
        for write in &writes {
            if let Some(refused) = self.refusal(write) {
                if is_own(write, &refused) {
                    return Ok(());
                }
                refusals.push(refused);
            }
        }
        if !refusals.is_empty() {
            return Err(CommitError::Refused(refusals));
        }
        for write in &writes {
            self.apply(write);
        }
        self.newest_units.push_back((tx_id, writes));
        if self.newest_units.len() > REMEMBERED_UNITS {
            self.newest_units.pop_front();
        }
        Ok(())
    }
}

/// Whether what stands in the way was written by this same unit before.
fn is_own(write: &Write, refused: &Refused) -> bool {
    let Write::Insert(record) = write else {
        return false;
    };
    let ours = record.tx_id();
    ours.is_some() && ours == refused.found.as_ref().and_then(Record::tx_id)
}

fn settled(load: &Load, status: LoadStatus, at: Timestamp) -> Load {
    Load {
        version: load.version + 1,
        status,
        holder: match status {
            LoadStatus::Open => None,
            LoadStatus::Held | LoadStatus::Paid => load.holder.clone(),
        },
        updated_at: at,
        ..load.clone()
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
            pending: sum(Account::Pending),
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
