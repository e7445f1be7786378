//! The Payelata twin against seed 003: every operation, driven with the seed's own requests, must answer
//! with exactly the members and JSON types the seed prints. `conformance/payelata.json` holds its samples.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use super::bench::{API, Bench, PUBLIC_API};
use super::payelata::PUBLIC_KEY_TEST;

const DOCUMENTED: [&str; 11] = [
    "prerequest",
    "services list",
    "service by id",
    "create",
    "process",
    "private read by id",
    "private read by reference",
    "public read by id",
    "public read by reference",
    "list",
    "callback",
];

/// Every difference in shape between an answer and a sample, as sentences.
pub(crate) fn differences(at: &str, sample: &Value, answer: &Value) -> Vec<String> {
    match (sample, answer) {
        (Value::Object(sample), Value::Object(answer)) => {
            let names: BTreeSet<&String> = sample.keys().chain(answer.keys()).collect();
            let of_member = |name: &String| {
                let at = format!("{at}.{name}");
                match (sample.get(name), answer.get(name)) {
                    (Some(sample), Some(answer)) => differences(&at, sample, answer),
                    (Some(_), None) => vec![format!("{at} is missing")],
                    _ => vec![format!("{at} is not documented")],
                }
            };
            names.into_iter().flat_map(of_member).collect()
        }
        (Value::Array(sample), Value::Array(answer)) => {
            let one_for_all = sample.len() != answer.len();
            let of_row = |(n, answer): (usize, &Value)| {
                let row = if one_for_all { 0 } else { n };
                match sample.get(row) {
                    Some(sample) => differences(&format!("{at}[{n}]"), sample, answer),
                    None => vec![format!("{at} should be empty")],
                }
            };
            answer.iter().enumerate().flat_map(of_row).collect()
        }
        _ if kind(sample) == kind(answer) => Vec::new(),
        _ => vec![format!(
            "{at} is {}, documented is {}",
            kind(answer),
            kind(sample)
        )],
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The seed's samples, and what was covered of the documented operations.
struct Contract {
    samples: Value,
    covered: BTreeSet<&'static str>,
}

impl Contract {
    fn open() -> Self {
        Self {
            samples: serde_json::from_str(include_str!("conformance/payelata.json")).unwrap(),
            covered: BTreeSet::new(),
        }
    }

    fn sample(&self, name: &str) -> &Value {
        let sample = &self.samples[name];
        assert!(!sample.is_null(), "there is no sample {name}");
        sample
    }

    fn expect(&mut self, operation: &'static str, sample: &Value, answer: &Value) {
        assert!(DOCUMENTED.contains(&operation));
        let found = differences(operation, sample, answer);
        assert!(found.is_empty(), "{}\n{answer:#}", found.join("\n"));
        self.covered.insert(operation);
    }
}

#[tokio::test]
async fn every_documented_operation_answers_in_the_documented_shape() {
    let bench = Bench::open().await;
    let mut contract = Contract::open();
    prerequest(&bench, &mut contract).await;
    services(&bench, &mut contract).await;
    invoices(&bench, &mut contract).await;
    println!(
        "payelata operations covered / documented = {}/{}",
        contract.covered.len(),
        DOCUMENTED.len()
    );
    assert_eq!(contract.covered.len(), DOCUMENTED.len());
}

async fn prerequest(bench: &Bench, contract: &mut Contract) {
    let mut request = contract.sample("prerequest_request").clone();
    request["public_key"] = json!(PUBLIC_KEY_TEST);
    let reply = bench
        .post(&format!("{PUBLIC_API}/payout-prerequest"), &request)
        .await;
    assert_eq!(reply.status, 200);

    // The maps are keyed by code: hold every entry against the one the seed prints.
    let mut sample = contract.sample("prerequest").clone();
    let services = &reply.body["data"]["services"];
    for code in keys(services) {
        if !["methods", "account"].contains(&code.as_str()) {
            sample["data"]["services"][code] = sample["data"]["services"]["test_usd"].clone();
        }
    }
    for code in keys(&services["methods"]) {
        let printed = sample["data"]["services"]["methods"]["test"].clone();
        sample["data"]["services"]["methods"][code] = printed;
    }
    contract.expect("prerequest", &sample, &reply.body);

    let offered = &reply.body["data"]["services"]["test_usd"];
    let printed = &sample["data"]["services"]["test_usd"];
    for member in [
        "code",
        "method",
        "currency",
        "amount_min",
        "amount_max",
        "exchange_rate",
        "amount",
    ] {
        assert_eq!(offered[member], printed[member], "{member}");
    }
    for (offered, printed) in offered["fields"]
        .as_array()
        .unwrap()
        .iter()
        .zip(printed["fields"].as_array().unwrap())
    {
        for member in ["key", "type", "regexp", "required", "position"] {
            assert_eq!(offered[member], printed[member], "{member}");
        }
    }
}

fn keys(object: &Value) -> Vec<String> {
    object.as_object().unwrap().keys().cloned().collect()
}

async fn services(bench: &Bench, contract: &mut Contract) {
    let reply = bench
        .get(&format!(
            "{API}/payout-services?page[number]=1&page[size]=2"
        ))
        .await;
    assert_eq!(reply.status, 200);
    let sample = contract.sample("services").clone();
    contract.expect("services list", &sample, &reply.body);
    // The seed's own two services are published word for word.
    assert_eq!(reply.body["data"], sample["data"]);

    let sample = contract.sample("service").clone();
    let id = sample["data"]["id"].as_str().unwrap();
    let reply = bench.get(&format!("{API}/payout-services/{id}")).await;
    contract.expect("service by id", &sample, &reply.body);
    assert_eq!(reply.body, sample);
}

async fn invoices(bench: &Bench, contract: &mut Contract) {
    let mut request = contract.sample("create_request").clone();
    request["data"]["attributes"]["callback_url"] = json!(bench.inbox_url);
    let reference = request["data"]["attributes"]["reference_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let created = bench
        .post(&format!("{API}/payout-invoices"), &request)
        .await;
    assert_eq!(created.status, 201);
    let sample = contract.sample("create").clone();
    contract.expect("create", &sample, &created.body);
    let attributes = &created.body["data"]["attributes"];
    for member in [
        "status",
        "resolution",
        "amount",
        "writeoff",
        "fee",
        "metadata",
        "fields",
        "source",
    ] {
        assert_eq!(
            attributes[member], sample["data"]["attributes"][member],
            "{member}"
        );
    }
    let id = created.body["data"]["id"].as_str().unwrap();

    let processed = bench.process(id).await;
    assert_eq!(processed.status, 200);
    let sample = contract.sample("process").clone();
    contract.expect("process", &sample, &processed.body);

    let single = contract.sample("private_read").clone();
    let by_id = bench.get(&format!("{API}/payout-invoices/{id}")).await;
    contract.expect("private read by id", &single, &by_id.body);
    let filter = format!("payout-invoices?filter[reference_id]={reference}");
    let found = bench.get(&format!("{API}/{filter}")).await;
    let array = json!({"data": [single["data"]]});
    contract.expect("private read by reference", &array, &found.body);
    assert_eq!(found.body["data"][0], by_id.body["data"]);
    let none = bench
        .get(&format!(
            "{API}/payout-invoices?filter%5Breference_id%5D=nobody"
        ))
        .await;
    assert_eq!((none.status, none.body), (200, json!({"data": []})));

    let flat = contract.sample("public_read").clone();
    let key = format!("public_key={PUBLIC_KEY_TEST}");
    let public = bench
        .get(&format!("{PUBLIC_API}/payout-invoices/{id}?{key}"))
        .await;
    contract.expect("public read by id", &flat, &public.body);
    let body = json!({"public_key": PUBLIC_KEY_TEST}).to_string();
    let request = bench
        .request(Method::GET, &format!("{PUBLIC_API}/{filter}"))
        .body(body);
    let bytes = request.send().await.unwrap().bytes().await.unwrap();
    let public = serde_json::from_slice(&bytes).unwrap();
    contract.expect(
        "public read by reference",
        &json!({"data": [flat["data"]]}),
        &public,
    );

    // The seed's list shows one invoice that is only created and one that is processed, newest first.
    let newer = bench.card_invoice("newer");
    let mut newer = newer.as_object().unwrap().clone();
    newer.insert("metadata".to_owned(), json!({"key": "value"}));
    newer.insert("customer".to_owned(), json!({"reference_id": "1203515"}));
    assert_eq!(bench.try_create(&Value::Object(newer)).await.status, 201);
    let list = bench.get(&format!("{API}/payout-invoices")).await;
    let sample = contract.sample("list").clone();
    contract.expect("list", &sample, &list.body);

    bench.sandbox.deliver_due().await;
    let told = bench.inbox.take();
    contract.expect("callback", &single, &told[0].body());
}

#[tokio::test]
async fn errors_answer_in_the_documented_shapes() {
    let bench = Bench::open().await;
    let contract = Contract::open();
    let invoices = format!("{API}/payout-invoices");
    let stranger = bench
        .strange_request(Method::GET, &invoices)
        .basic_auth("x", Some("y"));
    let bytes = stranger.send().await.unwrap().bytes().await.unwrap();
    let unauthorized: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(&unauthorized, contract.sample("error_401"));
    let missing = bench.get(&format!("{invoices}/cpoi_NONE")).await;
    assert_eq!(&missing.body, contract.sample("error_404"));
    let wrong_method = bench
        .post(&format!("{API}/payout-services"), &Value::Null)
        .await;
    assert_eq!(&wrong_method.body, contract.sample("error_405"));
    let mut zero = bench.card_invoice("pay_1");
    zero["amount"] = json!(0);
    assert_eq!(
        &bench.try_create(&zero).await.body,
        contract.sample("error_422")
    );
    bench.fault("list", "status:500_before").await;
    assert_eq!(
        &bench.get(&invoices).await.body,
        contract.sample("error_500")
    );
}

#[test]
fn a_missing_an_extra_and_a_mistyped_member_are_each_found() {
    let sample = json!({"a": 1, "b": [{"c": "x"}], "d": null});
    assert!(differences("x", &sample, &sample).is_empty());
    let answer = json!({"b": [{"c": 5}, {"c": "y", "e": 1}], "d": "text"});
    let found = differences("x", &sample, &answer);
    assert_eq!(
        found,
        [
            "x.a is missing",
            "x.b[0].c is a number, documented is text",
            "x.b[1].e is not documented",
            "x.d is text, documented is null",
        ]
    );
}
