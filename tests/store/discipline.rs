//! What the real table does and a serialising engine never does: conflicts, throttling, silence, and
//! answers that get lost.

use std::sync::Arc;

use app::{
    changes::Changes,
    port::{CommitError, Store},
    record::{Balances, Key},
};
use domain::ledger::Account::{Available, Pending};
use local::engine::{Engine, Fault, Faults};
use platform::dynamo::{DynamoStore, Meter, Step, TRIES};

use crate::{
    fixtures::*,
    stores::{over, spoiled},
};

const WRITE: &str = "TransactWriteItems";

fn engine() -> Engine {
    Engine::in_memory().expect("opens")
}

fn metered(store: DynamoStore) -> (DynamoStore, Arc<Meter>) {
    let meter = Arc::new(Meter::default());
    (store.metered(Arc::clone(&meter)), meter)
}

fn calls(meter: &Meter, operation: &'static str, label: &'static str) -> u64 {
    let costs = meter.costs();
    costs
        .get(&Step { operation, label })
        .map_or(0, |cost| cost.calls)
}

fn unit() -> Changes {
    moving("1", &[(Available, -400), (Pending, 400)])
}

async fn balances(engine: &Engine) -> Balances {
    over(engine).balances(&tenant()).await.expect("reachable")
}

#[tokio::test]
async fn conflicts_throttling_and_errors_are_waited_out() {
    for fault in [Fault::Conflict, Fault::Throttled, Fault::InternalError] {
        let engine = engine();
        fund(&over(&engine), 1_000).await;
        let faults = Faults::new().then(WRITE, TRIES - 1, fault);
        let (store, meter) = metered(spoiled(&engine, faults));
        assert_eq!(store.commit(unit()).await, Ok(()), "{fault:?}");
        assert_eq!(calls(&meter, WRITE, "move"), 8, "{fault:?}");
        assert_eq!(balances(&engine).await.available.get(), 600);
    }
}

#[tokio::test]
async fn a_unit_that_always_meets_a_conflict_is_contended_and_was_not_written() {
    for fault in [Fault::Conflict, Fault::Throttled] {
        let engine = engine();
        fund(&over(&engine), 1_000).await;
        let faults = Faults::new().then(WRITE, TRIES, fault);
        let (store, meter) = metered(spoiled(&engine, faults));
        assert_eq!(store.commit(unit()).await, Err(CommitError::Contended));
        assert_eq!(calls(&meter, WRITE, "move"), 8);
        assert_eq!(balances(&engine).await.available.get(), 1_000);
        assert_eq!(store.commit(unit()).await, Ok(()));
    }
}

#[tokio::test]
async fn a_unit_whose_answer_was_lost_is_recognised_and_written_once() {
    let engine = engine();
    fund(&over(&engine), 1_000).await;
    let faults = Faults::new().then(WRITE, 3, Fault::AnswerLost);
    let store = spoiled(&engine, faults);
    assert_eq!(store.commit(unit()).await, Ok(()));
    assert_eq!(balances(&engine).await.available.get(), 600);
}

#[tokio::test]
async fn a_unit_whose_every_answer_was_lost_is_unreachable_and_safe_to_repeat() {
    let engine = engine();
    fund(&over(&engine), 1_000).await;
    let store = spoiled(&engine, Faults::new().then(WRITE, TRIES, Fault::AnswerLost));
    let outcome = store.commit(unit()).await;
    assert!(matches!(outcome, Err(CommitError::Unreachable(_))));
    assert_eq!(balances(&engine).await.available.get(), 600);
    // Another process has no token in common with the first.
    let mut repeat = unit();
    repeat.label = "repeat";
    assert_eq!(over(&engine).commit(repeat).await, Ok(()));
    assert_eq!(balances(&engine).await.available.get(), 600);
}

#[tokio::test]
async fn one_lost_answer_among_conflicts_leaves_the_unit_in_doubt() {
    let engine = engine();
    fund(&over(&engine), 1_000).await;
    let faults =
        Faults::new()
            .then(WRITE, 1, Fault::InternalError)
            .then(WRITE, TRIES - 1, Fault::Conflict);
    let outcome = spoiled(&engine, faults).commit(unit()).await;
    assert!(matches!(outcome, Err(CommitError::Unreachable(_))));
}

#[tokio::test(start_paused = true)]
async fn a_silent_table_is_given_up_after_eight_tries_of_a_second() {
    let engine = engine();
    fund(&over(&engine), 1_000).await;
    let faults = Faults::new().then(WRITE, TRIES, Fault::Silence);
    let faults = faults.then("GetItem", TRIES, Fault::Silence);
    let store = spoiled(&engine, faults);
    let begin = tokio::time::Instant::now();
    let outcome = store.commit(unit()).await;
    assert!(matches!(outcome, Err(CommitError::Unreachable(_))));
    assert_eq!(begin.elapsed().as_secs(), 8);
    let key = Key::ApiKey("k1".to_owned());
    assert!(store.fetch(&[key]).await.is_err());
    assert_eq!(store.commit(unit()).await, Ok(()));
}

#[tokio::test]
async fn reads_are_repeated_under_the_same_discipline() {
    let engine = engine();
    fund(&over(&engine), 1_000).await;
    insert(&over(&engine), api_key("k1", 1)).await;
    let faults = Faults::new()
        .then("GetItem", 2, Fault::Throttled)
        .then("BatchGetItem", 2, Fault::InternalError)
        .then("TransactGetItems", 7, Fault::Conflict)
        .on_nth("TransactGetItems", 2, Fault::AnswerLost)
        .then("Query", 2, Fault::AnswerLost);
    let (store, meter) = metered(spoiled(&engine, faults));
    let key = Key::ApiKey("k1".to_owned());
    let found = Some(api_key("k1", 1));
    assert_eq!(
        store.fetch(std::slice::from_ref(&key)).await,
        Ok(vec![found.clone()])
    );
    let other = Key::ApiKey("k2".to_owned());
    assert_eq!(store.fetch(&[key, other]).await, Ok(vec![found, None]));
    for _ in 0..2 {
        let figures = store.balances(&tenant()).await.expect("reachable");
        assert_eq!(figures.available.get(), 1_000);
    }
    assert_eq!(
        store.transitions(&tenant(), &payout_id("1")).await,
        Ok(vec![])
    );
    assert_eq!(calls(&meter, "GetItem", "fetch"), 3);
    assert_eq!(calls(&meter, "BatchGetItem", "fetch"), 3);
    assert_eq!(calls(&meter, "TransactGetItems", "balances"), 10);
    assert_eq!(calls(&meter, "Query", "transitions"), 3);
}

#[tokio::test]
async fn the_meter_tells_what_each_step_costs() {
    let engine = engine();
    let (store, meter) = metered(over(&engine));
    fund(&store, 1_000).await;
    store.balances(&tenant()).await.expect("reachable");
    stored(&store, Key::ApiKey("k1".to_owned())).await;
    let costs = meter.costs();
    let cost = |operation, label| costs.get(&Step { operation, label }).copied();
    // A deposit: three items, each twice because of the transaction.
    let deposit = cost(WRITE, "deposit").expect("counted");
    assert_eq!((deposit.calls, deposit.write_hundredths), (1, 600));
    // The available balance, the hold and four shards, each twice.
    let figures = cost("TransactGetItems", "balances").expect("counted");
    assert_eq!((figures.calls, figures.read_hundredths), (1, 1_200));
    let fetched = cost("GetItem", "fetch").expect("counted");
    assert_eq!((fetched.calls, fetched.read_hundredths), (1, 100));
    meter.reset();
    assert!(meter.costs().is_empty());
}
