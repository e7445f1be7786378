//! Webhooks: OwlPay tells the merchant's one endpoint that an order has changed.

use axum::http::header;
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use sha2::Sha256;

use super::life::Status;
use super::order::Order;
use super::order_view::{OrderView, Views};
use super::problem::Failed;
use super::shelf::{Shelf, new_id};
use super::{NAME, WEBHOOK_SECRET_LIVE, WEBHOOK_SECRET_TEST};
use crate::twins::books::Callback;

/// The header of the signature.
pub const SIGNATURE_HEADER: &str = "owlpay-signature";

/// A webhook is given up after this many tries. The vendor publishes no policy.
const TRIES_MAX: u32 = 20;
const PAUSE_MS: i64 = 60_000;
const PAUSE_MAX_MS: i64 = 3_600_000;

/// The header of a webhook sent at `at_s` (Unix seconds): HMAC-SHA256 in hex over time, point and body.
pub fn signature(secret: &str, at_s: i64, body: &[u8]) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(format!("{at_s}.").as_bytes());
    mac.update(body);
    let digest = hex::encode(mac.finalize().into_bytes());
    format!("t={at_s},v1={digest}")
}

/// How a webhook is sent.
pub(crate) struct Sending<'a> {
    pub(crate) url: &'a str,
    /// Unix seconds.
    pub(crate) at_s: i64,
    /// Signed with the right secret.
    pub(crate) genuine: bool,
}

/// The request that delivers a webhook.
pub(crate) fn request(
    client: &reqwest::Client,
    callback: &Callback,
    sending: &Sending<'_>,
) -> reqwest::RequestBuilder {
    let secret = match (sending.genuine, callback.test_mode) {
        (false, _) => "whs_nobody_has_this_secret",
        (true, true) => WEBHOOK_SECRET_TEST,
        (true, false) => WEBHOOK_SECRET_LIVE,
    };
    let signature = signature(secret, sending.at_s, &callback.body);
    client
        .post(sending.url)
        .header(header::CONTENT_TYPE, "application/json")
        .header(SIGNATURE_HEADER, signature)
        .body(callback.body.clone())
}

/// The pause after the `tries`-th failure, twice as long each time up to an hour; `None` when that was the last.
pub(crate) fn retry_after_ms(tries: u32) -> Option<i64> {
    let doubled = PAUSE_MS.checked_shl(tries.saturating_sub(1).min(16))?;
    (tries < TRIES_MAX).then(|| doubled.min(PAUSE_MAX_MS))
}

#[derive(Serialize)]
struct Body {
    uuid: String,
    api_version: &'static str,
    is_test: u8,
    observation: &'static str,
    data: Data,
}

#[derive(Serialize)]
struct Data {
    order: OrderView,
}

/// The event that tells of an order which came to this status.
fn event(status: Status) -> &'static str {
    match status {
        Status::PayoutSucceed => "order.payout.succeed",
        Status::PayoutFailed => "accounting.payout.failed",
        Status::Cancelled => "order.cancelled",
        Status::Received
        | Status::VendorUnconfirmed
        | Status::PlatformUnconfirmed
        | Status::Unconfirmed
        | Status::Confirmed
        | Status::Rejected
        | Status::Settled
        | Status::WaitExecute
        | Status::TransferStart
        | Status::InProcess
        | Status::TransferEnd
        | Status::Validated => "order.updated",
    }
}

/// Queues the webhook about an order as it will be at `at_s`.
pub(crate) fn queue(shelf: &Shelf<'_>, order: &Order, at_s: i64) -> Result<(), Failed> {
    let body = Body {
        uuid: new_id("att_"),
        api_version: "1.0.0",
        is_test: u8::from(shelf.mode.is_test()),
        observation: event(order.state.status),
        data: Data {
            order: Views::new(shelf).order(order)?,
        },
    };
    shelf.page.queue_callback(&Callback {
        seq: 0,
        provider: NAME.to_owned(),
        object_id: order.uuid.clone(),
        reference: order.serial.clone(),
        // Known when it is sent: the endpoint is a setting of the account, not of the order.
        url: String::new(),
        body: serde_json::to_vec(&body).expect("a webhook has text keys only"),
        test_mode: shelf.mode.is_test(),
        due_ms: at_s.saturating_mul(1000),
        tries: 0,
    })?;
    Ok(())
}

/// Forgets the webhooks about changes of an order that have not come.
pub(crate) fn forget_later(shelf: &Shelf<'_>, order: &Order) -> Result<(), Failed> {
    let after_ms = shelf.now_ms;
    shelf.page.forget_callbacks(NAME, &order.uuid, after_ms)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_equals_the_worked_vector() {
        let body = br#"{"uuid":"att_test0001","api_version":"1.0.0","is_test":1,"observation":"order.payout.succeed","data":{"order":{"uuid":"ord_test0001","status":"owlpay.payout_succeed"}}}"#;
        let expected =
            "t=1767225600,v1=11cf5c38d197c532f594c956f428a7d6b39b341d882391348d65708e5a96dd1d";
        assert_eq!(
            signature("whs_EXAMPLESECRET0001", 1_767_225_600, body),
            expected
        );
    }

    #[test]
    fn retries_wait_twice_as_long_each_time_up_to_an_hour() {
        assert_eq!(retry_after_ms(1), Some(60_000));
        assert_eq!(retry_after_ms(3), Some(240_000));
        assert_eq!(retry_after_ms(19), Some(3_600_000));
        assert_eq!(retry_after_ms(20), None);
    }
}
