//! Balances: floors, the wallet's limit, merged movements, and three figures of one instant.

use app::{
    changes::{Changes, Subject},
    port::{CommitError, Store},
    record::Balances,
};
use domain::{
    ledger::{
        Account::{Available, CashFunding, ClearingPayelata, Fees, InTransit, Pending, Suspense},
        Posting,
    },
    money::Cents,
};

use crate::{fixtures::*, stores::on_every_store};

fn figures(available: i64, pending: i64, in_transit: i64) -> Balances {
    Balances {
        available: Cents::new(available),
        pending: Cents::new(pending),
        in_transit: Cents::new(in_transit),
    }
}

fn subjects(outcome: Result<(), CommitError>) -> Vec<Subject> {
    refusals(outcome).iter().map(|it| it.subject).collect()
}

#[tokio::test]
async fn a_wallet_nobody_funded_holds_nothing() {
    on_every_store(|store| async move {
        assert_eq!(store.balances(&tenant()).await, Ok(Balances::default()));
        let debit = store
            .commit(moving("1", &[(Available, -1), (Pending, 1)]))
            .await;
        assert_eq!(subjects(debit), [Subject::Available]);
    })
    .await;
}

#[tokio::test]
async fn a_bounded_account_goes_down_to_zero_and_not_below() {
    on_every_store(|store| async move {
        fund(&store, 1_000).await;
        let over = store
            .commit(moving("1", &[(Available, -1_001), (Pending, 1_001)]))
            .await;
        assert_eq!(subjects(over), [Subject::Available]);
        let all = store
            .commit(moving("2", &[(Available, -1_000), (Pending, 1_000)]))
            .await;
        assert_eq!(all, Ok(()));
        assert_eq!(store.balances(&tenant()).await, Ok(figures(0, 1_000, 0)));
        let over = store
            .commit(moving("3", &[(Pending, -1_001), (InTransit, 1_001)]))
            .await;
        assert_eq!(subjects(over), [Subject::Balance]);
        let all = store
            .commit(moving("4", &[(Pending, -1_000), (InTransit, 1_000)]))
            .await;
        assert_eq!(all, Ok(()));
        let twice = store
            .commit(moving("5", &[(Pending, -1), (InTransit, 1)]))
            .await;
        assert_eq!(subjects(twice), [Subject::Balance]);
        assert_eq!(store.balances(&tenant()).await, Ok(figures(0, 0, 1_000)));
    })
    .await;
}

#[tokio::test]
async fn an_unbounded_account_may_go_below_zero() {
    on_every_store(|store| async move {
        let posting = [
            (Suspense, -5),
            (ClearingPayelata, -5),
            (Fees, -5),
            (CashFunding, 15),
        ];
        assert_eq!(store.commit(moving("1", &posting)).await, Ok(()));
        assert_eq!(store.commit(moving("2", &posting)).await, Ok(()));
    })
    .await;
}

#[tokio::test]
async fn the_wallet_is_credited_up_to_its_limit_and_no_cent_more() {
    on_every_store(|store| async move {
        let most = Cents::WALLET_MAX.get();
        fund(&store, most - 10).await;
        let over = store
            .commit(moving("1", &[(CashFunding, -11), (Available, 11)]))
            .await;
        assert_eq!(subjects(over), [Subject::Available]);
        let full = store
            .commit(moving("2", &[(CashFunding, -10), (Available, 10)]))
            .await;
        assert_eq!(full, Ok(()));
        let over = store
            .commit(moving("3", &[(CashFunding, -1), (Available, 1)]))
            .await;
        assert_eq!(subjects(over), [Subject::Available]);
        assert_eq!(store.balances(&tenant()).await, Ok(figures(most, 0, 0)));
    })
    .await;
}

#[tokio::test]
async fn movements_of_one_unit_are_merged_before_they_are_checked() {
    on_every_store(|store| async move {
        fund(&store, 500).await;
        // Reserved and claimed in one unit: pending sees no movement at all.
        let unit = Changes::new("claim", "1".to_owned())
            .record(
                &payout("1"),
                transition(
                    "1",
                    1,
                    Posting::between(Available, Pending, Cents::new(500)),
                ),
            )
            .record(
                &payout("1"),
                transition(
                    "1",
                    2,
                    Posting::between(Pending, InTransit, Cents::new(500)),
                ),
            );
        assert_eq!(store.commit(unit).await, Ok(()));
        assert_eq!(store.balances(&tenant()).await, Ok(figures(0, 0, 500)));
        // Two debits that fit alone, and not together.
        fund_more(&store, 100).await;
        let unit = Changes::new("two", "2".to_owned())
            .record(
                &payout("1"),
                transition("2", 1, Posting::between(Available, Pending, Cents::new(60))),
            )
            .record(
                &payout("1"),
                transition("3", 1, Posting::between(Available, Pending, Cents::new(60))),
            );
        assert_eq!(subjects(store.commit(unit).await), [Subject::Available]);
    })
    .await;
}

async fn fund_more(store: &impl Store, cents: i64) {
    let deposit = deposit("more", cents);
    let unit = Changes::new("deposit", deposit.tx_id.clone()).deposit(deposit);
    assert_eq!(store.commit(unit).await, Ok(()));
}

#[tokio::test]
async fn the_figures_of_a_wallet_are_summed_over_its_shards() {
    on_every_store(|store| async move {
        fund(&store, 1_000).await;
        for shard in 0..4_u8 {
            let cents = i64::from(shard) + 1;
            let mut record = transition(&format!("s{shard}"), 1, legs(&[]));
            record.legs = legs(&[
                (Available, -2 * cents),
                (Pending, cents),
                (InTransit, cents),
            ]);
            record.shard = shard;
            let unit = Changes::new("spread", format!("s{shard}")).record(&payout("1"), record);
            assert_eq!(store.commit(unit).await, Ok(()));
        }
        assert_eq!(store.balances(&tenant()).await, Ok(figures(980, 10, 10)));
        // A payout can only take back what its own shard holds.
        let mut record = transition("s9", 1, legs(&[(Pending, -2), (Available, 2)]));
        record.shard = 0;
        let unit = Changes::new("foreign", "s9".to_owned()).record(&payout("1"), record);
        assert_eq!(subjects(store.commit(unit).await), [Subject::Balance]);
    })
    .await;
}
