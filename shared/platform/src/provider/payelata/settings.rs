//! What the Payelata adapter must be told, and what it refuses to start with.

use domain::ids::Mode;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use crate::provider::address::{self, AddressFault};

/// The bank service that is used unless the account has another one.
pub const BANK_SERVICE: &str = "bank_transfer_usd";

/// One Payelata account (contract, section 1).
#[derive(Clone, Debug)]
pub struct PayelataSettings {
    /// Where the private API lives, as `https://host/api`; issued per account.
    pub private_base: String,
    /// The user name of private calls.
    pub account_id: SecretString,
    /// The password of private calls.
    pub api_key: SecretString,
    /// The public address of our own API, to which Payelata sends callbacks.
    pub callback_base: String,
    pub callback_secrets: CallbackSecrets,
    /// The service code of bank payouts; see [`BANK_SERVICE`].
    pub bank_service: String,
    /// Whether these credentials move real money.
    pub mode: Mode,
    /// Hosts other than this machine that test credentials may be used against.
    pub sandbox_hosts: Vec<String>,
}

/// What the public API needs (contract, section 1): no credential that can move money.
#[derive(Clone, Debug)]
pub struct PublicSettings {
    /// Where the public API lives, as `https://host/public-api`; issued per account.
    pub public_base: String,
    /// `pk_test_...` or `pk_live_...`.
    pub public_key: SecretString,
    /// As in [`PayelataSettings`].
    pub bank_service: String,
    /// The mode of the key.
    pub mode: Mode,
    /// As in [`PayelataSettings`].
    pub sandbox_hosts: Vec<String>,
}

/// The private keys that sign callbacks (contract, section 6.1): the current one and, while a change is
/// under way, the previous one. A mode without a secret accepts nothing.
#[derive(Clone, Debug, Default)]
pub struct CallbackSecrets {
    pub test: Vec<SecretString>,
    pub live: Vec<SecretString>,
}

/// Settings the adapter does not start with. Never names a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsFault {
    #[error("payelata: {0} is not a plain http(s) address")]
    NotAnAddress(&'static str),
    #[error("payelata: {0} must be https")]
    NotHttps(&'static str),
    #[error("payelata: {0} is empty")]
    Empty(&'static str),
    #[error(
        "payelata: a test credential on a host that is neither this machine nor a known sandbox"
    )]
    TestCredentialOnLiveHost,
    #[error("payelata: the same callback secret for test and live")]
    SharedCallbackSecret,
    #[error("payelata: the public key belongs to the other mode")]
    PublicKeyOfOtherMode,
}

impl PayelataSettings {
    /// Checks the settings and reads the base address, which ends without a slash.
    ///
    /// # Errors
    /// The first [`SettingsFault`].
    pub fn validate(&self) -> Result<Url, SettingsFault> {
        self.require_filled()?;
        self.require_separate_secrets()?;
        let base = plain("private_base", &self.private_base)?;
        let callback = plain("callback_base", &self.callback_base)?;
        address::of_mode(&self.private_base, self.mode, &self.sandbox_hosts)
            .map_err(|fault| named("private_base", fault))?;
        if self.mode == Mode::Live {
            address::require_https(&callback).map_err(|fault| named("callback_base", fault))?;
        }
        Ok(base)
    }

    fn require_filled(&self) -> Result<(), SettingsFault> {
        let values = [
            ("account_id", self.account_id.expose_secret()),
            ("api_key", self.api_key.expose_secret()),
            ("bank_service", self.bank_service.as_str()),
        ];
        match values.iter().find(|(_, value)| value.is_empty()) {
            Some((name, _)) => Err(SettingsFault::Empty(name)),
            None => Ok(()),
        }
    }

    fn require_separate_secrets(&self) -> Result<(), SettingsFault> {
        let CallbackSecrets { test, live } = &self.callback_secrets;
        let shared = test.iter().any(|one| {
            live.iter()
                .any(|other| one.expose_secret() == other.expose_secret())
        });
        if shared {
            return Err(SettingsFault::SharedCallbackSecret);
        }
        Ok(())
    }
}

impl PublicSettings {
    /// Checks the settings and reads the base address, which ends without a slash.
    ///
    /// # Errors
    /// The first [`SettingsFault`].
    pub fn validate(&self) -> Result<Url, SettingsFault> {
        let key = self.public_key.expose_secret();
        for (name, value) in [
            ("public_key", key),
            ("bank_service", self.bank_service.as_str()),
        ] {
            if value.is_empty() {
                return Err(SettingsFault::Empty(name));
            }
        }
        let others = match self.mode {
            Mode::Test => "pk_live_",
            Mode::Live => "pk_test_",
        };
        if key.starts_with(others) {
            return Err(SettingsFault::PublicKeyOfOtherMode);
        }
        address::of_mode(&self.public_base, self.mode, &self.sandbox_hosts)
            .map_err(|fault| named("public_base", fault))
    }
}

fn plain(name: &'static str, text: &str) -> Result<Url, SettingsFault> {
    address::plain(text).map_err(|fault| named(name, fault))
}

