//! The control API of the sandbox: what the twins really did, and orders to misbehave.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::rejection::BytesRejection;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::books::{FaultOrder, ShareOrder, Target};
use super::fault_request::{Dose, FaultRequest};
use super::{Outcome, Provider, Sandbox};

pub(crate) fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/payments", get(payments))
        .route("/faults", get(shares).post(order_fault))
        .route("/outcomes", post(order_outcome))
        .route("/reset", post(reset))
        .method_not_allowed_fallback(async || wrong_method())
        .fallback(async || refused(StatusCode::NOT_FOUND, "there is no such control"))
}

async fn payments(State(sandbox): State<Sandbox>, RawQuery(query): RawQuery) -> Response {
    let mut reference = None;
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        if name != "reference" {
            return bad_request(&format!("query {name} is unknown, expected reference"));
        }
        reference = Some(value.into_owned());
    }
    answered(sandbox.payments(reference.as_deref()))
}

async fn order_fault(State(sandbox): State<Sandbox>, body: ReadBody) -> Response {
    let order = match body_of(body).and_then(|body| FaultRequest::read(&body)) {
        Ok(order) => order,
        Err(complaint) => return bad_request(&complaint),
    };
    let target = Target {
        provider: order.provider.name(),
        side: order.side,
        operation: &order.operation,
        reference: order.reference.as_deref(),
    };
    let kept = sandbox.books().write(|page| match order.dose {
        Dose::Times(times) => page.order_fault(&FaultOrder {
            target,
            fault: &order.faults,
            times,
        }),
        Dose::Share { percent, seed } => page.order_share(&ShareOrder {
            target,
            faults: &order.faults,
            percent,
            seed,
        }),
    });
    answered(kept.map(|()| json!({"ok": true})))
}

async fn shares(State(sandbox): State<Sandbox>) -> Response {
    answered(sandbox.books().read(|page| page.shares()))
}

async fn order_outcome(State(sandbox): State<Sandbox>, body: ReadBody) -> Response {
    let order = match body_of(body).and_then(|body| OutcomeRequest::read(&body)) {
        Ok(order) => order,
        Err(complaint) => return bad_request(&complaint),
    };
    let provider = order.provider;
    let now_ms = sandbox.clock().now_ms();
    let kept = sandbox.books().write(|page| {
        let settled = match &order.reference {
            Some(reference) => {
                let outcome = Outcome {
                    reference,
                    status: &order.status,
                    now: order.now,
                    amount: order.amount,
                };
                provider.settle_now(page, &outcome, now_ms)?
            }
            None => false,
        };
        if !settled && !order.now {
            let reference = order.reference.as_deref();
            let book = provider.outcome_book(&order.status);
            page.order_outcome(book, reference, &order.status)?;
        }
        Ok(settled)
    });
    sandbox.callbacks_changed();
    match kept {
        Ok(false) if order.now => refused(
            StatusCode::NOT_FOUND,
            "there is no payment of this reference that could take it now",
        ),
        kept => answered(kept.map(|applied| json!({"ok": true, "applied": applied}))),
    }
}

async fn reset(State(sandbox): State<Sandbox>, body: ReadBody) -> Response {
    let read = body_of(body).and_then(|body| match body.trim_ascii() {
        // Nothing to say is said in more than one way.
        b"" | b"null" => Ok(Map::new()),
        body => members(body, &[]),
    });
    if let Err(complaint) = read {
        return bad_request(&complaint);
    }
    let now_ms = sandbox.clock().now_ms();
    let done = sandbox.books().write(|page| page.reset(now_ms));
    sandbox.callbacks_changed();
    answered(done.map(|()| json!({"ok": true})))
}

/// The most minor units that can be ordered to move.
const AMOUNT_MAX: i64 = 1_000_000_000;

struct OutcomeRequest {
    provider: Provider,
    status: String,
    reference: Option<String>,
    /// The payment takes it at once, however far it is: nothing waits for later.
    now: bool,
    /// How much money moves with it, in minor units.
    amount: Option<i64>,
}

impl OutcomeRequest {
    fn read(body: &[u8]) -> Result<Self, String> {
        let known = ["provider", "status", "reference", "now", "amount"];
        let fields = members(body, &known)?;
        let provider = provider(&fields)?;
        let status = required(&fields, "status")?;
        if let Some(expected) = provider.outcome_complaint(&status) {
            return Err(format!(
                "status {status} is not usable, expected {expected}"
            ));
        }
        let reference = optional(&fields, "reference")?;
        let now = match fields.get("now") {
            None | Some(Value::Null) => false,
            Some(Value::Bool(now)) => *now,
            Some(_) => return Err("now is not usable, expected true or false".to_owned()),
        };
        if now && reference.is_none() {
            return Err("now is not usable without reference, expected both".to_owned());
        }
        if now && status.contains('@') {
            return Err(format!(
                "now is not usable with {status}, which comes later"
            ));
        }
        let amount = amount(&fields)?;
        if amount.is_some() && !now {
            return Err("amount is not usable without now, expected both".to_owned());
        }
        if amount.is_some() && !provider.moves_money(&status) {
            let complaint = "expected a status with which money moves at once";
            return Err(format!("amount is not usable with {status}, {complaint}"));
        }
        Ok(Self {
            provider,
            status,
            reference,
            now,
            amount,
        })
    }
}

