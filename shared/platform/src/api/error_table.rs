//! The one table from what went wrong to code, status and details.

use app::error::{Error, FieldError, KeyRule};
use domain::denied::{Denied, NotPayable};
use serde_json::{Value, json};

/// The public error codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    Validation,
    InsufficientFunds,
    Authentication,
    Forbidden,
    NotFound,
    Conflict,
    Idempotency,
    RateLimit,
    Internal,
    Unavailable,
}

impl Code {
    pub(crate) const ALL: [Self; 10] = [
        Self::Validation,
        Self::InsufficientFunds,
        Self::Authentication,
        Self::Forbidden,
        Self::NotFound,
        Self::Conflict,
        Self::Idempotency,
        Self::RateLimit,
        Self::Internal,
        Self::Unavailable,
    ];

    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Validation => "VALIDATION_ERROR",
            Self::InsufficientFunds => "INSUFFICIENT_FUNDS",
            Self::Authentication => "AUTHENTICATION_ERROR",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::Conflict => "CONFLICT",
            Self::Idempotency => "IDEMPOTENCY_ERROR",
            Self::RateLimit => "RATE_LIMIT_ERROR",
            Self::Internal => "INTERNAL_ERROR",
            Self::Unavailable => "SERVICE_UNAVAILABLE",
        }
    }

    /// The status of the code; 405, 413 and 415 are told apart from 400 by their own rows.
    const fn status(self) -> u16 {
        match self {
            Self::Validation | Self::InsufficientFunds => 400,
            Self::Authentication => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::Idempotency => 422,
            Self::RateLimit => 429,
            Self::Internal => 500,
            Self::Unavailable => 503,
        }
    }
}

/// One row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: Code,
    pub(crate) message: String,
    pub(crate) details: Value,
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Refusal {
    fn new(code: Code, message: impl Into<String>, details: Value) -> Self {
        Self {
            status: code.status(),
            code,
            message: message.into(),
            details,
            headers: Vec::new(),
        }
    }

    fn header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    fn fields(problems: &[FieldError]) -> Self {
        let fields: Vec<_> = problems
            .iter()
            .map(|it| json!({"path": it.path, "message": it.message}))
            .collect();
        let message = "the request has invalid fields";
        Self::new(Code::Validation, message, json!({"fields": fields}))
    }

    fn field(path: &str, message: String) -> Self {
        Self::fields(&[FieldError::new(path, message)])
    }

    fn conflict(message: impl Into<String>, reason: &str) -> Self {
        Self::new(Code::Conflict, message, json!({"reason": reason}))
    }

    fn detail(mut self, name: &str, value: impl Into<Value>) -> Self {
        if let Some(details) = self.details.as_object_mut() {
            details.insert(name.to_owned(), value.into());
        }
        self
    }

    pub(crate) fn internal() -> Self {
        let message = "the service failed; repeat the request with the same idempotency key";
        Self::new(Code::Internal, message, json!({}))
    }

    pub(crate) fn no_route() -> Self {
        Self::new(Code::NotFound, "no such route", json!({}))
    }

    pub(crate) fn method_not_allowed(allowed: &str) -> Self {
        let message = "this route has another method";
        Self::new(Code::Validation, message, json!({"allowed": allowed}))
            .status(405)
            .header("allow", allowed.to_owned())
    }

    pub(crate) fn body_too_large(max_bytes: usize) -> Self {
        let message = format!("the body must be at most {max_bytes} bytes");
        Self::new(Code::Validation, message, json!({"maxBytes": max_bytes})).status(413)
    }

    pub(crate) fn media_type(accepted: &[&str]) -> Self {
        let message = format!("the body must be {} in UTF-8", accepted.join(" or "));
        Self::new(Code::Validation, message, json!({"accepted": accepted})).status(415)
    }

    pub(crate) fn bad_query(message: &str) -> Self {
        Self::field("query", message.to_owned())
    }

    pub(crate) fn bad_body(message: &str) -> Self {
        Self::field("", message.to_owned())
    }

    pub(crate) fn rate_limited(retry_after: u64) -> Self {
        let details = json!({"retryAfter": retry_after});
        Self::new(Code::RateLimit, "too many requests for this key", details)
            .header("retry-after", retry_after.to_string())
    }
}

/// The row of an error.
pub(crate) fn refusal_of(error: &Error) -> Refusal {
    let message = error.to_string();
    match error {
        Error::Invalid(problems) => Refusal::fields(problems),
        Error::Unauthenticated => Refusal::new(Code::Authentication, message, json!({}))
            .header("www-authenticate", "Bearer".to_owned()),
        Error::Forbidden(scope) => Refusal::new(Code::Forbidden, message, json!({"scope": scope})),
        Error::KeyRule(rule) => refusal_of_key_rule(*rule, message),
        Error::NotFound(what) => Refusal::new(Code::NotFound, message, json!({"resource": what})),
        Error::Denied(denied) => refusal_of_denied(denied),
        Error::Conflict(_) => Refusal::conflict(message, "conflict"),
        Error::BadLines(lines) => batch_refusals::bad_lines(lines, message),
        Error::PlanChanged(lines) => batch_refusals::plan_changed(lines, message),
        Error::FileKnown(batch) => Refusal::conflict(message, "file_known")
            .detail("batchId", batch.as_str())
            .detail("link", batch_refusals::link(batch)),
        Error::KeyReused => Refusal::new(
            Code::Idempotency,
            message,
            json!({"reason": "payload_mismatch"}),
        ),
        Error::Unavailable { .. } => Refusal::new(Code::Unavailable, message, json!({}))
            .header("retry-after", "1".to_owned()),
    }
}

