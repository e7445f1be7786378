//! Rubbish of every kind: each gets a 4xx in the envelope that names what is wrong, nothing is written
//! and nothing is sent.

use serde_json::{Value, json};

use crate::stage::{Answer, Call, Stage};

struct Case {
    name: &'static str,
    method: &'static str,
    path: &'static str,
    body: Option<Vec<u8>>,
    status: u16,
    code: &'static str,
    /// A field that must be named.
    field: Option<&'static str>,
}

const fn case(name: &'static str, target: (&'static str, &'static str)) -> Case {
    Case {
        name,
        method: target.0,
        path: target.1,
        body: None,
        status: 400,
        code: "VALIDATION_ERROR",
        field: None,
    }
}

impl Case {
    fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    const fn names(mut self, field: &'static str) -> Self {
        self.field = Some(field);
        self
    }

    const fn is(mut self, status: u16, code: &'static str) -> Self {
        self.status = status;
        self.code = code;
        self
    }
}

const CREATE: (&str, &str) = ("POST", "/api/v1/payouts");
const INSTANT: (&str, &str) = ("POST", "/api/v1/payouts/instant");
const DRIVERS: (&str, &str) = ("POST", "/api/v1/drivers");
const METHOD: (&str, &str) = ("PUT", "/api/v1/drivers/OVN-DRIVER-789/payout-method");
const DEPOSIT: (&str, &str) = ("POST", "/api/v1/wallet/deposits");
const LOAD: (&str, &str) = ("PUT", "/api/v1/loads/L-9");

