//! Every published example, its request as printed, against a live host: the same members, types, words
//! and numbers. Only ids and times differ, and they have the printed form.

use app::message::QueueName;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::figures::report;
use crate::stage::{Answer, Call, Stage};

/// No fee rule makes the 450 printed on a standard payout, nor the 250 a load printed on a batch of 45: tests
/// of the views show those.
const UNREACHABLE: [(&str, &str); 4] = [
    ("get driver payouts", "items[0].fee"),
    ("get driver payouts", "items[0].netAmount"),
    ("list batches", "items[0].totalFees"),
    ("list batches", "items[0].netAmount"),
];
/// Members of ours on answers that were published without them.
const ADDED: &[(&str, &str)] = &[
    ("list drivers", "nextCursor"),
    ("get driver payouts", "hasNextPage"),
    ("create batch", "scheduledFor"),
];
const DRIVER: &str = "OVN-DRIVER-789";

/// One printed example: a call with its answer, or an error code with its status.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    name: String,
    #[serde(default)]
    method: String,
    #[serde(default)]
    path: String,
    request: Option<Value>,
    answer: Option<Value>,
    status: Option<u16>,
}

fn examples() -> Vec<Example> {
    serde_json::from_str(include_str!("../fixtures/ovn/examples.json")).expect("a fixture")
}

/// Where `found` is not as printed.
fn differences(printed: &Value, found: &Value, at: &str) -> Vec<String> {
    let differs = |is_same: bool| {
        let problem = || format!("{at}: {found} and not as {printed}");
        (!is_same).then(problem).into_iter().collect::<Vec<_>>()
    };
    match (printed, found) {
        (Value::Object(printed), Value::Object(found)) => {
            let names = printed.keys().chain(found.keys());
            let mut problems: Vec<_> = names
                .filter(|it| printed.contains_key(*it) != found.contains_key(*it))
                .map(|it| format!("{at}.{it} is not in both"))
                .collect();
            for (name, value) in printed {
                let at = format!("{at}.{name}");
                let found = found.get(name);
                problems.extend(found.into_iter().flat_map(|it| differences(value, it, &at)));
            }
            problems
        }
        // One item is printed for many: the first must be it.
        (Value::Array(printed), Value::Array(found)) => match (printed.first(), found.first()) {
            (Some(printed), Some(found)) => differences(printed, found, &format!("{at}[0]")),
            (printed, found) => differs(printed.is_none() && found.is_none()),
        },
        (Value::String(printed), Value::String(found)) => differs(is_alike(printed, found, at)),
        (Value::Number(_) | Value::Bool(_) | Value::Null, _) => differs(printed == found),
        (Value::Object(_) | Value::Array(_) | Value::String(_), _) => differs(false),
    }
}

/// Words are as printed; ids keep their prefix, times their form, and the version is our own.
fn is_alike(printed: &str, found: &str, at: &str) -> bool {
    let is_time = |text: &str| text.len() == 20 && text.ends_with('Z') && text.contains('T');
    let id = ["drv_", "pay_", "batch_"]
        .into_iter()
        .find(|prefix| printed.starts_with(prefix));
    match id {
        Some(prefix) => found.starts_with(prefix),
        None if is_time(printed) => is_time(found),
        None => printed == found || (at.ends_with(".version") && !found.is_empty()),
    }
}

/// The call of an example as a client makes it, with what its placeholders stand for.
async fn ask(stage: &Stage, example: &Example, (key, id): (&str, &str)) -> Answer {
    let path = example.path.replace(":id", id);
    let mut call = Call::new(&example.method, &path).key(key);
    if let Some(request) = &example.request {
        let text = request.to_string().replace("drv_abc123", id);
        call = call.raw(text).header("idempotency-key", "example");
    }
    stage.call(call).await
}

/// Does what the example's text takes for granted, and makes its call.
async fn perform(stage: &Stage, example: &Example) -> Answer {
    let full = stage.key().to_owned();
    let other = stage.host.ready.keys.other.clone();
    match example.name.as_str() {
        // The second tenant has no driver yet, so that the printed one is new.
        "register driver" => ask(stage, example, (&other, "")).await,
        "list drivers" => {
            have_142_drivers(stage, &other).await;
            ask(stage, example, (&other, "")).await
        }
        "get driver payouts" => {
            for number in (12_345..12_357).rev() {
                pay(stage, (&full, &format!("L-{number}")), 45_000).await;
            }
            ask(stage, example, (&full, "")).await
        }
        "cancel payout" => {
            let held = stage.host.pump.hold(QueueName::Dispatch).await;
            let id = stage.create("L-12345").await;
            let answer = ask(stage, example, (&full, &id)).await;
            drop(held);
            answer
        }
        "retry payout" => {
            let outcome = json!({"provider": "payelata", "status": "process_failed"});
            stage.control("/_control/outcomes", &outcome).await;
            let id = stage.create("L-12345").await;
            stage.advance(3_600).await;
            ask(stage, example, (&full, &id)).await
        }
        "get balance" => {
            let held = have_money_on_its_way(stage).await;
            let answer = ask(stage, example, (&full, "")).await;
            drop(held);
            answer
        }
        "list batches" => {
            have_8_batches(stage).await;
            ask(stage, example, (&full, "")).await
        }
        "release batch" => {
            let batch = stage.make_batch("Weekly Payouts", &["L-12345"]).await;
            ask(stage, example, (&full, &batch)).await
        }
        "client: payouts.create" => {
            let driver = stage
                .data("GET", "/api/v1/drivers/OVN-DRIVER-789", None)
                .await;
            let id = driver["id"].as_str().expect("an id");
            ask(stage, example, (&full, id)).await
        }
        name if example.status.is_some() => cause(stage, name).await,
        _ => ask(stage, example, (&full, "")).await,
    }
}

