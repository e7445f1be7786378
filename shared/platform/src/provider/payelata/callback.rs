//! Payelata's callbacks (contract, section 6): whether one is genuine, and which invoice it rings for.
//!
//! A callback carries no money facts to us. It only causes an authenticated read of the invoice, so
//! nothing but the invoice's id is taken from it.

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::ids::{Mode, ProviderId};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use sha1::{Digest, Sha1};
use subtle::{Choice, ConstantTimeEq};

use super::{
    settings::CallbackSecrets,
    wire::{INVOICES, invoice_id},
};
use crate::api::strict::{self, StrictError};

/// The request header that carries the signature (contract, section 6.1).
pub const SIGNATURE_HEADER: &str = "X-Signature";

/// What a genuine callback rings for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ring {
    /// An invoice has news: read it.
    Invoice(ProviderId),
    /// Something that is no payout: acknowledged and ignored.
    Other,
}

/// A genuine callback that cannot be understood. Names places, never values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    #[error("not strict JSON: {0}")]
    Json(#[from] StrictError),
    #[error("data.type is missing")]
    NoType,
    #[error("data.id is not an invoice id")]
    NotAnInvoiceId,
}

/// The mode whose secret signed `raw_body` (the exact bytes received), or none when `header` is not a
/// signature of ours. Every secret is tried in constant time; without secrets nothing is genuine.
pub fn verify(secrets: &CallbackSecrets, raw_body: &[u8], header: &str) -> Option<Mode> {
    let test = signed_by_any(&secrets.test, raw_body, header);
    let live = signed_by_any(&secrets.live, raw_body, header);
    match (bool::from(test), bool::from(live)) {
        (true, false) => Some(Mode::Test),
        (false, true) => Some(Mode::Live),
        // A secret of both modes proves neither.
        (true, true) | (false, false) => None,
    }
}

fn signed_by_any(secrets: &[SecretString], raw_body: &[u8], header: &str) -> Choice {
    secrets
        .iter()
        .filter(|secret| !secret.expose_secret().is_empty())
        .fold(Choice::from(0), |any, secret| {
            any | signature(secret, raw_body)
                .as_bytes()
                .ct_eq(header.as_bytes())
        })
}

/// base64 of the raw SHA-1 of secret, body and secret again.
fn signature(secret: &SecretString, raw_body: &[u8]) -> String {
    let secret = secret.expose_secret().as_bytes();
    let digest = Sha1::new()
        .chain_update(secret)
        .chain_update(raw_body)
        .chain_update(secret)
        .finalize();
    STANDARD.encode(digest)
}

