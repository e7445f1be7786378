//! Signatures that hold for a few minutes only, made when a sample is sent.

use std::time::{SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

/// The secret that the scene gives to the receiver of OwlPay's callbacks.
pub(crate) const OWLPAY_SECRET: &str = "whs_EXAMPLESECRET0001";

/// The event with a signature of this moment, where its happy case needs one.
pub(crate) fn now(function: &str, sample: &str, event: String) -> String {
    if function != "receive-owlpay-callback" || sample != function {
        return event;
    }
    let mut event: Value = serde_json::from_str(&event).expect("an event is JSON");
    let body = event["body"].as_str().expect("a body");
    let sent = seconds_now();
    let mut mac = Hmac::<Sha256>::new_from_slice(OWLPAY_SECRET.as_bytes()).expect("a key");
    mac.update(format!("{sent}.{body}").as_bytes());
    let signature = hex::encode(mac.finalize().into_bytes());
    event["headers"]["owlpay-signature"] = format!("t={sent},v1={signature}").into();
    event.to_string()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the program under test judges the signature by the real clock"
)]
fn seconds_now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.expect("a clock after 1970").as_secs()
}
