//! The rate limiter over the table: what it grants, what it writes, and what it does when the table does
//! not do its part.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use app::{
    call::{Call, Caller, Clock, Entropy},
    error::Error,
    port::Store,
    record::{Key, Record},
};
use domain::{
    rate::{RateLimit, Tap},
    transition::Actor,
};
use local::engine::{Engine, Fault, Faults};
use platform::{
    api::rate::{Limiter, Taken},
    dynamo::{DynamoStore, Meter, Step, TRIES},
};
use tokio::task::JoinSet;

use crate::figures::report;
use crate::{
    fixtures::{NOW, tenant},
    stores::{on_every_store, over, spoiled},
};

const WRITE: &str = "TransactWriteItems";
const LARGE: RateLimit = RateLimit {
    per_minute: 6_000_000,
    burst: 6_000_000,
};

fn caller(limit: RateLimit) -> Caller {
    Caller {
        expires_at: None,
        tenant: tenant(),
        key_id: "k1".to_owned(),
        owner: "ERP".to_owned(),
        operator: false,
        scopes: Vec::new(),
        limit,
    }
}

/// A call of its own, at a moment that stands still.
fn call(clock: &Clock) -> Call {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::SeqCst);
    Call {
        clock: clock.clone(),
        entropy: Entropy::new(u128::from(number)),
        actor: Actor::System("test".to_owned()),
    }
}

fn standing() -> Clock {
    Clock::standing_at(NOW)
}

/// How many of `requests` are granted, one after the other.
async fn granted(
    limiter: &Limiter,
    store: &impl Store,
    (caller, clock, requests): (&Caller, &Clock, usize),
) -> usize {
    let mut granted = 0;
    for _ in 0..requests {
        let taken = limiter.take(store, &call(clock), caller).await;
        if let Taken::Granted(_) = taken.expect("reachable") {
            granted += 1;
        }
    }
    granted
}

fn metered(engine: &Engine) -> (DynamoStore, Arc<Meter>) {
    let meter = Arc::new(Meter::default());
    (over(engine).metered(Arc::clone(&meter)), meter)
}

fn calls(meter: &Meter, operation: &'static str, label: &'static str) -> u64 {
    let costs = meter.costs();
    let cost = costs.get(&Step { operation, label });
    cost.map_or(0, |cost| cost.calls)
}

/// Whole tokens that the stored bucket still has.
async fn left(store: &impl Store, caller: &Caller) -> u64 {
    let key = Key::Bucket(caller.key_id.clone());
    let found = store.fetch(&[key]).await.expect("reachable").pop();
    let Some(Some(Record::Bucket(bucket))) = found else {
        panic!("a bucket is stored, not {found:?}");
    };
    Tap::new(*bucket).standing(caller.limit, NOW).remaining
}

fn print(granted: usize, requests: usize, writes: u64) {
    report(&format!(
        "rate limit: granted {granted} of {requests}, {writes} table writes"
    ));
}

#[tokio::test]
async fn a_key_with_room_costs_one_write_for_twenty_requests() {
    let engine = Engine::in_memory().expect("opens");
    let (store, meter) = metered(&engine);
    let key = (&caller(LARGE), &standing(), 2_000);
    let granted = granted(&Limiter::default(), &store, key).await;
    let writes = calls(&meter, WRITE, "lease");
    print(granted, 2_000, writes);
    assert_eq!((granted, writes), (2_000, 100));
    assert_eq!(calls(&meter, "GetItem", "fetch"), 1);
}

/// One instance alone spends every token it leases, so all of the burst is granted. The blocks shrink with
/// what is left, so the last tokens cost more writes; after that it refuses from memory.
#[tokio::test]
async fn a_burst_of_a_thousand_is_granted_two_hundred_and_the_rest_costs_nothing() {
    let engine = Engine::in_memory().expect("opens");
    let (store, meter) = metered(&engine);
    let key = (&caller(RateLimit::STANDARD), &standing(), 1_000);
    let granted = granted(&Limiter::default(), &store, key).await;
    let writes = calls(&meter, WRITE, "lease");
    print(granted, 1_000, writes);
    assert_eq!(granted, 200);
    assert!(writes <= 50, "{writes} writes");
    assert_eq!(calls(&meter, "GetItem", "fetch"), 1);
}

