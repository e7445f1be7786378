//! How a refusal lists the lines of a batch.

use app::error::{BadLine, ChangedLine, FieldError};
use domain::{batch::Rejection, ids::BatchId};
use serde_json::{Map, Value, json};

use super::{Code, Refusal};

/// Where a batch is read.
pub(super) fn link(batch: &BatchId) -> String {
    format!("/api/v1/batches/{batch}")
}

/// What is wrong with the request itself comes first, then what is not there, then what stands against it.
const fn code(why: Rejection) -> Code {
    match why {
        Rejection::DuplicateLine | Rejection::FeeNotBelowAmount => Code::Validation,
        Rejection::LoadNotFound | Rejection::DriverNotFound => Code::NotFound,
        Rejection::LoadHeld
        | Rejection::LoadPaid
        | Rejection::LoadExhausted
        | Rejection::LoadChanged
        | Rejection::DriverNotActive
        | Rejection::KycNotVerified
        | Rejection::PayoutMethodMissing
        | Rejection::InstantNotAvailable
        | Rejection::NoRoute => Code::Conflict,
    }
}

pub(super) fn bad_lines(lines: &[BadLine], message: String) -> Refusal {
    let codes: Vec<_> = lines.iter().map(|line| code(line.why)).collect();
    let first = [Code::Validation, Code::NotFound]
        .into_iter()
        .find(|code| codes.contains(code));
    let listed: Vec<_> = lines.iter().map(bad_line).collect();
    let code = first.unwrap_or(Code::Conflict);
    let refusal = match code {
        Code::Validation => {
            let fields = lines.iter().filter(|line| self::code(line.why) == code);
            let fields: Vec<_> = fields.map(field).collect();
            Refusal::fields(&fields)
        }
        _ => Refusal::new(code, String::new(), json!({"reason": "bad_lines"})),
    };
    Refusal { message, ..refusal }.detail("lines", listed)
}

fn field(line: &BadLine) -> FieldError {
    let path = format!("loadIds[{}]", line.line.saturating_sub(1));
    let message = match (line.why, line.first) {
        (Rejection::DuplicateLine, Some(first)) => {
            format!("must not be repeated; it stands in line {first} already")
        }
        _ => "must name a load whose amount is above the fee".to_owned(),
    };
    FieldError::new(path, message)
}

fn bad_line(line: &BadLine) -> Value {
    let mut listed = Map::new();
    listed.insert("line".to_owned(), line.line.into());
    listed.insert("loadId".to_owned(), line.load.as_str().into());
    listed.insert("reason".to_owned(), line.why.name().into());
    if let Some(first) = line.first {
        listed.insert("firstLine".to_owned(), first.into());
    }
    if let Some(payout) = &line.payout {
        listed.insert("payoutId".to_owned(), payout.as_str().into());
        let link = format!("/api/v1/payouts/{payout}");
        listed.insert("link".to_owned(), link.into());
    }
    if let Some(batch) = &line.batch {
        listed.insert("batchId".to_owned(), batch.as_str().into());
    }
    Value::Object(listed)
}

pub(super) fn plan_changed(lines: &[ChangedLine], message: String) -> Refusal {
    let listed: Vec<_> = lines.iter().map(changed_line).collect();
    Refusal::conflict(message, "plan_changed").detail("lines", listed)
}

fn changed_line(changed: &ChangedLine) -> Value {
    let Some(now) = &changed.now else {
        return json!({"line": changed.line, "result": "absent"});
    };
    let mut listed = json!({
        "line": changed.line,
        "loadId": now.load.as_str(),
        "amount": now.amount.get(),
        "fee": now.fee.get(),
        "result": now.verdict.name(),
    });
    if let Some(driver) = &now.driver {
        listed["driverId"] = driver.as_str().into();
    }
    listed
}
