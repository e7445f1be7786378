//! Many at once: one wins, and money is never spent twice.

use app::{
    changes::{Changes, Subject},
    port::{CommitError, Store},
    record::{Key, Record},
};
use domain::ledger::Account::{Available, Pending};

use crate::{
    fixtures::*,
    stores::{AnyStore, on_every_store},
};

/// Commits every unit in a task of its own.
async fn at_once(store: &AnyStore, units: Vec<Changes>) -> Vec<Result<(), CommitError>> {
    let tasks: Vec<_> = units
        .into_iter()
        .map(|unit| {
            let store = store.clone();
            tokio::spawn(async move { store.commit(unit).await })
        })
        .collect();
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(task.await.expect("no panic"));
    }
    outcomes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_debits_at_once_spend_what_is_there_and_no_more() {
    on_every_store(|store| async move {
        fund(&store, 37 * 450 + 449).await;
        let units = (0..100)
            .map(|n| moving(&format!("r{n}"), &[(Available, -450), (Pending, 450)]))
            .collect();
        let outcomes = at_once(&store, units).await;
        let paid = outcomes.iter().filter(|it| it.is_ok()).count();
        assert_eq!(paid, 37);
        for outcome in outcomes.into_iter().filter(Result::is_err) {
            let subjects: Vec<_> = refusals(outcome).iter().map(|it| it.subject).collect();
            assert_eq!(subjects, [Subject::Available]);
        }
        let balances = store.balances(&tenant()).await.expect("reachable");
        assert_eq!(balances.available.get(), 449);
        assert_eq!(balances.pending.get(), 37 * 450);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_inserts_of_one_record_exactly_one_wins_and_the_others_see_it() {
    on_every_store(|store| async move {
        let units = (0..50)
            .map(|n| inserting(&format!("t{n}"), vec![api_key("k1", n)]))
            .collect();
        let outcomes = at_once(&store, units).await;
        let winner = stored(&store, Key::ApiKey("k1".to_owned())).await;
        assert!(winner.is_some());
        assert_eq!(outcomes.iter().filter(|it| it.is_ok()).count(), 1);
        for outcome in outcomes.into_iter().filter(Result::is_err) {
            assert_eq!(refusals(outcome)[0].found, winner);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_replacements_of_one_version_exactly_one_wins() {
    on_every_store(|store| async move {
        insert(&store, Record::Payout(Box::new(payout("1")))).await;
        let units = (0..50)
            .map(|n| {
                let mut next = payout("1");
                next.version = 2;
                next.wakes = n;
                Changes::new("wake", format!("t{n}")).replace(Record::Payout(Box::new(next)), 1)
            })
            .collect();
        let outcomes = at_once(&store, units).await;
        assert_eq!(outcomes.iter().filter(|it| it.is_ok()).count(), 1);
    })
    .await;
}