const fn named(name: &'static str, fault: AddressFault) -> SettingsFault {
    match fault {
        AddressFault::NotAnAddress => SettingsFault::NotAnAddress(name),
        AddressFault::NotHttps => SettingsFault::NotHttps(name),
        AddressFault::TestCredentialOnLiveHost => SettingsFault::TestCredentialOnLiveHost,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(private_base: &str, mode: Mode) -> PayelataSettings {
        PayelataSettings {
            private_base: private_base.to_owned(),
            account_id: "coma_TESTACCOUNT01".into(),
            api_key: "ak_TESTKEY0001".into(),
            callback_base: "https://pay.example".to_owned(),
            callback_secrets: CallbackSecrets::default(),
            bank_service: BANK_SERVICE.to_owned(),
            mode,
            sandbox_hosts: vec!["sandbox.example".to_owned()],
        }
    }

    fn fault(private_base: &str, mode: Mode) -> Option<SettingsFault> {
        settings(private_base, mode).validate().err()
    }

    #[test]
    fn a_test_credential_is_refused_on_a_host_that_is_not_known_as_a_sandbox() {
        let refused = Some(SettingsFault::TestCredentialOnLiveHost);
        for base in [
            "https://api.example/api",
            "http://10.0.0.1/api",
            "https://localhost.example/api",
            "https://sandbox.example.com/api",
        ] {
            assert_eq!(fault(base, Mode::Test), refused, "{base}");
        }
        for base in [
            "http://127.0.0.1:4010/api",
            "http://localhost:4010/api/",
            "http://[::1]:4010/api",
            "https://Sandbox.example/api",
        ] {
            assert_eq!(fault(base, Mode::Test), None, "{base}");
        }
    }

    #[test]
    fn credentials_never_travel_in_clear_text_over_a_network() {
        let refused = Some(SettingsFault::NotHttps("private_base"));
        assert_eq!(fault("http://api.example/api", Mode::Live), refused);
        assert_eq!(fault("http://127.0.0.1/api", Mode::Live), refused);
        assert_eq!(fault("http://sandbox.example/api", Mode::Test), refused);
        assert_eq!(fault("https://api.example/api", Mode::Live), None);
    }

    #[test]
    fn live_callbacks_are_sent_to_https_only() {
        let plain = PayelataSettings {
            callback_base: "http://pay.example".to_owned(),
            ..settings("https://api.example/api", Mode::Live)
        };
        assert_eq!(
            plain.validate(),
            Err(SettingsFault::NotHttps("callback_base"))
        );
    }

    #[test]
    fn an_address_with_anything_but_host_and_path_is_refused() {
        for base in [
            "",
            "api.example",
            "ftp://api.example",
            "https://user@api.example",
            "https://api.example/?a=1",
            "https://api.example/#a",
        ] {
            assert_eq!(
                fault(base, Mode::Live),
                Some(SettingsFault::NotAnAddress("private_base")),
                "{base}"
            );
        }
    }

    #[test]
    fn an_empty_credential_is_refused() {
        let empty = PayelataSettings {
            api_key: "".into(),
            ..settings("https://api.example/api", Mode::Live)
        };
        assert_eq!(empty.validate(), Err(SettingsFault::Empty("api_key")));
    }

    #[test]
    fn one_callback_secret_cannot_serve_both_modes() {
        let shared = PayelataSettings {
            callback_secrets: CallbackSecrets {
                test: vec!["sk_same".into()],
                live: vec!["sk_other".into(), "sk_same".into()],
            },
            ..settings("https://api.example/api", Mode::Live)
        };
        assert_eq!(shared.validate(), Err(SettingsFault::SharedCallbackSecret));
    }

    fn public_fault(public_base: &str, public_key: &str, mode: Mode) -> Option<SettingsFault> {
        let settings = PublicSettings {
            public_base: public_base.to_owned(),
            public_key: public_key.into(),
            bank_service: BANK_SERVICE.to_owned(),
            mode,
            sandbox_hosts: vec!["sandbox.example".to_owned()],
        };
        assert!(!format!("{settings:?}").contains("pk_"));
        settings.validate().err()
    }

    #[test]
    fn the_public_key_is_used_in_its_own_mode_and_where_the_private_one_may_go() {
        let fault = public_fault;
        let live = "https://api.example/public-api";
        assert_eq!(fault(live, "pk_live_1", Mode::Live), None);
        assert_eq!(
            fault("http://127.0.0.1:9001/public-api", "pk_test_1", Mode::Test),
            None
        );
        assert_eq!(
            fault(
                "https://sandbox.example/public-api",
                "pk_test_1",
                Mode::Test
            ),
            None
        );
        assert_eq!(
            fault(live, "pk_test_1", Mode::Test),
            Some(SettingsFault::TestCredentialOnLiveHost)
        );
        assert_eq!(
            fault("http://api.example/public-api", "pk_live_1", Mode::Live),
            Some(SettingsFault::NotHttps("public_base"))
        );
        for (key, mode) in [("pk_test_1", Mode::Live), ("pk_live_1", Mode::Test)] {
            assert_eq!(
                fault(live, key, mode),
                Some(SettingsFault::PublicKeyOfOtherMode)
            );
        }
        assert_eq!(
            fault(live, "", Mode::Live),
            Some(SettingsFault::Empty("public_key"))
        );
    }

    #[test]
    fn settings_show_no_secret_when_printed() {
        let shown = format!(
            "{:?}",
            PayelataSettings {
                callback_secrets: CallbackSecrets {
                    test: vec!["sk_test_EXAMPLEKEY0001".into()],
                    live: Vec::new(),
                },
                ..settings("https://api.example/api", Mode::Live)
            }
        );
        for secret in [
            "coma_TESTACCOUNT01",
            "ak_TESTKEY0001",
            "sk_test_EXAMPLEKEY0001",
        ] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
