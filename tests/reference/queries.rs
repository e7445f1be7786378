//! The query parameters of the document against the handlers: each value is shown to both.

use std::collections::BTreeSet;

use platform::api::csv_file::CSV;
use serde_json::{Value, json};

use crate::{
    published::{Judge, Operation, Published},
    stage::{JSON, Problems, Sent, Stage, function_at, path_of},
};

/// A name that no list knows: with it a query is always refused, so that nothing is read.
const STRANGER: &str = "zz";

/// Values of every kind, most of them wrong for most parameters.
fn texts() -> Vec<String> {
    let plain = [
        "",
        " ",
        "0",
        "1",
        "7",
        "100",
        "101",
        "100000",
        "100001",
        "-1",
        "1.5",
        "1e1",
        "99999999999999999999",
        "null",
        "true",
        "a b",
        "a/b",
        "\u{e9}",
        "drv_1",
        "OVN-1",
        "pay_1",
        "active",
        "ACTIVE",
        "invited",
        "suspended",
        "inactive",
        "scheduled",
        "validated",
        "queued",
        "processing",
        "completed",
        "failed",
        "canceled",
        "returned",
        "open",
        "2026-01-31T12:00:00Z",
        "2026-01-31T12:00:00.123Z",
        "2026-01-31T12:00:00+05:30",
        "2026-01-31T12:00:00-08:00",
        "2026-01-31T12:00:00",
        "2026-01-31 12:00:00Z",
        "2026-01-31t12:00:00z",
        "2026-01-31",
        "2026-02-30T12:00:00Z",
        "2026-01-31T25:00:00Z",
        "2026-01-31T12:60:00Z",
        "26-01-31T12:00:00Z",
        "1769860800",
        "1600-02-29T00:00:00Z",
    ];
    let lengths = [63, 64, 65, 254, 255, 256].map(|length| "x".repeat(length));
    plain
        .map(str::to_owned)
        .into_iter()
        .chain(lengths)
        .collect()
}

/// A text of a query as a schema sees it: a number where it is one in digits.
fn as_value(text: &str, schema: &Value) -> Value {
    if schema["type"] != "integer" {
        return json!(text);
    }
    let number = text.parse::<i64>();
    number.map_or_else(|_| json!(text), |number| json!(number))
}

fn encoded(text: &str) -> String {
    let bytes = text.bytes();
    bytes.map(|byte| format!("%{byte:02X}")).collect()
}

/// A file whose query says the rest; where bodies are JSON, they say everything.
const FILE: &str = "loadId\r\nL-12345\r\n";

async fn problems(stage: &Stage, operation: &Operation<'_>, query: &str) -> Problems {
    let (method, route) = (&operation.method, operation.route);
    let takes_file = operation.content["requestBody"]["content"]
        .get(CSV)
        .is_some();
    let sent = Sent {
        path: path_of(route),
        media_type: if takes_file { CSV } else { JSON },
        query: format!("{query}&{STRANGER}=1"),
        body: if takes_file { FILE.into() } else { Vec::new() },
    };
    let (status, problems) = stage.ask(function_at(method, route), sent).await;
    assert_eq!(status, 400, "{method} {route}?{query}");
    problems
}

#[tokio::test(flavor = "multi_thread")]
async fn handlers_and_document_accept_the_same_values_in_every_query_parameter() {
    let document = Published::new();
    let mut judge = Judge::of(&document);
    let stage = Stage::new().await;
    let mut compared = 0;
    for operation in document.operations() {
        for (place, parameter) in document.parameters(&operation) {
            if parameter["in"] != "query" {
                continue;
            }
            let name = parameter["name"].as_str().expect("a name");
            let schema = document.follow(&parameter["schema"]);
            let fits = judge.schema(&format!("{place}/schema"));
            for text in texts() {
                let query = format!("{name}={}", encoded(&text));
                let found = problems(&stage, &operation, &query).await;
                let told = judge.check(&as_value(&text, schema), fits);
                let place = format!("{} {name} {text}: {told:?} {found:?}", operation.pointer);
                if name == "cursor" {
                    // Only ours are accepted, and no schema can tell them.
                    assert!(found.contains_key(name), "{place}");
                } else {
                    assert_eq!(told.is_err(), found.contains_key(name), "{place}");
                }
                compared += 1;
            }
        }
    }
    assert!(compared > 500, "{compared} values");
}

#[tokio::test(flavor = "multi_thread")]
async fn handlers_know_the_query_parameters_of_the_document_and_no_others() {
    let document = Published::new();
    let stage = Stage::new().await;
    let named = |operation| -> BTreeSet<String> {
        let parameters = document.parameters(operation).into_iter();
        let of_query = parameters.filter(|(_, it)| it["in"] == "query");
        let names = of_query.filter_map(|(_, it)| it["name"].as_str());
        names.map(str::to_owned).collect()
    };
    let operations = document.operations();
    let everywhere: BTreeSet<_> = operations.iter().flat_map(named).collect();
    assert!(everywhere.len() > 8, "{everywhere:?}");
    for operation in &operations {
        // Health and the page ignore their query.
        if operation.method != "GET" || operation.content["responses"].get("403").is_none() {
            continue;
        }
        let known = named(operation);
        for name in &everywhere {
            let query = format!("{name}=1");
            let found = problems(&stage, operation, &query).await;
            let said = found.get(name.as_str()).map(String::as_str);
            let is_unknown = said == Some("is not a known query parameter");
            assert_eq!(
                is_unknown,
                !known.contains(name),
                "{} {name}",
                operation.pointer
            );
        }
    }
}
