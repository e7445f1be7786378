//! What the table in memory holds, and every kind of write against it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use domain::{
    batch::{Counts, TallyMovement},
    driver::{Driver, DriverFigures},
    ids::TenantId,
    ledger::Account,
    load::{Load, LoadStatus},
    money::Cents,
    payout::PayoutStatus,
    time::Timestamp,
};

use crate::{
    changes::{BalanceKey, CounterKey, Left, WalletKey, WalletPart, Write},
    list::{List, Place},
    port::{CommitError, Refused},
    record::{Key, Record, due_shard},
};

/// How many of the newest units are recognised when they are repeated, also without a transition.
const REMEMBERED_UNITS: usize = 256;

#[derive(Default)]
pub(super) struct Inner {
    pub(super) records: BTreeMap<Key, Record>,
    pub(super) balances: BTreeMap<BalanceKey, Cents>,
    /// Payouts by status, in each shard of a wallet.
    payouts: BTreeMap<(WalletKey, PayoutStatus), i64>,
    pub(super) counts: BTreeMap<(CounterKey, &'static str), i64>,
    /// By due shard, earliest first.
    pub(super) due: BTreeMap<u8, BTreeSet<(Timestamp, Key)>>,
    pub(super) lists: BTreeMap<List, BTreeMap<Place, Key>>,
    newest_units: VecDeque<(String, Vec<Write>)>,
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
                // What is kept for ever takes the place of nothing.
                if forgotten && record.forgotten_at().is_some() {
                    None
                } else {
                    refused(Some(found))
                }
            }
            Write::Retire { driver, version } => {
                let key = Key::Driver(driver.tenant.clone(), driver.id.clone());
                match self.records.get(&key) {
                    Some(Record::Driver(found))
                        if found.version == *version && found.pending_payouts == 0 =>
                    {
                        None
                    }
                    found => refused(found),
                }
            }
            Write::Driver {
                tenant,
                driver,
                payable,
                ..
            } => {
                let found = self
                    .records
                    .get(&Key::Driver(tenant.clone(), driver.clone()));
                match (found, payable) {
                    (Some(Record::Driver(driver)), Some(rail))
                        if driver.require_payable(*rail).is_ok() =>
                    {
                        None
                    }
                    (Some(_), None) => None,
                    (found, _) => refused(found),
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
            Write::Move { wallet, by } => {
                let fits = |(account, cents): (&Account, &Cents)| {
                    self.fits(&balance_of(wallet, *account), *cents)
                };
                if by.cents.iter().all(fits) {
                    None
                } else {
                    refused(None)
                }
            }
            Write::Tally { tally, by, left } => match self.records.get(&tally.key()) {
                Some(Record::Tally(found)) if fits_tally(&found.counts, by, *left) => None,
                found => refused(found),
            },
            Write::Gate {
                tenant,
                batch,
                gate,
            } => match self.records.get(&Key::Batch(tenant.clone(), batch.clone())) {
                Some(Record::Batch(found)) if found.gate == *gate => None,
                found => refused(found),
            },
            Write::Count { .. } | Write::Forget(_) => None,
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

    pub(super) fn balance(&self, balance: &BalanceKey) -> Cents {
        self.balances.get(balance).copied().unwrap_or_default()
    }

    fn apply(&mut self, write: &Write) {
        match write {
            Write::Insert(record) | Write::Remember { record, .. } => self.put(record.clone()),
            Write::Replace { record, .. } => self.put(self.with_figures(record)),
            Write::Retire { driver, .. } => {
                self.put(self.with_figures(&Record::Driver(driver.clone())));
            }
            Write::Driver {
                tenant, driver, by, ..
            } => self.add_figures(Key::Driver(tenant.clone(), driver.clone()), *by),
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
            Write::Move { wallet, by } => {
                for (account, cents) in &by.cents {
                    let balance = balance_of(wallet, *account);
                    let after = self.balance(&balance).get().saturating_add(cents.get());
                    self.balances.insert(balance, Cents::new(after));
                }
                for (status, by) in &by.payouts {
                    *self.payouts.entry((wallet.clone(), *status)).or_default() += by;
                }
            }
            Write::Tally { tally, by, .. } => {
                if let Some(Record::Tally(tally)) = self.records.get_mut(&tally.key()) {
                    tally.counts.apply(by);
                }
            }
            Write::Gate { .. } => {}
            Write::Count { counter, by } => {
                for (name, by) in by {
                    *self.counts.entry((counter.clone(), name)).or_default() += by;
                }
            }
            Write::Forget(key) => {
                if let Some(gone) = self.records.remove(key) {
                    self.unlist(&gone);
                }
            }
        }
    }

    /// A replacement keeps the figures that are stored.
    fn with_figures(&self, record: &Record) -> Record {
        match (record, self.records.get(&record.key())) {
            (Record::Driver(driver), Some(Record::Driver(found))) => {
                Record::Driver(Box::new(Driver {
                    payouts: found.payouts,
                    pending_payouts: found.pending_payouts,
                    total_paid: found.total_paid,
                    ..driver.as_ref().clone()
                }))
            }
            _ => record.clone(),
        }
    }

    fn add_figures(&mut self, key: Key, by: DriverFigures) {
        if let Some(Record::Driver(driver)) = self.records.get_mut(&key) {
            driver.payouts += by.payouts;
            driver.pending_payouts += by.pending_payouts;
            let paid = driver.total_paid.get().saturating_add(by.total_paid.get());
            driver.total_paid = Cents::new(paid);
        }
    }

    fn put(&mut self, record: Record) {
        let key = record.key();
        if let Some(before) = self.records.remove(&key) {
            self.unlist(&before);
        }
        if let Some((at, id)) = record.due() {
            let shard = self.due.entry(due_shard(id)).or_default();
            shard.insert((at, key.clone()));
        }
        if let Some(listed) = record.listed() {
            for list in listed.lists {
                let list = self.lists.entry(list).or_default();
                list.insert(listed.place.clone(), key.clone());
            }
        }
        self.records.insert(key, record);
    }

    fn unlist(&mut self, record: &Record) {
        if let Some((at, id)) = record.due()
            && let Some(shard) = self.due.get_mut(&due_shard(id))
        {
            shard.remove(&(at, record.key()));
        }
        for list in record.listed().iter().flat_map(|it| &it.lists) {
            if let (Some(places), Some(listed)) = (self.lists.get_mut(list), record.listed()) {
                places.remove(&listed.place);
            }
        }
    }

    pub(super) fn payout_counts(&self) -> BTreeMap<(TenantId, PayoutStatus), i64> {
        let mut sums = BTreeMap::new();
        for ((wallet, status), count) in &self.payouts {
            *sums.entry((wallet.tenant.clone(), *status)).or_default() += count;
        }
        sums
    }

    pub(super) fn commit(&mut self, tx_id: String, writes: Vec<Write>) -> Result<(), CommitError> {
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

/// Whether as many lines of a tally are left after a movement as `left` says.
fn fits_tally(counts: &Counts, by: &TallyMovement, left: Left) -> bool {
    let after = counts.left.saturating_add(by.left());
    match left {
        Left::Any => true,
        Left::Some => after > 0,
        Left::None => after == 0,
    }
}

/// The balance of an account in one item of a wallet.
fn balance_of(wallet: &WalletKey, account: Account) -> BalanceKey {
    BalanceKey {
        tenant: wallet.tenant.clone(),
        account,
        shard: match wallet.part {
            WalletPart::Shard(shard) => shard,
            WalletPart::Whole(_) => 0,
        },
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
