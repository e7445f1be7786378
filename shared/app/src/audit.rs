//! The invariants the system checks on itself, over everything a table holds.
//!
//! Pure: the same books give the same findings. docs/ledger.md lists the invariants by number.

mod batches;
mod charges;
mod counts;
mod reviews;
mod suspense;

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    attempt::Attempt,
    attempt_machine::AttemptState,
    driver::Driver,
    ids::{PayoutId, TenantId},
    ledger::{Account, Posting},
    load::{Load, LoadStatus},
    money::Cents,
    payout::{Payout, PayoutStatus},
    transition::Transition,
};

use crate::{
    changes::{BalanceKey, CounterKey},
    record::{Deposit, Journal, Record},
};

/// Everything a table holds that the books are made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dump {
    /// Transitions of one payout stand in their order.
    pub records: Vec<Record>,
    pub balances: BTreeMap<BalanceKey, Cents>,
    /// Payouts by status, as the shards of each wallet count them together.
    pub payout_counts: BTreeMap<(TenantId, PayoutStatus), i64>,
    /// The counts of the other lists, by shard and name.
    pub counts: BTreeMap<(CounterKey, String), i64>,
}

/// One broken invariant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// `V1` to `V9`, `V11` to `V15`, or `chain`.
    pub invariant: &'static str,
    pub what: String,
}

/// Figures of an audit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    pub payouts: usize,
    pub completed: usize,
    pub transitions: usize,
    pub deposits: usize,
}

impl Dump {
    /// Every transition, by tenant and payout, oldest first.
    pub fn transitions(&self) -> impl Iterator<Item = &Transition> {
        self.records.iter().filter_map(|record| match record {
            Record::Transition(it) => Some(&**it),
            _ => None,
        })
    }

    /// Every deposit, by tenant and id.
    pub fn deposits(&self) -> impl Iterator<Item = &Deposit> {
        self.records.iter().filter_map(|record| match record {
            Record::Deposit(it) => Some(&**it),
            _ => None,
        })
    }

    /// Every movement of batches' money that is no transition.
    pub fn journals(&self) -> impl Iterator<Item = &Journal> {
        self.records.iter().filter_map(|record| match record {
            Record::Journal(it) => Some(&**it),
            _ => None,
        })
    }

    pub fn payouts(&self) -> impl Iterator<Item = &Payout> {
        self.records.iter().filter_map(|record| match record {
            Record::Payout(it) => Some(&**it),
            _ => None,
        })
    }

    pub fn attempts(&self) -> impl Iterator<Item = &Attempt> {
        self.records.iter().filter_map(|record| match record {
            Record::Attempt(it) => Some(&**it),
            _ => None,
        })
    }

    pub fn drivers(&self) -> impl Iterator<Item = &Driver> {
        self.records.iter().filter_map(|record| match record {
            Record::Driver(it) => Some(&**it),
            _ => None,
        })
    }

    fn loads(&self) -> impl Iterator<Item = &Load> {
        self.records.iter().filter_map(|record| match record {
            Record::Load(it) => Some(&**it),
            _ => None,
        })
    }

    pub fn figures(&self) -> Figures {
        let completed = |payout: &&Payout| payout.status == PayoutStatus::Completed;
        Figures {
            payouts: self.payouts().count(),
            completed: self.payouts().filter(completed).count(),
            transitions: self.transitions().count(),
            deposits: self.deposits().count(),
        }
    }
}

/// Checks every invariant. No finding means that the books are in order.
pub fn findings(dump: &Dump) -> Vec<Finding> {
    let mut findings = Vec::new();
    balances_are_the_fold(dump, &mut findings);
    reserved_money_matches_the_payouts(dump, &mut findings);
    attempts_fit_their_payouts(dump, &mut findings);
    loads_fit_their_payouts(dump, &mut findings);
    chains_are_unbroken(dump, &mut findings);
    batches::fit_their_lines(dump, &mut findings);
    charges::fit_their_money(dump, &mut findings);
    counts::fit_their_lists(dump, &mut findings);
    reviews::fit_their_attempts(dump, &mut findings);
    suspense::is_named(dump, &mut findings);
    findings
}

fn found(findings: &mut Vec<Finding>, invariant: &'static str, what: String) {
    findings.push(Finding { invariant, what });
}

