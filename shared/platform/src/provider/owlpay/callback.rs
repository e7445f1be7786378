//! Callbacks of OwlPay: who sent one, and which order it is about. It carries no money facts
//! (docs/providers/owlpay.md).

use domain::{
    ids::{AttemptRef, Mode, ProviderId},
    manifest::{CallbackProof, manifest},
    routing::Provider,
    time::Timestamp,
};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

use super::wire;

/// The header with the time and the signatures.
pub const SIGNATURE_HEADER: &str = "owlpay-signature";

/// The secrets of the callback address: the current one and, while it is being changed, the previous one. A mode
/// without a secret accepts nothing.
#[derive(Clone, Debug, Default)]
pub struct CallbackSecrets {
    pub test: Vec<SecretString>,
    pub live: Vec<SecretString>,
}

/// What a genuine callback is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ring {
    Order {
        object: ProviderId,
        /// The serial, where it is one of ours.
        reference: Option<AttemptRef>,
    },
    /// A vendor changed: its id.
    Vendor(ProviderId),
    /// Of no interest.
    Other,
}

/// The mode whose secret made the signature, if it is genuine and fresh.
pub fn verify(
    secrets: &CallbackSecrets,
    body: &[u8],
    signature: &str,
    now: Timestamp,
) -> Option<Mode> {
    let CallbackProof::TimedHmac { tolerance, .. } = manifest(Provider::Owlpay).callbacks else {
        return None;
    };
    let sent = field(signature, "t").next()?.parse::<i64>().ok()?;
    let age = now
        .millis()
        .checked_div(1000)?
        .checked_sub(sent)?
        .unsigned_abs();
    if age > tolerance.as_secs() {
        return None;
    }
    let signatures: Vec<Vec<u8>> = field(signature, "v1")
        .take(4)
        .filter_map(|text| hex::decode(text).ok())
        .collect();
    let made_by = |secret: &SecretString| {
        let expected = mac(secret, sent, body);
        let matching = signatures
            .iter()
            .fold(Choice::from(0), |any, given| any | expected.ct_eq(given));
        bool::from(matching)
    };
    if secrets.test.iter().any(made_by) {
        return Some(Mode::Test);
    }
    secrets.live.iter().any(made_by).then_some(Mode::Live)
}

/// The values of `name=value` parts, whatever their order.
fn field<'a>(header: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    header
        .split(',')
        .filter_map(move |part| part.trim().strip_prefix(name)?.strip_prefix('='))
}

fn mac(secret: &SecretString, sent: i64, body: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
        .expect("a key of any length is taken");
    mac.update(format!("{sent}.").as_bytes());
    mac.update(body);
    mac.finalize().into_bytes().to_vec()
}

/// A callback whose body is not what the contract says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body is no callback of OwlPay: expected observation and data")]
pub struct NotACallback;

