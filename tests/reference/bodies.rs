//! The bodies of the document against the handlers, which read them field by field: each value is shown
//! to both, and both must say the same.

use std::{collections::BTreeSet, ops::Range};

use functions::table::Function;
use serde_json::{Map, Value, json};

use crate::{
    published::{Judge, Published, members},
    stage::{JSON, Problems, Sent, Stage, function_at, path_of},
};

/// A member that nobody knows: with it a body is always refused, so that nothing is written.
const STRANGER: &str = "zz";

/// A form of a body: one of several, or the only one.
struct Form {
    function: &'static Function,
    path: String,
    /// Its place in the document.
    pointer: String,
    required: BTreeSet<String>,
    /// Every member with a value that fits.
    complete: Map<String, Value>,
    /// An example of the document.
    example: Map<String, Value>,
}

/// Status and problems of a body.
async fn call(stage: &Stage, form: &Form, body: &Map<String, Value>) -> (u16, Problems) {
    let sent = Sent {
        path: form.path.clone(),
        media_type: JSON,
        query: String::new(),
        body: serde_json::to_vec(body).expect("JSON"),
    };
    stage.ask(form.function, sent).await
}

/// What the handler says of a body that cannot be accepted as a whole.
async fn refused(stage: &Stage, form: &Form, body: &Map<String, Value>) -> Problems {
    let mut body = body.clone();
    body.insert(STRANGER.to_owned(), json!(1));
    let (status, problems) = call(stage, form, &body).await;
    assert_eq!(status, 400, "{}: {body:?}", form.pointer);
    problems
}

/// Whether a field, or something in it, is named.
pub(crate) fn names(problems: &Problems, field: &str) -> bool {
    let inside = |rest: &str| rest.starts_with(['.', '[']);
    let mut paths = problems.keys();
    paths.any(|path| {
        path.strip_prefix(field)
            .is_some_and(|rest| rest.is_empty() || inside(rest))
    })
}

/// A value that fits a schema without an example.
fn value_of(document: &Published, schema: &Value) -> Value {
    let schema = document.follow(schema);
    if let Some(least) = schema["minimum"].as_i64() {
        return json!(least);
    }
    if let Some(one) = schema["oneOf"].as_array() {
        return value_of(document, &one[0]);
    }
    if let Some(example) = schema["examples"].get(0) {
        return example.clone();
    }
    match (&schema["enum"][0], schema["type"].as_str()) {
        (Value::Null, Some("object")) => json!({"truck": "T-17"}),
        (Value::Null, _) => json!("dispatch desk"),
        (word, _) => word.clone(),
    }
}

/// Every form of every body.
fn forms(document: &Published, stage: &Stage) -> Vec<Form> {
    let mut judge = Judge::of(document);
    let mut found = Vec::new();
    for operation in document.operations() {
        let media = &operation.content["requestBody"]["content"]["application/json"];
        let Some(whole) = media["schema"]["$ref"].as_str() else {
            continue;
        };
        let function = function_at(&operation.method, operation.route);
        let path = path_of(operation.route);
        let several = document.follow(&media["schema"])["oneOf"].as_array();
        let places: Vec<_> = match several {
            Some(forms) => forms.iter().filter_map(|it| it["$ref"].as_str()).collect(),
            None => vec![whole],
        };
        for place in places {
            let pointer = place.trim_start_matches('#').to_owned();
            let fits = judge.schema(&pointer);
            let mut examples = members(&media["examples"]).map(|(_, it)| &it["value"]);
            let example = examples.find(|it| judge.check(it, fits).is_ok());
            let example = example.unwrap_or_else(|| panic!("{pointer} has no example"));
            let example = example.as_object().expect("an object").clone();
            let schema = document.at(&pointer);
            let mut complete = example.clone();
            for (name, property) in members(&schema["properties"]) {
                let missing = complete.entry(name.to_owned());
                missing.or_insert_with(|| match name {
                    "expiresAt" => stage.next_year().into(),
                    _ => value_of(document, property),
                });
            }
            let required = schema["required"].as_array().into_iter().flatten();
            found.push(Form {
                function,
                path: path.clone(),
                pointer,
                required: required
                    .map(|it| it.as_str().expect("a name").to_owned())
                    .collect(),
                complete,
                example,
            });
        }
    }
    assert!(found.len() > 10, "{} forms", found.len());
    found
}

/// Texts of many lengths that begin as `text`, and go on as it ends.
fn lengths(text: &str) -> Vec<Value> {
    const LENGTHS: [Range<usize>; 6] = [0..22, 63..66, 199..202, 253..257, 499..502, 999..1000];
    let last = text.chars().next_back().unwrap_or('x');
    let endless = text.chars().chain(std::iter::repeat(last));
    let endless: Vec<char> = endless.take(1_000).collect();
    LENGTHS
        .into_iter()
        .flatten()
        .map(|length| endless[..length].iter().collect::<String>().into())
        .collect()
}

