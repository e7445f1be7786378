//! The `Vault` port on AWS KMS. Tenant and owner are the encryption context, so a ciphertext of one
//! driver or key does not open as another's.

use std::collections::HashMap;

use app::port::{Plaintext, SealedFor, Unreachable, Vault};
use aws_sdk_kms::primitives::Blob;
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::ids::TenantId;

use crate::{aws, settings::VaultSettings};

/// Payout methods and keys' secrets encrypted by one KMS key; the sealed form is base64.
#[derive(Clone, Debug)]
pub struct KmsVault {
    client: aws_sdk_kms::Client,
    settings: VaultSettings,
}

impl KmsVault {
    pub const fn new(client: aws_sdk_kms::Client, settings: VaultSettings) -> Self {
        Self { client, settings }
    }
}

fn context(tenant: &TenantId, owner: &SealedFor) -> HashMap<String, String> {
    HashMap::from([
        ("tenant".to_owned(), tenant.to_string()),
        (owner.name().to_owned(), owner.id().to_owned()),
    ])
}

fn unreadable(operation: &str) -> Unreachable {
    Unreachable(format!("{operation}: unreadable"))
}

impl Vault for KmsVault {
    async fn seal(
        &self,
        tenant: &TenantId,
        owner: &SealedFor,
        plain: &Plaintext,
    ) -> Result<String, Unreachable> {
        let sealed = self
            .client
            .encrypt()
            .key_id(&self.settings.key_id)
            .plaintext(Blob::new(plain.0.as_bytes()))
            .set_encryption_context(Some(context(tenant, owner)))
            .send()
            .await
            .map_err(|error| Unreachable(aws::cause("kms encrypt", &error)))?;
        let bytes = sealed
            .ciphertext_blob
            .ok_or_else(|| unreadable("kms encrypt"))?;
        Ok(STANDARD.encode(bytes))
    }

    async fn open(
        &self,
        tenant: &TenantId,
        owner: &SealedFor,
        sealed: &str,
    ) -> Result<Plaintext, Unreachable> {
        let bytes = STANDARD
            .decode(sealed)
            .map_err(|_| unreadable("sealed text"))?;
        let opened = self
            .client
            .decrypt()
            .key_id(&self.settings.key_id)
            .ciphertext_blob(Blob::new(bytes))
            .set_encryption_context(Some(context(tenant, owner)))
            .send()
            .await
            .map_err(|error| Unreachable(aws::cause("kms decrypt", &error)))?;
        let plain = opened.plaintext.ok_or_else(|| unreadable("kms decrypt"))?;
        String::from_utf8(plain.into_inner())
            .map(Plaintext)
            .map_err(|_| unreadable("kms decrypt"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::{
        kms_with,
        tests::{settings, stub},
    };

    fn vault(settings: crate::settings::AwsSettings) -> KmsVault {
        let key_id = "alias/vault".to_owned();
        KmsVault::new(kms_with(settings), VaultSettings { key_id })
    }

    fn owner() -> (TenantId, SealedFor) {
        let tenant = "acme~test".parse().expect("valid");
        (tenant, SealedFor::Driver("drv_1".parse().expect("valid")))
    }

    #[test]
    fn a_secret_of_a_key_is_bound_to_tenant_and_key() {
        let (tenant, _) = owner();
        let bound = context(&tenant, &SealedFor::Key("k1".to_owned()));
        let expected = [("tenant", "acme~test"), ("key", "k1")];
        assert_eq!(
            bound,
            expected.map(|(n, v)| (n.to_owned(), v.to_owned())).into()
        );
    }

    #[tokio::test]
    async fn sealing_binds_tenant_and_driver_to_the_text() {
        let (settings, received) = stub("200 OK", r#"{"CiphertextBlob":"c2VhbGVk"}"#);
        let (tenant, driver) = owner();
        let sealed = vault(settings)
            .seal(&tenant, &driver, &Plaintext("{}".to_owned()))
            .await;
        assert_eq!(sealed, Ok("c2VhbGVk".to_owned()));
        let request = received.recv().expect("a request");
        assert!(request.contains("\"tenant\":\"acme~test\""), "{request}");
        assert!(request.contains("\"driver\":\"drv_1\""), "{request}");
        assert!(request.contains("alias/vault"), "{request}");
    }

    #[tokio::test]
    async fn opening_returns_what_was_sealed_under_the_same_binding() {
        let (settings, received) = stub("200 OK", r#"{"Plaintext":"e30="}"#);
        let (tenant, driver) = owner();
        let opened = vault(settings).open(&tenant, &driver, "c2VhbGVk").await;
        assert_eq!(opened, Ok(Plaintext("{}".to_owned())));
        let request = received.recv().expect("a request");
        assert!(request.contains("\"tenant\":\"acme~test\""), "{request}");
        assert!(request.contains("c2VhbGVk"), "{request}");
    }

    #[tokio::test]
    async fn a_text_of_another_driver_does_not_open() {
        let body = r#"{"__type":"InvalidCiphertextException"}"#;
        let (settings, _received) = stub("400 Bad Request", body);
        let (tenant, driver) = owner();
        let opened = vault(settings).open(&tenant, &driver, "c2VhbGVk").await;
        let cause = "kms decrypt: refused (InvalidCiphertextException)";
        assert_eq!(opened, Err(Unreachable(cause.to_owned())));
    }

    #[tokio::test]
    async fn a_broken_text_is_not_even_sent() {
        let (tenant, driver) = owner();
        let vault = vault(settings("http://127.0.0.1:1"));
        let opened = vault.open(&tenant, &driver, "no base64!").await;
        assert_eq!(opened, Err(unreadable("sealed text")));
    }
}
