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

use super::books::FaultOrder;
use super::faults::{self, CALLBACK, Fault};
use super::{Outcome, Provider, Sandbox};

/// Most calls one order can spoil.
const TIMES_MAX: u32 = 1_000_000;

pub(crate) fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/payments", get(payments))
        .route("/faults", post(order_fault))
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
    let now_ms = sandbox.clock().now_ms();
    let rows = sandbox.books().read(|page| {
        let mut rows = Vec::new();
        for provider in Provider::ALL {
            rows.extend(provider.payments(page, reference.as_deref(), now_ms)?);
        }
        Ok(rows)
    });
    answered(rows)
}

async fn order_fault(State(sandbox): State<Sandbox>, body: ReadBody) -> Response {
    let order = match body_of(body).and_then(|body| FaultRequest::read(&body)) {
        Ok(order) => order,
        Err(complaint) => return bad_request(&complaint),
    };
    let kept = sandbox.books().write(|page| {
        page.order_fault(&FaultOrder {
            provider: order.provider.name(),
            side: order.fault.side(),
            operation: &order.operation,
            reference: order.reference.as_deref(),
            fault: &order.text,
            times: order.times,
        })
    });
    answered(kept.map(|()| json!({"ok": true})))
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
                let status = &order.status;
                provider.settle_now(page, &Outcome { reference, status }, now_ms)?
            }
            None => false,
        };
        if !settled {
            let reference = order.reference.as_deref();
            let book = provider.outcome_book(&order.status);
            page.order_outcome(book, reference, &order.status)?;
        }
        Ok(settled)
    });
    sandbox.callbacks_changed();
    answered(kept.map(|applied| json!({"ok": true, "applied": applied})))
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

struct FaultRequest {
    provider: Provider,
    operation: String,
    fault: Fault,
    /// The fault as it was written.
    text: String,
    times: u32,
    reference: Option<String>,
}

impl FaultRequest {
    fn read(body: &[u8]) -> Result<Self, String> {
        let fields = members(
            body,
            &["provider", "operation", "fault", "times", "reference"],
        )?;
        let provider = provider(&fields)?;
        let operation = required(&fields, "operation")?;
        let known = provider.operations();
        if !known.contains(&operation.as_str()) && operation != CALLBACK && operation != "*" {
            let known = known.join(", ");
            return Err(format!(
                "operation {operation} is unknown, expected {known}, callback or *"
            ));
        }
        let text = required(&fields, "fault")?;
        let fault: Fault = text
            .parse()
            .map_err(|()| format!("fault {text} is unknown, expected {}", faults::EXPECTED))?;
        let fits = match fault {
            Fault::Call(_) => operation != CALLBACK,
            Fault::Callback(_) => operation == CALLBACK || operation == "*",
        };
        if !fits {
            return Err(format!(
                "fault {text} does not fit operation {operation}, expected {}",
                faults::EXPECTED
            ));
        }
        if fault.is_about_bodies() && !provider.has_body_status() {
            let name = provider.name();
            return Err(format!(
                "fault {text} does not fit provider {name}, whose answers have no status in their body"
            ));
        }
        let times = match fields.get("times") {
            None | Some(Value::Null) => 1,
            Some(value) => value
                .as_u64()
                .and_then(|times| u32::try_from(times).ok())
                .filter(|times| (1..=TIMES_MAX).contains(times))
                .ok_or(format!(
                    "times is not usable, expected a whole number from 1 to {TIMES_MAX}"
                ))?,
        };
        Ok(Self {
            provider,
            operation,
            fault,
            text,
            times,
            reference: optional(&fields, "reference")?,
        })
    }
}

struct OutcomeRequest {
    provider: Provider,
    status: String,
    reference: Option<String>,
}

impl OutcomeRequest {
    fn read(body: &[u8]) -> Result<Self, String> {
        let fields = members(body, &["provider", "status", "reference"])?;
        let provider = provider(&fields)?;
        let status = required(&fields, "status")?;
        if let Some(expected) = provider.outcome_complaint(&status) {
            return Err(format!(
                "status {status} is not usable, expected {expected}"
            ));
        }
        Ok(Self {
            provider,
            status,
            reference: optional(&fields, "reference")?,
        })
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

fn provider(fields: &Map<String, Value>) -> Result<Provider, String> {
    let name = required(fields, "provider")?;
    Provider::named(&name).ok_or_else(|| {
        let known = Provider::ALL.map(Provider::name).join(", ");
        format!("provider {name} is unknown, expected {known}")
    })
}

fn required(fields: &Map<String, Value>, name: &str) -> Result<String, String> {
    optional(fields, name)?.ok_or_else(|| format!("{name} is missing, expected text"))
}

fn optional(fields: &Map<String, Value>, name: &str) -> Result<Option<String>, String> {
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

    fn complaint(body: &str) -> String {
        match FaultRequest::read(body.as_bytes()) {
            Ok(_) => String::new(),
            Err(complaint) => complaint,
        }
    }

    #[test]
    fn a_fault_without_times_is_for_one_call() {
        let body = br#"{"provider":"payelata","operation":"create","fault":"drop_after"}"#;
        let order = FaultRequest::read(body).unwrap_or_else(|complaint| panic!("{complaint}"));
        assert_eq!(order.times, 1);
        assert_eq!(order.reference, None);
    }

    #[test]
    fn a_wrong_order_is_told_which_field_is_wrong_and_what_was_expected() {
        for (body, start) in [
            ("[]", "the body is not usable, expected a JSON object"),
            (
                r#"{"operation":"create","fault":"lose"}"#,
                "provider is missing",
            ),
            (
                r#"{"provider":"stripe","operation":"create","fault":"drop_after"}"#,
                "provider stripe is unknown, expected payelata",
            ),
            (
                r#"{"provider":"payelata","operation":"void","fault":"drop_after"}"#,
                "operation void is unknown, expected create, process,",
            ),
            (
                r#"{"provider":"payelata","operation":"create","fault":"explode"}"#,
                "fault explode is unknown, expected drop_before",
            ),
            (
                r#"{"provider":"payelata","operation":"create","fault":"lose"}"#,
                "fault lose does not fit operation create",
            ),
            (
                r#"{"provider":"payelata","operation":"callback","fault":"drop_after"}"#,
                "fault drop_after does not fit operation callback",
            ),
            (
                r#"{"provider":"payelata","operation":"*","fault":"lose","times":0}"#,
                "times is not usable, expected a whole number",
            ),
            (
                r#"{"provider":"payelata","operation":"*","fault":"lose","reference":7}"#,
                "reference is not usable, expected text",
            ),
            (
                r#"{"provider":"payelata","operation":"*","fault":"lose","when":"now"}"#,
                "when is unknown, expected provider, operation",
            ),
        ] {
            let complaint = complaint(body);
            assert!(complaint.starts_with(start), "{body}: {complaint}");
        }
    }

    #[test]
    fn an_outcome_can_be_any_status_word() {
        let read = |status: &str| {
            let body = json!({"provider": "payelata", "status": status}).to_string();
            OutcomeRequest::read(body.as_bytes()).is_ok()
        };
        assert!(read("partially_processed") && read("a_word_nobody_knows"));
        assert!(!read("") && !read("Processed") && !read(&"x".repeat(65)));
    }
}
