//! The import of loads, as an ERP sends it: ten thousand rows at once, the same file again, and files that
//! are none.

use std::time::Instant;

use app::{changes::Counted, port::Lists};
use serde_json::{Value, json};

use crate::figures::report;
use crate::stage::{Answer, Call, Stage};

const PATH: &str = "/api/v1/loads/import";
const ROWS: usize = 10_000;

fn json_of(rows: usize, amount: i64) -> Value {
    let loads: Vec<_> = (0..rows)
        .map(|row| {
            json!({"loadId": format!("IMP-{row:05}"), "driverId": "OVN-DRIVER-789", "amount": amount,
                "description": format!("Load {row}, \"dry van\"")})
        })
        .collect();
    json!({ "loads": loads })
}

fn csv_of(rows: usize, amount: i64) -> String {
    let line = |row: usize| {
        format!("{amount},\"Load {row}, \"\"dry van\"\"\",OVN-DRIVER-789,IMP-{row:05}\r\n")
    };
    let header = "\u{feff}amount,description,driverId,loadId\r\n";
    header.to_owned() + &(0..rows).map(line).collect::<String>()
}

fn call<'a>(stage: &Stage, content_type: &'a str, body: impl Into<Vec<u8>>) -> Call<'a> {
    let mut call = Call::new("POST", PATH)
        .key(stage.key())
        .header("content-type", content_type);
    call.body = Some(body.into());
    call
}

async fn send_json(stage: &Stage, body: &Value, key: &str) -> Answer {
    let call = call(stage, "application/json", body.to_string());
    stage.call(call.header("idempotency-key", key)).await
}

async fn send_csv(stage: &Stage, body: impl Into<Vec<u8>>) -> Answer {
    stage.call(call(stage, "text/csv", body)).await
}

/// Total, created, updated, unchanged and rejected.
fn figures(answer: &Answer) -> [u64; 5] {
    assert_eq!(answer.status, 200, "{:.500}", answer.text);
    let data = &answer.body["data"];
    ["total", "created", "updated", "unchanged", "rejected"]
        .map(|name| data[name].as_u64().expect("a figure"))
}

fn results(answer: &Answer) -> Vec<&str> {
    let rows = answer.body["data"]["rows"].as_array().expect("rows");
    rows.iter()
        .filter_map(|row| row["result"].as_str())
        .collect()
}

async fn counted(stage: &Stage) -> u64 {
    let store = &stage.host.world.backend.store;
    let tenant = "acme~test".parse().expect("a tenant");
    let counts = store.counts(&tenant, Counted::Loads).await;
    counts.expect("readable").values().sum()
}

