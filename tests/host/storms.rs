//! Many calls at one moment: those that are one wish become one fact, those that compete get what there
//! is, and the books stay right.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use app::message::QueueName;
use serde_json::{Value, json};
use tokio::{
    sync::{Barrier, Mutex},
    task::JoinSet,
};

use crate::figures;
use crate::{
    stage::Stage,
    wire::{Connection, Request, Response},
};

const DRIVER: &str = "OVN-DRIVER-789";
const WALLET: i64 = 5_000_000;
/// Calls in flight. Each takes two descriptors of this process, of which there may be no more than 1,024.
const IN_FLIGHT: usize = 200;
/// One storm at a time: together they would need more descriptors, and measure each other.
static WEATHER: Mutex<()> = Mutex::const_new(());

pub(crate) fn request(
    stage: &Stage,
    call: (&str, &str),
    key: Option<&str>,
    body: &Value,
) -> Request {
    let mut headers = vec![
        ("authorization", format!("Bearer {}", stage.key())),
        ("content-type", "application/json".to_owned()),
    ];
    headers.extend(key.map(|key| ("idempotency-key", key.to_owned())));
    let owned = |(name, value): (&str, String)| (name.to_owned(), value);
    Request {
        method: call.0.to_owned(),
        target: call.1.to_owned(),
        headers: headers.into_iter().map(owned).collect(),
        body: Some(body.to_string().into_bytes()),
    }
}

/// Sends everything, [`IN_FLIGHT`] at a time and all of them at once at the start.
#[expect(
    clippy::disallowed_methods,
    reason = "a storm is measured in real time"
)]
pub(crate) async fn storm(stage: &Stage, requests: Vec<Request>) -> (Vec<Response>, Duration) {
    let senders = requests.len().min(IN_FLIGHT);
    let (requests, start) = (Arc::new(requests), Arc::new(Barrier::new(senders)));
    let mut tasks = JoinSet::new();
    let _alone = WEATHER.lock().await;
    let started = Instant::now();
    for first in 0..senders {
        let (requests, start) = (Arc::clone(&requests), Arc::clone(&start));
        let mut connection = Connection::new(&stage.host.ready.api);
        tasks.spawn(async move {
            start.wait().await;
            let mut responses = Vec::new();
            for request in requests.iter().skip(first).step_by(IN_FLIGHT) {
                responses.push(connection.send(request).await);
            }
            responses
        });
    }
    let responses = tasks.join_all().await.into_iter().flatten().collect();
    (responses, started.elapsed())
}

/// All are 200 with the same bytes, and all but one say that they are a repeat.
pub(crate) fn assert_one_answer(responses: &[Response]) {
    let texts: BTreeSet<_> = responses.iter().map(|it| &it.text).collect();
    assert!(responses.iter().all(|it| it.status == 200), "{texts:?}");
    assert_eq!(texts.len(), 1, "{texts:?}");
    let is_replay = |it: &&Response| it.header("idempotent-replayed") == Some("true");
    let replayed = responses.iter().filter(is_replay).count();
    assert_eq!(replayed, responses.len() - 1);
}

pub(crate) fn report(what: &str, count: usize, time: Duration) {
    let millis = time.as_millis().max(1);
    let per_second = u128::try_from(count).unwrap_or(0) * 1_000 / millis;
    let line = format!("storm of {what}: {count} in {millis} ms, {per_second} calls/s");
    figures::report(&line);
}