/// V1 is the posting's own constructor, met again when a record is read. V2: no bounded account is
/// negative. V3: stored balances are the fold of all transitions, deposits, charges
/// and journals.
fn balances_are_the_fold(dump: &Dump, findings: &mut Vec<Finding>) {
    let mut folded: BTreeMap<BalanceKey, i64> = BTreeMap::new();
    let mut add = |tenant: &TenantId, shard: u8, legs: &Posting| {
        for leg in legs.legs() {
            let key = BalanceKey {
                tenant: tenant.clone(),
                account: leg.account,
                shard: if leg.account.is_sharded() { shard } else { 0 },
            };
            *folded.entry(key).or_default() += leg.amount.get();
        }
    };
    for transition in dump.transitions() {
        add(&transition.tenant, transition.shard, &transition.legs);
    }
    for deposit in dump.deposits() {
        add(&deposit.tenant, 0, &deposit.legs);
    }
    for funding in dump.fundings() {
        add(&funding.tenant, funding.shard, &funding.legs);
    }
    for journal in dump.journals() {
        add(&journal.tenant, 0, &journal.legs);
    }
    let keys = folded.keys().chain(dump.balances.keys());
    let keys: std::collections::BTreeSet<_> = keys.collect();
    for key in keys {
        let stored = dump.balances.get(key).map_or(0, |cents| cents.get());
        let fold = folded.get(key).copied().unwrap_or(0);
        let account = key.account.name();
        if stored != fold {
            let what = format!(
                "{account}/{}: stored {stored}, transitions make {fold}",
                key.shard
            );
            found(findings, "V3", what);
        }
        if key.account.is_bounded() && stored < 0 {
            found(
                findings,
                "V2",
                format!("{account}/{} is {stored}", key.shard),
            );
        }
    }
}

/// V4: pending and in transit are exactly what the payouts in those states hold.
fn reserved_money_matches_the_payouts(dump: &Dump, findings: &mut Vec<Finding>) {
    let mut expected: BTreeMap<BalanceKey, i64> = BTreeMap::new();
    for payout in dump.payouts() {
        let account = match payout.status {
            PayoutStatus::Scheduled | PayoutStatus::Validated | PayoutStatus::Queued => {
                Account::Pending
            }
            PayoutStatus::Processing => Account::InTransit,
            PayoutStatus::Completed
            | PayoutStatus::Failed
            | PayoutStatus::Canceled
            | PayoutStatus::Returned => continue,
        };
        let key = BalanceKey {
            tenant: payout.tenant.clone(),
            account,
            shard: payout.shard,
        };
        *expected.entry(key).or_default() += payout.amount.get();
    }
    for (key, cents) in &dump.balances {
        if matches!(key.account, Account::Pending | Account::InTransit) {
            let held = expected.remove(key).unwrap_or(0);
            if cents.get() != held {
                let (account, shard) = (key.account.name(), key.shard);
                let what = format!("{account}/{shard} is {cents}, its payouts hold {held}");
                found(findings, "V4", what);
            }
        }
    }
    for (key, held) in expected {
        let what = format!("{}/{} lacks {held}", key.account.name(), key.shard);
        found(findings, "V4", what);
    }
}

/// V5 and V7: at most one attempt is live; completed means exactly one paid that was not given back, anything else
/// none. V8:
/// whatever is not final wakes up again.
fn attempts_fit_their_payouts(dump: &Dump, findings: &mut Vec<Finding>) {
    let mut attempts: BTreeMap<(&TenantId, &PayoutId), Vec<&Attempt>> = BTreeMap::new();
    for attempt in dump.attempts() {
        let of = (&attempt.tenant, &attempt.reference.payout);
        attempts.entry(of).or_default().push(attempt);
    }
    for payout in dump.payouts() {
        let own = attempts
            .remove(&(&payout.tenant, &payout.id))
            .unwrap_or_default();
        let count = |wanted: fn(AttemptState) -> bool| {
            own.iter().filter(|attempt| wanted(attempt.state)).count()
        };
        let live = count(|state| !matches!(state, AttemptState::Paid | AttemptState::Dead));
        let paid = own.iter().filter(|attempt| attempt.has_paid()).count();
        let (expected_live, expected_paid) = match payout.status {
            PayoutStatus::Processing => (1, 0),
            PayoutStatus::Completed => (0, 1),
            PayoutStatus::Scheduled
            | PayoutStatus::Validated
            | PayoutStatus::Queued
            | PayoutStatus::Failed
            | PayoutStatus::Canceled
            | PayoutStatus::Returned => (0, 0),
        };
        let (id, status) = (&payout.id, payout.status);
        if live != expected_live {
            found(
                findings,
                "V5",
                format!("{id} is {status} with {live} live attempts"),
            );
        }
        if paid != expected_paid {
            found(
                findings,
                "V7",
                format!("{id} is {status} with {paid} paid attempts"),
            );
        }
        let waits = matches!(
            payout.status,
            PayoutStatus::Scheduled
                | PayoutStatus::Validated
                | PayoutStatus::Queued
                | PayoutStatus::Processing
        );
        // A line of a batch that was not released is woken by its batch: see V9.
        let by_batch = payout.status == PayoutStatus::Scheduled && payout.batch.is_some();
        // A final attempt that is read again wakes nobody else.
        let attempt_wakes = |it: &&Attempt| !it.is_final() && it.next_at.is_some();
        // Who is held is woken by the people who decide: see V13.
        let wakes = by_batch
            || payout.is_held()
            || payout.next_at.is_some()
            || own.iter().any(attempt_wakes);
        if waits && !wakes {
            found(
                findings,
                "V8",
                format!("{id} is {status} and nothing wakes it"),
            );
        }
    }
}

