//! What an error of OwlPay means (docs/providers/owlpay.md): whose fault it is, and what it says nothing of.
//!
//! The shape of its body is not documented, so each that is known of is read: `error.code` and `error.type`, a flat
//! `type`, and a `status` beside them.

use domain::answer::{Answer, Refusal};
use serde::Deserialize;

use super::{doubted, http_word, refused, unclear};
use crate::provider::http::{FOREIGN_404, Reply};

/// What OwlPay has nothing under.
const NOT_FOUND: &str = "data_not_found";

/// What an error says of the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// Not a refusal: the same call may be made again once the cause is gone.
    Passing,
    /// Our account or key: an operator has to put it right, and no other data would have helped.
    Account,
    /// The data of this call, as far as anybody can tell.
    Data,
}

impl Fault {
    /// Every documented type, and the codes that are known of.
    fn of(word: &str) -> Self {
        match word {
            "rate_limit" | "data_is_lock" | "unknowns_error" | "server_error" | "invite_fail" => {
                Self::Passing
            }
            "unauthorized" | "guard_auth_forbidden" => Self::Account,
            "order_error" | "order_transfer_error" | NOT_FOUND => Self::Data,
            // `2fa_error`, `2fa_recovery_code_exist`, `2fa_recovery_code_incorrect`, and what may join them.
            other if other.starts_with("2fa_") => Self::Account,
            _ => Self::Data,
        }
    }
}

/// An error as a body names it.
#[derive(Default)]
struct OwnError {
    kind: Option<String>,
    code: Option<String>,
    status: Option<u16>,
}

