//! Signature V3: what proves that a request comes from the account.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The account that signs: its id and its secret.
#[derive(Clone, Copy)]
pub(crate) struct Signer<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) client_secret: &'a str,
}

impl Signer<'_> {
    /// The value of the `sign` header for a body: lower-case hex of HMAC-SHA256 under the client secret over the raw
    /// bytes, `&clientId=` with the id, and `&clientSecret=` with the secret.
    pub(crate) fn sign(self, body: &[u8]) -> String {
        hex::encode(self.mac(body).finalize().into_bytes())
    }

    /// Whether `sign` is the signature of these very bytes.
    pub(crate) fn accepts(self, body: &[u8], sign: &str) -> bool {
        // Decoding would also take capitals, which the guide does not.
        sign == self.sign(body)
    }

    fn mac(self, body: &[u8]) -> Hmac<Sha256> {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(self.client_secret.as_bytes())
            .expect("an HMAC takes a key of any length");
        for part in [
            body,
            b"&clientId=",
            self.client_id.as_bytes(),
            b"&clientSecret=",
            self.client_secret.as_bytes(),
        ] {
            mac.update(part);
        }
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNER: Signer<'_> = Signer {
        client_id: "900000000000000001",
        client_secret: "0123456789abcdef0123456789abcdef",
    };
    const PAY: &[u8] = br#"{"clientId":"900000000000000001","tranOrderNo":"pay_01TEST-1","loyaltyChannel":"FACTOR4","amount":"10.50","tranCurrency":"USD","accountId":"6000000000000001","entryType":"K"}"#;
    const VOID: &[u8] = br#"{"clientId":"900000000000000001","tranOrderNo":"pay_01TEST-1v","oriOrderNo":"930000000000000001"}"#;

    #[test]
    fn the_signature_equals_the_contracts_worked_vectors() {
        assert_eq!(PAY.len(), 174);
        assert_eq!(
            SIGNER.sign(PAY),
            "df46ba76512b99cc629ef493454b4a64736c43df9b58862ee8b5de84c1b86754"
        );
        assert_eq!(
            SIGNER.sign(VOID),
            "082051afd5264679db8e5a278845a4330dde28d77ca8442196d8cb7c094c6f13"
        );
    }

    #[test]
    fn a_signature_of_the_body_alone_or_of_other_bytes_is_refused() {
        let sign = SIGNER.sign(PAY);
        assert!(SIGNER.accepts(PAY, &sign));
        assert!(!SIGNER.accepts(VOID, &sign));
        assert!(!SIGNER.accepts(PAY, &sign.to_uppercase()));
        let body_alone = "93474342314ec5d753b7601f5fcf46351bf84eaa7973ed2130b92ad169b66331";
        assert!(!SIGNER.accepts(PAY, body_alone));
        let spaced = [PAY, b" "].concat();
        assert!(!SIGNER.accepts(&spaced, &sign), "every byte counts");
    }
}
