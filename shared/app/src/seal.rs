//! Keyed digests: everything that must be recognised again but not guessed or reversed.

use domain::ids::{AttemptRef, ChargeId, DepositId, DriverId, OvnDriverId, PayoutId, TenantId};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::port::Plaintext;

/// The environment's digest key. Every digest is separated by its purpose.
#[derive(Clone)]
pub struct Seal {
    key: [u8; 32],
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal(..)")
    }
}

impl Seal {
    pub const fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    fn digest(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.key)
            .expect("an HMAC takes a key of any length");
        mac.update(purpose.as_bytes());
        for part in parts {
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// The driver's id: derived, so that registering the same OVN driver twice meets the same item.
    pub fn driver_id(&self, tenant: &TenantId, ovn_id: &OvnDriverId) -> DriverId {
        let tenant = tenant.to_string();
        DriverId::from_digest(
            &self.digest("driver", &[tenant.as_bytes(), ovn_id.as_str().as_bytes()]),
        )
    }

    /// The deposit's id: derived, so that the same reference meets the same journal.
    pub fn deposit_id(&self, tenant: &TenantId, reference: &str) -> DepositId {
        let tenant = tenant.to_string();
        DepositId::from_digest(&self.digest("deposit", &[tenant.as_bytes(), reference.as_bytes()]))
    }

    /// The charge's id: derived, so that the same reference meets the same charge.
    pub fn charge_id(&self, tenant: &TenantId, reference: &str) -> ChargeId {
        let tenant = tenant.to_string();
        ChargeId::from_digest(&self.digest("charge", &[tenant.as_bytes(), reference.as_bytes()]))
    }

    /// What tells a charge of one card from that of another under the same reference.
    pub fn charged_account(&self, account: &Plaintext) -> String {
        hex::encode(self.digest("charged-account", &[account.0.as_bytes()]))
    }

    /// Where the record of a request key is stored: tenant, method and route template, and the key.
    pub fn request_key(&self, tenant: &TenantId, route: &str, key: &str) -> String {
        let tenant = tenant.to_string();
        hex::encode(self.digest(
            "request-key",
            &[tenant.as_bytes(), route.as_bytes(), key.as_bytes()],
        ))
    }

    /// What a request asked for, so that a repeat is told from another request under the same key.
    /// Keyed: bodies may hold card numbers, and a plain hash of one could be guessed.
    pub fn fingerprint(&self, path: &str, canonical_body: &[u8]) -> String {
        hex::encode(self.digest("fingerprint", &[path.as_bytes(), canonical_body]))
    }

    /// What shows that a cursor is ours: it belongs to one list of one tenant, and to the place it names.
    pub fn cursor_mac(&self, tenant: &TenantId, list: &str, place: &[u8]) -> [u8; 16] {
        let tenant = tenant.to_string();
        let digest = self.digest("cursor", &[tenant.as_bytes(), list.as_bytes(), place]);
        std::array::from_fn(|index| digest[index])
    }

    /// The name under which a prepaid card is locked.
    pub fn card(&self, card: &Plaintext) -> String {
        hex::encode(self.digest("card", &[card.0.as_bytes()]))
    }

    /// How the secret of an API key is stored.
    pub fn api_key(&self, secret: &str) -> String {
        hex::encode(self.digest("api-key", &[secret.as_bytes()]))
    }

    /// Whether `secret` is the one stored as `digest`, in constant time.
    pub fn is_api_key(&self, secret: &str, digest: &str) -> bool {
        self.api_key(secret)
            .as_bytes()
            .ct_eq(digest.as_bytes())
            .into()
    }

    /// The self-describing token of an attempt's callback URL:
    /// `<tenant>.<payout>.<nn>.<mac of 128 bits>`, so that a callback is traced without a read.
    pub fn callback_token(&self, tenant: &TenantId, reference: &AttemptRef) -> String {
        let body = format!("{tenant}.{}.{:02}", reference.payout, reference.number);
        let mac = hex::encode(&self.digest("callback", &[body.as_bytes()])[..16]);
        format!("{body}.{mac}")
    }

    /// The attempt a callback token names, or none when the token is not ours. Constant time in the MAC.
    pub fn open_callback_token(&self, token: &str) -> Option<(TenantId, AttemptRef)> {
        if token.len() > 200 {
            return None;
        }
        let (body, mac) = token.rsplit_once('.')?;
        let expected = hex::encode(&self.digest("callback", &[body.as_bytes()])[..16]);
        if !bool::from(expected.as_bytes().ct_eq(mac.as_bytes())) {
            return None;
        }
        let mut parts = body.splitn(2, '.');
        let tenant = parts.next()?.parse().ok()?;
        let (payout, number) = parts.next()?.rsplit_once('.')?;
        let number = number.parse().ok().filter(|number| *number > 0)?;
        Some((
            tenant,
            AttemptRef::new(PayoutId::parse(payout).ok()?, number),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal() -> Seal {
        Seal::new([7; 32])
    }

    #[test]
    fn a_callback_token_opens_to_its_attempt_and_nothing_else_opens() {
        let tenant: TenantId = "acme~test".parse().expect("valid");
        let reference: AttemptRef = "pay_7Q2-a03".parse().expect("valid");
        let token = seal().callback_token(&tenant, &reference);
        assert_eq!(
            seal().open_callback_token(&token),
            Some((tenant, reference))
        );
        let forged = token.replace(".03.", ".04.");
        let other_mode = token.replace("~test", "~live");
        for bad in [forged.as_str(), other_mode.as_str(), "", "a.b.c.d", "x"] {
            assert_eq!(seal().open_callback_token(bad), None, "{bad}");
        }
        assert_eq!(Seal::new([8; 32]).open_callback_token(&token), None);
    }

    #[test]
    fn the_same_driver_has_another_id_in_another_tenant_or_mode() {
        let ovn = OvnDriverId::parse("OVN-1").expect("valid");
        let id = |tenant: &str| seal().driver_id(&tenant.parse().expect("valid"), &ovn);
        assert_eq!(id("acme~test"), id("acme~test"));
        assert_ne!(id("acme~test"), id("acme~live"));
        assert_ne!(id("acme~test"), id("other~test"));
    }

    #[test]
    fn digests_keep_their_parts_apart() {
        let tenant: TenantId = "acme~test".parse().expect("valid");
        assert_ne!(
            seal().request_key(&tenant, "ab", "c"),
            seal().request_key(&tenant, "a", "bc")
        );
    }
}
