//! Payout methods and keys' secrets at rest on a laptop: AES-256-GCM under a key of the data folder. Tenant
//! and owner are bound to the ciphertext, as AWS KMS binds its encryption context.

use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Payload},
};
use app::port::{Plaintext, SealedFor, Unreachable, Vault};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::ids::TenantId;

const NONCE_BYTES: usize = 12;

/// The second implementation of the `Vault` port.
#[derive(Clone)]
pub struct LocalVault {
    cipher: Aes256Gcm,
}

impl LocalVault {
    pub fn new(key: [u8; 32]) -> Self {
        Self {
            cipher: Aes256Gcm::new(&key.into()),
        }
    }
}

/// No id contains `#`, and no driver's id is one of a key or a charge.
fn context(tenant: &TenantId, owner: &SealedFor) -> String {
    match owner {
        SealedFor::Driver(driver) => format!("{tenant}#{driver}"),
        SealedFor::Charge(charge) => format!("{tenant}#charge#{charge}"),
        SealedFor::Key(id) => format!("{tenant}#key#{id}"),
    }
}

fn failed(what: &str) -> Unreachable {
    Unreachable(format!("local vault: {what}"))
}

impl Vault for LocalVault {
    #[expect(
        clippy::disallowed_methods,
        reason = "a nonce must never repeat, so it is drawn where it is used"
    )]
    async fn seal(
        &self,
        tenant: &TenantId,
        owner: &SealedFor,
        plain: &Plaintext,
    ) -> Result<String, Unreachable> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|_| failed("no random bytes"))?;
        let context = context(tenant, owner);
        let payload = Payload {
            msg: plain.0.as_bytes(),
            aad: context.as_bytes(),
        };
        let sealed = self
            .cipher
            .encrypt(&nonce.into(), payload)
            .map_err(|_| failed("cannot seal"))?;
        Ok(STANDARD.encode([nonce.as_slice(), &sealed].concat()))
    }

    async fn open(
        &self,
        tenant: &TenantId,
        owner: &SealedFor,
        sealed: &str,
    ) -> Result<Plaintext, Unreachable> {
        let bytes = STANDARD
            .decode(sealed)
            .map_err(|_| failed("not a sealed text"))?;
        let (nonce, text) = bytes
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or_else(|| failed("not a sealed text"))?;
        let context = context(tenant, owner);
        let payload = Payload {
            msg: text,
            aad: context.as_bytes(),
        };
        let plain = self
            .cipher
            .decrypt(&(*nonce).into(), payload)
            .map_err(|_| failed("cannot open"))?;
        String::from_utf8(plain)
            .map(Plaintext)
            .map_err(|_| failed("not a text"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sealed_text_opens_for_its_own_owner_only() {
        let vault = LocalVault::new([7; 32]);
        let tenant: TenantId = "acme~test".parse().expect("valid");
        let driver = SealedFor::Driver("drv_1".parse().expect("valid"));
        let other = SealedFor::Driver("drv_2".parse().expect("valid"));
        let key = SealedFor::Key("drv_1".to_owned());
        let plain = Plaintext("{\"cardNumber\":\"5123817234060000\"}".to_owned());
        let sealed = vault.seal(&tenant, &driver, &plain).await.expect("sealed");
        assert!(!sealed.contains("5123817234060000"));
        assert_eq!(vault.open(&tenant, &driver, &sealed).await, Ok(plain));
        assert!(vault.open(&tenant, &other, &sealed).await.is_err());
        assert!(vault.open(&tenant, &key, &sealed).await.is_err());
        assert!(vault.open(&tenant, &driver, "AAAA").await.is_err());
    }
}