/// Values of every kind, most of them wrong for most fields.
pub(crate) fn values(fitting: &Value) -> Vec<Value> {
    let mut all = vec![
        json!(null),
        json!(true),
        json!(7),
        json!(0),
        json!(1),
        json!(-1),
        json!(1.5),
        json!(100_000_000),
        json!(100_000_001),
        json!(9_007_199_254_740_993_i64),
        json!(u64::MAX),
        json!([]),
        json!(["x"]),
        json!({}),
        json!({"a": "b"}),
        json!({"a": 1}),
        json!({"": "b"}),
        json!({"a": ""}),
        json!({"a": "x".repeat(255)}),
        json!({"a": "x".repeat(256)}),
        json!({"a": "b\u{0}"}),
        json!({"a": {"b": "c"}}),
    ];
    let entries = |count: usize| -> Value {
        let entries = (0..count).map(|it| (format!("n{it}"), json!("x")));
        Value::Object(entries.collect())
    };
    all.extend([entries(20), entries(21)]);
    let texts = [
        "",
        " ",
        "\t",
        "a\u{0}b",
        "a\nb",
        "a b",
        " a",
        "\u{a0}",
        "\u{e9}",
        "a#b",
        "a/b",
        "OVN-1",
        "drv_1",
        "d",
        "dr",
        "drx",
        "drv",
        "drvx",
        "pay_1",
        "45000",
        "12.5",
        "+15551234567",
        "+05551234567",
        "5551234567",
        "+1555abc4567",
        "a@b",
        "a@b.c",
        "@b.c",
        "a@.c",
        "a@b.",
        "a@b@c.d",
        "a b@c.d",
        "a@b..c",
        "standard",
        "instant",
        "STANDARD",
        "approve",
        "reject",
        "checking",
        "savings",
        "B",
        "b",
        "K",
        "M",
        "P",
        "12345678901234567890",
        "\u{663}\u{663}",
    ];
    all.extend(texts.map(Value::from));
    all.extend(lengths(fitting.as_str().unwrap_or("x")));
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn handlers_and_document_accept_the_same_values_in_every_field() {
    let document = Published::new();
    let mut judge = Judge::of(&document);
    let stage = Stage::new().await;
    let mut compared = 0;
    for form in forms(&document, &stage) {
        for (name, fitting) in &form.complete {
            // Another type is another form, not another value of this one. Rows are compared by themselves.
            if name == "type" || name == "loads" {
                continue;
            }
            let schema = judge.schema(&format!("{}/properties/{name}", form.pointer));
            for value in values(fitting) {
                let place = format!("{} {name} {value}", form.pointer);
                let mut body = form.complete.clone();
                body.insert(name.clone(), value.clone());
                let problems = refused(&stage, &form, &body).await;
                let told = judge.check(&value, schema);
                assert_eq!(
                    told.is_err(),
                    names(&problems, name),
                    "{place}: {told:?} {problems:?}"
                );
                compared += 1;
            }
        }
    }
    assert!(compared > 2_000, "{compared} values");
}

#[tokio::test(flavor = "multi_thread")]
async fn handlers_demand_the_required_fields_and_no_others() {
    let document = Published::new();
    let stage = Stage::new().await;
    for form in forms(&document, &stage) {
        for name in form.complete.keys() {
            let mut body = form.complete.clone();
            body.remove(name);
            let problems = refused(&stage, &form, &body).await;
            let demanded = problems.values().any(|it| {
                it == "is required"
                    || it.contains("must be one of")
                    || it.contains("must be a list")
            });
            let place = format!("{} without {name}: {problems:?}", form.pointer);
            assert_eq!(demanded, form.required.contains(name), "{place}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn handlers_know_the_fields_of_a_form_and_no_others() {
    let document = Published::new();
    let stage = Stage::new().await;
    let forms = forms(&document, &stage);
    let everywhere: BTreeSet<_> = forms.iter().flat_map(|it| it.complete.keys()).collect();
    for form in &forms {
        for name in &everywhere {
            let mut body = form.complete.clone();
            let is_known = body.contains_key(*name);
            body.entry(name.as_str()).or_insert(json!("x"));
            let problems = refused(&stage, form, &body).await;
            // Two forms of one body exclude each other; the body itself may be named then.
            let mut others = problems.keys().map(String::as_str);
            let refused = others.any(|it| it != STRANGER && it != "Idempotency-Key");
            let place = format!("{} with {name}: {problems:?}", form.pointer);
            assert_eq!(refused, !is_known, "{place}");
        }
        let unknown = refused(&stage, form, &form.example).await;
        assert_eq!(
            unknown.get(STRANGER).map(String::as_str),
            Some("is not a known field")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_types_of_a_payout_method_are_those_a_driver_can_have() {
    let document = Published::new();
    let body = document.at("/components/schemas/NewPayoutMethod");
    let described: BTreeSet<_> = members(&body["discriminator"]["mapping"])
        .map(|(word, place)| {
            let form = document.at(place.as_str().expect("a place").trim_start_matches('#'));
            let words = document.follow(&form["properties"]["type"])["enum"].as_array();
            assert_eq!(words, Some(&vec![json!(word)]));
            word
        })
        .collect();
    let kinds = domain::driver::MethodKind::ALL.map(domain::driver::MethodKind::name);
    assert_eq!(described, BTreeSet::from(kinds));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_the_document_are_accepted() {
    let document = Published::new();
    let stage = Stage::new().await;
    for form in forms(&document, &stage) {
        let (status, problems) = call(&stage, &form, &form.example).await;
        let mut said = problems.into_iter();
        // Only what the example's place in the story decides, and the key that one form needs.
        let expected = said.all(|(path, _)| path == "Idempotency-Key");
        assert!(expected && status != 500, "{} {status}", form.pointer);
    }
}