/// Calls to the table so far but for those of the timers, how many of them wrote rows, and the write units of
/// all.
fn table_calls(stage: &Stage) -> (u64, u64, u64) {
    let mut costs = stage.host.meter.costs();
    costs.retain(|step, _| !matches!(step.label, "due" | "outbox" | "lease"));
    let calls = costs.values().map(|cost| cost.calls).sum();
    let writes = costs
        .iter()
        .filter(|(step, _)| step.label == "import-loads");
    let hundredths: u64 = costs.values().map(|cost| cost.write_hundredths).sum();
    (
        calls,
        writes.map(|(_, cost)| cost.calls).sum(),
        hundredths / 100,
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_rows_arrive_at_once_and_are_counted_exactly() {
    let stage = Stage::new().await;
    let before = counted(&stage).await;
    let (body, file) = (json_of(ROWS, 45_000), csv_of(ROWS, 45_000));
    assert!(body.to_string().len() < 4 * 1024 * 1024);

    stage.host.meter.reset();
    #[expect(clippy::disallowed_methods, reason = "printed, never asserted")]
    let started = Instant::now();
    let first = send_json(&stage, &body, "import-1").await;
    let elapsed = started.elapsed().as_millis();
    let (calls, writes, units) = table_calls(&stage);
    report(&format!(
        "import: 10,000 rows in {elapsed} ms, {calls} table calls, {units} write units"
    ));
    assert_eq!(figures(&first), [10_000, 10_000, 0, 0, 0]);
    assert_eq!(first.body["data"]["rows"][9_999]["row"], 10_000);
    assert_eq!(first.body["data"]["rows"][9_999]["loadId"], "IMP-09999");
    assert!(
        writes <= 204,
        "units of 50 rows, at most one broken in each shard"
    );
    assert_eq!(counted(&stage).await, before + 10_000);
    let page = stage.data("GET", "/api/v1/loads?pageSize=1", None).await;
    assert_eq!(page["total"], before + 10_000);

    stage.host.meter.reset();
    let again = send_json(&stage, &body, "import-1").await;
    assert!(again.replayed);
    assert_eq!(again.text, first.text, "byte by byte");
    assert_eq!(table_calls(&stage), (2, 0, 0), "the record and its parts");
    let other = send_json(&stage, &json_of(ROWS, 45_001), "import-1").await;
    assert_eq!(other.status, 422);

    let unchanged = send_csv(&stage, file.clone()).await;
    assert_eq!(figures(&unchanged), [10_000, 0, 0, 10_000, 0]);
    assert_eq!(table_calls(&stage).1, 0, "nothing was written");
    let updated = send_csv(&stage, csv_of(ROWS, 45_002)).await;
    assert_eq!(figures(&updated), [10_000, 0, 10_000, 0, 0]);
    assert_eq!(counted(&stage).await, before + 10_000);
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_stands_for_itself() {
    let stage = Stage::new().await;
    let held = stage.create("L-12345").await;
    let loads = json!({"loads": [
        {"loadId": "L-12345", "driverId": "OVN-DRIVER-789", "amount": 45_001},
        {"loadId": "L-12346", "driverId": "OVN-DRIVER-789", "amount": 45_000},
        {"loadId": "L-12347", "driverId": "OVN-DRIVER-789", "amount": 45_000, "metadata": {"b": "2", "a": "1"}},
        {"loadId": "L-new", "driverId": "OVN-DRIVER-789", "amount": 1},
        {"loadId": "L-new", "driverId": "OVN-DRIVER-789", "amount": 2},
        {"loadId": "L-lost", "driverId": "D-unknown", "amount": 1},
        {"loadId": "L 1", "driverId": "", "amount": "1", "color": "red"},
        17,
    ]});
    let answer = send_json(&stage, &loads, "every-row").await;
    assert_eq!(figures(&answer), [8, 1, 1, 1, 5]);
    let rows = answer.body["data"]["rows"].as_array().expect("rows");
    let conflict = json!({"code": "CONFLICT", "reason": "load_held",
        "message": format!("the load L-12345 is held by payout {held}")});
    assert_eq!(rows[0]["error"], conflict);
    let field = |row: usize| rows[row]["error"]["fields"][0].clone();
    let named = |path: &str, message: &str| json!({"path": path, "message": message});
    assert_eq!(field(4), named("loadId", "stands in row 4 already"));
    assert_eq!(field(5), named("driverId", "must name a registered driver"));
    let paths = rows[6]["error"]["fields"].as_array().expect("fields");
    let paths: Vec<_> = paths.iter().filter_map(|it| it["path"].as_str()).collect();
    assert_eq!(paths, ["loadId", "driverId", "amount", "color"]);
    assert_eq!(rows[6].get("loadId"), None, "it is no id");
    assert_eq!(field(7), named("", "must be a JSON object"));
    let stored = stage.data("GET", "/api/v1/loads/L-12347", None).await;
    assert_eq!(stored["metadata"], json!({"a": "1", "b": "2"}));
    let stored = stage.data("GET", "/api/v1/loads/L-new", None).await;
    assert_eq!(stored["amount"], 1, "the first row counts");
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_none_writes_nothing() {
    let stage = Stage::new().await;
    let dump = async || {
        stage
            .host
            .world
            .backend
            .store
            .dump()
            .await
            .expect("readable")
    };
    let before = dump().await;
    let header = "loadId,driverId,amount\n";
    let row = "L-1,OVN-DRIVER-789,1\n";
    let files: [Vec<u8>; 9] = [
        Vec::new(),
        row.into(),
        header.into(),
        format!("{header}{}", row.repeat(ROWS + 1)).into(),
        format!("loadId,driverId,amount,color\n{row}").into(),
        format!("loadId,driverId,amount,amount\n{row}").into(),
        format!("loadId,driverId\n{row}").into(),
        format!("{header}\"L-1,OVN-DRIVER-789,1\n").into(),
        [header.as_bytes(), b"L-\xff,OVN-DRIVER-789,1\n"].concat(),
    ];
    for file in files {
        let name = String::from_utf8_lossy(&file).into_owned();
        let answer = send_csv(&stage, file).await;
        assert_eq!(answer.status, 400, "{name:.80}: {}", answer.text);
        assert_eq!(
            answer.body["error"]["code"], "VALIDATION_ERROR",
            "{name:.80}"
        );
    }
    let many = json!({"loads": vec![json!({}); ROWS + 1]});
    for body in [
        "[]",
        "{}",
        r#"{"loads":[]}"#,
        r#"{"loads":[{}],"loads":[{}]}"#,
        "{\"loads\":[",
        &many.to_string(),
    ] {
        let answer = stage.call(call(&stage, "application/json", body)).await;
        assert_eq!(answer.status, 400, "{body:.80}: {}", answer.text);
    }
    for content_type in ["text/plain", "text/csv; charset=utf-16", "application/csv"] {
        let file = format!("{header}{row}");
        let answer = stage.call(call(&stage, content_type, file)).await;
        assert_eq!(answer.status, 415, "{content_type}: {}", answer.text);
    }
    assert_eq!(dump().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_has_four_mebibytes_and_only_on_this_route() {
    let stage = Stage::new().await;
    let padded = |length: usize| {
        let mut body = json_of(1, 45_000).to_string().into_bytes();
        body.resize(length, b' ');
        body
    };
    let limit = 4 * 1024 * 1024;
    let fits = stage
        .call(call(&stage, "application/json", padded(limit)))
        .await;
    assert_eq!(figures(&fits), [1, 1, 0, 0, 0]);
    for length in [limit + 1, 2 * limit] {
        let large = stage
            .call(call(&stage, "application/json", padded(length)))
            .await;
        let max = &large.body["error"]["details"]["maxBytes"];
        assert_eq!((large.status, max), (413, &json!(limit)));
    }
    for (method, path) in [("PUT", PATH), ("POST", "/api/v1/payouts")] {
        let mut elsewhere = call(&stage, "application/json", padded(65_537));
        (elsewhere.method, elsewhere.path) = (method, path);
        assert_eq!(stage.call(elsewhere).await.status, 413, "{method} {path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_may_be_called_import() {
    let stage = Stage::new().await;
    let load = json!({"driverId": "OVN-DRIVER-789", "amount": 7});
    let put = stage.data("PUT", PATH, Some(&load)).await;
    assert_eq!(put["loadId"], "import");
    assert_eq!(stage.data("GET", PATH, None).await["amount"], 7);
    let refused = stage.as_full("DELETE", PATH, None).await;
    assert_eq!(refused.status, 405);
    let allowed = refused.body["error"]["details"]["allowed"].as_str();
    assert!(allowed.is_some_and(|it| it.contains("POST")), "{allowed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_imports_under_one_key_at_once_answer_the_same() {
    let stage = Stage::new().await;
    let body = json_of(300, 45_000);
    let (one, two) = tokio::join!(
        send_json(&stage, &body, "twice"),
        send_json(&stage, &body, "twice")
    );
    assert_eq!(one.text, two.text);
    let done = results(&one);
    assert!(
        done.iter()
            .all(|result| ["created", "unchanged"].contains(result))
    );
    assert_eq!(counted(&stage).await, 303);
    let reading = Call::new("POST", PATH).key(&stage.host.ready.keys.read);
    assert_eq!(stage.call(reading.json(&body)).await.status, 403);
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn imported_loads_are_listed_each_once() {
    let stage = Stage::new().await;
    let imported = send_json(&stage, &json_of(120, 45_000), "listed").await;
    assert_eq!(figures(&imported), [120, 120, 0, 0, 0]);
    let mut seen = Vec::new();
    let mut path = "/api/v1/loads?pageSize=50".to_owned();
    loop {
        let page = stage.data("GET", &path, None).await;
        assert_eq!(page["total"], 123);
        let items = page["items"].as_array().expect("items");
        seen.extend(items.iter().map(|load| load["loadId"].to_string()));
        let Some(cursor) = page["nextCursor"].as_str() else {
            break;
        };
        path = format!("/api/v1/loads?pageSize=50&cursor={cursor}");
    }
    assert_eq!(seen.len(), 123);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 123, "nothing twice");
    for (range, total) in [
        ("from=2026-01-01T00:00:00Z", 123),
        ("to=2026-01-01T00:00:00Z", 0),
    ] {
        let path = format!("/api/v1/loads?{range}");
        let page = stage.data("GET", &path, None).await;
        assert_eq!(page["total"], total, "{range}");
    }
    for query in ["status=open", "from=yesterday", "pageSize=101", "cursor=x"] {
        let path = format!("/api/v1/loads?{query}");
        assert_eq!(
            stage.as_full("GET", &path, None).await.status,
            400,
            "{query}"
        );
    }
}
