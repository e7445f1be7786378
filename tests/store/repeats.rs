//! The same unit again: recognised as our own, written once.

use app::{
    changes::{Changes, Subject},
    port::Store,
    record::{Key, Record},
};
use domain::{
    ledger::Account::{Available, Pending},
    money::Cents,
};

use crate::{
    fixtures::*,
    stores::{AnyStore, on_every_store},
};

async fn available(store: &AnyStore) -> Cents {
    store
        .balances(&tenant())
        .await
        .expect("reachable")
        .available
}

fn create(tx_id: &str) -> Changes {
    let (payout, created) = booked("1", tx_id);
    Changes::new("create", tx_id.to_owned())
        .insert(Record::Payout(Box::new(payout.clone())))
        .record(&payout, created)
}

#[tokio::test]
async fn a_unit_that_is_committed_again_succeeds_and_moves_nothing() {
    on_every_store(|store| async move {
        enrol(&store).await;
        fund(&store, 100_000).await;
        for _ in 0..3 {
            assert_eq!(store.commit(create("t1")).await, Ok(()));
            assert_eq!(available(&store).await, Cents::new(55_000));
        }
    })
    .await;
}

#[tokio::test]
async fn a_repeat_is_recognised_by_its_transition_also_after_others_wrote() {
    on_every_store(|store| async move {
        enrol(&store).await;
        fund(&store, 100_000).await;
        assert_eq!(store.commit(create("t1")).await, Ok(()));
        let mut later = payout("1");
        later.version = 2;
        let unit = Changes::new("later", "t2".to_owned())
            .replace(Record::Payout(Box::new(later.clone())), 1);
        assert_eq!(store.commit(unit).await, Ok(()));
        // Another label makes another token: only the transition can tell.
        let mut repeat = create("t1");
        repeat.label = "create-again";
        assert_eq!(store.commit(repeat).await, Ok(()));
        let key = Key::Payout(tenant(), payout_id("1"));
        let found = stored(&store, key).await;
        assert_eq!(found, Some(Record::Payout(Box::new(later))));
        assert_eq!(available(&store).await, Cents::new(55_000));
    })
    .await;
}

#[tokio::test]
async fn the_same_transition_of_another_unit_is_refused_and_shown() {
    on_every_store(|store| async move {
        enrol(&store).await;
        fund(&store, 100_000).await;
        assert_eq!(store.commit(create("t1")).await, Ok(()));
        let refused = refusals(store.commit(create("t2")).await);
        let subjects: Vec<_> = refused.iter().map(|it| it.subject).collect();
        assert_eq!(subjects, [Subject::Payout, Subject::Transition]);
        let (payout, created) = booked("1", "t1");
        let found: Vec<_> = refused.into_iter().filter_map(|it| it.found).collect();
        let expected = [
            Record::Payout(Box::new(payout)),
            Record::Transition(Box::new(created)),
        ];
        assert_eq!(found, expected);
    })
    .await;
}

#[tokio::test]
async fn a_deposit_is_made_once_and_recognised_by_its_unit() {
    on_every_store(|store| async move {
        let unit = |tx_id: &str, label| {
            let mut deposit = deposit("wire-1", 500);
            deposit.tx_id = tx_id.to_owned();
            Changes::new(label, tx_id.to_owned()).deposit(deposit)
        };
        for label in ["deposit", "deposit", "deposit-again"] {
            assert_eq!(store.commit(unit("t1", label)).await, Ok(()));
        }
        let refused = refusals(store.commit(unit("t2", "deposit")).await);
        assert_eq!(refused.len(), 1);
        assert_eq!(refused[0].subject, Subject::Deposit);
        assert!(matches!(&refused[0].found, Some(Record::Deposit(it)) if it.tx_id == "t1"));
        assert_eq!(available(&store).await, Cents::new(500));
    })
    .await;
}

#[tokio::test]
async fn a_unit_without_a_transition_is_recognised_when_it_is_repeated_at_once() {
    on_every_store(|store| async move {
        let unit = || inserting("t1", vec![api_key("k1", 1)]);
        assert_eq!(store.commit(unit()).await, Ok(()));
        assert_eq!(store.commit(unit()).await, Ok(()));
        let stranger = inserting("t2", vec![api_key("k1", 1)]);
        assert_eq!(refusals(store.commit(stranger).await).len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_refused_unit_is_not_taken_for_a_repeat_when_it_comes_again() {
    on_every_store(|store| async move {
        let unit = || moving("1", &[(Available, -100), (Pending, 100)]);
        assert_eq!(refusals(store.commit(unit()).await).len(), 1);
        fund(&store, 100).await;
        assert_eq!(store.commit(unit()).await, Ok(()));
        assert_eq!(available(&store).await, Cents::ZERO);
    })
    .await;
}
