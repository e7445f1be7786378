//! The published API's own calls, as printed, and the shapes of their answers: the same members of the
//! same types, no more and no fewer.

use serde_json::{Value, json};

use crate::stage::Stage;

/// The printed answers (seed 000), by the endpoint they belong to.
fn printed(name: &str) -> Value {
    let text = include_str!("../fixtures/ovn/answers.json");
    let answers: Value = serde_json::from_str(text).expect("a fixture");
    answers[name].clone()
}

/// Members and types of a value, without its contents.
fn shape(value: &Value) -> Value {
    match value {
        Value::Null => json!("null"),
        Value::Bool(_) => json!("bool"),
        Value::Number(number) if number.is_i64() => json!("integer"),
        Value::Number(_) => json!("number"),
        Value::String(_) => json!("text"),
        Value::Array(items) => Value::Array(items.iter().map(shape).collect()),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), shape(value)))
            .collect(),
    }
}

async fn answers_as_printed(
    stage: &Stage,
    call: (&str, &str),
    body: Option<Value>,
    name: &str,
) -> Value {
    let answer = stage.as_full(call.0, call.1, body.as_ref()).await;
    assert_eq!(answer.status, 200, "{name}: {}", answer.text);
    let mut found = answer.body;
    let meta = found.as_object_mut().and_then(|body| body.remove("meta"));
    assert_eq!(
        shape(&meta.unwrap_or_default()),
        json!({"requestId": "text", "timestamp": "text"}),
        "{name}"
    );
    assert_eq!(shape(&found), shape(&printed(name)), "{name}");
    found["data"].take()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_published_calls_answer_in_the_published_shapes_with_the_published_numbers() {
    let stage = Stage::new().await;
    answers_as_printed(&stage, ("GET", "/api/v1/health"), None, "health").await;
    answers_as_printed(&stage, ("GET", "/api/v1/balance"), None, "balance").await;
    let driver = answers_as_printed(
        &stage,
        ("GET", "/api/v1/drivers/OVN-DRIVER-789"),
        None,
        "driver",
    )
    .await;
    assert_eq!(
        (&driver["status"], &driver["kycStatus"]),
        (&json!("active"), &json!("verified"))
    );

    let register = json!({
        "ovnDriverId": "OVN-DRIVER-790",
        "name": "John Smith",
        "email": "john@example.com",
        "phone": "+15551234567"
    });
    let path = ("POST", "/api/v1/drivers");
    let registered = answers_as_printed(&stage, path, Some(register), "registered").await;
    assert_eq!(registered["status"], "invited");
    assert_eq!(registered["kycStatus"], "pending");

    let standard = json!({"loadId": "L-12345", "urgency": "standard"});
    let path = ("POST", "/api/v1/payouts");
    let payout = answers_as_printed(&stage, path, Some(standard), "payout").await;
    assert_eq!(
        (&payout["amount"], &payout["fee"], &payout["netAmount"]),
        (&json!(45_000), &json!(250), &json!(44_750))
    );
    assert_eq!(
        (&payout["status"], &payout["rail"]),
        (&json!("validated"), &json!("standard"))
    );
    assert_eq!(payout["driverName"], "John Smith");

    let instant = json!({"loadId": "L-12346", "requestedBy": "driver-789"});
    let path = ("POST", "/api/v1/payouts/instant");
    let instant = answers_as_printed(&stage, path, Some(instant), "instant").await;
    assert_eq!(
        (&instant["amount"], &instant["fee"], &instant["netAmount"]),
        (&json!(45_000), &json!(450), &json!(44_550))
    );
    assert_eq!(
        (&instant["status"], &instant["rail"]),
        (&json!("processing"), &json!("instant"))
    );
    assert_eq!(instant["estimatedSettlement"], "~30 seconds");
}

#[tokio::test(flavor = "multi_thread")]
async fn cancel_and_retry_answer_in_the_published_shapes() {
    let stage = Stage::new().await;
    let outcome = json!({"provider": "payelata", "status": "process_failed"});
    stage.control("/_control/outcomes", &outcome).await;
    let id = stage.create("L-12345").await;
    stage.advance(3_600).await;
    let path = format!("/api/v1/payouts/{id}/retry");
    let retried = answers_as_printed(&stage, ("POST", &path), None, "retried").await;
    assert_eq!(retried["status"], "queued");
    stage.advance(3_600).await;

    let outcome = json!({"provider": "payelata", "status": "process_failed"});
    stage.control("/_control/outcomes", &outcome).await;
    let id = stage.create("L-12346").await;
    stage.advance(3_600).await;
    let path = format!("/api/v1/payouts/{id}/cancel");
    let canceled = answers_as_printed(&stage, ("POST", &path), None, "canceled").await;
    assert_eq!(canceled["status"], "canceled");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sdks_own_call_is_served() {
    let stage = Stage::new().await;
    let driver = stage
        .data("GET", "/api/v1/drivers/OVN-DRIVER-789", None)
        .await;
    let body = json!({
        "recipientId": driver["id"],
        "amount": 45_000,
        "description": "Load #L-12345",
        "rail": "standard"
    });
    let call = crate::stage::Call::new("POST", "/api/v1/payouts")
        .key(stage.key())
        .header("idempotency-key", "sdk-1")
        .json(&body);
    let answer = stage.call(call).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.body["data"]["netAmount"], 44_750);
    assert_eq!(answer.body["data"]["description"], "Load #L-12345");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_published_lists_answer_in_the_published_shapes() {
    let stage = Stage::new().await;
    stage.create("L-12345").await;
    stage.advance(3_600).await;
    // As the published client calls it: `drivers.list({limit: 50, status: 'active'})`.
    let path = ("GET", "/api/v1/drivers?limit=50&status=active");
    let drivers = answers_as_printed(&stage, path, None, "drivers").await;
    assert_eq!(
        (&drivers["total"], &drivers["pageSize"]),
        (&json!(1), &json!(50))
    );

    let path = "/api/v1/drivers/OVN-DRIVER-789/payouts";
    let mut payouts = stage.data("GET", path, None).await;
    // Printed for every list but this one; here it is ours.
    let follows = payouts
        .as_object_mut()
        .and_then(|it| it.remove("hasNextPage"));
    assert_eq!(follows, Some(json!(false)));
    assert_eq!(shape(&payouts), shape(&printed("driverPayouts")["data"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_timeline_tells_every_transition_with_its_money_and_what_comes_next() {
    let stage = Stage::new().await;
    let id = stage.create("L-12345").await;
    stage.advance(3_600).await;
    let timeline = stage
        .data("GET", &format!("/api/v1/payouts/{id}/timeline"), None)
        .await;
    let items = timeline["items"].as_array().expect("a list");
    let events: Vec<_> = items.iter().map(|item| item["event"].clone()).collect();
    assert_eq!(events, ["create", "enqueue", "claim", "accepted", "paid"]);
    let paid = &items[4];
    assert_eq!(
        paid["legs"],
        json!([
            {"account": "in_transit", "amount": -45_000},
            {"account": "clearing.payelata", "amount": 44_750},
            {"account": "revenue.fees", "amount": 250}
        ])
    );
    assert_eq!(paid["reference"], format!("{id}-a01"));
    assert!(
        paid["providerReference"]
            .as_str()
            .is_some_and(|id| id.starts_with("cpoi_"))
    );
    for item in items {
        let sentence = |name: &str| item[name].as_str().is_some_and(|text| text.ends_with('.'));
        assert!(sentence("message") && sentence("next"), "{item}");
        let sum: i64 = item["legs"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|leg| leg["amount"].as_i64())
            .sum();
        assert_eq!(sum, 0, "{item}");
    }
}