#[derive(Deserialize)]
struct Document {
    is_test: Option<IsTest>,
    data: Option<Data>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum IsTest {
    Number(u8),
    Flag(bool),
}

#[derive(Deserialize)]
struct Data {
    order: Option<Order>,
    vendor: Option<Vendor>,
}

#[derive(Deserialize)]
struct Order {
    uuid: Option<String>,
    application_order_serial: Option<String>,
}

#[derive(Deserialize)]
struct Vendor {
    uuid: Option<String>,
}

/// What a genuine body of `mode` is about. One that says the other mode is of no interest.
///
/// # Errors
/// [`NotACallback`] when it is not JSON of the documented shape.
pub fn decode(body: &[u8], mode: Mode) -> Result<Ring, NotACallback> {
    let document: Document = serde_json::from_slice(body).map_err(|_| NotACallback)?;
    let is_test = match document.is_test {
        Some(IsTest::Number(number)) => number == 1,
        Some(IsTest::Flag(flag)) => flag,
        None => mode == Mode::Test,
    };
    if is_test != (mode == Mode::Test) {
        return Ok(Ring::Other);
    }
    let data = document.data.ok_or(NotACallback)?;
    if let Some(order) = data.order {
        let object = order.uuid.as_deref().and_then(wire::order_id);
        return Ok(object.map_or(Ring::Other, |object| Ring::Order {
            object,
            reference: order
                .application_order_serial
                .and_then(|serial| serial.parse().ok()),
        }));
    }
    let vendor = data.vendor.and_then(|vendor| vendor.uuid);
    let vendor = vendor.as_deref().and_then(wire::vendor_id);
    Ok(vendor.map_or(Ring::Other, Ring::Vendor))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"uuid":"att_test0001","api_version":"1.0.0","is_test":1,"observation":"order.payout.succeed","data":{"order":{"uuid":"ord_test0001","status":"owlpay.payout_succeed"}}}"#;
    const SIGNATURE: &str =
        "t=1767225600,v1=11cf5c38d197c532f594c956f428a7d6b39b341d882391348d65708e5a96dd1d";
    const SENT: i64 = 1_767_225_600_000;

    fn secrets() -> CallbackSecrets {
        CallbackSecrets {
            test: vec!["whs_old".into(), "whs_EXAMPLESECRET0001".into()],
            live: vec!["whs_live".into()],
        }
    }

    fn verified(signature: &str, at: i64) -> Option<Mode> {
        verify(&secrets(), BODY, signature, Timestamp::from_millis(at))
    }

    #[test]
    fn the_worked_example_verifies_with_either_secret_and_any_order_of_parts() {
        assert_eq!(verified(SIGNATURE, SENT), Some(Mode::Test));
        let (t, v1) = SIGNATURE.split_once(',').expect("two parts");
        let turned = format!("v2=ffff, v1=00, {v1},{t}");
        assert_eq!(verified(&turned, SENT), Some(Mode::Test));
    }

    #[test]
    fn a_signature_is_refused_when_it_is_old_early_of_another_body_or_malformed() {
        assert_eq!(verified(SIGNATURE, SENT + 300_000), Some(Mode::Test));
        assert_eq!(verified(SIGNATURE, SENT + 301_000), None);
        assert_eq!(verified(SIGNATURE, SENT - 301_000), None);
        for bad in [
            "",
            "t=1767225600",
            "v1=11",
            "t=x,v1=11",
            "t=1767225600,v1=",
            "t=-9223372036854775808,v1=00",
            "t=1767225601,v1=11cf5c38d197c532f594c956f428a7d6b39b341d882391348d65708e5a96dd1d",
        ] {
            assert_eq!(verified(bad, SENT), None, "{bad}");
        }
        let other = verify(&secrets(), b"{}", SIGNATURE, Timestamp::from_millis(SENT));
        assert_eq!(other, None);
        let none = CallbackSecrets::default();
        let unset = verify(&none, BODY, SIGNATURE, Timestamp::from_millis(SENT));
        assert_eq!(unset, None);
    }

    #[test]
    fn a_body_names_its_order_and_nothing_else_of_it_counts() {
        let order = ProviderId::parse("ord_test0001").expect("valid");
        let ring = Ring::Order {
            object: order,
            reference: None,
        };
        assert_eq!(decode(BODY, Mode::Test), Ok(ring));
        assert_eq!(decode(BODY, Mode::Live), Ok(Ring::Other));
        for other in [
            r#"{"is_test":1,"data":{}}"#,
            r#"{"is_test":1,"data":{"order":{"uuid":"../x"}}}"#,
        ] {
            assert_eq!(decode(other.as_bytes(), Mode::Test), Ok(Ring::Other));
        }
        for bad in ["", "[]", "{}", "{\"data\":1}", "<html>"] {
            assert_eq!(
                decode(bad.as_bytes(), Mode::Test),
                Err(NotACallback),
                "{bad}"
            );
        }
    }
}
