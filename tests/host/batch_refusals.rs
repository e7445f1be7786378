//! What no batch can be made of, and what cannot be done to one: refused by name, with the table as it was.

use serde_json::{Value, json};

use crate::{
    batch_stage::{BATCHES, WALLET, fields, id, path, reason, wish},
    stage::{Answer, Call, Stage},
};

/// The endpoints of one batch, with bodies that would do.
const OF_ONE: [(&str, &str, &str); 9] = [
    ("GET", "", ""),
    ("GET", "/payouts", ""),
    ("GET", "/report.csv", ""),
    ("POST", "/release", "{}"),
    ("POST", "/cancel", "{}"),
    ("POST", "/retry-failed", "{}"),
    ("POST", "/approve", "plan"),
    (
        "POST",
        "/lines",
        r#"{"loadIds": ["L-12345"], "version": 1}"#,
    ),
    ("DELETE", "/lines/L-12345?version=1", ""),
];

fn codes(answer: &Answer) -> (u16, &str) {
    let code = answer.body["error"]["code"].as_str();
    (answer.status, code.unwrap_or_default())
}

/// Numbers of the bad lines, and why.
fn bad_lines(answer: &Answer) -> Vec<(i64, &str)> {
    let lines = answer.body["error"]["details"]["lines"].as_array();
    lines
        .into_iter()
        .flatten()
        .map(|it| {
            let number = it["line"].as_i64().expect("a number");
            (number, it["reason"].as_str().expect("a reason"))
        })
        .collect()
}