/// Reads a callback that [`verify`] found genuine.
///
/// # Errors
/// [`CallbackError`] when the body is not strict JSON, has no `data.type`, or is about an invoice
/// without a valid id.
pub fn decode(raw_body: &[u8]) -> Result<Ring, CallbackError> {
    let body = strict::parse(raw_body)?;
    let member = |name: &str| {
        body.get("data")
            .and_then(|data| data.get(name))
            .and_then(Value::as_str)
    };
    if member("type").ok_or(CallbackError::NoType)? != INVOICES {
        return Ok(Ring::Other);
    }
    member("id")
        .and_then(invoice_id)
        .map(Ring::Invoice)
        .ok_or(CallbackError::NotAnInvoiceId)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"data":{"type":"payout-invoices","id":"cpoi_TEST00000001","attributes":{"status":"processed","resolution":"ok","reference_id":"pay_01TEST","amount":447.5,"currency":"USD","updated":1767225600}}}"#;
    const SIGNED: &str = "5N9NiaGEGpFVVZPEd8JfVA090P4=";

    fn secrets() -> CallbackSecrets {
        CallbackSecrets {
            test: vec!["sk_test_EXAMPLEKEY0001".into()],
            live: vec!["sk_live_EXAMPLEKEY0001".into()],
        }
    }

    #[test]
    fn the_worked_examples_of_the_contract_are_genuine() {
        assert_eq!(BODY.len(), 195);
        assert_eq!(verify(&secrets(), BODY, SIGNED), Some(Mode::Test));
        assert_eq!(
            verify(&secrets(), b"", "CTgRIwdDQEzFkCB2wjqTw0s+YMk="),
            Some(Mode::Test)
        );
        let cyrillic = r#"{"data":{"type":"payout-invoices","id":"cpoi_TEST00000002","attributes":{"status":"process_failed","resolution":"insufficient_funds","description":"Выплата № 7"}}}"#;
        assert_eq!(cyrillic.len(), 172);
        assert_eq!(
            verify(
                &secrets(),
                cyrillic.as_bytes(),
                "w3a9HuF6BNmqyiDtZo5KHeGi8mQ="
            ),
            Some(Mode::Test)
        );
    }

    #[test]
    fn a_signature_of_another_kind_is_refused() {
        for header in [
            "",
            "1bcYCiCWyUEQbagu7D/bdaUpnjY=",
            "ZTRkZjRkODlhMTg0MWE5MTU1NTU5M2M0NzdjMjVmNTQwZDNkZDBmZQ==",
            "e4df4d89a1841a91555593c477c25f540d3dd0fe",
            "5N9NiaGEGpFVVZPEd8JfVA090P4",
            " 5N9NiaGEGpFVVZPEd8JfVA090P4=",
        ] {
            assert_eq!(verify(&secrets(), BODY, header), None, "{header}");
        }
    }

    #[test]
    fn one_changed_byte_is_refused() {
        let mut changed = BODY.to_vec();
        changed.push(b' ');
        assert_eq!(verify(&secrets(), &changed, SIGNED), None);
    }

    #[test]
    fn the_key_that_matches_tells_the_mode() {
        let swapped = CallbackSecrets {
            test: secrets().live,
            live: secrets().test,
        };
        assert_eq!(verify(&swapped, BODY, SIGNED), Some(Mode::Live));
    }

    #[test]
    fn the_previous_secret_is_still_accepted() {
        let rotated = CallbackSecrets {
            test: vec![
                "sk_test_EXAMPLEKEY0002".into(),
                "sk_test_EXAMPLEKEY0001".into(),
            ],
            live: Vec::new(),
        };
        assert_eq!(verify(&rotated, BODY, SIGNED), Some(Mode::Test));
    }

    #[test]
    fn an_unset_secret_refuses_everything() {
        let empty_key = signature(&"".into(), BODY);
        let unset = CallbackSecrets {
            test: vec!["".into()],
            live: Vec::new(),
        };
        assert_eq!(verify(&unset, BODY, &empty_key), None);
        assert_eq!(verify(&CallbackSecrets::default(), BODY, SIGNED), None);
    }

    #[test]
    fn a_payout_invoice_rings_and_anything_else_is_ignored() {
        let ring = decode(BODY).expect("valid");
        assert_eq!(
            ring,
            Ring::Invoice(ProviderId::parse("cpoi_TEST00000001").expect("valid"))
        );
        for other in ["payment-invoices", "payout-invoice", "customers"] {
            let body = format!(r#"{{"data":{{"type":"{other}","id":"x"}}}}"#);
            assert_eq!(decode(body.as_bytes()), Ok(Ring::Other), "{other}");
        }
    }

    #[test]
    fn what_two_readers_could_understand_differently_is_refused() {
        let twice = br#"{"data":{"type":"payout-invoices","id":"cpoi_TEST00000001","id":"cpoi_TEST00000002"}}"#;
        let deep = format!("{}{}", "[".repeat(17), "]".repeat(17));
        for body in [twice.as_slice(), deep.as_bytes(), b"", b"\xff", b"{}{}"] {
            assert!(matches!(decode(body), Err(CallbackError::Json(_))));
        }
    }

    #[test]
    fn a_callback_without_type_or_valid_id_is_refused() {
        for body in [
            "{}",
            "[]",
            "null",
            r#"{"data":[]}"#,
            r#"{"data":{"type":1}}"#,
        ] {
            assert_eq!(
                decode(body.as_bytes()),
                Err(CallbackError::NoType),
                "{body}"
            );
        }
        for id in [
            "1",
            "\"\"",
            "\"cpoi_short\"",
            "\"cpoi_TEST0000/0001\"",
            "null",
        ] {
            let body = format!(r#"{{"data":{{"type":"payout-invoices","id":{id}}}}}"#);
            assert_eq!(
                decode(body.as_bytes()),
                Err(CallbackError::NotAnInvoiceId),
                "{id}"
            );
        }
    }
}