/// V6: a load is held or paid by the payout that says so, and by no other.
fn loads_fit_their_payouts(dump: &Dump, findings: &mut Vec<Finding>) {
    let payouts: BTreeMap<_, _> = dump
        .payouts()
        .map(|payout| ((&payout.tenant, &payout.id), payout))
        .collect();
    for load in dump.loads() {
        let holder = load.holder.as_ref();
        let payout = holder.and_then(|id| payouts.get(&(&load.tenant, id)));
        let expected = payout.map(|payout| match payout.status {
            PayoutStatus::Completed => LoadStatus::Paid,
            // It may have paid the load after all, and took it again until people have decided.
            PayoutStatus::Canceled | PayoutStatus::Returned if payout.is_held() => LoadStatus::Held,
            PayoutStatus::Canceled | PayoutStatus::Returned => LoadStatus::Open,
            PayoutStatus::Scheduled
            | PayoutStatus::Validated
            | PayoutStatus::Queued
            | PayoutStatus::Processing
            | PayoutStatus::Failed => LoadStatus::Held,
        });
        if expected.unwrap_or(LoadStatus::Open) != load.status {
            let what = format!("load {} is {}", load.id, load.status.name());
            found(findings, "V6", what);
        }
    }
    let open: BTreeSet<_> = dump
        .loads()
        .filter(|load| load.status == LoadStatus::Open)
        .map(|load| (&load.tenant, &load.id))
        .collect();
    for payout in dump.payouts().filter(|it| it.is_contradicted()) {
        let load = payout.load.as_ref().map(|load| (&payout.tenant, load));
        if load.is_some_and(|load| open.contains(&load)) {
            let what = format!("{} may have paid its load, which is open", payout.id);
            found(findings, "V6", what);
        }
    }
    let mut takers: BTreeMap<_, u32> = BTreeMap::new();
    for payout in dump.payouts() {
        let takes = !matches!(
            payout.status,
            PayoutStatus::Canceled | PayoutStatus::Returned
        );
        if let Some(load) = payout.load.as_ref().filter(|_| takes) {
            *takers.entry((&payout.tenant, load)).or_default() += 1;
        }
    }
    for ((_, load), count) in takers {
        if count > 1 {
            found(findings, "V6", format!("{count} payouts have load {load}"));
        }
    }
}

/// Transitions of a payout are complete, and each holds the hash of the one before.
fn chains_are_unbroken(dump: &Dump, findings: &mut Vec<Finding>) {
    let mut heads: BTreeMap<(&TenantId, &PayoutId), (u32, &str)> = BTreeMap::new();
    for transition in dump.transitions() {
        let of = (&transition.tenant, &transition.payout);
        let (seq, hash) = heads.get(&of).copied().unwrap_or((0, ""));
        let follows = transition.seq == seq + 1 && transition.prev_hash == hash;
        if !follows || transition.digest() != transition.hash {
            let what = format!(
                "{} breaks at transition {}",
                transition.payout, transition.seq
            );
            found(findings, "chain", what);
        }
        heads.insert(of, (transition.seq, &transition.hash));
    }
    for payout in dump.payouts() {
        let head = heads.get(&(&payout.tenant, &payout.id));
        if head != Some(&(payout.version, payout.head.as_str())) {
            found(
                findings,
                "chain",
                format!("{} does not end at its head", payout.id),
            );
        }
    }
}
