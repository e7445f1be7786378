//! The shapes of PayWizard's answers.

use axum::http::StatusCode;
use axum::response::Response;
use domain::time::Timestamp;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::MID;
use super::cards::Card;
use super::money::Number;
use super::transactions::{Kind, Outcome, State, Transaction};
use super::wishes::Wish;
use crate::twins::control::json_response;

/// The body code of a request that was handled. It says nothing about the money.
pub(crate) const HANDLED: u16 = 200;
pub(crate) const BAD_REQUEST: u16 = 400;
pub(crate) const UNKNOWN_TOKEN: u16 = 401;
pub(crate) const WRONG_SIGN: u16 = 403;
pub(crate) const NOT_FOUND: u16 = 404;
pub(crate) const DUPLICATE: u16 = 409;
pub(crate) const WRONG_CONTENT_TYPE: u16 = 415;
pub(crate) const BROKEN: u16 = 500;

#[derive(Serialize)]
struct Envelope<'a, T> {
    code: u16,
    msg: &'a str,
    timestamp: String,
    data: T,
}

/// What an answer is made of besides its data: when it was given, Unix milliseconds of the sandbox clock.
pub(crate) fn handled(data: &impl Serialize, now_ms: i64) -> Response {
    let envelope = Envelope {
        code: HANDLED,
        msg: "success",
        timestamp: moment(now_ms),
        data,
    };
    json_response(StatusCode::OK, &envelope)
}

/// An HTTP 200 whose body says what is wrong, as `(code, message)`.
pub(crate) fn refused((code, msg): (u16, &str), now_ms: i64) -> Response {
    failing(StatusCode::OK, (code, msg), now_ms)
}

/// An answer of this HTTP status, which its body repeats as code.
pub(crate) fn failed(status: StatusCode, now_ms: i64) -> Response {
    let msg = status.canonical_reason().unwrap_or("Unknown");
    failing(status, (status.as_u16(), msg), now_ms)
}

fn failing(status: StatusCode, (code, msg): (u16, &str), now_ms: i64) -> Response {
    let envelope = Envelope {
        code,
        msg,
        timestamp: moment(now_ms),
        data: Value::Null,
    };
    json_response(status, &envelope)
}

/// `YYYY-MM-DD HH:mm:ss` in UTC, without saying so.
pub(crate) fn moment(at_ms: i64) -> String {
    let text = Timestamp::from_millis(at_ms).to_string();
    let seconds = text.get(..19).unwrap_or(&text);
    seconds.replace('T', " ")
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Moved<'a> {
    mid: &'a str,
    paywizard_id: &'a str,
    checkout_id: &'a str,
    trans_index_code: &'a str,
    amount: String,
    result: u8,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Undone<'a> {
    mid: &'a str,
    paywizard_id: &'a str,
    checkout_id: &'a str,
    trans_index_code: &'a str,
    result: u8,
    ori_checkout_id: &'a str,
    ori_trans_index_code: &'a str,
}

/// What a transaction is answered with when it is made. A void names the transaction it undoes.
pub(crate) fn made(transaction: &Transaction, original: Option<&Transaction>) -> Box<RawValue> {
    let result = match transaction.state {
        State::Ended {
            outcome: Outcome::Success,
            ..
        } => 0,
        State::Ended {
            outcome: Outcome::Failure,
            ..
        } => 1,
        State::Pending { .. } => 2,
    };
    let data = match (transaction.kind, original) {
        (Kind::Void, Some(original)) => serde_json::value::to_raw_value(&Undone {
            mid: MID,
            paywizard_id: &transaction.paywizard_id,
            checkout_id: &transaction.checkout_id,
            trans_index_code: &transaction.trans_index_code,
            result,
            ori_checkout_id: &original.checkout_id,
            ori_trans_index_code: &original.trans_index_code,
        }),
        (Kind::Pay | Kind::TopUp | Kind::Void, _) => serde_json::value::to_raw_value(&Moved {
            mid: MID,
            paywizard_id: &transaction.paywizard_id,
            checkout_id: &transaction.checkout_id,
            trans_index_code: &transaction.trans_index_code,
            amount: transaction.amount_told(),
            result,
        }),
    };
    data.expect("text and integers can be written as JSON")
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Order<'a> {
    mid: &'a str,
    paywizard_id: &'a str,
    checkout_id: &'a str,
    trans_index_code: &'a str,
    state: u8,
    amount: String,
    tran_time: String,
}

/// A transaction as the order query shows it; `voided` when a void took it back.
pub(crate) fn order(transaction: &Transaction, voided: bool, now_ms: i64) -> Response {
    let state = match transaction.state {
        State::Pending { .. } => 1,
        State::Ended {
            outcome: Outcome::Success,
            ..
        } if voided => 3,
        State::Ended {
            outcome: Outcome::Success,
            ..
        } => 2,
        State::Ended {
            outcome: Outcome::Failure,
            ..
        } => 5,
    };
    let ordered = transaction.wishes.iter().rev().find_map(|wish| match wish {
        Wish::OrderState(state) => Some(*state),
        Wish::End(_)
        | Wish::DuplicateError
        | Wish::FoundByOrderNo
        | Wish::AmountInMinorUnits
        | Wish::AmountDiffers
        | Wish::QueryOff => None,
    });
    let order = Order {
        mid: MID,
        paywizard_id: &transaction.paywizard_id,
        checkout_id: &transaction.checkout_id,
        trans_index_code: &transaction.trans_index_code,
        state: ordered.unwrap_or(state),
        amount: transaction.amount_told(),
        tran_time: moment(transaction.made_ms),
    };
    handled(&order, now_ms)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Holder<'a> {
    account_id: &'a str,
    balances: [Balance; 2],
    customer_info: &'a RawValue,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Balance {
    value_code: &'static str,
    amount: Number,
    /// What this very call changed.
    difference: Number,
}

/// A card with its balances; neither showing nor activating it moves money.
pub(crate) fn card(card: &Card, now_ms: i64) -> Response {
    let balance = |value_code, minor| Balance {
        value_code,
        amount: Number(minor),
        difference: Number(0),
    };
    let holder = Holder {
        account_id: &card.number,
        balances: [balance("USD", card.usd), balance("Points", card.points)],
        customer_info: &card.customer,
    };
    handled(&holder, now_ms)
}
