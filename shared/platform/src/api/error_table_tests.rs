//! Every row of the table: code, status, details.

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
        (Denied::ReviewClosed, "review_closed"),
        (Denied::ProviderOwnsOutcome, "provider_owns_outcome"),
        (
            Denied::OwnDecision {
                owner: "ann".to_owned(),
            },
            "own_decision",
        ),
        (Denied::DecisionDiffers, "decision_differs"),
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

#[test]
fn a_part_that_is_none_names_its_field() {
    let denied = Denied::PartOutOfRange {
        net: Cents::new(44_750),
    };
    let message = "must be from 1 to below the 44750 that was asked for";
    let details = json!({"fields": [{"path": "paidAmount", "message": message}]});
    assert_eq!(row(denied), (400, "VALIDATION_ERROR", details));
}
