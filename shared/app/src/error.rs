//! Everything a caller may learn when something does not work. No status codes: the envelope has those.

use domain::{
    batch::{Line, Rejection},
    denied::Denied,
    ids::{BatchId, LoadId, PayoutId},
};

/// One field of a request that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Where it stands, as `loadIds[3]`; empty for the body itself.
    pub path: String,
    /// What was expected.
    pub message: String,
}

impl FieldError {
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            message: message.into(),
        }
    }
}

/// What no key may do to another, whatever its scopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyRule {
    #[error("the scope {0} belongs to operators and cannot be given")]
    OperatorOnly(&'static str),
    #[error("only an operator may change the key of an operator")]
    OperatorKey,
    #[error("only its owner may rotate the key of an operator")]
    OtherOwner,
}

/// A line of a batch that cannot be paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// From 1, in the order sent.
    pub line: u32,
    pub load: LoadId,
    pub why: Rejection,
    /// The earlier line with the same load.
    pub first: Option<u32>,
    /// The payout that has the load, and its batch.
    pub payout: Option<PayoutId>,
    pub batch: Option<BatchId>,
}

/// A line that is not as it was planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedLine {
    pub line: u32,
    /// None when it is no longer there.
    pub now: Option<Line>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("the request has invalid fields")]
    Invalid(Vec<FieldError>),
    #[error("a valid API key or signature is required")]
    Unauthenticated,
    #[error("the key lacks the scope {0}")]
    Forbidden(&'static str),
    /// The caller's key may not make or change that other key.
    #[error(transparent)]
    KeyRule(#[from] KeyRule),
    #[error("{0} not found")]
    NotFound(&'static str),
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The resource exists with other content, or changed under the caller.
    #[error("{0}")]
    Conflict(String),
    /// At least one line of a batch cannot be paid, and all are listed.
    #[error("{} of the lines cannot be paid", .0.len())]
    BadLines(Vec<BadLine>),
    #[error("the plan no longer holds")]
    PlanChanged(Vec<ChangedLine>),
    #[error("this file was sent before and became the batch {0}")]
    FileKnown(BatchId),
    /// The same idempotency key came with another request.
    #[error("the idempotency key was used with another request")]
    KeyReused,
    /// The store, the queue or the vault cannot be reached. The cause goes to the log only.
    #[error("the service is busy; repeat the request with the same idempotency key")]
    Unavailable { cause: String },
}

impl Error {
    pub fn invalid(path: &str, message: &str) -> Self {
        Self::Invalid(vec![FieldError::new(path, message)])
    }

    /// Whether a queue consumer should put the message back. Everything else will not get better.
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::Unavailable { .. } => true,
            Self::Invalid(_)
            | Self::Unauthenticated
            | Self::Forbidden(_)
            | Self::KeyRule(_)
            | Self::NotFound(_)
            | Self::Denied(_)
            | Self::Conflict(_)
            | Self::BadLines(_)
            | Self::PlanChanged(_)
            | Self::FileKnown(_)
            | Self::KeyReused => false,
        }
    }
}
