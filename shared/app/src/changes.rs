//! The unit of work: everything one transition writes, each write with its own precondition.
//!
//! A store applies all of it or nothing. Balance movements on the same account are merged first, so
//! no item is written twice in one unit.

mod wallet;

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    batch::{LineState, TallyMovement},
    driver::{Driver, DriverFigures},
    fee::Rail,
    ids::{BatchId, DriverId, LoadId, PayoutId, TenantId},
    ledger::{Account, Posting},
    load::LoadStatus,
    money::Cents,
    payout::Payout,
    time::Timestamp,
    transition::{Recorded, Transition},
};

pub use self::wallet::{ALL, BalanceKey, Counted, CounterKey, Movement, WalletKey, WalletPart};
use crate::record::{Deposit, Funding, Journal, Key, OutboxEntry, Record};

/// The most writes one unit may hold (the store's own limit).
pub const WRITES_MAX: usize = 100;

/// One write and the condition under which it may happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Only when nothing is stored under the key.
    Insert(Record),
    /// Only when the stored record has this version. A driver's figures are kept as they are stored.
    Replace { record: Record, version: u32 },
    /// As a replacement, and only while none of the driver's payouts is pending.
    Retire { driver: Box<Driver>, version: u32 },
    /// Only when nothing is stored, or what is stored expired before `now`.
    Remember { record: Record, now: Timestamp },
    /// Adds to a driver's figures. With a rail, only when the driver is active and verified with a
    /// method that serves it; then without figures it only checks.
    Driver {
        tenant: TenantId,
        driver: DriverId,
        payable: Option<Rail>,
        by: DriverFigures,
    },
    /// Only when this payout holds the load. `Open` also forgets the holder.
    SettleLoad {
        tenant: TenantId,
        load: LoadId,
        payout: PayoutId,
        status: LoadStatus,
        at: Timestamp,
    },
    /// Adds to one item of a wallet; a debit of a bounded account only when it stays at or above zero,
    /// and a credit of the available balance only when it stays within the wallet's limit.
    Move { wallet: WalletKey, by: Movement },
    /// Adds to the counts of a list.
    Count {
        counter: CounterKey,
        by: BTreeMap<&'static str, i64>,
    },
    /// Adds to a tally of a batch.
    Tally {
        tally: TallyKey,
        by: TallyMovement,
        left: Left,
    },
    /// Only while the batch has this gate: neither released nor canceled since it was read.
    Gate {
        tenant: TenantId,
        batch: BatchId,
        gate: u32,
    },
    /// Deletes, whether or not it is there.
    Forget(Key),
}

/// One tally of a batch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TallyKey {
    pub tenant: TenantId,
    pub batch: BatchId,
    pub number: u8,
}

impl TallyKey {
    /// Where the line of a payout is counted; none for a payout that is no line.
    pub fn of(payout: &Payout) -> Option<Self> {
        payout.batch.as_ref().map(|line| Self {
            tenant: payout.tenant.clone(),
            batch: line.id.clone(),
            number: line.tally,
        })
    }

    pub fn key(&self) -> Key {
        Key::Tally(self.tenant.clone(), self.batch.clone(), self.number)
    }
}

/// What must be left of a tally's lines after some of them ended. Only who knows that they were the last ones
/// has to wake the batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// None of the lines ended.
    Any,
    /// Some others.
    Some,
    /// No other.
    None,
}

/// The stored item a write touches.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Item {
    Record(Key),
    Wallet(WalletKey),
    Counter(CounterKey),
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
    Charge,
    /// The lock of a prepaid card.
    Card,
    Batch,
    Chunk,
    Tally,
    Object,
    /// What a provider knows a submission by.
    Reference,
    Inbox,
    Switch,
    Review,
    Other,
}

