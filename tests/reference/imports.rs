//! The rows of an import against the handler: each value is shown to both.

use app::import_loads::ROWS_MAX;
use serde_json::{Map, Value, json};

use crate::{
    bodies::{names, values},
    published::{Judge, Published},
    stage::{JSON, Problems, Sent, Stage, function_at, path_of, problems},
};

const ROUTE: &str = "/api/v1/loads/import";
const ROW: &str = "/components/schemas/ImportedLoad";
/// A member that nobody knows: with it a row is always rejected, so that nothing is written.
const STRANGER: &str = "zz";

/// What is wrong with a row.
async fn rejected(stage: &Stage, row: &Map<String, Value>) -> Problems {
    let sent = Sent {
        path: path_of(ROUTE),
        media_type: JSON,
        query: String::new(),
        body: json!({"loads": [row]}).to_string().into_bytes(),
    };
    let (status, answer) = stage.answer(function_at("POST", ROUTE), sent).await;
    assert_eq!(status, 200, "{answer}");
    let row = &answer["data"]["rows"][0];
    assert_eq!(row["result"], "rejected", "{answer}");
    problems(&row["error"]["fields"])
}

fn complete() -> Map<String, Value> {
    let row = json!({
        "loadId": "L-1",
        "driverId": "OVN-DRIVER-789",
        "amount": 45_000,
        "description": "Dallas to Tulsa",
        "metadata": {"truck": "T-17"},
        STRANGER: 1,
    });
    row.as_object().expect("an object").clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn handler_and_document_accept_the_same_values_in_every_field_of_a_row() {
    let document = Published::new();
    let mut judge = Judge::of(&document);
    let stage = Stage::new().await;
    let complete = complete();
    for (name, fitting) in complete.iter().filter(|(name, _)| *name != STRANGER) {
        let schema = judge.schema(&format!("{ROW}/properties/{name}"));
        for value in values(fitting) {
            let mut row = complete.clone();
            row.insert(name.clone(), value.clone());
            let problems = rejected(&stage, &row).await;
            let told = judge.check(&value, schema);
            let place = format!("{name} {value}: {told:?} {problems:?}");
            assert_eq!(told.is_err(), names(&problems, name), "{place}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_need_the_required_fields_and_know_no_others() {
    let document = Published::new();
    let stage = Stage::new().await;
    let schema = document.at(ROW);
    let required = schema["required"].as_array().expect("a list");
    let complete = complete();
    for name in complete.keys() {
        let mut row = complete.clone();
        row.remove(name);
        row.insert("other".to_owned(), json!(1));
        let found = rejected(&stage, &row).await;
        let demanded = found.get(name).is_some_and(|it| it == "is required");
        assert_eq!(demanded, required.contains(&json!(name)), "{name}");
        assert_eq!(found["other"], "is not a known field");
    }
}

#[test]
fn an_import_takes_as_many_rows_as_the_document_says() {
    let document = Published::new();
    let loads = document.at("/components/schemas/LoadsImport/properties/loads");
    assert_eq!(
        (&loads["minItems"], &loads["maxItems"]),
        (&json!(1), &json!(ROWS_MAX))
    );
}
