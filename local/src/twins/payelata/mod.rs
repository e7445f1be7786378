//! The twin of Payelata: its payout API as seed 003 documents it, on the paths `/payelata/api` (private)
//! and `/payelata/public-api` (public).

pub mod callback;
mod catalogue;
mod draft;
mod invoices;
mod lifecycle;
mod money;
mod services;
mod wire;
mod wishes;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Provider, Sandbox};

pub(crate) use invoices::payments;
pub(crate) use lifecycle::{moves_money, settle_now};
pub(crate) use wire::refusal;

/// The twin's name in the control API.
pub(crate) const NAME: &str = "payelata";

/// User name of the private API (HTTP Basic).
pub const ACCOUNT_ID: &str = "coma_LOCALSANDBOX01";
/// Password of the private API (HTTP Basic).
pub const API_KEY: &str = "ak_local_sandbox_only";
/// Key of the public API that sees test invoices.
pub const PUBLIC_KEY_TEST: &str = "pk_test_local_sandbox_only";
/// Key of the public API that sees live invoices. "Live" in the sandbox moves no money either.
pub const PUBLIC_KEY_LIVE: &str = "pk_live_local_sandbox_only";
/// Secret that signs the callbacks of test invoices.
pub const CALLBACK_KEY_TEST: &str = "sk_test_local_sandbox_only";
/// Secret that signs the callbacks of live invoices.
pub const CALLBACK_KEY_LIVE: &str = "sk_live_local_sandbox_only";

/// The operations a fault can name: `query` is every read of a single invoice.
pub(crate) const OPERATIONS: [&str; 6] = [
    "create",
    "process",
    "query",
    "list",
    "services",
    "prerequest",
];

const STATUS_CHARS_MAX: usize = 64;

pub(crate) fn routes() -> Router<Sandbox> {
    let private = Router::new()
        .route("/payout-services", get(services::list))
        .route("/payout-services/{id}", get(services::by_id))
        .route(
            "/payout-invoices",
            get(invoices::private_list).post(invoices::create),
        )
        .route("/payout-invoices/{id}", get(invoices::private_by_id))
        .route("/payout-invoices/{id}/process", post(invoices::process))
        .layer(middleware::from_fn(require_account));
    let public = Router::new()
        .route("/payout-prerequest", post(services::prerequest))
        .route("/payout-invoices", get(invoices::public_by_reference))
        .route("/payout-invoices/{id}", get(invoices::public_by_id));
    Router::new()
        .nest("/api", private)
        .nest("/public-api", public)
        .method_not_allowed_fallback(async || refusal(StatusCode::METHOD_NOT_ALLOWED))
        .fallback(async || refusal(StatusCode::NOT_FOUND))
}

/// What an ordered outcome may say; `None` when `status` is fine. Words the contract does not know are allowed.
pub(crate) fn outcome_complaint(status: &str) -> Option<&'static str> {
    let fits = (1..=STATUS_CHARS_MAX).contains(&status.len())
        && status.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    (!fits).then_some("1 to 64 of a-z and _")
}

async fn require_account(request: Request, next: Next) -> Response {
    if knows_account(request.headers()) {
        return next.run(request).await;
    }
    let mut response = refusal(StatusCode::UNAUTHORIZED);
    response.headers_mut().insert(
        header::WWW_AUTHENTICATE,
        HeaderValue::from_static("Basic realm=\"payelata\""),
    );
    response
}

fn knows_account(headers: &HeaderMap) -> bool {
    let Some((scheme, credentials)) = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
    else {
        return false;
    };
    scheme.eq_ignore_ascii_case("basic")
        && STANDARD
            .decode(credentials.trim())
            .is_ok_and(|decoded| decoded == format!("{ACCOUNT_ID}:{API_KEY}").into_bytes())
}

/// The mode of a public key: true for test, `None` when nobody has this key.
fn mode_of(public_key: &str) -> Option<bool> {
    match public_key {
        PUBLIC_KEY_TEST => Some(true),
        PUBLIC_KEY_LIVE => Some(false),
        _ => None,
    }
}

/// The first value of a query parameter, decoded.
fn query_value(query: Option<&str>, wanted: &str) -> Option<String> {
    form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .find(|(name, _)| name == wanted)
        .map(|(_, value)| value.into_owned())
}

/// The answer for books that failed.
fn broken(error: &rusqlite::Error) -> Response {
    tracing::error!(%error, "the sandbox books failed");
    refusal(StatusCode::INTERNAL_SERVER_ERROR)
}
