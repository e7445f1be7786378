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
}