/// Causes a published error.
async fn cause(stage: &Stage, code: &str) -> Answer {
    let create = |body: Value| {
        let call = Call::new("POST", "/api/v1/payouts").key(stage.key());
        call.header("idempotency-key", "error").json(&body)
    };
    let call = match code {
        "VALIDATION_ERROR" => create(json!({"loadId": "", "urgency": "standard"})),
        "AUTHENTICATION_ERROR" => Call::new("GET", "/api/v1/balance").key("psk_your_api_key_here"),
        "NOT_FOUND" => create(json!({"loadId": "L-none"})),
        "INSUFFICIENT_FUNDS" => create(json!({"driverId": DRIVER, "amount": 100_000_000})),
        "IDEMPOTENCY_ERROR" => {
            stage.call(create(json!({"loadId": "L-12345"}))).await;
            create(json!({"loadId": "L-12346"}))
        }
        "RATE_LIMIT_ERROR" => return exhaust_a_key(stage).await,
        other => panic!("nothing here causes {other}"),
    };
    stage.call(call).await
}

/// Calls with a new key until its burst is spent.
async fn exhaust_a_key(stage: &Stage) -> Answer {
    let body = json!({"name": "ERP", "scopes": ["balance:read"]});
    let key = stage.data("POST", "/api/v1/keys", Some(&body)).await;
    let key = key["secret"].as_str().expect("a secret").to_owned();
    for _ in 0..250 {
        let call = Call::new("GET", "/api/v1/balance").key(&key);
        let answer = stage.call(call).await;
        if answer.status != 200 {
            return answer;
        }
    }
    panic!("a key has no limit");
}

/// 25000 at the provider, which does not say how it ends, and 50000 that nobody dispatches.
async fn have_money_on_its_way(stage: &Stage) -> local::pump::Held {
    let deposit = json!({"amount": 75_000, "reference": "example"});
    stage
        .data("POST", "/api/v1/wallet/deposits", Some(&deposit))
        .await;
    let outcome = json!({"provider": "payelata", "status": "process_pending"});
    stage.control("/_control/outcomes", &outcome).await;
    create(stage, (stage.key(), DRIVER), 25_000).await;
    stage.host.pump.settle().await;
    let held = stage.host.pump.hold(QueueName::Dispatch).await;
    create(stage, (stage.key(), DRIVER), 50_000).await;
    held
}

async fn have_142_drivers(stage: &Stage, key: &str) {
    let register = |id: String, name: &str| json!({"ovnDriverId": id, "name": name, "email": "john@example.com", "phone": "+15551234567"});
    for number in 0..141 {
        let body = register(format!("OVN-{number}"), "Ana Lopez");
        as_key(stage, key, ("POST", "/api/v1/drivers"), &body).await;
    }
    let body = register(DRIVER.to_owned(), "John Smith");
    as_key(stage, key, ("POST", "/api/v1/drivers"), &body).await;
    let path = format!("/api/v1/drivers/{DRIVER}/payout-method");
    let card = json!({"type": "card", "cardNumber": "5123817234060000"});
    as_key(stage, key, ("PUT", &path), &card).await;
    let path = format!("/api/v1/drivers/{DRIVER}/verification");
    let approve = json!({"decision": "approve", "reason": "example"});
    as_key(stage, key, ("POST", &path), &approve).await;
    // 125000 arrive: the driver gets what the fee of 250 leaves.
    let deposit = json!({"amount": 125_250, "reference": "example"});
    as_key(stage, key, ("POST", "/api/v1/wallet/deposits"), &deposit).await;
    pay(stage, (key, "L-1"), 125_250).await;
}

/// The newest has 45 loads and is paid.
async fn have_8_batches(stage: &Stage) {
    for number in 0..7 {
        let load = format!("L-{number}");
        stage.put_load(&load, 45_000).await;
        stage.make_batch("Weekly Payouts", &[&load]).await;
        stage.advance(1).await;
    }
    let loads = stage.put_loads("W", 45).await;
    let batch = stage
        .make_batch("Weekly Payouts - 2026-01-31", &loads)
        .await;
    stage.release(&batch).await;
    stage.advance(7_200).await;
}

