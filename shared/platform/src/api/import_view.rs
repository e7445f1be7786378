//! The answer of an import of loads. It stays below what a gateway and a unit of work take, whatever was
//! sent: the fields of rejected rows are listed as far as there is room.

use app::import_loads::{Import, RowResult};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::api::{error_table::refusal_of, vocabulary};

/// The most fields of one row that are listed.
const ROW_FIELDS_MAX: usize = 5;
/// The most bytes of fields that are listed of all rows.
const FIELDS_BYTES_MAX: usize = 1024 * 1024;

/// The answer of `POST /loads/import`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Import)]
pub struct ImportView<'a> {
    /// Rows that were sent.
    total: usize,
    created: usize,
    updated: usize,
    unchanged: usize,
    rejected: usize,
    /// In the order sent.
    rows: Vec<RowView<'a>>,
}

/// One row of an import; rows count from 1.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ImportRow)]
struct RowView<'a> {
    #[schema(minimum = 1)]
    row: usize,
    /// Where the row has one that can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::LoadId)]
    load_id: Option<&'a str>,
    #[schema(value_type = vocabulary::RowOutcome)]
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = RowErrorView)]
    error: Option<RowErrorView>,
}

/// Why a row was rejected: code and message as the same load would get by itself.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportRowError)]
struct RowErrorView {
    #[schema(value_type = vocabulary::ErrorCode)]
    code: &'static str,
    /// For people; may change.
    message: String,
    /// A stable word for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String)]
    reason: Option<Value>,
    /// What is wrong with which field, as far as there is room.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, max_items = 5, value_type = Vec<vocabulary::FieldProblem>)]
    fields: Vec<Value>,
}

impl<'a> From<&'a Import> for ImportView<'a> {
    fn from(import: &'a Import) -> Self {
        let mut view = Self {
            total: import.rows.len(),
            created: 0,
            updated: 0,
            unchanged: 0,
            rejected: 0,
            rows: Vec::with_capacity(import.rows.len()),
        };
        let mut room = FIELDS_BYTES_MAX;
        for (index, done) in import.rows.iter().enumerate() {
            let (count, error) = match &done.result {
                RowResult::Created => (&mut view.created, None),
                RowResult::Updated => (&mut view.updated, None),
                RowResult::Unchanged => (&mut view.unchanged, None),
                RowResult::Rejected(error) => (&mut view.rejected, Some(error)),
            };
            *count += 1;
            view.rows.push(RowView {
                row: index + 1,
                load_id: done.load.as_ref().map(|load| load.as_str()),
                result: done.result.name(),
                error: error.map(|error| error_view(error, &mut room)),
            });
        }
        view
    }
}

fn error_view(error: &app::error::Error, room: &mut usize) -> RowErrorView {
    let mut refusal = refusal_of(error);
    let fields = match refusal.details["fields"].take() {
        Value::Array(fields) => fields,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            Vec::new()
        }
    };
    let listed = fields.into_iter().take(ROW_FIELDS_MAX).take_while(|field| {
        let bytes = field.to_string().len() + 1;
        let left = room.checked_sub(bytes);
        *room = left.unwrap_or(0);
        left.is_some()
    });
    RowErrorView {
        code: refusal.code.text(),
        message: refusal.message,
        fields: listed.collect(),
        reason: Some(refusal.details["reason"].take()).filter(|reason| !reason.is_null()),
    }
}

#[cfg(test)]
mod tests {
    use app::{
        error::{Error, FieldError},
        import_loads::DoneRow,
    };
    use domain::{
        denied::Denied,
        ids::{LoadId, PayoutId},
    };
    use serde_json::json;

    use super::*;

    fn done(load: &str, result: RowResult) -> DoneRow {
        let load = LoadId::parse(load).ok();
        DoneRow { load, result }
    }

    #[test]
    fn an_import_is_counted_and_shown_in_the_order_sent() {
        let held = Denied::LoadHeld {
            load: LoadId::parse("L-3").expect("valid"),
            payout: PayoutId::parse("pay_1").expect("valid"),
        };
        let import = Import {
            rows: vec![
                done("L-1", RowResult::Created),
                done("L-2", RowResult::Unchanged),
                done("L-3", RowResult::Rejected(held.into())),
                done(
                    "",
                    RowResult::Rejected(Error::invalid("loadId", "is required")),
                ),
                done("L-4", RowResult::Updated),
            ],
        };
        let shown = serde_json::to_value(ImportView::from(&import)).expect("JSON");
        assert_eq!(
            shown,
            json!({
                "total": 5, "created": 1, "updated": 1, "unchanged": 1, "rejected": 2,
                "rows": [
                    {"row": 1, "loadId": "L-1", "result": "created"},
                    {"row": 2, "loadId": "L-2", "result": "unchanged"},
                    {"row": 3, "loadId": "L-3", "result": "rejected", "error": {
                        "code": "CONFLICT", "reason": "load_held",
                        "message": "the load L-3 is held by payout pay_1"}},
                    {"row": 4, "result": "rejected", "error": {
                        "code": "VALIDATION_ERROR", "message": "the request has invalid fields",
                        "fields": [{"path": "loadId", "message": "is required"}]}},
                    {"row": 5, "loadId": "L-4", "result": "updated"},
                ],
            })
        );
    }

    #[test]
    fn the_largest_answer_fits_a_unit_of_work_and_a_gateway() {
        let problem = FieldError::new("\u{1}".repeat(64), "is not a known field");
        let all_wrong = || RowResult::Rejected(Error::Invalid(vec![problem.clone(); 100]));
        let id = "L".repeat(64);
        let held = || {
            let load = LoadId::parse(&id).expect("valid");
            let payout = PayoutId::parse(&format!("pay_{}", "1".repeat(26))).expect("valid");
            RowResult::Rejected(Denied::LoadHeld { load, payout }.into())
        };
        let half = 5_000;
        let rows = (0..half).map(|_| done(&id, all_wrong()));
        let rows = rows.chain((0..half).map(|_| done(&id, held())));
        let import = Import {
            rows: rows.collect(),
        };
        let answer = serde_json::to_string(&ImportView::from(&import)).expect("JSON");
        let as_text = serde_json::to_string(&answer).expect("JSON");
        println!(
            "{} bytes, as a text in JSON {}",
            answer.len(),
            as_text.len()
        );
        assert!(answer.len() < 4_000_000, "a transaction takes 4 MB");
        assert!(as_text.len() < 6_000_000, "an answer of Lambda has 6 MB");
    }
}
