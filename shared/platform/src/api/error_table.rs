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
    }
}

#[cfg(test)]
mod tests {
    use domain::{ids::LoadId, ids::PayoutId, money::Cents, payout::PayoutStatus};

    use super::*;

    fn row(error: impl Into<Error>) -> (u16, &'static str, Value) {
        let refusal = refusal_of(&error.into());
        (refusal.status, refusal.code.text(), refusal.details)
    }

    #[test]
    fn every_error_has_its_published_code_and_status() {
        let invalid = Error::invalid("amount", "must be there");
        let rows = [
            (
                invalid,
                400,
                "VALIDATION_ERROR",
                json!({"fields": [{"path": "amount", "message": "must be there"}]}),
            ),
            (
                Error::Unauthenticated,
                401,
                "AUTHENTICATION_ERROR",
                json!({}),
            ),
            (
                Error::Forbidden("payouts:write"),
                403,
                "FORBIDDEN",
                json!({"scope": "payouts:write"}),
            ),
            (
                Error::NotFound("payout"),
                404,
                "NOT_FOUND",
                json!({"resource": "payout"}),
            ),
            (
                Error::Conflict("it changed".to_owned()),
                409,
                "CONFLICT",
                json!({"reason": "conflict"}),
            ),
            (
                Error::KeyReused,
                422,
                "IDEMPOTENCY_ERROR",
                json!({"reason": "payload_mismatch"}),
            ),
            (
                Error::Unavailable {
                    cause: String::new(),
                },
                503,
                "SERVICE_UNAVAILABLE",
                json!({}),
            ),
        ];
        for (error, status, code, details) in rows {
            assert_eq!(row(error), (status, code, details));
        }
    }

    #[test]
    fn an_amount_out_of_range_or_below_its_fee_is_an_invalid_field() {
        let fee = Denied::FeeNotBelowAmount {
            amount: Cents::new(100),
            fee: Cents::new(250),
        };
        for denied in [Denied::AmountOutOfRange, fee] {
            let message = denied.to_string();
            let details = json!({"fields": [{"path": "amount", "message": message}]});
            assert_eq!(row(denied), (400, "VALIDATION_ERROR", details));
        }
    }

    #[test]
    fn a_low_wallet_says_what_is_required() {
        let denied = Denied::InsufficientFunds {
            required: Cents::new(45000),
        };
        let details = json!({"required": 45000});
        assert_eq!(row(denied), (400, "INSUFFICIENT_FUNDS", details));
    }

    #[test]
    fn a_load_in_use_names_the_payout_that_has_it() {
        let load = LoadId::parse("L-1").expect("valid");
        let payout = PayoutId::parse("pay_1").expect("valid");
        let held = Denied::LoadHeld {
            load: load.clone(),
            payout: payout.clone(),
        };
        let paid = Denied::LoadPaid { load, payout };
        for (denied, reason) in [(held, "load_held"), (paid, "load_paid")] {
            let details = json!({"reason": reason, "loadId": "L-1", "payoutId": "pay_1"});
            assert_eq!(row(denied), (409, "CONFLICT", details));
        }
    }

    #[test]
    fn an_unknown_driver_is_not_found_and_any_other_obstacle_a_conflict() {
        let unknown = Denied::DriverNotPayable(NotPayable::Unknown);
        let details = json!({"resource": "driver", "reason": "driver_not_found"});
        assert_eq!(row(unknown), (404, "NOT_FOUND", details));
        let obstacles = [
            (NotPayable::NotActive, "driver_not_active"),
            (NotPayable::NotVerified, "kyc_not_verified"),
            (NotPayable::NoMethod, "payout_method_missing"),
            (NotPayable::InstantNotAvailable, "instant_not_available"),
        ];
        for (obstacle, reason) in obstacles {
            let row = row(Denied::DriverNotPayable(obstacle));
            assert_eq!(row, (409, "CONFLICT", json!({"reason": reason})));
        }
    }

    #[test]
    fn a_state_that_does_not_allow_it_is_a_conflict_with_a_stable_reason() {
        let completed = PayoutStatus::Completed;
        let details = json!({"reason": "wrong_state", "status": completed.to_string()});
        assert_eq!(
            row(Denied::WrongState(completed)),
            (409, "CONFLICT", details)
        );
        let rows = [
            (Denied::AttemptsExhausted, "attempts_exhausted"),
            (Denied::DriverState("inactive"), "driver_state"),
            (Denied::WalletLimit, "wallet_limit"),
            (Denied::AttemptState, "attempt_state"),
            (Denied::KeysExhausted, "keys_exhausted"),
            (Denied::KeyNotUsable, "key_not_usable"),
        ];
        for (denied, reason) in rows {
            assert_eq!(row(denied), (409, "CONFLICT", json!({"reason": reason})));
        }
    }

    #[test]
    fn what_no_key_may_do_to_another_is_forbidden_with_a_stable_reason() {
        let reason = |rule: KeyRule| row(rule).2["reason"].clone();
        let rules = [KeyRule::OperatorKey, KeyRule::OtherOwner].map(reason);
        assert_eq!(rules, ["operator_key", "other_owner"]);
    }

    #[test]
    fn transport_refusals_carry_the_validation_code_under_their_own_status() {
        let rows = [
            (Refusal::method_not_allowed("GET"), 405),
            (Refusal::body_too_large(10), 413),
            (Refusal::media_type(&["application/json"]), 415),
            (Refusal::bad_query("is broken"), 400),
        ];
        for (refusal, status) in rows {
            assert_eq!(
                (refusal.status, refusal.code.text()),
                (status, "VALIDATION_ERROR")
            );
        }
        let limited = Refusal::rate_limited(7);
        assert_eq!(
            (limited.status, limited.code.text()),
            (429, "RATE_LIMIT_ERROR")
        );
        assert_eq!(limited.headers, [("retry-after", "7".to_owned())]);
        let internal = Refusal::internal();
        assert_eq!(
            (internal.status, internal.code.text()),
            (500, "INTERNAL_ERROR")
        );
    }
}
