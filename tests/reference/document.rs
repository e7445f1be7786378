//! The document itself: what is committed, what it must contain, and that nothing in it leads nowhere.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use functions::{
    reference,
    table::{FUNCTIONS, Http, Trigger},
};
use serde_json::Value;

use crate::published::{Judge, Published, escaped, members, path, read};

/// Functions that only a provider calls; how is in docs/providers.
const NOT_FOR_CLIENTS: [&str; 2] = ["receive-owlpay-callback", "receive-payelata-callback"];

#[test]
fn the_committed_document_is_the_one_the_code_describes() {
    let fresh = reference::text().expect("a document");
    if fresh == read("docs/openapi.json") {
        return;
    }
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("openapi.json");
    fs::write(&file, fresh).expect("written");
    panic!(
        "docs/openapi.json is not what the code describes; if it should be: cp {} {}",
        file.display(),
        path("docs/openapi.json").display()
    );
}

#[test]
fn every_route_of_the_table_is_described_and_nothing_else() {
    let document = Published::new();
    let found: BTreeSet<_> = document
        .operations()
        .iter()
        .map(|it| (it.method.clone(), it.route.to_owned()))
        .collect();
    let mut wanted = BTreeSet::new();
    for function in &FUNCTIONS {
        if let Trigger::Http(Http { method, routes, .. }) = function.trigger
            && !NOT_FOR_CLIENTS.contains(&function.name)
        {
            let routes = routes.iter();
            wanted.extend(routes.map(|route| (method.to_owned(), (*route).to_owned())));
        }
    }
    assert_eq!(found, wanted);
}

#[test]
fn every_operation_says_what_it_does_and_has_a_name_of_its_own() {
    let document = Published::new();
    let mut names = BTreeSet::new();
    for operation in document.operations() {
        let content = operation.content;
        for member in ["summary", "description"] {
            let text = content[member].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "{}: {member}", operation.pointer);
        }
        let name = content["operationId"].as_str().expect("a name");
        assert!(names.insert(name.to_owned()), "{name} twice");
        let tag = content["tags"][0].as_str().expect("a tag");
        let mut tags = document.0["tags"].as_array().expect("tags").iter();
        assert!(tags.any(|it| it["name"] == tag), "{name}: {tag}");
    }
}

#[test]
fn a_key_is_asked_for_under_the_api_and_nowhere_else() {
    let document = Published::new();
    for operation in document.operations() {
        let required = operation.content["security"].as_array().expect("a list");
        let with_key = operation.route.starts_with("/api/v1/");
        assert_eq!(!required.is_empty(), with_key, "{}", operation.pointer);
        let has_401 = operation.content["responses"].get("401").is_some();
        assert_eq!(has_401, with_key, "{}", operation.pointer);
    }
}

#[test]
fn every_change_takes_a_body_and_an_idempotency_key() {
    let document = Published::new();
    for operation in document.operations() {
        let is_change = matches!(operation.method.as_str(), "POST" | "PUT");
        let content = operation.content;
        let mut parameters = document.parameters(&operation).into_iter();
        let takes_key = parameters.any(|(_, it)| it["name"] == "Idempotency-Key");
        assert_eq!(takes_key, is_change, "{}", operation.pointer);
        let takes_body = content.get("requestBody").is_some();
        assert_eq!(takes_body, is_change, "{}", operation.pointer);
        let taken = members(&content["requestBody"]["content"]);
        let shown = taken.map(|(_, media)| members(&media["examples"]).count());
        assert_eq!(shown.min() > Some(0), is_change, "{}", operation.pointer);
    }
}

#[test]
fn the_values_of_a_path_are_its_parameters() {
    let document = Published::new();
    for operation in document.operations() {
        let in_route: BTreeSet<_> = operation
            .route
            .split('/')
            .filter_map(|it| it.strip_prefix('{')?.strip_suffix('}'))
            .collect();
        let described: BTreeSet<_> = document
            .parameters(&operation)
            .into_iter()
            .filter(|(_, it)| it["in"] == "path" && it["required"] == true)
            .map(|(_, it)| it["name"].as_str().expect("a name"))
            .collect();
        assert_eq!(described, in_route, "{}", operation.pointer);
    }
}

