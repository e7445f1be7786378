//! What the twin answers when it does not do what was asked.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::twins::control::json_response;

/// The documented error types. Those of two-factor authentication, and the lock, come only when they are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "&'static str")]
pub(crate) enum Kind {
    UnknownsError,
    ServerError,
    Unauthorized,
    OrderError,
    OrderTransferError,
    GuardAuthForbidden,
    DataNotFound,
    InviteFail,
    TwoFactor,
    RecoveryCodeExist,
    RecoveryCodeIncorrect,
    DataIsLock,
}

impl Kind {
    const ALL: [Self; 12] = [
        Self::UnknownsError,
        Self::ServerError,
        Self::Unauthorized,
        Self::OrderError,
        Self::OrderTransferError,
        Self::GuardAuthForbidden,
        Self::DataNotFound,
        Self::InviteFail,
        Self::TwoFactor,
        Self::RecoveryCodeExist,
        Self::RecoveryCodeIncorrect,
        Self::DataIsLock,
    ];

    pub(crate) fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    fn word(self) -> &'static str {
        match self {
            Self::UnknownsError => "unknowns_error",
            Self::ServerError => "server_error",
            Self::Unauthorized => "unauthorized",
            Self::OrderError => "order_error",
            Self::OrderTransferError => "order_transfer_error",
            Self::GuardAuthForbidden => "guard_auth_forbidden",
            Self::DataNotFound => "data_not_found",
            Self::InviteFail => "invite_fail",
            Self::TwoFactor => "2fa_error",
            Self::RecoveryCodeExist => "2fa_recovery_code_exist",
            Self::RecoveryCodeIncorrect => "2fa_recovery_code_incorrect",
            Self::DataIsLock => "data_is_lock",
        }
    }
}

impl From<Kind> for &'static str {
    fn from(kind: Kind) -> Self {
        kind.word()
    }
}

/// An answer that says no.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) kind: Kind,
    /// The field it is about.
    pub(crate) param: Option<String>,
    pub(crate) message: String,
}

/// Why a call did not do its work.
#[derive(Debug)]
pub(crate) enum Failed {
    Refused(Problem),
    Books(rusqlite::Error),
}

impl Failed {
    /// The same for a caller that only knows books that fail.
    pub(crate) fn into_books(self) -> rusqlite::Error {
        match self {
            Self::Books(error) => error,
            Self::Refused(problem) => {
                tracing::error!(
                    message = problem.message,
                    "the sandbox books lack something"
                );
                rusqlite::Error::QueryReturnedNoRows
            }
        }
    }
}

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        Self::Refused(problem)
    }
}

impl From<rusqlite::Error> for Failed {
    fn from(error: rusqlite::Error) -> Self {
        Self::Books(error)
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        match self {
            Self::Refused(problem) => problem.into_response(),
            Self::Books(error) => {
                tracing::error!(%error, "the sandbox books failed");
                refusal(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }
}

impl Problem {
    /// A field that is missing or cannot be used.
    pub(crate) fn field(kind: Kind, param: &str, complaint: &str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            kind,
            param: Some(param.to_owned()),
            message: format!("The {param} field {complaint}."),
        }
    }

    /// An object that nobody has.
    pub(crate) fn not_found(what: &str) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            kind: Kind::DataNotFound,
            param: None,
            message: format!("There is no such {what}."),
        }
    }

    /// A valid wish that cannot be granted as things stand.
    pub(crate) fn refused(kind: Kind, message: String) -> Self {
        Self {
            status: StatusCode::PAYMENT_REQUIRED,
            kind,
            param: None,
            message,
        }
    }

    /// A wish that clashes with what is there.
    pub(crate) fn conflict(kind: Kind, param: &str, message: String) -> Self {
        Self {
            status: StatusCode::CONFLICT,
            kind,
            param: Some(param.to_owned()),
            message,
        }
    }
}

#[derive(Serialize)]
struct Body<'a> {
    error: Line<'a>,
    status: u16,
}

#[derive(Serialize)]
struct Line<'a> {
    #[serde(rename = "type")]
    kind: Kind,
    code: Option<&'static str>,
    message: &'a str,
    param: Option<&'a str>,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let throttled = self.status == StatusCode::TOO_MANY_REQUESTS;
        let body = Body {
            error: Line {
                kind: self.kind,
                code: throttled.then_some("rate_limit"),
                message: &self.message,
                param: self.param.as_deref(),
            },
            status: self.status.as_u16(),
        };
        json_response(self.status, &body)
    }
}

/// An error of this status and type in the documented shape.
pub(crate) fn typed_refusal(status: StatusCode, kind: Kind) -> Response {
    Problem {
        status,
        kind,
        param: None,
        message: "The request failed.".to_owned(),
    }
    .into_response()
}

/// An answer of this status in the documented shape.
pub(crate) fn refusal(status: StatusCode) -> Response {
    let (kind, message) = match status.as_u16() {
        401 => (Kind::Unauthorized, "No valid API key provided."),
        403 => (
            Kind::GuardAuthForbidden,
            "The API key doesn't have permissions to perform the request.",
        ),
        400 | 402 | 409 => (Kind::OrderError, "The request failed."),
        404 => (Kind::DataNotFound, "The requested resource doesn't exist."),
        429 => (
            Kind::UnknownsError,
            "Too many requests hit the API too quickly.",
        ),
        500..=599 => (Kind::ServerError, "Something went wrong on OwlPay's end."),
        _ => (Kind::UnknownsError, "The request failed."),
    };
    let message = message.to_owned();
    let param = None;
    Problem {
        status,
        kind,
        param,
        message,
    }
    .into_response()
}
