//! What must hold of the books after anything.

use std::collections::BTreeMap;

use app::record::Record;
use domain::{
    attempt_machine::AttemptState,
    ledger::Account,
    load::LoadStatus,
    payout::PayoutStatus,
};

use crate::stage::Stage;

/// Checks the invariants of docs/ledger.md against everything stored.
pub(crate) fn balance(stage: &Stage) {
    let dump = stage.memory.dump();
    stored_balances_are_the_fold_of_the_journal(&dump);
    for record in &dump.records {
        let Record::Payout(payout) = record else { continue };
        let attempts: Vec<_> = dump
            .records
            .iter()
            .filter_map(|record| match record {
                Record::Attempt(attempt) if attempt.reference.payout == payout.id => Some(attempt),
                _ => None,
            })
            .collect();
        let live = attempts
            .iter()
            .filter(|it| !matches!(it.state, AttemptState::Paid | AttemptState::Dead))
            .count();
        let paid = attempts.iter().filter(|it| it.state == AttemptState::Paid).count();
        assert!(live <= 1 && paid <= 1, "at most one attempt is live, at most one paid");
        match payout.status {
            PayoutStatus::Completed | PayoutStatus::Returned => assert_eq!((live, paid), (0, 1)),
            PayoutStatus::Processing => assert_eq!((live, paid), (1, 0)),
            PayoutStatus::Scheduled
            | PayoutStatus::Validated
            | PayoutStatus::Queued
            | PayoutStatus::Failed
            | PayoutStatus::Canceled => assert_eq!((live, paid), (0, 0)),
        }
        let is_waiting = matches!(
            payout.status,
            PayoutStatus::Validated | PayoutStatus::Queued | PayoutStatus::Processing
        );
        let wakes = payout.next_at.is_some() || attempts.iter().any(|it| it.next_at.is_some());
        assert!(!is_waiting || wakes, "a payout that is not final wakes up again");
    }
    the_chain_is_unbroken(&dump);
}

fn stored_balances_are_the_fold_of_the_journal(dump: &app::memory::Dump) {
    let mut folded: BTreeMap<(Account, u8), i64> = BTreeMap::new();
    let mut add = |account: Account, shard: u8, cents: i64| {
        let shard = if account.is_sharded() { shard } else { 0 };
        *folded.entry((account, shard)).or_default() += cents;
    };
    for transition in dump.transitions() {
        for leg in transition.legs.legs() {
            add(leg.account, transition.shard, leg.amount.get());
        }
    }
    for deposit in dump.deposits() {
        for leg in deposit.legs.legs() {
            add(leg.account, 0, leg.amount.get());
        }
    }
    let stored: BTreeMap<_, _> = dump
        .balances
        .iter()
        .map(|(key, cents)| ((key.account, key.shard), cents.get()))
        .filter(|(_, cents)| *cents != 0)
        .collect();
    folded.retain(|_, cents| *cents != 0);
    assert_eq!(stored, folded, "stored balances are the fold of all transitions");
    for ((account, _), cents) in stored {
        assert!(!account.is_bounded() || cents >= 0, "{} is never negative", account.name());
    }
}

fn the_chain_is_unbroken(dump: &app::memory::Dump) {
    let mut heads: BTreeMap<String, (u32, String)> = BTreeMap::new();
    for transition in dump.transitions() {
        let (seq, hash) = heads.remove(transition.payout.as_str()).unwrap_or_default();
        assert_eq!(transition.seq, seq + 1, "no transition is missing");
        assert_eq!(transition.prev_hash, hash, "each holds the hash of the one before");
        assert_eq!(transition.digest(), transition.hash);
        heads.insert(
            transition.payout.to_string(),
            (transition.seq, transition.hash.clone()),
        );
    }
    for record in &dump.records {
        if let Record::Payout(payout) = record {
            let expected = (payout.version, payout.head.clone());
            assert_eq!(heads.get(payout.id.as_str()), Some(&expected));
        }
    }
}

/// The one end that counts: paid once, and nothing left reserved.
pub(crate) async fn paid_exactly_once(stage: &Stage, payout: &domain::ids::PayoutId) {
    balance(stage);
    let found = stage.payout(payout).await;
    assert_eq!(found.status, PayoutStatus::Completed);
    assert_eq!(stage.provider.paid(), 1, "the provider paid exactly once");
    assert_eq!(stage.load("L-1").await.status, LoadStatus::Paid);
    let balances = stage.balances().await;
    assert_eq!(balances.available.get(), crate::stage::WALLET - crate::stage::AMOUNT);
    assert_eq!((balances.pending.get(), balances.in_transit.get()), (0, 0));
}
