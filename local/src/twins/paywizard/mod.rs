//! The twin of PayWizard: its prepaid card API as the vendor documents it (docs/providers/paywizard.md), on the paths
//! `/paywizard/ovstrade/openLoyaltyPay` and `/paywizard/ovstrade/openPay`.

mod asked;
mod cards;
mod looks;
mod money;
mod moves;
mod sign;
mod transactions;
mod wire;
mod wishes;

#[cfg(test)]
mod behaviour;
#[cfg(test)]
mod bench;
#[cfg(test)]
mod client;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod misbehaviour;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use axum::routing::post;

use super::faults::Call;
use super::{Provider, Sandbox};
use asked::{Asked, Complaint};
use sign::Signer;

pub use cards::{
    CARD_FAIL, CARD_OF_THE_SAMPLE, CARD_OK, CARD_PENDING_FAIL, CARD_PENDING_OK, CARD_UNANSWERED,
    FRESH_BALANCE, PREFIX, PREFIX_INACTIVE, PREFIX_SECOND, START_BALANCE,
};
pub use transactions::{PENDING_MS, SETTLED_AFTER_MS};
pub(crate) use transactions::{payments, settle_now};
pub(crate) use wishes::outcome_complaint;

/// The twin's name in the control API and of its transactions in the books.
pub(crate) const NAME: &str = "paywizard";
/// The name of its cards in the books.
const CARDS: &str = "paywizard/cards";
/// The name of its reference codes in the books.
const CODES: &str = "paywizard/codes";

/// The developer id of the sandbox's account.
pub const CLIENT_ID: &str = "900000000000000001";
/// The developer secret of the sandbox's account.
pub const CLIENT_SECRET: &str = "local_sandbox_only_client_secret";
/// The transaction token of the sandbox's account. Not a JWT, in spite of its header's name.
pub const JWT_TOKEN: &str = "LOCALSANDBOXONLYLOCALSANDBOXONLY";
/// The only prepaid channel that is documented.
pub const CHANNEL: &str = "FACTOR4";
/// The merchant.
const MID: &str = "202600000001";

/// The operations a fault can name: `query` is the balance and the order query.
pub(crate) const OPERATIONS: [&str; 5] = ["pay", "topup", "void", "query", "activate"];

pub(crate) fn routes() -> Router<Sandbox> {
    let loyalty = Router::new()
        .route("/giftActivate", post(looks::activate))
        .route("/giftInquiry", post(looks::inquiry))
        .route("/giftIssuance", post(moves::top_up))
        .route("/giftTransaction", post(moves::pay))
        .route("/giftVoid", post(moves::void));
    Router::new()
        .nest("/ovstrade/openLoyaltyPay", loyalty)
        .route("/ovstrade/openPay/queryOrder", post(looks::order))
        .method_not_allowed_fallback(async |State(sandbox): State<Sandbox>| {
            refusal(StatusCode::METHOD_NOT_ALLOWED, sandbox.clock().now_ms())
        })
        .fallback(async |State(sandbox): State<Sandbox>| {
            refusal(StatusCode::NOT_FOUND, sandbox.clock().now_ms())
        })
}

/// An answer of this HTTP status in the shape of errors.
pub(crate) fn refusal(status: StatusCode, now_ms: i64) -> Response {
    wire::failed(status, now_ms)
}

/// HTTP 200 with this body code.
pub(crate) fn coded_refusal(code: u16, now_ms: i64) -> Response {
    wire::refused((code, "failed"), now_ms)
}

/// What an operation answers instead of its data: a body code and a message.
enum Refused {
    Code(u16, &'static str),
    Asked(Complaint),
    Broken(rusqlite::Error),
}

impl From<Complaint> for Refused {
    fn from(complaint: Complaint) -> Self {
        Self::Asked(complaint)
    }
}

impl From<rusqlite::Error> for Refused {
    fn from(error: rusqlite::Error) -> Self {
        Self::Broken(error)
    }
}

impl Refused {
    fn answer(self, now_ms: i64) -> Response {
        match self {
            Self::Code(code, msg) => wire::refused((code, msg), now_ms),
            Self::Asked(complaint) => wire::refused((wire::BAD_REQUEST, &complaint), now_ms),
            Self::Broken(error) => {
                tracing::error!(%error, "the sandbox books failed");
                wire::refused((wire::BROKEN, "system error"), now_ms)
            }
        }
    }
}

/// A request whose sender is the sandbox's account.
fn admit(headers: &HeaderMap, body: &[u8], channels: Vec<String>) -> Result<Asked, Refused> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let content_type = text(header::CONTENT_TYPE.as_str()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        let msg = "Content-Type must be application/json";
        return Err(Refused::Code(wire::WRONG_CONTENT_TYPE, msg));
    }
    if text("jwt-token") != Some(JWT_TOKEN) {
        return Err(Refused::Code(wire::UNKNOWN_TOKEN, "invalid token"));
    }
    let signer = Signer {
        client_id: CLIENT_ID,
        client_secret: CLIENT_SECRET,
    };
    if !text("sign").is_some_and(|sign| signer.accepts(body, sign)) {
        return Err(Refused::Code(wire::WRONG_SIGN, "invalid sign"));
    }
    let Some(asked) = Asked::read(body, channels) else {
        return Err(Refused::Code(
            wire::BAD_REQUEST,
            "the body must be a JSON object",
        ));
    };
    match asked.text("clientId") {
        Some(CLIENT_ID) => Ok(asked),
        Some(_) => Err(Refused::Code(
            wire::WRONG_SIGN,
            "clientId is not the signer's",
        )),
        None => Err("clientId is required".to_owned().into()),
    }
}

/// One request as it came in.
pub(crate) struct Arrived {
    sandbox: Sandbox,
    headers: HeaderMap,
    body: Bytes,
}

impl FromRequest<Sandbox> for Arrived {
    type Rejection = BytesRejection;

    async fn from_request(request: Request, sandbox: &Sandbox) -> Result<Self, BytesRejection> {
        Ok(Self {
            sandbox: sandbox.clone(),
            headers: request.headers().clone(),
            body: Bytes::from_request(request, sandbox).await?,
        })
    }
}

impl Arrived {
    fn now_ms(&self) -> i64 {
        self.sandbox.clock().now_ms()
    }

    /// Answers with what `work` makes of the request, unless its sender is unknown or a fault was ordered for it.
    /// `reference` finds what a fault names it by.
    async fn answer(
        &self,
        operation: &'static str,
        reference: impl FnOnce(&Asked) -> Result<Option<String>, Refused>,
        work: impl FnOnce(&Asked) -> Result<Response, Refused> + Send,
    ) -> Response {
        let asked = admit(&self.headers, &self.body, self.sandbox.channels());
        let (asked, reference) = match asked.and_then(|asked| {
            let reference = reference(&asked)?;
            Ok((asked, reference))
        }) {
            Ok(admitted) => admitted,
            Err(refused) => return refused.answer(self.now_ms()),
        };
        let call = Call {
            provider: Provider::Paywizard,
            operation,
            reference: reference.as_deref(),
        };
        let work = || work(&asked).unwrap_or_else(|refused| refused.answer(self.now_ms()));
        self.sandbox.answer(call, work).await
    }
}
