//! The Payelata account of this deployment.

use secrecy::SecretString;

use super::{Lookup, environment, list, mode, optional, required};
use crate::{
    error::Fatal,
    provider::payelata::settings::{
        BANK_SERVICE, CallbackSecrets, PayelataSettings, PublicSettings,
    },
};

impl PayelataSettings {
    /// Reads `OVN_MODE`, `OVN_PUBLIC_URL` and the `OVN_PAYELATA_...` variables. What they say is checked
    /// when the adapter is built.
    ///
    /// # Errors
    /// [`Fatal::Setting`] when a variable is missing or the mode is neither `test` nor `live`.
    pub fn from_env() -> Result<Self, Fatal> {
        Self::read(&environment)
    }

    fn read(lookup: Lookup<'_>) -> Result<Self, Fatal> {
        let secret = |name, expected| required(lookup, name, expected).map(SecretString::from);
        Ok(Self {
            private_base: required(
                lookup,
                "OVN_PAYELATA_BASE",
                "the address of the account's private API",
            )?,
            account_id: secret("OVN_PAYELATA_ACCOUNT_ID", "the account id")?,
            api_key: secret("OVN_PAYELATA_API_KEY", "the API key")?,
            callback_base: required(lookup, "OVN_PUBLIC_URL", "the public address of this API")?,
            callback_secrets: CallbackSecrets::read(lookup),
            bank_service: bank_service(lookup),
            mode: mode(lookup)?,
            sandbox_hosts: list(lookup, "OVN_PAYELATA_SANDBOX_HOSTS"),
        })
    }
}

fn bank_service(lookup: Lookup<'_>) -> String {
    optional(lookup, "OVN_PAYELATA_BANK_SERVICE").unwrap_or_else(|| BANK_SERVICE.to_owned())
}

impl PublicSettings {
    /// Reads `OVN_MODE` and the `OVN_PAYELATA_...` variables of the public API. None without
    /// `OVN_PAYELATA_PUBLIC_BASE`: then no account is checked before it is saved.
    ///
    /// # Errors
    /// [`Fatal::Setting`] when the base is there and the key is not, or the mode is neither `test` nor `live`.
    pub fn from_env() -> Result<Option<Self>, Fatal> {
        Self::read(&environment)
    }

    fn read(lookup: Lookup<'_>) -> Result<Option<Self>, Fatal> {
        let Some(public_base) = optional(lookup, "OVN_PAYELATA_PUBLIC_BASE") else {
            return Ok(None);
        };
        let public_key = required(lookup, "OVN_PAYELATA_PUBLIC_KEY", "the public key")?;
        Ok(Some(Self {
            public_base,
            public_key: public_key.into(),
            bank_service: bank_service(lookup),
            mode: mode(lookup)?,
            sandbox_hosts: list(lookup, "OVN_PAYELATA_SANDBOX_HOSTS"),
        }))
    }
}

impl CallbackSecrets {
    /// Reads `OVN_PAYELATA_CALLBACK_KEYS_TEST` and `..._LIVE`: the current secret and, while one is being
    /// changed, the previous, with a comma between them. A mode without a secret accepts nothing.
    pub fn from_env() -> Self {
        Self::read(&environment)
    }

    fn read(lookup: Lookup<'_>) -> Self {
        let secrets = |name| list(lookup, name).into_iter().map(SecretString::from);
        Self {
            test: secrets("OVN_PAYELATA_CALLBACK_KEYS_TEST").collect(),
            live: secrets("OVN_PAYELATA_CALLBACK_KEYS_LIVE").collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn complete(name: &str) -> Option<String> {
        let value = match name {
            "OVN_MODE" => "test",
            "OVN_PAYELATA_CALLBACK_KEYS_TEST" => "sk_test_new, sk_test_old",
            "OVN_PAYELATA_SANDBOX_HOSTS" | "OVN_PAYELATA_CALLBACK_KEYS_LIVE" => return None,
            "OVN_PAYELATA_BANK_SERVICE" => "",
            _ => "https://example.com",
        };
        Some(value.to_owned())
    }

    #[test]
    fn both_secrets_of_a_change_are_read_and_none_is_none() {
        let settings = PayelataSettings::read(&complete).expect("complete");
        let test: Vec<_> = settings
            .callback_secrets
            .test
            .iter()
            .map(ExposeSecret::expose_secret)
            .collect();
        assert_eq!(test, ["sk_test_new", "sk_test_old"]);
        assert!(settings.callback_secrets.live.is_empty());
        assert_eq!(settings.bank_service, BANK_SERVICE);
    }

    #[test]
    fn without_a_public_base_nothing_is_checked_and_with_one_a_key_is_needed() {
        let without = |missing: &'static str| {
            move |name: &str| match name == missing {
                true => None,
                false => complete(name),
            }
        };
        let off = PublicSettings::read(&without("OVN_PAYELATA_PUBLIC_BASE"));
        assert!(off.expect("off").is_none());
        let Err(error) = PublicSettings::read(&without("OVN_PAYELATA_PUBLIC_KEY")) else {
            panic!("accepted");
        };
        assert!(error.to_string().contains("OVN_PAYELATA_PUBLIC_KEY"));
        let on = PublicSettings::read(&complete).expect("complete");
        assert_eq!(on.map(|it| it.bank_service).as_deref(), Some(BANK_SERVICE));
    }

    #[test]
    fn a_missing_or_odd_mode_stops_the_start_and_names_the_variable() {
        for value in [None, Some("prod")] {
            let lookup = |name: &str| match name {
                "OVN_MODE" => value.map(str::to_owned),
                other => complete(other),
            };
            let Err(error) = PayelataSettings::read(&lookup) else {
                panic!("accepted {value:?}");
            };
            assert!(error.to_string().contains("OVN_MODE"));
        }
    }
}