/// How many payouts the books hold.
async fn payouts(stage: &Stage) -> usize {
    let dump = stage.host.world.backend.store.dump().await;
    dump.expect("readable").payouts().count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_thousand_payouts_under_one_key_are_one_payout() {
    let stage = Stage::new().await;
    let body = json!({"driverId": DRIVER, "amount": 45_000});
    let create = request(&stage, ("POST", "/api/v1/payouts"), Some("storm"), &body);
    let (responses, time) = storm(&stage, vec![create; 1_000]).await;
    assert_one_answer(&responses);
    stage.advance(3_600).await;
    assert_eq!(payouts(&stage).await, 1);
    assert_eq!(stage.paid().await.len(), 1);
    assert_eq!(stage.balance().await, (WALLET - 45_000, 0, 0));
    stage.assert_books().await;
    report("creates under one key made 1 payout", 1_000, time);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_hundred_equal_calls_of_any_kind_are_one_change() {
    let stage = Stage::new().await;
    let load = json!({"driverId": DRIVER, "amount": 45_000});
    let deposit = json!({"amount": 700, "reference": "storm"});
    let driver =
        json!({"ovnDriverId": "D-1", "name": "Ana", "email": "a@b.co", "phone": "+15551234567"});
    let instant = json!({"loadId": "L-12346", "requestedBy": "storm"});
    let calls = [
        ("loads put", ("PUT", "/api/v1/loads/L-STORM"), load),
        ("deposits", ("POST", "/api/v1/wallet/deposits"), deposit),
        ("drivers registered", ("POST", "/api/v1/drivers"), driver),
        (
            "instant payouts",
            ("POST", "/api/v1/payouts/instant"),
            instant,
        ),
    ];
    for (what, call, body) in calls {
        let one = request(&stage, call, Some("storm"), &body);
        let (responses, time) = storm(&stage, vec![one; 100]).await;
        assert_one_answer(&responses);
        report(&format!("{what} under one key made 1"), 100, time);
    }
    stage.advance(3_600).await;
    assert_eq!(payouts(&stage).await, 1);
    assert_eq!(stage.balance().await, (WALLET + 700 - 45_000, 0, 0));
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_load_is_paid_once_however_many_ask_without_a_key() {
    let stage = Stage::new().await;
    let held = stage.host.pump.hold(QueueName::Dispatch).await;
    let body = json!({"loadId": "L-12345"});
    let create = request(&stage, ("POST", "/api/v1/payouts"), None, &body);
    let (responses, time) = storm(&stage, vec![create; 300]).await;
    let (made, refused): (Vec<_>, Vec<_>) = responses.iter().partition(|it| it.status == 200);
    assert_eq!((made.len(), refused.len()), (1, 299));
    let id = &made[0].body["data"]["id"];
    for response in refused {
        let details = &response.body["error"]["details"];
        assert_eq!(
            (response.status, &details["reason"], &details["payoutId"]),
            (409, &json!("load_held"), id),
            "{}",
            response.text
        );
    }
    drop(held);
    stage.advance(3_600).await;
    assert_eq!((payouts(&stage).await, stage.paid().await.len()), (1, 1));
    stage.assert_books().await;
    report("creates of one load made 1 payout", 300, time);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_wallet_pays_as_many_payouts_as_it_can_and_not_one_more() {
    let stage = Stage::new().await;
    let held = stage.host.pump.hold(QueueName::Dispatch).await;
    let body = json!({"driverId": DRIVER, "amount": WALLET / 50});
    let create = |number: usize| {
        let key = format!("storm-{number}");
        request(&stage, ("POST", "/api/v1/payouts"), Some(&key), &body)
    };
    let (responses, time) = storm(&stage, (0..200).map(create).collect()).await;
    let (made, refused): (Vec<_>, Vec<_>) = responses.iter().partition(|it| it.status == 200);
    for response in &refused {
        assert_eq!(
            (response.status, &response.body["error"]["code"]),
            (400, &json!("INSUFFICIENT_FUNDS")),
            "{}",
            response.text
        );
    }
    assert_eq!((made.len(), refused.len()), (50, 150));
    assert_eq!(stage.balance().await, (0, WALLET, 0));
    stage.assert_books().await;
    drop(held);
    stage.advance(3_600).await;
    assert_eq!((payouts(&stage).await, stage.paid().await.len()), (50, 50));
    assert_eq!(stage.balance().await, (0, 0, 0));
    stage.assert_books().await;
    report("creates spent a wallet for 50", 200, time);
}