/// Every name that is referred to, and every schema name.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(name)) = members.get("$ref") {
                found.insert(name.clone());
            }
            if let Some(Value::Object(mapping)) = members.get("mapping") {
                found.extend(
                    mapping
                        .values()
                        .filter_map(Value::as_str)
                        .map(str::to_owned),
                );
            }
            members.values().for_each(|it| references(it, found));
        }
        Value::Array(items) => items.iter().for_each(|it| references(it, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_component_is_used() {
    let document = Published::new();
    let mut used = BTreeSet::new();
    references(&document.0, &mut used);
    for name in &used {
        document.at(name.strip_prefix('#').expect("a place in the document"));
    }
    for (kind, components) in members(&document.0["components"]) {
        for (name, _) in members(components) {
            let place = format!("#/components/{kind}/{}", escaped(name));
            let is_used = used.contains(&place) || kind == "securitySchemes";
            assert!(is_used, "{place} is used by nothing");
        }
    }
}

#[test]
fn every_link_leads_to_an_operation_that_takes_what_it_brings() {
    let document = Published::new();
    let operations = document.operations();
    let by_name: BTreeMap<_, _> = operations
        .iter()
        .map(|it| (it.content["operationId"].as_str().expect("a name"), it))
        .collect();
    let mut links = 0;
    for operation in &operations {
        for (name, link) in members(&operation.content["responses"]["200"]["links"]) {
            let place = format!("{} {name}", operation.pointer);
            let target = link["operationId"].as_str().expect("a target");
            let target = by_name.get(target).unwrap_or_else(|| panic!("{place}"));
            let takes = document.parameters(target);
            for (parameter, expression) in members(&link["parameters"]) {
                assert!(
                    takes.iter().any(|(_, it)| it["name"] == parameter),
                    "{place}"
                );
                let expression = expression.as_str().expect("an expression");
                if let Some(value) = expression.strip_prefix("$request.path.") {
                    assert!(operation.route.contains(&format!("{{{value}}}")), "{place}");
                    continue;
                }
                let member = expression.strip_prefix("$response.body#/data/");
                let member = member.unwrap_or_else(|| panic!("{place}: {expression}"));
                let (response, _) = document.response(operation, "200");
                let media = document.at(&format!("{response}/content/application~1json"));
                for (_, example) in members(&media["examples"]) {
                    let data = &example["value"]["data"];
                    let known = data.pointer(&format!("/{member}")).is_some();
                    assert!(known || member == "payoutId", "{place}: {member}");
                }
            }
            links += 1;
        }
    }
    assert!(links > 20, "{links} links");
}

#[test]
fn every_list_leads_to_its_next_page() {
    let document = Published::new();
    let mut lists = 0;
    for operation in document.operations() {
        let takes = document.parameters(&operation);
        if !takes.iter().any(|(_, it)| it["name"] == "cursor") {
            continue;
        }
        let links = &operation.content["responses"]["200"]["links"];
        let name = operation.content["operationId"].as_str().expect("a name");
        let next = &links[name];
        assert_eq!(next["operationId"], name);
        let cursor = &next["parameters"]["cursor"];
        assert_eq!(cursor, "$response.body#/data/nextCursor", "{name}");
        lists += 1;
    }
    assert!(lists > 2, "{lists} lists");
}

/// Every media type of requests and responses: its place and content.
fn media_types(document: &Published) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    let mut collect = |place: String, holder: &Value| {
        for (name, media) in members(&holder["content"]) {
            found.push((format!("{place}/content/{}", escaped(name)), media.clone()));
        }
    };
    for operation in document.operations() {
        let place = format!("{}/requestBody", operation.pointer);
        collect(place, &operation.content["requestBody"]);
        for (status, _) in members(&operation.content["responses"]) {
            let (place, response) = document.response(&operation, status);
            collect(place, response);
        }
    }
    found
}

#[test]
fn every_example_fits_its_schema_to_the_member() {
    let document = Published::strict();
    let mut judge = Judge::of(&document);
    let mut examples = 0;
    for (place, media) in media_types(&document) {
        let schema = judge.schema(&format!("{place}/schema"));
        let is_json = place.ends_with("application~1json") && !place.contains("~1docs");
        for (name, example) in members(&media["examples"]) {
            let checked = judge.check(&example["value"], schema);
            assert_eq!(checked, Ok(()), "{place}: {name}");
            examples += 1;
        }
        assert!(!is_json || media.get("examples").is_some(), "{place}");
    }
    assert!(examples > 100, "{examples} examples");
    for operation in document.operations() {
        for (place, parameter) in document.parameters(&operation) {
            if parameter["in"] == "path" {
                let schema = judge.schema(&format!("{place}/schema"));
                let checked = judge.check(&parameter["example"], schema);
                assert_eq!(checked, Ok(()), "{place}");
            }
        }
    }
}

#[test]
fn every_amount_is_an_integer_within_its_limits() {
    let document = Published::new();
    let amount = document.at("/components/schemas/Amount");
    assert_eq!(amount["type"], "integer");
    assert_eq!(amount["format"], "int64");
    assert_eq!(
        (&amount["minimum"], &amount["maximum"]),
        (&1.into(), &100_000_000.into())
    );
    let text = document.0.to_string();
    assert!(!text.contains(r#""type":"number""#), "no decimals");
}
