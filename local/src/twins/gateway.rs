//! What stands between us and a provider: it answers in no shape of the provider's, and knows of no payment.

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::Response;

use super::faults::{CallFault, Fault, status};

/// What a gateway writes beside its status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    Html,
    Json,
    Empty,
}

impl Page {
    /// The page that a fault of this name is about.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "gateway" => Some(Self::Html),
            "gateway_json" => Some(Self::Json),
            "gateway_empty" => Some(Self::Empty),
            _ => None,
        }
    }

    /// The fault that `NNN_before` or `NNN_after` orders with it.
    pub(crate) fn fault(self, rest: &str) -> Result<Fault, ()> {
        let fault = match rest.split_once('_') {
            Some((number, "before")) => CallFault::GatewayBefore(status(number)?, self),
            Some((number, "after")) => CallFault::GatewayAfter(status(number)?, self),
            _ => return Err(()),
        };
        Ok(Fault::Call(fault))
    }

    pub(crate) fn response(self, status: StatusCode) -> Response {
        let name = status.canonical_reason().unwrap_or("Unknown");
        let (kind, body) = match self {
            Self::Html => {
                let number = status.as_u16();
                let page = format!("<html><body><h1>{number} {name}</h1></body></html>");
                ("text/html", page)
            }
            Self::Json => {
                let message = format!("{{\"message\":\"{}\"}}", name.to_lowercase());
                ("application/json", message)
            }
            Self::Empty => ("text/plain", String::new()),
        };
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        let kind = header::HeaderValue::from_static(kind);
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    }
}
