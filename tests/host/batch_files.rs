//! Batches that come as a CSV file, and the report that goes back.

use serde_json::json;

use crate::{
    batch_stage::{BATCHES, WALLET, fields, id, path, reason},
    stage::{Answer, Call, Stage},
};

const FILE: &str = "loadId,amount\r\nL-12347,45000\r\nL-12345,45000\r\nL-12346,45000\r\n";
const NAMED: &str = "/api/v1/batches?name=Weekly";

fn upload<'a>(stage: &Stage, path: &'a str, file: impl Into<Vec<u8>>) -> Call<'a> {
    let mut call = Call::new("POST", path)
        .key(stage.key())
        .header("content-type", "text/csv");
    call.body = Some(file.into());
    call
}

fn controlled<'a>(call: Call<'a>, count: &str, total: &str) -> Call<'a> {
    call.header("x-expect-count", count)
        .header("x-expect-total", total)
}

async fn report(stage: &Stage, batch: &str) -> Answer {
    let path = path(batch, "/report.csv");
    stage.as_full("GET", &path, None).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_becomes_a_batch_when_its_control_totals_are_met() {
    let stage = Stage::new().await;
    for (count, total, named) in [
        ("4", "135000", vec!["X-Expect-Count"]),
        ("3", "135001", vec!["X-Expect-Total"]),
        ("0", "0", vec!["X-Expect-Count", "X-Expect-Total"]),
    ] {
        let call = controlled(upload(&stage, NAMED, FILE), count, total);
        let refused = stage.idle(call).await;
        let expected = (400, "VALIDATION_ERROR", named);
        assert_eq!(fields(&refused), expected, "{}", refused.text);
    }
    let call = controlled(upload(&stage, NAMED, FILE), "3", "135000");
    let made = stage.call(call).await;
    assert_eq!(made.status, 200, "{}", made.text);
    let data = &made.body["data"];
    assert_eq!(data["name"], "Weekly");
    assert_eq!(data["totalAmount"], 135_000);
    stage.host.pump.settle().await;
    let lines = stage.lines(&id(data)).await;
    let loads: Vec<_> = lines.iter().map(|it| it["loadId"].as_str()).collect();
    assert_eq!(loads, [Some("L-12347"), Some("L-12345"), Some("L-12346")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_comes_once_until_its_batch_is_canceled() {
    let stage = Stage::new().await;
    let made = stage.call(upload(&stage, NAMED, FILE)).await;
    assert_eq!(made.status, 200, "{}", made.text);
    let first = id(&made.body["data"]);
    for path in [NAMED, BATCHES] {
        let known = stage.idle(upload(&stage, path, FILE)).await;
        assert_eq!(reason(&known), (409, "file_known"), "{}", known.text);
        let details = &known.body["error"]["details"];
        assert_eq!(details["batchId"], first);
        assert_eq!(details["link"], format!("{BATCHES}/{first}"));
    }
    // Another tenant may have the same file.
    let other = stage.host.ready.keys.other.clone();
    let mut call = upload(&stage, NAMED, FILE);
    call.headers.retain(|(name, _)| *name != "authorization");
    let foreign = stage.idle(call.key(&other)).await;
    assert_eq!(foreign.status, 404, "{}", foreign.text);

    stage.data("POST", &path(&first, "/cancel"), None).await;
    stage.host.pump.settle().await;
    let again = stage.call(upload(&stage, NAMED, FILE)).await;
    assert_eq!(again.status, 200, "{}", again.text);
    let second = id(&again.body["data"]);
    assert_ne!(second, first);
    let known = stage.call(upload(&stage, NAMED, FILE)).await;
    assert_eq!(known.body["error"]["details"]["batchId"], second);
    stage.host.pump.settle().await;
    assert_eq!(stage.balance().await, (WALLET - 135_000, 135_000, 0));
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_write_files_in_many_ways_and_mean_the_same() {
    let stage = Stage::new().await;
    let preview = "/api/v1/batches/preview";
    let mut hashes = Vec::new();
    for file in [
        FILE.to_owned(),
        format!("\u{feff}{FILE}"),
        FILE.replace("\r\n", "\n"),
        "amount,loadId\n45000,L-12347\n45000,\"L-12345\"\n\"45000\",L-12346".to_owned(),
        "\"loadId\"\nL-12347\n\"L-12345\"\n\nL-12346\n".to_owned(),
    ] {
        let answer = stage.idle(upload(&stage, preview, file.clone())).await;
        assert_eq!(answer.status, 200, "{file}: {}", answer.text);
        hashes.push(answer.body["data"]["planHash"].clone());
    }
    assert!(hashes.iter().all(|it| *it == hashes[0]), "{hashes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_another_amount_than_the_load_is_refused() {
    let stage = Stage::new().await;
    let file = "loadId,amount\nL-12345,45000\nL-12346,45001\n";
    let refused = stage.idle(upload(&stage, NAMED, file)).await;
    assert_eq!(reason(&refused), (409, "bad_lines"), "{}", refused.text);
    let lines = &refused.body["error"]["details"]["lines"];
    let expected = json!([{"line": 2, "loadId": "L-12346", "reason": "load_changed"}]);
    assert_eq!(lines, &expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_none_are_refused_by_row() {
    let stage = Stage::new().await;
    for (file, named) in [
        ("", ""),
        ("loadId\n", ""),
        ("amount\n45000\n", "loadId"),
        ("loadId,loadId\nL-1,L-1\n", "loadId"),
        ("loadId,LOADID\nL-1,L-1\n", "LOADID"),
        ("loadId,amount\nL-12345\n", "rows[0]"),
        ("loadId,amount\nL-12345,45000,1\n", "rows[0]"),
        ("loadId,amount\n,45000\n", "rows[0].loadId"),
        ("loadId,amount\nL-12345,450.00\n", "rows[0].amount"),
        ("loadId,amount\nL-12345,-1\n", "rows[0].amount"),
        (
            "loadId,amount\nL-12345,45000\nL-1\u{0},1\n",
            "rows[1].loadId",
        ),
        ("loadId\nL 1\n", "rows[0].loadId"),
        ("loadId\n\"L-12345\n", ""),
        ("loadId\nL-1\"2345\n", ""),
        ("loadId;amount\nL-12345;45000\n", "loadId;amount"),
    ] {
        let refused = stage.idle(upload(&stage, NAMED, file)).await;
        let (status, code, paths) = fields(&refused);
        assert_eq!((status, code), (400, "VALIDATION_ERROR"), "{file:?}");
        assert!(paths.contains(&named), "{file:?}: {}", refused.text);
    }
    let many: String = (0..10_001).map(|row| format!("L-{row}\n")).collect();
    let many = upload(&stage, NAMED, format!("loadId\n{many}"));
    let many = stage.idle(many).await;
    assert_eq!(fields(&many), (400, "VALIDATION_ERROR", vec![""]));
    let latin = stage
        .idle(upload(&stage, NAMED, b"loadId\nL-\xe9\n".to_vec()))
        .await;
    assert_eq!(fields(&latin), (400, "VALIDATION_ERROR", vec![""]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_has_a_row_for_every_line_and_the_same_bytes_each_time() {
    let stage = Stage::new().await;
    let failed = json!({"provider": "payelata", "status": "process_failed"});
    let body = json!({"name": "Weekly", "loadIds": ["L-12347", "L-NONE", "L-12345"], "onInvalid": "rejectLines"});
    let batch = stage.make_of(&body).await;
    let header = "loadId,driverId,amount,fee,netAmount,status,reason,providerReference,settledAt";
    let waiting = report(&stage, &batch).await;
    assert_eq!(waiting.header("content-type"), "text/csv; charset=utf-8");
    let rows: Vec<_> = waiting.text.split("\r\n").collect();
    assert_eq!((rows[0], rows.len()), (header, 5), "{}", waiting.text);
    assert_eq!(rows[2], "L-NONE,,0,0,0,rejected,load_not_found,,");

    stage.control("/_control/outcomes", &failed).await;
    stage.release(&batch).await;
    stage.advance(3_600).await;
    let one = report(&stage, &batch).await;
    stage.advance(60).await;
    let other = report(&stage, &batch).await;
    assert_eq!(one.text, other.text);
    let rows: Vec<Vec<_>> = one
        .text
        .lines()
        .map(|row| row.split(',').collect())
        .collect();
    let lines = stage.lines(&batch).await;
    assert_eq!(rows.len(), lines.len() + 1);
    for (row, line) in rows[1..].iter().zip(&lines) {
        assert_eq!(row[0], line["loadId"]);
        assert_eq!(row[1], line["driverId"].as_str().unwrap_or_default());
        for (cell, name) in row[2..5].iter().zip(["amount", "fee", "netAmount"]) {
            assert_eq!(*cell, line[name].to_string(), "{}", one.text);
        }
        assert_eq!(row[5], line["status"]);
        assert_eq!(row[6], line["statusReason"].as_str().unwrap_or_default());
        assert_eq!(row[8], line["completedAt"].as_str().unwrap_or_default());
    }
    let statuses: Vec<_> = rows[1..].iter().map(|row| row[5]).collect();
    let count = |status| statuses.iter().filter(|it| **it == status).count();
    assert_eq!(
        (count("completed"), count("failed"), count("rejected")),
        (1, 1, 1)
    );
    let references: Vec<_> = rows[1..].iter().filter(|row| !row[7].is_empty()).collect();
    assert_eq!(references.len(), 2, "{}", one.text);
}