impl OwnError {
    fn read(body: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Flat {
            r#type: Option<String>,
            error: Option<Inner>,
            status: Option<u16>,
        }
        #[derive(Deserialize)]
        struct Inner {
            r#type: Option<String>,
            code: Option<String>,
        }
        let Ok(flat) = serde_json::from_slice::<Flat>(body) else {
            return Self::default();
        };
        let (kind, code) = match flat.error {
            Some(inner) => (inner.r#type, inner.code),
            None => (None, None),
        };
        let plain = |word: Option<String>| word.filter(|word| is_plain(word));
        Self {
            kind: plain(kind.or(flat.r#type)),
            code: plain(code),
            status: flat.status,
        }
    }

    fn word(&self) -> Option<&str> {
        self.code.as_deref().or(self.kind.as_deref())
    }

    /// The gravest reading of its words: what may be made again is not refused, and what an operator has to put
    /// right is not the fault of the data.
    fn fault(&self) -> Option<Fault> {
        let faults = || [&self.code, &self.kind].into_iter().flatten();
        let any = |wanted: Fault| faults().any(|word| Fault::of(word) == wanted);
        match faults().next() {
            None => None,
            _ if any(Fault::Account) => Some(Fault::Account),
            _ if any(Fault::Passing) => Some(Fault::Passing),
            _ => Some(Fault::Data),
        }
    }
}

/// What kind of error a body names, as `error.code`, `error.type` or a flat `type`.
pub(super) fn error_word(body: &[u8]) -> Option<String> {
    OwnError::read(body).word().map(str::to_owned)
}

/// Whether an operator has to put our account or key right before any call of this kind is taken.
pub(super) fn is_about_our_account(word: &str) -> bool {
    Fault::of(word) == Fault::Account
}

/// Whether the body is OwlPay's own error that it has nothing under what was named: what a gateway in between writes
/// is not.
pub(super) fn is_absence(body: &[u8]) -> bool {
    let error = OwnError::read(body);
    error.kind.as_deref() == Some(NOT_FOUND) && error.status.is_none_or(|status| status == 404)
}

/// Whether a word of OwlPay may be kept and shown: no name, and no account number, is one.
pub(super) fn is_plain(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'_' || byte.is_ascii_digit();
    (1..=40).contains(&word.len()) && digits < 4 && word.bytes().all(plain)
}

/// What a create proves that brought no order. No status promises that nothing was created.
pub(super) fn not_created(reply: &Reply) -> Answer {
    let (error, word) = told(reply);
    match (reply.status, error.fault()) {
        (404, _) if !is_own_404(reply) => unclear(FOREIGN_404),
        (400 | 402 | 404 | 409 | 422, Some(Fault::Account)) => doubted(Refusal::Credentials, word),
        (400 | 402 | 404, Some(Fault::Passing)) => unclear(&word),
        (400 | 402 | 404, Some(Fault::Data) | None) => doubted(Refusal::Input, word),
        (401 | 403, _) => doubted(Refusal::Credentials, http_word(reply.status)),
        (status, _) => unclear(&http_word(status)),
    }
}

/// What a release proves that was not taken: nothing, and reads tell.
pub(super) fn not_released(reply: &Reply) -> Answer {
    match reply.status {
        404 if !is_own_404(reply) => unclear(FOREIGN_404),
        _ => unclear(&told(reply).1),
    }
}

/// Only OwlPay's own no to the data ends a cancellation: whatever else comes back, it is asked for again.
pub(super) fn not_canceled(reply: &Reply) -> Answer {
    let (error, word) = told(reply);
    match (reply.status, error.fault()) {
        (404, _) if !is_own_404(reply) => unclear(FOREIGN_404),
        (_, Some(Fault::Passing | Fault::Account)) => unclear(&word),
        (400 | 402 | 404 | 409 | 422, Some(Fault::Data) | None) => refused(&word),
        (status, _) => unclear(&http_word(status)),
    }
}

/// Whether a 404 is OwlPay's own.
pub(super) fn is_own_404(reply: &Reply) -> bool {
    reply.status == 404 && reply.body.as_ref().is_ok_and(|body| is_absence(body))
}

/// The error of an answer, and its stable word: the status, with what the body names.
fn told(reply: &Reply) -> (OwnError, String) {
    let error = match &reply.body {
        Ok(body) => OwnError::read(body),
        Err(_) => OwnError::default(),
    };
    let status = http_word(reply.status);
    let word = match error.word() {
        Some(word) => format!("{status}_{word}"),
        None => status,
    };
    (error, word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_error_word_is_kept() {
        let word = |body: &str| error_word(body.as_bytes());
        assert_eq!(
            word(r#"{"error":{"type":"x","code":"rate_limit"}}"#).as_deref(),
            Some("rate_limit")
        );
        assert_eq!(
            word(r#"{"type":"data_is_lock","message":"m"}"#).as_deref(),
            Some("data_is_lock")
        );
        assert_eq!(word(r#"{"type":"John Smith 4111"}"#), None);
        assert_eq!(word(r#"{"type":"000123456789"}"#), None);
        assert!(word(r#"{"type":"2fa_error"}"#).is_some());
        assert_eq!(word("nope"), None);
    }

    #[test]
    fn every_documented_type_is_the_fault_of_somebody_or_passes() {
        for (word, fault) in [
            ("unknowns_error", Fault::Passing),
            ("server_error", Fault::Passing),
            ("unauthorized", Fault::Account),
            ("order_error", Fault::Data),
            ("order_transfer_error", Fault::Data),
            ("guard_auth_forbidden", Fault::Account),
            ("data_not_found", Fault::Data),
            ("invite_fail", Fault::Passing),
            ("2fa_error", Fault::Account),
            ("2fa_recovery_code_exist", Fault::Account),
            ("2fa_recovery_code_incorrect", Fault::Account),
            ("data_is_lock", Fault::Passing),
        ] {
            assert_eq!(Fault::of(word), fault, "{word}");
        }
    }

    #[test]
    fn an_account_that_needs_an_operator_is_told_from_data_by_type_and_by_code() {
        let fault = |body: &str| OwnError::read(body.as_bytes()).fault();
        for body in [
            r#"{"error":{"type":"order_error","code":"2fa_error"}}"#,
            r#"{"error":{"type":"2fa_error","code":"x"},"status":400}"#,
            r#"{"type":"2fa_error","message":"m"}"#,
        ] {
            assert_eq!(fault(body), Some(Fault::Account), "{body}");
        }
        let throttled = r#"{"error":{"type":"order_error","code":"rate_limit"}}"#;
        assert_eq!(fault(throttled), Some(Fault::Passing));
        assert_eq!(fault("<html>"), None);
    }

    #[test]
    fn only_owlpays_own_error_says_that_something_is_not_there() {
        for body in [
            &br#"{"error":{"type":"data_not_found","code":null,"message":"m"},"status":404}"#[..],
            br#"{"error":{"type":"data_not_found"}}"#,
            br#"{"type":"data_not_found","message":"m"}"#,
        ] {
            assert!(is_absence(body), "{}", String::from_utf8_lossy(body));
        }
        for body in [
            &b""[..],
            b"<html>404</html>",
            br#"{"message":"not found"}"#,
            br#"{"status":404,"error":"Not Found","path":"/orders"}"#,
            br#"{"status":404,"msg":"no"}"#,
            br#"{"error":{"type":"order_error"},"status":404}"#,
            br#"{"error":{"type":"data_not_found"},"status":502}"#,
        ] {
            assert!(!is_absence(body), "{}", String::from_utf8_lossy(body));
        }
    }
}
