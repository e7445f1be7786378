//! Everything a caller may learn when something does not work. No status codes: the envelope has those.

use domain::denied::Denied;

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
            | Self::KeyReused => false,
        }
    }
}