fn refusal_of_key_rule(rule: KeyRule, message: String) -> Refusal {
    let refusal = |reason: &str| Refusal::new(Code::Forbidden, message, json!({"reason": reason}));
    match rule {
        KeyRule::OperatorOnly(scope) => refusal("operator_only").detail("scope", scope),
        KeyRule::OperatorKey => refusal("operator_key"),
        KeyRule::OtherOwner => refusal("other_owner"),
    }
}

fn refusal_of_denied(denied: &Denied) -> Refusal {
    let message = denied.to_string();
    match denied {
        Denied::AmountOutOfRange | Denied::FeeNotBelowAmount { .. } => {
            Refusal::field("amount", message)
        }
        Denied::InsufficientFunds { required } => Refusal::new(
            Code::InsufficientFunds,
            message,
            json!({"required": required}),
        ),
        Denied::LoadHeld { load, payout } => Refusal::conflict(message, "load_held")
            .detail("loadId", load.as_str())
            .detail("payoutId", payout.as_str()),
        Denied::LoadPaid { load, payout } => Refusal::conflict(message, "load_paid")
            .detail("loadId", load.as_str())
            .detail("payoutId", payout.as_str()),
        Denied::LoadExhausted { load } => {
            Refusal::conflict(message, "load_exhausted").detail("loadId", load.as_str())
        }
        Denied::DriverNotPayable(NotPayable::Unknown) => {
            Refusal::new(Code::NotFound, message, json!({"resource": "driver"}))
                .detail("reason", NotPayable::Unknown.to_string())
        }
        Denied::DriverNotPayable(
            reason @ (NotPayable::NotActive
            | NotPayable::NotVerified
            | NotPayable::NoMethod
            | NotPayable::InstantNotAvailable
            | NotPayable::NoRoute),
        ) => Refusal::conflict(message, &reason.to_string()),
        Denied::WrongState(status) => {
            Refusal::conflict(message, "wrong_state").detail("status", status.to_string())
        }
        Denied::AttemptsExhausted => Refusal::conflict(message, "attempts_exhausted"),
        Denied::DriverState(_) => Refusal::conflict(message, "driver_state"),
        Denied::DriverHasPayouts => Refusal::conflict(message, "driver_has_payouts"),
        Denied::WalletLimit => Refusal::conflict(message, "wallet_limit"),
        Denied::KeysExhausted => Refusal::conflict(message, "keys_exhausted"),
        Denied::KeyNotUsable => Refusal::conflict(message, "key_not_usable"),
        Denied::AttemptState => Refusal::conflict(message, "attempt_state"),
        Denied::ChargeState(state) => {
            Refusal::conflict(message, "wrong_state").detail("status", state.public())
        }
        Denied::BatchState(status) => {
            Refusal::conflict(message, "wrong_state").detail("status", status.public().to_string())
        }
        Denied::StaleVersion { current } => {
            Refusal::conflict(message, "stale_version").detail("version", *current)
        }
        Denied::BatchFull => Refusal::conflict(message, "batch_full"),
        Denied::ApprovalMissing => Refusal::conflict(message, "approval_missing"),
        Denied::ApprovalLapsed => Refusal::conflict(message, "approval_lapsed"),
        Denied::OwnBatch => Refusal::new(Code::Forbidden, message, json!({"reason": "own_batch"})),
        Denied::ReviewClosed => Refusal::conflict(message, "review_closed"),
        Denied::ProviderOwnsOutcome => Refusal::conflict(message, "provider_owns_outcome"),
        Denied::OwnDecision { .. } => Refusal::conflict(message, "own_decision"),
        Denied::DecisionDiffers => Refusal::conflict(message, "decision_differs"),
        Denied::PartOutOfRange { .. } => Refusal::field("paidAmount", message),
        Denied::SumOutOfRange { .. } => Refusal::field("amount", message),
        Denied::OutcomeNotOffered { offered } => {
            Refusal::conflict(message, "outcome_not_offered").detail("offered", json!(offered))
        }
        Denied::EvidenceStale => Refusal::conflict(message, "evidence_stale"),
        Denied::EvidenceContradicts { proof } => {
            Refusal::conflict(message, "evidence_contradicts").detail("proof", proof.name())
        }
        Denied::WithdrawalPending => Refusal::conflict(message, "withdrawal_pending"),
        Denied::AttemptInFlight => Refusal::conflict(message, "attempt_in_flight"),
        Denied::Contradicted => Refusal::conflict(message, "contradicted"),
    }
}

#[path = "batch_refusals.rs"]
mod batch_refusals;

#[cfg(test)]
#[path = "error_table_tests.rs"]
mod tests;