async fn create(stage: &Stage, loads: &Value) -> Answer {
    let body = json!({"name": "Weekly", "loadIds": loads});
    stage.idle_post(BATCHES, &body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn loads_that_cannot_be_paid_are_listed_by_line() {
    let stage = Stage::new().await;
    let payout = stage.create("L-12346").await;
    stage.advance(3_600).await;
    let held = stage.make_batch("First", &["L-12347"]).await;

    let twice = create(&stage, &json!(["L-12345", "L-12345"])).await;
    let expected = (400, "VALIDATION_ERROR", vec!["loadIds[1]"]);
    assert_eq!(fields(&twice), expected, "{}", twice.text);
    assert_eq!(bad_lines(&twice), [(2, "duplicate_line")]);

    let unknown = create(&stage, &json!(["L-12345", "L-NONE"])).await;
    assert_eq!(codes(&unknown), (404, "NOT_FOUND"), "{}", unknown.text);
    assert_eq!(bad_lines(&unknown), [(2, "load_not_found")]);

    let paid = create(&stage, &json!(["L-12346", "L-12345"])).await;
    assert_eq!(reason(&paid), (409, "bad_lines"), "{}", paid.text);
    assert_eq!(bad_lines(&paid), [(1, "load_paid")]);

    let taken = create(&stage, &json!(["L-12347"])).await;
    assert_eq!(reason(&taken), (409, "bad_lines"), "{}", taken.text);
    assert_eq!(bad_lines(&taken), [(1, "load_held")]);
    let line = &taken.body["error"]["details"]["lines"][0];
    assert_eq!(line["batchId"], held, "{line}");
    let link = stage
        .data("GET", line["link"].as_str().expect("a link"), None)
        .await;
    assert_eq!(link["loadId"], "L-12347");

    let all = create(&stage, &json!(["L-NONE", "L-12346", "L-12345", "L-12345"])).await;
    assert_eq!(codes(&all), (400, "VALIDATION_ERROR"));
    let why = bad_lines(&all);
    let expected = [
        (1, "load_not_found"),
        (2, "load_paid"),
        (4, "duplicate_line"),
    ];
    assert_eq!(why, expected, "{}", all.text);
    assert_eq!(stage.payout(&payout).await["status"], "completed");
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_wishes_are_refused_by_field() {
    let stage = Stage::new().await;
    let many: Vec<_> = (0..10_001).map(|it| format!("L-{it}")).collect();
    let day = 24 * 3_600;
    let (soon, late) = (
        stage.in_seconds(90 * day - 60),
        stage.in_seconds(90 * day + 60),
    );
    for (loads, named) in [
        (json!([]), "loadIds"),
        (json!(many), "loadIds"),
        (json!(["L-12345", "L 1"]), "loadIds[1]"),
        (json!(["L-12345", ""]), "loadIds[1]"),
        (json!(["L#1"]), "loadIds[0]"),
        (json!([12_345]), "loadIds[0]"),
        (json!([null]), "loadIds[0]"),
        (json!("L-12345"), "loadIds"),
        (json!(["L-12345", ["L-12346"]]), "loadIds[1]"),
    ] {
        let refused = create(&stage, &loads).await;
        let expected = (400, "VALIDATION_ERROR", vec![named]);
        assert_eq!(fields(&refused), expected, "{loads:.80}");
    }
    for time in [
        "",
        "tomorrow",
        "2026-01-31",
        "2026-13-31T17:00:00Z",
        "2026-01-31 17:00",
        &late,
    ] {
        let body = json!({"name": "Weekly", "loadIds": ["L-12345"], "scheduledFor": time});
        let refused = stage.idle_post(BATCHES, &body).await;
        let expected = (400, "VALIDATION_ERROR", vec!["scheduledFor"]);
        assert_eq!(fields(&refused), expected, "{time}: {}", refused.text);
    }
    let body = json!({"name": "Weekly", "loadIds": ["L-12345"], "scheduledFor": soon});
    assert_eq!(stage.post(BATCHES, &body).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_the_wallet_cannot_carry_moves_nothing() {
    let stage = Stage::new().await;
    stage.put_load("L-DEAR", WALLET).await;
    let loads = ["L-12345", "L-DEAR"];
    let preview = stage
        .idle_post("/api/v1/batches/preview", &wish("Weekly", &loads))
        .await;
    assert_eq!(preview.body["data"]["availableAfter"], -45_000);
    let refused = stage.post(BATCHES, &wish("Weekly", &loads)).await;
    assert_eq!(
        codes(&refused),
        (400, "INSUFFICIENT_FUNDS"),
        "{}",
        refused.text
    );
    assert_eq!(
        refused.body["error"]["details"]["required"],
        WALLET + 45_000
    );
    assert_eq!(stage.balance().await, (WALLET, 0, 0));
    let list = stage.data("GET", BATCHES, None).await;
    assert_eq!((&list["items"], &list["total"]), (&json!([]), &json!(0)));
    let load = stage.data("GET", "/api/v1/loads/L-12345", None).await;
    assert_eq!(load["status"], "open");
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_tenant_has_is_not_there() {
    let stage = Stage::new().await;
    let other = stage.host.ready.keys.other.clone();
    let batch = stage.make_batch("Weekly", &["L-12345"]).await;
    let plan = stage.batch(&batch).await["planHash"].clone();
    let body = |text: &str| match text {
        "plan" => json!({"planHash": plan}).to_string(),
        other => other.to_owned(),
    };
    for (method, rest, text) in OF_ONE {
        let mut errors = Vec::new();
        for batch in [batch.as_str(), "batch_none"] {
            let path = path(batch, rest);
            let call = Call::new(method, &path).key(&other);
            let call = match text {
                "" => call,
                text => call.raw(body(text)),
            };
            let refused = stage.idle(call).await;
            assert_eq!(refused.status, 404, "{method} {path}: {}", refused.text);
            errors.push(refused.body["error"].clone());
        }
        assert_eq!(errors[0], errors[1], "foreign reads as absent");
    }
    let call = Call::new("POST", BATCHES).key(&other);
    let foreign = stage.idle(call.json(&wish("Mine", &["L-12345"]))).await;
    assert_eq!(codes(&foreign), (404, "NOT_FOUND"));
    assert_eq!(bad_lines(&foreign), [(1, "load_not_found")]);
    let list = stage.call(Call::new("GET", BATCHES).key(&other)).await;
    assert_eq!(list.body["data"]["total"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_may_only_read_changes_no_batch() {
    let stage = Stage::new().await;
    let read = stage.host.ready.keys.read.clone();
    let batch = stage.make_batch("Weekly", &["L-12345"]).await;
    for (method, rest, _) in OF_ONE {
        let path = path(&batch, rest);
        let answer = stage.idle(Call::new(method, &path).key(&read)).await;
        let expected = if method == "GET" { 200 } else { 403 };
        assert_eq!(answer.status, expected, "{method} {path}: {}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_key_belongs_to_one_batch() {
    let stage = Stage::new().await;
    let create = |loads: &[&str]| {
        let call = Call::new("POST", BATCHES).key(stage.key());
        call.header("idempotency-key", "monday")
            .json(&wish("Weekly", loads))
    };
    let made = stage.call(create(&["L-12345"])).await;
    let again = stage.idle(create(&["L-12345"])).await;
    assert!(again.replayed);
    assert_eq!(again.body["data"], made.body["data"]);
    let other = stage.idle(create(&["L-12346"])).await;
    assert_eq!(codes(&other), (422, "IDEMPOTENCY_ERROR"));
    stage
        .data("POST", &path(&id(&made.body["data"]), "/cancel"), None)
        .await;
    let late = stage.call(create(&["L-12345"])).await;
    assert_eq!(late.body["data"], made.body["data"], "as at first");
}