/// An amount of minor units, if the member is there.
fn amount(fields: &Map<String, Value>) -> Result<Option<i64>, String> {
    match fields.get("amount") {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value
            .as_i64()
            .filter(|amount| (1..=AMOUNT_MAX).contains(amount))
            .map(Some)
            .ok_or_else(|| {
                format!("amount is not usable, expected a whole number from 1 to {AMOUNT_MAX}")
            }),
    }
}

/// A body as it arrived, or why it did not.
pub(crate) type ReadBody = Result<Bytes, BytesRejection>;

/// # Errors
/// What was wrong with a body that could not be read to its end.
pub(crate) fn body_of(body: ReadBody) -> Result<Bytes, String> {
    body.map_err(|error| format!("the body is not usable: {}", error.body_text()))
}

/// The members of a JSON object, none of them unknown.
pub(crate) fn members(body: &[u8], known: &[&str]) -> Result<Map<String, Value>, String> {
    let fields: Map<String, Value> = serde_json::from_slice(body)
        .map_err(|error| format!("the body is not usable, expected a JSON object: {error}"))?;
    match fields.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) if known.is_empty() => Err(format!("{name} is unknown, expected no member")),
        Some(name) => Err(format!("{name} is unknown, expected {}", known.join(", "))),
        None => Ok(fields),
    }
}

pub(crate) fn provider(fields: &Map<String, Value>) -> Result<Provider, String> {
    let name = required(fields, "provider")?;
    Provider::named(&name).ok_or_else(|| {
        let known = Provider::ALL.map(Provider::name).join(", ");
        format!("provider {name} is unknown, expected {known}")
    })
}

pub(crate) fn required(fields: &Map<String, Value>, name: &str) -> Result<String, String> {
    optional(fields, name)?.ok_or_else(|| format!("{name} is missing, expected text"))
}

pub(crate) fn optional(fields: &Map<String, Value>, name: &str) -> Result<Option<String>, String> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if !text.is_empty() => Ok(Some(text.clone())),
        Some(_) => Err(format!("{name} is not usable, expected text")),
    }
}

fn answered(made: rusqlite::Result<impl Serialize>) -> Response {
    match made {
        Ok(made) => json_response(StatusCode::OK, &made),
        Err(error) => {
            tracing::error!(%error, "the sandbox books failed");
            refused(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the sandbox books failed",
            )
        }
    }
}

pub(crate) fn bad_request(complaint: &str) -> Response {
    refused(StatusCode::BAD_REQUEST, complaint)
}

/// The answer to a method that the control does not have.
pub(crate) fn wrong_method() -> Response {
    refused(
        StatusCode::METHOD_NOT_ALLOWED,
        "the method is not allowed here",
    )
}

fn refused(status: StatusCode, complaint: &str) -> Response {
    json_response(status, &json!({ "error": complaint }))
}

/// An answer with this JSON body.
pub(crate) fn json_response(status: StatusCode, body: &impl Serialize) -> Response {
    let bytes = serde_json::to_vec(body).expect("the sandbox's shapes have text keys only");
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_can_be_any_status_word() {
        let read = |status: &str| {
            let body = json!({"provider": "payelata", "status": status}).to_string();
            OutcomeRequest::read(body.as_bytes()).is_ok()
        };
        assert!(read("partially_processed") && read("a_word_nobody_knows"));
        assert!(!read("") && !read("Processed") && !read(&"x".repeat(65)));
    }

    #[test]
    fn now_needs_a_reference_and_an_amount_needs_now_and_a_status_that_moves_money() {
        let complaint = |members: &str| {
            let body = format!("{{\"provider\":\"payelata\",{members}}}");
            OutcomeRequest::read(body.as_bytes())
                .err()
                .unwrap_or_default()
        };
        let fine = r#""status":"partially_refunded","reference":"pay_1","now":true,"amount":100"#;
        assert_eq!(complaint(fine), "");
        for (members, start) in [
            (
                r#""status":"refunded","now":true"#,
                "now is not usable without reference",
            ),
            (
                r#""status":"refunded","reference":"pay_1","now":1"#,
                "now is not usable, expected true or false",
            ),
            (
                r#""status":"refunded","reference":"pay_1","now":true,"at":1"#,
                "at is unknown, expected provider, status, reference, now, amount",
            ),
            (
                r#""status":"refunded","reference":"pay_1","amount":1"#,
                "amount is not usable without now",
            ),
            (
                r#""status":"expired","reference":"pay_1","now":true,"amount":1"#,
                "amount is not usable with expired",
            ),
            (
                r#""status":"refunded","reference":"pay_1","now":true,"amount":0"#,
                "amount is not usable, expected a whole number",
            ),
            (
                r#""status":"refunded","reference":"pay_1","now":true,"amount":1.5"#,
                "amount is not usable, expected a whole number",
            ),
        ] {
            let complaint = complaint(members);
            assert!(complaint.starts_with(start), "{members}: {complaint}");
        }
    }
}
