//! Who calls, in which mode, and what the call does.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::paging::Pagination;
use super::problem::{Failed, refusal};
use super::shelf::{Mode, Shelf};
use super::{KEY_LIVE, KEY_TEST};
use crate::twins::control::json_response;
use crate::twins::faults::Call;
use crate::twins::{Provider, Sandbox};

/// A known caller: the key decides the mode.
pub(crate) struct Caller {
    sandbox: Sandbox,
    mode: Mode,
}

impl FromRequestParts<Sandbox> for Caller {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, sandbox: &Sandbox) -> Result<Self, Response> {
        if let Some(mode) = mode_of(&parts.headers) {
            let sandbox = sandbox.clone();
            return Ok(Self { sandbox, mode });
        }
        let mut response = refusal(StatusCode::UNAUTHORIZED);
        response.headers_mut().insert(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static("Basic realm=\"owlpay\""),
        );
        Err(response)
    }
}

/// The mode of the key, which is a bearer token, or the user of HTTP Basic with an empty password.
fn mode_of(headers: &HeaderMap) -> Option<Mode> {
    let credentials = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, credentials) = credentials.split_once(' ')?;
    let key = if scheme.eq_ignore_ascii_case("bearer") {
        credentials.trim().to_owned()
    } else if scheme.eq_ignore_ascii_case("basic") {
        let decoded = STANDARD.decode(credentials.trim()).ok()?;
        let decoded = String::from_utf8(decoded).ok()?;
        decoded.strip_suffix(':')?.to_owned()
    } else {
        return None;
    };
    match key.as_str() {
        KEY_TEST => Some(Mode::Test),
        KEY_LIVE => Some(Mode::Live),
        _ => None,
    }
}

impl Caller {
    /// Answers with what `work` makes of the call, unless a fault was ordered for it.
    pub(crate) async fn answer<T: Serialize>(
        &self,
        operation: &'static str,
        reference: Option<&str>,
        work: impl FnOnce() -> Result<Answer<T>, Failed> + Send,
    ) -> Response {
        let call = Call {
            provider: Provider::OwlPay,
            operation,
            reference,
        };
        let work = || match work() {
            Ok(answer) => json_response(StatusCode::OK, &answer),
            Err(failed) => failed.into_response(),
        };
        self.sandbox.answer(call, work).await
    }

    /// Runs `work`, which only reads, on the books of the caller's mode.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&Shelf<'_>) -> Result<T, Failed>,
    ) -> Result<T, Failed> {
        let now_ms = self.sandbox.clock().now_ms();
        let books = self.sandbox.books();
        books.read_with(|page| work(&Shelf::new(page, self.mode, now_ms)))
    }

    /// Runs `work` on the books of the caller's mode as one transaction: kept when it ends well.
    pub(crate) fn write<T>(
        &self,
        work: impl FnOnce(&Shelf<'_>) -> Result<T, Failed>,
    ) -> Result<T, Failed> {
        let now_ms = self.sandbox.clock().now_ms();
        let books = self.sandbox.books();
        let made = books.write_with(|page| work(&Shelf::new(page, self.mode, now_ms)));
        self.sandbox.callbacks_changed();
        made
    }
}

/// `{"data": …, "status": 200}`, and where in a list it is.
#[derive(Serialize)]
pub(crate) struct Answer<T> {
    data: T,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    pagination: Option<Pagination>,
}

impl<T> Answer<T> {
    pub(crate) fn of(data: T) -> Self {
        Self {
            data,
            status: 200,
            pagination: None,
        }
    }

    pub(crate) fn page(data: T, pagination: Pagination) -> Self {
        Self {
            data,
            status: 200,
            pagination: Some(pagination),
        }
    }
}
