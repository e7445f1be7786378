//! The unit of work: everything one transition writes, each write with its own precondition.
//!
//! A store applies all of it or nothing. Balance movements on the same account are merged first, so
//! no item is written twice in one unit.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    fee::Rail,
    ids::{DriverId, LoadId, PayoutId, TenantId},
    ledger::{Account, Posting},
    load::LoadStatus,
    money::Cents,
    time::Timestamp,
    transition::Transition,
};

use crate::record::{Deposit, Key, Record};

/// The most writes one unit may hold (the store's own limit).
pub const WRITES_MAX: usize = 100;

/// One write and the condition under which it may happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Only when nothing is stored under the key.
    Insert(Record),
    /// Only when the stored record has this version.
    Replace { record: Record, version: u32 },
    /// Only when nothing is stored, or what is stored expired before `now`.
    Remember { record: Record, now: Timestamp },
    /// Writes nothing; the driver must be active and verified with a method that serves the rail.
    RequirePayable {
        tenant: TenantId,
        driver: DriverId,
        rail: Rail,
    },
    /// Only when this payout holds the load. `Open` also forgets the holder.
    SettleLoad {
        tenant: TenantId,
        load: LoadId,
        payout: PayoutId,
        status: LoadStatus,
        at: Timestamp,
    },
    /// Adds to a balance; a debit of a bounded account only when it stays at or above zero, and a
    /// credit of the available balance only when it stays within the wallet's limit.
    Move { balance: BalanceKey, by: Cents },
    /// Deletes, whether or not it is there.
    Forget(Key),
}

/// One balance item: an account of a tenant, in one shard where the account is sharded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BalanceKey {
    pub tenant: TenantId,
    pub account: Account,
    pub shard: u8,
}

/// The stored item a write touches.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Item {
    Record(Key),
    Balance(BalanceKey),
}

/// What a write is about, to trace a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    Request,
    Load,
    Driver,
    /// The available balance.
    Available,
    /// Any other balance: a debit twice, or a bug.
    Balance,
    Payout,
    Attempt,
    Transition,
    Deposit,
    Object,
    Contradiction,
    Inbox,
    Switch,
    Other,
}

impl Write {
    /// The item this write touches or checks.
    pub fn item(&self) -> Item {
        match self {
            Self::Insert(record) | Self::Replace { record, .. } | Self::Remember { record, .. } => {
                Item::Record(record.key())
            }
            Self::RequirePayable { tenant, driver, .. } => {
                Item::Record(Key::Driver(tenant.clone(), driver.clone()))
            }
            Self::SettleLoad { tenant, load, .. } => {
                Item::Record(Key::Load(tenant.clone(), load.clone()))
            }
            Self::Move { balance, .. } => Item::Balance(balance.clone()),
            Self::Forget(key) => Item::Record(key.clone()),
        }
    }

    pub const fn subject(&self) -> Subject {
        match self {
            Self::Insert(record) | Self::Replace { record, .. } | Self::Remember { record, .. } => {
                match record {
                    Record::Payout(_) => Subject::Payout,
                    Record::Attempt(_) => Subject::Attempt,
                    Record::Transition(_) => Subject::Transition,
                    Record::Load(_) => Subject::Load,
                    Record::Driver(_) => Subject::Driver,
                    Record::Deposit(_) => Subject::Deposit,
                    Record::Request(_) => Subject::Request,
                    Record::Switch(_) => Subject::Switch,
                    Record::Object(_) => Subject::Object,
                    Record::Contradiction(_) => Subject::Contradiction,
                    Record::Inbox(_) => Subject::Inbox,
                    Record::Method(_)
                    | Record::ApiKey(_)
                    | Record::Bucket(_)
                    | Record::Reference(_)
                    | Record::Outbox(_) => Subject::Other,
                }
            }
            Self::RequirePayable { .. } => Subject::Driver,
            Self::SettleLoad { .. } => Subject::Load,
            Self::Move { balance, .. } => match balance.account {
                Account::Available => Subject::Available,
                Account::Pending
                | Account::InTransit
                | Account::ClearingPayelata
                | Account::Fees
                | Account::Suspense
                | Account::CashFunding => Subject::Balance,
            },
            Self::Forget(_) => Subject::Other,
        }
    }
}

/// A unit of work. `label` names it in fault points and logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    pub label: &'static str,
    pub tx_id: String,
    writes: Vec<Write>,
    moves: BTreeMap<BalanceKey, Cents>,
}

impl Changes {
    pub const fn new(label: &'static str, tx_id: String) -> Self {
        Self {
            label,
            tx_id,
            writes: Vec::new(),
            moves: BTreeMap::new(),
        }
    }

    #[must_use]
    pub fn insert(mut self, record: Record) -> Self {
        self.writes.push(Write::Insert(record));
        self
    }

    #[must_use]
    pub fn replace(mut self, record: Record, version: u32) -> Self {
        self.writes.push(Write::Replace { record, version });
        self
    }

    #[must_use]
    pub fn write(mut self, write: Write) -> Self {
        self.writes.push(write);
        self
    }

    #[must_use]
    pub fn write_if(mut self, write: Option<Write>) -> Self {
        self.writes.extend(write);
        self
    }

    #[must_use]
    pub fn forget(mut self, key: Option<Key>) -> Self {
        self.writes.extend(key.map(Write::Forget));
        self
    }

    /// Records a transition and moves its legs.
    #[must_use]
    pub fn record(mut self, transition: Transition) -> Self {
        self.add_moves(&transition.tenant, transition.shard, &transition.legs);
        self.insert(Record::Transition(Box::new(transition)))
    }

    /// Records a deposit and moves its legs.
    #[must_use]
    pub fn deposit(mut self, deposit: Deposit) -> Self {
        self.add_moves(&deposit.tenant, 0, &deposit.legs);
        self.insert(Record::Deposit(Box::new(deposit)))
    }

    fn add_moves(&mut self, tenant: &TenantId, shard: u8, posting: &Posting) {
        for leg in posting.legs() {
            let balance = BalanceKey {
                tenant: tenant.clone(),
                account: leg.account,
                shard: if leg.account.is_sharded() { shard } else { 0 },
            };
            let sum = self.moves.entry(balance).or_default();
            *sum = Cents::new(sum.get().saturating_add(leg.amount.get()));
        }
    }

    /// Every write in the order in which refusals are reported, balance movements last and merged.
    ///
    /// # Panics
    /// When the unit holds more writes than a transaction takes, or two writes on one item: both are
    /// programming errors.
    pub fn into_writes(self) -> Vec<Write> {
        let moves = self
            .moves
            .into_iter()
            .filter(|(_, by)| *by != Cents::ZERO)
            .map(|(balance, by)| Write::Move { balance, by });
        let writes: Vec<_> = self.writes.into_iter().chain(moves).collect();
        assert!(
            writes.len() <= WRITES_MAX,
            "a unit of work fits one transaction"
        );
        let items: BTreeSet<_> = writes.iter().map(Write::item).collect();
        assert!(
            items.len() == writes.len(),
            "a unit of work writes no item twice: {writes:?}"
        );
        writes
    }
}