impl Write {
    /// The item this write touches or checks.
    pub fn item(&self) -> Item {
        match self {
            Self::Insert(record) | Self::Replace { record, .. } | Self::Remember { record, .. } => {
                Item::Record(record.key())
            }
            Self::Retire { driver, .. } => {
                Item::Record(Key::Driver(driver.tenant.clone(), driver.id.clone()))
            }
            Self::Driver { tenant, driver, .. } => {
                Item::Record(Key::Driver(tenant.clone(), driver.clone()))
            }
            Self::SettleLoad { tenant, load, .. } => {
                Item::Record(Key::Load(tenant.clone(), load.clone()))
            }
            Self::Move { wallet, .. } => Item::Wallet(wallet.clone()),
            Self::Count { counter, .. } => Item::Counter(counter.clone()),
            Self::Tally { tally, .. } => Item::Record(tally.key()),
            Self::Gate { tenant, batch, .. } => {
                Item::Record(Key::Batch(tenant.clone(), batch.clone()))
            }
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
                    Record::Charge(_) => Subject::Charge,
                    Record::CardLock(_) => Subject::Card,
                    Record::Request(_) => Subject::Request,
                    Record::Switch(_) => Subject::Switch,
                    Record::Object(_) => Subject::Object,
                    Record::Reference(_) => Subject::Reference,
                    Record::Inbox(_) => Subject::Inbox,
                    Record::Batch(_) => Subject::Batch,
                    Record::Chunk(_) => Subject::Chunk,
                    Record::Tally(_) => Subject::Tally,
                    Record::Review(_) => Subject::Review,
                    Record::Method(_)
                    | Record::Proposal(_)
                    | Record::ApiKey(_)
                    | Record::KeyRing(_)
                    | Record::Bucket(_)
                    | Record::AnswerPart(_)
                    | Record::Outbox(_)
                    | Record::AuditEvent(_)
                    | Record::Funding(_)
                    | Record::Manifest(_)
                    | Record::Journal(_)
                    | Record::BatchFile(_)
                    | Record::Settings(_)
                    | Record::Reconciliation(_)
                    | Record::ReconciliationPart(_) => Subject::Other,
                }
            }
            Self::Retire { .. } | Self::Driver { .. } => Subject::Driver,
            Self::SettleLoad { .. } => Subject::Load,
            Self::Move { wallet, .. } => match wallet.part {
                WalletPart::Whole(Account::Available) => Subject::Available,
                WalletPart::Whole(
                    Account::Pending
                    | Account::Hold
                    | Account::InTransit
                    | Account::ClearingPayelata
                    | Account::ClearingOwlpay
                    | Account::ClearingPaywizard
                    | Account::Fees
                    | Account::Suspense
                    | Account::CashFunding
                    | Account::Losses,
                )
                | WalletPart::Shard(_) => Subject::Balance,
            },
            Self::Count { .. } => Subject::Other,
            Self::Tally { .. } => Subject::Tally,
            Self::Gate { .. } => Subject::Batch,
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
    moves: BTreeMap<WalletKey, Movement>,
    figures: BTreeMap<(TenantId, DriverId), DriverFigures>,
    counts: BTreeMap<CounterKey, BTreeMap<&'static str, i64>>,
    tallies: BTreeMap<TallyKey, TallyMovement>,
    closes: bool,
}

impl Changes {
    pub const fn new(label: &'static str, tx_id: String) -> Self {
        Self {
            label,
            tx_id,
            writes: Vec::new(),
            moves: BTreeMap::new(),
            figures: BTreeMap::new(),
            counts: BTreeMap::new(),
            tallies: BTreeMap::new(),
            closes: false,
        }
    }

    #[must_use]
    pub fn insert(mut self, record: Record) -> Self {
        self.writes.push(Write::Insert(record));
        self
    }