/// Puts a load of the printed driver, and pays it.
async fn pay(stage: &Stage, (key, load): (&str, &str), amount: i64) {
    let path = format!("/api/v1/loads/{load}");
    let body = json!({"driverId": DRIVER, "amount": amount});
    as_key(stage, key, ("PUT", &path), &body).await;
    as_key(
        stage,
        key,
        ("POST", "/api/v1/payouts"),
        &json!({"loadId": load}),
    )
    .await;
    stage.advance(3_600).await;
}

async fn create(stage: &Stage, (key, driver): (&str, &str), amount: i64) {
    let body = json!({"driverId": driver, "amount": amount});
    let call = Call::new("POST", "/api/v1/payouts").key(key).json(&body);
    let answer = stage
        .call(call.header("idempotency-key", amount.to_string()))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

async fn as_key(stage: &Stage, key: &str, call: (&str, &str), body: &Value) {
    let answer = stage
        .call(Call::new(call.0, call.1).key(key).json(body))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// What an example should answer. The two calls of the client are printed without their answers: they
/// have those of the calls they stand for.
fn expected(example: &Example, all: &[Example]) -> Value {
    let of = |name: &str| {
        let found = all.iter().find(|it| it.name == name);
        found.and_then(|it| it.answer.clone()).expect("an answer")
    };
    match (example.name.as_str(), &example.answer) {
        (_, Some(answer)) => answer.clone(),
        ("client: payouts.create", None) => {
            let mut answer = of("create payout");
            let data = answer["data"].as_object_mut().expect("data");
            data.remove("loadId");
            data.insert("description".to_owned(), json!("Load #L-12345"));
            answer
        }
        ("client: drivers.list", None) => {
            let mut answer = of("list drivers");
            // The driver of a fresh host was never paid, and nobody else is active.
            answer["data"]["items"][0]["totalPaid"] = json!(0);
            answer["data"]["total"] = json!(1);
            answer["data"]["hasNextPage"] = json!(false);
            answer
        }
        (code, None) => json!({"success": false, "error": {"code": code}}),
    }
}

fn problems(example: &Example, all: &[Example], answer: Answer) -> Vec<String> {
    let mut found = answer.body;
    let meta = found.as_object_mut().and_then(|body| body.remove("meta"));
    let printed = json!({"requestId": "", "timestamp": "2026-01-31T12:00:00Z"});
    let mut meta = meta.unwrap_or_default();
    let mut problems = Vec::new();
    if meta["requestId"].as_str().is_some_and(|it| !it.is_empty()) {
        meta["requestId"] = json!("");
    }
    problems.extend(differences(&printed, &meta, "meta"));
    if answer.status != example.status.unwrap_or(200) {
        problems.push(format!("status {}", answer.status));
    }
    if example.status.is_some() {
        // A code is published with its status; message and details are ours.
        let error = found["error"].as_object_mut();
        error.into_iter().for_each(|error| {
            error.retain(|name, _| name != "message" && name != "details");
        });
    }
    for (_, member) in ADDED.iter().filter(|(name, _)| *name == example.name) {
        let data = found["data"].as_object_mut().expect("data");
        if data.remove(*member).is_none() {
            problems.push(format!("{member} is not there"));
        }
    }
    problems.extend(differences(&expected(example, all), &found, ""));
    let is_unreachable = |problem: &String| {
        let mut rows = UNREACHABLE.iter().filter(|(name, _)| *name == example.name);
        rows.any(|(_, at)| problem.starts_with(&format!(".data.{at}:")))
    };
    problems.retain(|problem| !is_unreachable(problem));
    let name = &example.name;
    problems.iter().map(|it| format!("{name}: {it}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_published_example_answers_as_printed() {
    let all = examples();
    let mut found = Vec::new();
    for example in &all {
        let stage = Stage::new().await;
        let answer = perform(&stage, example).await;
        found.extend(problems(example, &all, answer));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert_eq!(all.len(), 21, "published are 21");
    report(&format!("conformance: {} published examples", all.len()));
}

#[test]
fn a_difference_in_members_types_words_or_numbers_shows() {
    let printed =
        json!({"a": 1, "b": "x", "id": "pay_1", "at": "2026-01-31T12:00:00Z", "l": [{"n": 1}]});
    assert_eq!(differences(&printed, &printed, ""), [""; 0]);
    for (name, value) in [
        ("a", json!(2)),
        ("a", json!("1")),
        ("a", json!(null)),
        ("b", json!("y")),
        ("id", json!("drv_1")),
        ("at", json!("2026-01-31")),
        ("l", json!([])),
        ("l", json!([{"n": 2}])),
        ("l", json!([{"n": 1, "m": 1}])),
        ("new", json!(1)),
    ] {
        let mut found = printed.clone();
        found[name] = value;
        assert_eq!(differences(&printed, &found, "").len(), 1, "{found}");
    }
}