#[tokio::test]
async fn a_refusal_says_when_to_come_again_and_is_true() {
    on_every_store(|store| async move {
        let (caller, clock) = (caller(RateLimit::STANDARD), standing());
        let limiter = Limiter::default();
        assert_eq!(granted(&limiter, &store, (&caller, &clock, 200)).await, 200);
        let taken = limiter.take(&store, &call(&clock), &caller).await;
        let Ok(Taken::Refused {
            standing,
            retry_after,
        }) = taken
        else {
            panic!("{taken:?}");
        };
        assert_eq!((standing.remaining, retry_after), (0, 1));
        clock.advance_ms(1_000);
        assert_eq!(granted(&limiter, &store, (&caller, &clock, 9)).await, 1);
        clock.advance_ms(60_000);
        assert_eq!(granted(&limiter, &store, (&caller, &clock, 200)).await, 100);
    })
    .await;
}

/// Eight instances, each with a hundred requests at once. No token is spent twice: not more is granted than
/// left the bucket. Nearly all are granted, because a request is refused early only when others lease three
/// times meanwhile, and some forty leases empty the bucket.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_instances_at_once_grant_the_burst_and_not_one_more() {
    let engine = Engine::in_memory().expect("opens");
    let (store, meter) = metered(&engine);
    let (key, clock) = (caller(RateLimit::STANDARD), standing());
    let mut requests = JoinSet::new();
    for limiter in (0..8).map(|_| Limiter::default()) {
        for _ in 0..100 {
            let (limiter, store, clock) = (limiter.clone(), store.clone(), clock.clone());
            let key = key.clone();
            requests.spawn(async move { limiter.take(&store, &call(&clock), &key).await });
        }
    }
    let outcomes = requests.join_all().await;
    let is_granted = |it: &Result<Taken, Error>| matches!(it, Ok(Taken::Granted(_)));
    let granted = outcomes.iter().filter(|it| is_granted(it)).count();
    print(granted, outcomes.len(), calls(&meter, WRITE, "lease"));
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    let leased = 200 - left(&store, &key).await;
    let granted = u64::try_from(granted).expect("few");
    assert!(granted <= leased && leased <= 200, "{granted} of {leased}");
    assert!(granted >= 160, "{granted}");
}

#[tokio::test]
async fn a_lost_answer_to_a_lease_grants_no_token_twice() {
    let engine = Engine::in_memory().expect("opens");
    let faults = Faults::new().then(WRITE, 1, Fault::AnswerLost);
    let store = spoiled(&engine, faults);
    let key = (&caller(RateLimit::STANDARD), &standing(), 300);
    assert_eq!(granted(&Limiter::default(), &store, key).await, 200);
}

#[tokio::test]
async fn tokens_of_a_lease_whose_end_nobody_knows_are_lost() {
    let engine = Engine::in_memory().expect("opens");
    let faults = Faults::new().then(WRITE, TRIES, Fault::AnswerLost);
    let store = spoiled(&engine, faults);
    let (caller, clock) = (caller(RateLimit::STANDARD), standing());
    let limiter = Limiter::default();
    let taken = limiter.take(&store, &call(&clock), &caller).await;
    assert!(matches!(taken, Err(Error::Unavailable { .. })), "{taken:?}");
    assert_eq!(granted(&limiter, &store, (&caller, &clock, 300)).await, 180);
}

#[tokio::test]
async fn a_bucket_that_is_always_in_use_elsewhere_is_a_refusal_and_no_outage() {
    let engine = Engine::in_memory().expect("opens");
    let faults = Faults::new().then(WRITE, 3 * TRIES, Fault::Conflict);
    let store = spoiled(&engine, faults);
    let (caller, clock) = (caller(RateLimit::STANDARD), standing());
    let limiter = Limiter::default();
    let taken = limiter.take(&store, &call(&clock), &caller).await;
    let Ok(Taken::Refused { retry_after, .. }) = taken else {
        panic!("{taken:?}");
    };
    assert_eq!(retry_after, 1);
    assert_eq!(granted(&limiter, &store, (&caller, &clock, 300)).await, 200);
}

#[tokio::test]
async fn keys_do_not_share_a_bucket() {
    let engine = Engine::in_memory().expect("opens");
    let store = over(&engine);
    let (clock, limiter) = (standing(), Limiter::default());
    let limit = RateLimit {
        per_minute: 1,
        burst: 1,
    };
    let key = |id: &str| Caller {
        expires_at: None,
        key_id: id.to_owned(),
        ..caller(limit)
    };
    for id in ["k1", "k2", "k3"] {
        assert_eq!(granted(&limiter, &store, (&key(id), &clock, 3)).await, 1);
    }
}
