//! The agreed answers of the sample events against the responses that the document promises.

use std::fs;

use functions::table::{Trigger, function};
use serde_json::Value;

use crate::published::{Judge, Published, members, path, read};

/// Headers that the document does not list: those of HTTP itself and of the page.
const OF_HTTP: [&str; 5] = [
    "cache-control",
    "content-security-policy",
    "content-type",
    "referrer-policy",
    "x-content-type-options",
];

/// The agreed answers with words in the place of what is new in every run.
fn filled(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(match text.as_str() {
            "<now>" => "2026-01-31T12:00:00Z".to_owned(),
            "<new payout>" => "pay_01KG9YS7G017EA6Z5MC776F3FM".to_owned(),
            "<new batch>" => "batch_01KG9YS7G017EA6Z5MC776F3FM".to_owned(),
            _ => text.replace("<new key>", "k3y0f0rd3sk1"),
        }),
        Value::Array(items) => items.into_iter().map(filled).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| (name, filled(value)))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

/// Names of the samples of HTTP functions that clients call.
fn samples() -> Vec<String> {
    let files = fs::read_dir(path("tests/events/answers")).expect("a folder of answers");
    let names = files.map(|file| file.expect("an entry").file_name());
    let mut names: Vec<_> = names
        .map(|name| {
            name.to_str()
                .expect("UTF-8")
                .trim_end_matches(".json")
                .to_owned()
        })
        .filter(|name| {
            let owner = name.split('.').next().and_then(function);
            let owner = owner.expect("an answer belongs to a function");
            matches!(owner.trigger, Trigger::Http(_)) && !owner.name.ends_with("-callback")
        })
        .collect();
    names.sort();
    names
}

#[test]
fn every_agreed_answer_is_one_the_document_promises() {
    let document = Published::strict();
    let mut judge = Judge::of(&document);
    let operations = document.operations();
    for sample in samples() {
        let event: Value =
            serde_json::from_str(&read(&format!("events/{sample}.json"))).expect("JSON");
        let agreed = read(&format!("tests/events/answers/{sample}.json"));
        let agreed: Value = serde_json::from_str(&agreed).expect("JSON");
        let answer = filled(agreed["answer"].clone());

        let route = event["routeKey"].as_str().expect("a route");
        let mut fitting = operations.iter();
        let operation = fitting.find(|it| format!("{} {}", it.method, it.route) == route);
        let operation = operation.unwrap_or_else(|| panic!("{sample}: {route}"));
        let status = answer["statusCode"].to_string();
        let (place, response) = document.response(operation, &status);

        let headers = &response["headers"];
        for (name, _) in members(&answer["headers"]) {
            let mut described = members(headers).map(|(held, _)| held);
            let is_known = described.any(|held| held.eq_ignore_ascii_case(name));
            assert!(
                is_known || OF_HTTP.contains(&name),
                "{sample}: header {name}"
            );
        }
        let media_type = answer["headers"]["content-type"].as_str().expect("a type");
        let media_type = media_type
            .split(';')
            .next()
            .unwrap_or_default()
            .replace('/', "~1");
        let schema = judge.schema(&format!("{place}/content/{media_type}/schema"));
        let checked = judge.check(&answer["body"], schema);
        assert_eq!(checked, Ok(()), "{sample}");
    }
}