    #[must_use]
    pub fn insert_if(self, record: Option<Record>) -> Self {
        self.write_if(record.map(Write::Insert))
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

    /// The payout's driver must be payable on its rail, or on the one it may fall back to.
    #[must_use]
    pub fn require_payable(self, payout: &Payout) -> Self {
        self.write(Write::Driver {
            tenant: payout.tenant.clone(),
            driver: payout.driver.clone(),
            payable: Some(payout.payable_rail()),
            by: DriverFigures::default(),
        })
    }

    /// Records a transition of `payout`, moves its legs, and counts it: by status in the wallet's shard
    /// and in the driver's figures.
    #[must_use]
    pub fn record(mut self, payout: &Payout, transition: Transition) -> Self {
        self.add_moves(&transition.tenant, transition.shard, &transition.legs);
        if transition.from != Some(transition.to) {
            let shard = self
                .moves
                .entry(WalletKey {
                    tenant: transition.tenant.clone(),
                    part: WalletPart::Shard(transition.shard),
                })
                .or_default();
            *shard.payouts.entry(transition.to).or_default() += 1;
            if let Some(from) = transition.from {
                *shard.payouts.entry(from).or_default() -= 1;
            }
        }
        if let Some(tally) = TallyKey::of(payout) {
            let from = transition.from.map_or(LineState::Waiting, LineState::of);
            // What came back in parts counts as returned already.
            let rest = Cents::new(payout.amount.get() - payout.returned.get());
            self.move_line(tally.clone(), (from, LineState::of(transition.to)), rest);
            if transition.event == Recorded::PartReturned && transition.from == Some(transition.to)
            {
                let part = transition.returned_part().get();
                let movement = self.tallies.entry(tally).or_default();
                movement.add(LineState::Paid, 0, -part);
                movement.add(LineState::Returned, 0, part);
            }
        }
        let driver = (payout.tenant.clone(), payout.driver.clone());
        let figures = self.figures.entry(driver).or_default();
        *figures = figures.plus(transition.driver_figures());
        self.insert(Record::Transition(Box::new(transition)))
    }

    /// Counts the payout's line as held, or no longer, when that changed.
    #[must_use]
    pub fn held(mut self, before: &Payout, after: &Payout) -> Self {
        if let Some(tally) = TallyKey::of(after)
            && before.is_held() != after.is_held()
        {
            self.tallies.entry(tally).or_default().held += if after.is_held() { 1 } else { -1 };
        }
        self
    }

    /// Records a deposit and moves its legs.
    #[must_use]
    pub fn deposit(mut self, deposit: Deposit) -> Self {
        self.add_moves(&deposit.tenant, 0, &deposit.legs);
        self.insert(Record::Deposit(Box::new(deposit)))
    }

    /// Records the money of a charge and moves its legs.
    #[must_use]
    pub fn funding(mut self, funding: Funding) -> Self {
        self.add_moves(&funding.tenant, funding.shard, &funding.legs);
        self.insert(Record::Funding(Box::new(funding)))
    }

    fn move_line(&mut self, tally: TallyKey, (from, to): (LineState, LineState), amount: Cents) {
        if from != to {
            let movement = self.tallies.entry(tally).or_default();
            movement.add(from, -1, -amount.get());
            movement.add(to, 1, amount.get());
        }
    }

    /// Adds to a tally of a batch.
    #[must_use]
    pub fn tally(mut self, tally: TallyKey, movement: &TallyMovement) -> Self {
        let sum = self.tallies.entry(tally).or_default();
        for (state, (lines, cents)) in &movement.by {
            sum.add(*state, *lines, *cents);
        }
        sum.held += movement.held;
        self
    }

    /// The tally whose batch waits for fewer lines after this unit, if there is one.
    pub fn ending_lines_of(&self) -> Option<TallyKey> {
        let ending = self.tallies.iter().find(|(_, by)| by.left() < 0);
        ending.map(|(tally, _)| tally.clone())
    }

    /// The same unit for the case that the lines which end in it are the last of their tally.
    #[must_use]
    pub fn closing(mut self, entry: OutboxEntry) -> Self {
        self.closes = true;
        self.insert(Record::Outbox(Box::new(entry)))
    }

    /// Records a movement of a batch's money.
    #[must_use]
    pub fn journal(mut self, journal: Journal) -> Self {
        self.add_moves(&journal.tenant, 0, &journal.legs);
        self.insert(Record::Journal(Box::new(journal)))
    }

    /// Adds to one count of a list.
    #[must_use]
    pub fn count(mut self, counter: CounterKey, name: &'static str, by: i64) -> Self {
        *self
            .counts
            .entry(counter)
            .or_default()
            .entry(name)
            .or_default() += by;
        self
    }

    fn add_moves(&mut self, tenant: &TenantId, shard: u8, posting: &Posting) {
        for leg in posting.legs() {
            let balance = BalanceKey {
                tenant: tenant.clone(),
                account: leg.account,
                shard,
            };
            let moved = self.moves.entry(balance.wallet()).or_default();
            let sum = moved.cents.entry(leg.account).or_default();
            *sum = Cents::new(sum.get().saturating_add(leg.amount.get()));
        }
    }

    /// Every write in the order in which refusals are reported: as they were added, then drivers'
    /// figures, balances and counts, each merged by item.
    ///
    /// # Panics
    /// When the unit holds more writes than a transaction takes, or two writes on one item: both are
    /// programming errors.
    pub fn into_writes(self) -> Vec<Write> {
        let mut figures = self.figures;
        let mut writes = self.writes;
        for write in &mut writes {
            if let Write::Driver {
                tenant, driver, by, ..
            } = write
                && let Some(more) = figures.remove(&(tenant.clone(), driver.clone()))
            {
                *by = by.plus(more);
            }
        }
        let figures = figures.into_iter().filter(|(_, by)| !by.is_zero());
        writes.extend(figures.map(|((tenant, driver), by)| Write::Driver {
            tenant,
            driver,
            payable: None,
            by,
        }));
        let moves = self.moves.into_iter().filter_map(|(wallet, by)| {
            let by = by.without_zeros();
            (!by.is_zero()).then_some(Write::Move { wallet, by })
        });
        writes.extend(moves);
        let counts = self.counts.into_iter().filter_map(|(counter, mut by)| {
            by.retain(|_, by| *by != 0);
            (!by.is_empty()).then_some(Write::Count { counter, by })
        });
        writes.extend(counts);
        let closes = self.closes;
        let tallies = self.tallies.into_iter().filter_map(|(tally, by)| {
            let by = by.without_zeros();
            let left = match (by.left() < 0, closes) {
                (false, _) => Left::Any,
                (true, false) => Left::Some,
                (true, true) => Left::None,
            };
            (!by.is_zero()).then_some(Write::Tally { tally, by, left })
        });
        writes.extend(tallies);
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