fn bodies() -> Vec<Case> {
    let deep = "[".repeat(40) + &"]".repeat(40);
    let long = format!(r#"{{"loadId":"{}"}}"#, "x".repeat(70_000));
    vec![
        case("not JSON", CREATE).body("{\"loadId\":"),
        case("not UTF-8", CREATE).body(vec![b'{', 0xff, b'}']),
        case("a list", CREATE).body("[]"),
        case("a text", CREATE).body("\"L-12345\""),
        case("null", CREATE).body("null"),
        case("something behind it", CREATE).body("{\"loadId\":\"L-12345\"} x"),
        case("too deep", CREATE).body(format!("{{\"loadId\":{deep}}}")),
        case("a name twice", CREATE).body(r#"{"loadId":"L-12345","loadId":"L-12346"}"#).names("loadId"),
        case("nothing", CREATE).body("{}").names("loadId"),
        case("no load", CREATE).body(r#"{"urgency":"standard"}"#).names("loadId"),
        case("a load that is a number", CREATE).body(r#"{"loadId":12345}"#).names("loadId"),
        case("a load that is null", CREATE).body(r#"{"loadId":null}"#).names("loadId"),
        case("an empty load", CREATE).body(r#"{"loadId":""}"#).names("loadId"),
        case("a load with a separator", CREATE).body(r#"{"loadId":"L#12345"}"#).names("loadId"),
        case("a load with a blank", CREATE).body(r#"{"loadId":"L 12345"}"#).names("loadId"),
        case("a load of 65 characters", CREATE)
            .body(format!(r#"{{"loadId":"{}"}}"#, "x".repeat(65)))
            .names("loadId"),
        case("a load in another script", CREATE).body("{\"loadId\":\"Ł-1\"}").names("loadId"),
        case("an unknown urgency", CREATE).body(r#"{"loadId":"L-12345","urgency":"soon"}"#).names("urgency"),
        case("an unknown member", CREATE).body(r#"{"loadId":"L-12345","amount_cents":1}"#).names("amount_cents"),
        case("both forms", CREATE)
            .body(r#"{"loadId":"L-12345","driverId":"OVN-DRIVER-789","amount":100}"#),
        case("both names of a driver", CREATE)
            .body(r#"{"recipientId":"OVN-DRIVER-789","driverId":"OVN-DRIVER-789","amount":100}"#)
            .names("recipientId"),
        case("the amount form without a key", CREATE)
            .body(r#"{"driverId":"OVN-DRIVER-789","amount":45000}"#)
            .names("Idempotency-Key"),
        case("an unknown load", CREATE).body(r#"{"loadId":"L-unknown"}"#).is(404, "NOT_FOUND"),
        case("a body of 70 kB", CREATE).body(long).is(413, "VALIDATION_ERROR"),
        case("no requester", INSTANT).body(r#"{"loadId":"L-12345"}"#).names("requestedBy"),
        case("an empty requester", INSTANT)
            .body(r#"{"loadId":"L-12345","requestedBy":""}"#)
            .names("requestedBy"),
        case("a control character", INSTANT)
            .body("{\"loadId\":\"L-12345\",\"requestedBy\":\"a\\u0000b\"}")
            .names("requestedBy"),
        case("a mail without a host", DRIVERS)
            .body(r#"{"ovnDriverId":"D-1","name":"A","email":"a@","phone":"+15551234567"}"#)
            .names("email"),
        case("a phone without a country", DRIVERS)
            .body(r#"{"ovnDriverId":"D-1","name":"A","email":"a@b.c","phone":"555"}"#)
            .names("phone"),
        case("an id that looks like ours", DRIVERS)
            .body(r#"{"ovnDriverId":"drv_1","name":"A","email":"a@b.c","phone":"+15551234567"}"#)
            .names("ovnDriverId"),
        case("another driver under a known id", DRIVERS)
            .body(r#"{"ovnDriverId":"OVN-DRIVER-789","name":"B","email":"a@b.c","phone":"+15551234567"}"#)
            .is(409, "CONFLICT"),
        case("no type", METHOD).body(r#"{"cardNumber":"5123817234060000"}"#).names("type"),
        case("a card of letters", METHOD)
            .body(r#"{"type":"card","cardNumber":"5123-8172"}"#)
            .names("cardNumber"),
        case("a bank account without holder and routing", METHOD)
            .body(r#"{"type":"bank_account","accountNumber":"12345678"}"#)
            .names("routingNumber"),
        case("an unknown driver's method", ("PUT", "/api/v1/drivers/OVN-none/payout-method"))
            .body(r#"{"type":"card","cardNumber":"5123817234060000"}"#)
            .is(404, "NOT_FOUND"),
        case("a load for nobody", LOAD)
            .body(r#"{"driverId":"OVN-none","amount":45000}"#)
            .names("driverId"),
        case("a verification without a reason", ("POST", "/api/v1/drivers/OVN-DRIVER-789/verification"))
            .body(r#"{"decision":"approve"}"#)
            .names("reason"),
        case("an unknown decision", ("POST", "/api/v1/drivers/OVN-DRIVER-789/verification"))
            .body(r#"{"decision":"maybe","reason":"x"}"#)
            .names("decision"),
    ]
}

/// Amounts that are not a positive integer literal within the limit, on every endpoint that takes one.
fn amounts() -> Vec<Case> {
    let bad = [
        "\"45000\"",
        "450.00",
        "45000.0",
        "4.5e4",
        "-1",
        "0",
        "-0",
        "100000001",
        "9223372036854775808",
        "true",
        "[]",
        "{}",
        "null",
        "\"\"",
    ];
    let mut cases = Vec::new();
    for amount in bad {
        let load = format!(r#"{{"driverId":"OVN-DRIVER-789","amount":{amount}}}"#);
        cases.push(
            case("a load's amount", LOAD)
                .body(load.clone())
                .names("amount"),
        );
        cases.push(case("a payout's amount", CREATE).body(load).names("amount"));
        let deposit = format!(r#"{{"reference":"r","amount":{amount}}}"#);
        cases.push(
            case("a deposit's amount", DEPOSIT)
                .body(deposit)
                .names("amount"),
        );
    }
    for literal in ["01", "+1", ".5", "1.", "0x10", "NaN", "Infinity", "1e400"] {
        let body = format!(r#"{{"reference":"r","amount":{literal}}}"#);
        cases.push(case("an amount that is no JSON", DEPOSIT).body(body));
    }
    cases
}

fn routes() -> Vec<Case> {
    vec![
        case("an unknown route", ("GET", "/api/v1/nothing")).is(404, "NOT_FOUND"),
        case("the root", ("GET", "/")).is(404, "NOT_FOUND"),
        case("a trailing slash", ("GET", "/api/v1/balance/")).is(404, "NOT_FOUND"),
        case("a wrong method", ("DELETE", "/api/v1/balance")).is(405, "VALIDATION_ERROR"),
        case("an unknown payout", ("GET", "/api/v1/payouts/pay_none")).is(404, "NOT_FOUND"),
        case(
            "a payout with a separator",
            ("GET", "/api/v1/payouts/pay_%23"),
        )
        .is(404, "NOT_FOUND"),
        case("a broken escape", ("GET", "/api/v1/payouts/%zz")).is(404, "NOT_FOUND"),
        case(
            "a driver's id for a payout",
            ("GET", "/api/v1/payouts/drv_1"),
        )
        .is(404, "NOT_FOUND"),
        case("an unknown driver", ("GET", "/api/v1/drivers/OVN-none")).is(404, "NOT_FOUND"),
        case("an unknown load", ("GET", "/api/v1/loads/L-none")).is(404, "NOT_FOUND"),
        case(
            "canceling an unknown payout",
            ("POST", "/api/v1/payouts/pay_none/cancel"),
        )
        .is(404, "NOT_FOUND"),
        case(
            "retrying an unknown payout",
            ("POST", "/api/v1/payouts/pay_none/retry"),
        )
        .is(404, "NOT_FOUND"),
        case("an unknown query", ("GET", "/api/v1/balance?verbose=1")).names("verbose"),
        case("a load id with a separator", ("PUT", "/api/v1/loads/L%23"))
            .body(r#"{"driverId":"OVN-DRIVER-789","amount":1}"#)
            .names("loadId"),
    ]
}

fn assert_refused(case: &Case, answer: &Answer) {
    let name = format!(
        "{} ({} {}): {}",
        case.name, case.method, case.path, answer.text
    );
    assert_eq!(answer.status, case.status, "{name}");
    assert_eq!(answer.body["success"], false, "{name}");
    assert_eq!(answer.body["error"]["code"], case.code, "{name}");
    assert!(answer.body["error"]["message"].is_string(), "{name}");
    assert!(answer.body["meta"]["requestId"].is_string(), "{name}");
    if let Some(field) = case.field {
        let fields = answer.body["error"]["details"]["fields"].as_array();
        let named = fields.into_iter().flatten().any(|it| it["path"] == field);
        assert!(named, "{name} names {field}");
    }
}

async fn contents(stage: &Stage) -> app::audit::Dump {
    stage
        .host
        .world
        .backend
        .store
        .dump()
        .await
        .expect("readable")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_piece_of_rubbish_is_refused_by_name_and_writes_nothing() {
    let stage = Stage::new().await;
    let before = contents(&stage).await;
    let cases: Vec<Case> = bodies()
        .into_iter()
        .chain(amounts())
        .chain(routes())
        .collect();
    let sent = stage.host.world.queue.sent();
    for case in &cases {
        let mut call = Call::new(case.method, case.path).key(stage.key());
        if let Some(body) = &case.body {
            call = call.raw(body.clone());
        }
        assert_refused(case, &stage.call(call).await);
    }
    assert_eq!(contents(&stage).await, before, "nothing was written");
    assert_eq!(stage.host.world.queue.sent(), sent, "nothing was sent");
    println!("bad input: {} cases refused", cases.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_are_none_get_401_and_keys_that_may_not_get_403() {
    let stage = Stage::new().await;
    let read = stage.host.ready.keys.read.clone();
    let wrong = format!("{}0", &stage.key()[..stage.key().len() - 1]);
    let live = stage.key().replace("_test_", "_live_");
    for key in ["", "psk_test_", "not a key", wrong.as_str(), live.as_str()] {
        let answer = stage
            .call(Call::new("GET", "/api/v1/balance").key(key))
            .await;
        assert_eq!(
            (answer.status, &answer.body["error"]["code"]),
            (401, &json!("AUTHENTICATION_ERROR")),
            "{key}"
        );
    }
    let bare = stage.call(Call::new("GET", "/api/v1/health")).await;
    assert_eq!(bare.status, 401);
    assert_eq!(stage.call(Call::new("GET", "/health")).await.status, 200);
    let body = json!({"loadId": "L-12345"});
    let refused = stage
        .call(Call::new("POST", "/api/v1/payouts").key(&read).json(&body))
        .await;
    assert_eq!(
        (refused.status, &refused.body["error"]["code"]),
        (403, &json!("FORBIDDEN"))
    );
    assert_eq!(
        stage
            .call(Call::new("GET", "/api/v1/balance").key(&read))
            .await
            .status,
        200
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenant_sees_nothing_of_ours() {
    let stage = Stage::new().await;
    let other = stage.host.ready.keys.other.clone();
    let id = stage.create("L-12345").await;
    let foreign = stage
        .call(Call::new("GET", &format!("/api/v1/payouts/{id}")).key(&other))
        .await;
    let absent = stage
        .call(Call::new("GET", "/api/v1/payouts/pay_none").key(&other))
        .await;
    assert_eq!(foreign.status, 404);
    assert_eq!(
        foreign.body["error"], absent.body["error"],
        "foreign reads as absent"
    );
    let balance = stage
        .call(Call::new("GET", "/api/v1/balance").key(&other))
        .await;
    assert_eq!(balance.body["data"]["available"], 0);
    let body = json!({"loadId": "L-12345"});
    let create = stage
        .call(Call::new("POST", "/api/v1/payouts").key(&other).json(&body))
        .await;
    assert_eq!(create.status, 404, "{}", create.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn drivers_wallets_and_states_refuse_by_reason() {
    let stage = Stage::new().await;
    let register =
        json!({"ovnDriverId": "D-2", "name": "Ana", "email": "a@b.c", "phone": "+15551234567"});
    stage.data("POST", "/api/v1/drivers", Some(&register)).await;
    let load = json!({"driverId": "D-2", "amount": 1_000});
    stage.data("PUT", "/api/v1/loads/L-2", Some(&load)).await;
    let unverified = stage
        .as_full("POST", "/api/v1/payouts", Some(&json!({"loadId": "L-2"})))
        .await;
    assert_eq!(
        (
            unverified.status,
            &unverified.body["error"]["details"]["reason"]
        ),
        (409, &json!("kyc_not_verified"))
    );

    let dear = json!({"driverId": "OVN-DRIVER-789", "amount": 5_000_001});
    stage.data("PUT", "/api/v1/loads/L-3", Some(&dear)).await;
    let short = stage
        .as_full("POST", "/api/v1/payouts", Some(&json!({"loadId": "L-3"})))
        .await;
    assert_eq!(
        (short.status, &short.body["error"]["code"]),
        (400, &json!("INSUFFICIENT_FUNDS"))
    );

    let cheap = json!({"driverId": "OVN-DRIVER-789", "amount": 250});
    stage.data("PUT", "/api/v1/loads/L-4", Some(&cheap)).await;
    let eaten = stage
        .as_full("POST", "/api/v1/payouts", Some(&json!({"loadId": "L-4"})))
        .await;
    assert_eq!(
        (eaten.status, &eaten.body["error"]["code"]),
        (400, &json!("VALIDATION_ERROR"))
    );

    let id = stage.create("L-12345").await;
    let twice = stage
        .as_full(
            "POST",
            "/api/v1/payouts",
            Some(&json!({"loadId": "L-12345"})),
        )
        .await;
    assert_eq!(
        (twice.status, &twice.body["error"]["details"]["payoutId"]),
        (409, &json!(id))
    );
    stage.advance(3_600).await;
    for action in ["cancel", "retry"] {
        let path = format!("/api/v1/payouts/{id}/{action}");
        let refused = stage.as_full("POST", &path, None).await;
        assert_eq!(
            (refused.status, &refused.body["error"]["details"]["reason"]),
            (409, &json!("wrong_state")),
            "{action}"
        );
    }
    let moved = json!({"driverId": "OVN-DRIVER-789", "amount": 45_001});
    let changed = stage
        .as_full("PUT", "/api/v1/loads/L-12345", Some(&moved))
        .await;
    assert_eq!(
        (changed.status, &changed.body["error"]["details"]["reason"]),
        (409, &json!("load_paid"))
    );
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn content_types_and_request_keys_are_checked() {
    let stage = Stage::new().await;
    let call = Call::new("POST", "/api/v1/payouts").key(stage.key());
    let mut form = call
        .clone()
        .header("content-type", "application/x-www-form-urlencoded");
    form.body = Some(b"loadId=L-12345".to_vec());
    assert_eq!(stage.call(form).await.status, 415);
    let mut packed = call.clone().json(&json!({"loadId": "L-12345"}));
    packed.headers.push(("content-encoding", "gzip".to_owned()));
    assert_eq!(stage.call(packed).await.status, 415);
    for key in ["k".repeat(256), "tab\there".to_owned()] {
        let call = call
            .clone()
            .header("idempotency-key", key)
            .json(&json!({"loadId": "L-12345"}));
        let answer = stage.call(call).await;
        assert_eq!(answer.status, 400, "{}", answer.text);
    }
    let keyed = |body: Value| call.clone().header("idempotency-key", "k-1").json(&body);
    let first = stage
        .call(keyed(json!({"loadId": "L-12345", "urgency": "standard"})))
        .await;
    assert_eq!((first.status, first.replayed), (200, false));
    let same = stage
        .call(keyed(json!({"urgency": "standard", "loadId": "L-12345"})))
        .await;
    assert_eq!(
        (same.status, same.replayed, &same.text),
        (200, true, &first.text)
    );
    let other = stage.call(keyed(json!({"loadId": "L-12346"}))).await;
    assert_eq!(
        (other.status, &other.body["error"]["code"]),
        (422, &json!("IDEMPOTENCY_ERROR"))
    );
}
