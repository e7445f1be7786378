//! Callbacks: Payelata tells the merchant that an invoice has changed.

use axum::http::header;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

use super::{CALLBACK_KEY_LIVE, CALLBACK_KEY_TEST};
use crate::twins::books::Callback;

/// The header of the signature.
pub const SIGNATURE_HEADER: &str = "X-Signature";

/// A callback is given up after this many tries.
const TRIES_MAX: u32 = 100;
const RETRY_STEP_MS: i64 = 60_000;

/// Signs a callback: base64 of the SHA-1 of secret, body bytes and secret (Payelata contract, callbacks).
pub fn signature(secret: &str, body: &[u8]) -> String {
    let digest = Sha1::new()
        .chain_update(secret)
        .chain_update(body)
        .chain_update(secret)
        .finalize();
    STANDARD.encode(digest)
}

/// The request that delivers a callback; one that is not `genuine` is signed with a key nobody has.
pub(crate) fn request(
    client: &reqwest::Client,
    callback: &Callback,
    genuine: bool,
) -> reqwest::RequestBuilder {
    let secret = match (genuine, callback.test_mode) {
        (false, _) => "sk_nobody_has_this_key",
        (true, true) => CALLBACK_KEY_TEST,
        (true, false) => CALLBACK_KEY_LIVE,
    };
    client
        .post(&callback.url)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, "Webhook-Client")
        .header("Retry-Count", callback.tries + 1)
        .header(SIGNATURE_HEADER, signature(secret, &callback.body))
        .body(callback.body.clone())
}

/// The pause after the `tries`-th failure, growing by a minute each time; `None` when that was the last.
pub(crate) fn retry_after_ms(tries: u32) -> Option<i64> {
    (tries < TRIES_MAX).then(|| i64::from(tries) * RETRY_STEP_MS)
}

/// True for an address the sandbox may call: plain HTTP on this computer.
pub(crate) fn is_loopback(url: &reqwest::Url) -> bool {
    url.scheme() == "http" && matches!(url.host_str(), Some("127.0.0.1" | "localhost"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_equals_the_contracts_worked_vectors() {
        let secret = "sk_test_EXAMPLEKEY0001";
        let body = br#"{"data":{"type":"payout-invoices","id":"cpoi_TEST00000001","attributes":{"status":"processed","resolution":"ok","reference_id":"pay_01TEST","amount":447.5,"currency":"USD","updated":1767225600}}}"#;
        assert_eq!(signature(secret, body), "5N9NiaGEGpFVVZPEd8JfVA090P4=");
        assert_eq!(signature(secret, b""), "CTgRIwdDQEzFkCB2wjqTw0s+YMk=");
        let text = r#"{"data":{"type":"payout-invoices","id":"cpoi_TEST00000002","attributes":{"status":"process_failed","resolution":"insufficient_funds","description":"Выплата № 7"}}}"#;
        assert_eq!(
            signature(secret, text.as_bytes()),
            "w3a9HuF6BNmqyiDtZo5KHeGi8mQ="
        );
    }

    #[test]
    fn retries_come_a_minute_later_each_time_and_end_after_a_hundred_tries() {
        assert_eq!(retry_after_ms(1), Some(60_000));
        assert_eq!(retry_after_ms(2), Some(120_000));
        assert_eq!(retry_after_ms(99), Some(99 * 60_000));
        assert_eq!(retry_after_ms(100), None);
    }

    #[test]
    fn only_this_computer_is_called() {
        let loopback = |url: &str| is_loopback(&url.parse().unwrap());
        assert!(loopback("http://127.0.0.1:9000/callbacks/payelata/x"));
        assert!(loopback("http://localhost:9000/"));
        for url in [
            "https://webhook.site/x",
            "http://127.0.0.1.example.com/",
            "http://10.0.0.1/",
            "https://127.0.0.1/",
        ] {
            assert!(!loopback(url), "{url}");
        }
    }
}
