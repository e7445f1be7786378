//! What the PayWizard adapter must be told, and what it refuses to start with.

use domain::ids::Mode;
use reqwest::{Url, header::HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use crate::provider::address::{self, AddressFault};

/// The only prepaid channel that is documented.
pub const CHANNEL: &str = "FACTOR4";
/// The longest name of a channel, in bytes.
const CHANNEL_MAX: usize = 64;

/// The prepaid channels that are served, at least one. A card is asked about through the channel that was stored with
/// it and through no other; the first one stands in where none was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channels {
    usual: String,
    others: Vec<String>,
}

impl Channels {
    /// The channels of these names, the usual one first. None without a name, and when one is none.
    pub fn of(names: Vec<String>) -> Option<Self> {
        let is_name = |name: &String| {
            (1..=CHANNEL_MAX).contains(&name.len())
                && name
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
        };
        if !names.iter().all(is_name) {
            return None;
        }
        let mut names = names.into_iter();
        Some(Self {
            usual: names.next()?,
            others: names.collect(),
        })
    }

    /// The channel of a card without one of its own.
    pub fn usual(&self) -> &str {
        &self.usual
    }

    /// Every channel that is served.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.usual)
            .chain(&self.others)
            .map(String::as_str)
    }

    pub fn serves(&self, channel: &str) -> bool {
        self.all().any(|served| served == channel)
    }
}

impl Default for Channels {
    fn default() -> Self {
        Self {
            usual: CHANNEL.to_owned(),
            others: Vec::new(),
        }
    }
}

/// The body code of a request that was handled; it can never mean a refusal.
pub(super) const HANDLED: u16 = 200;

/// One PayWizard developer account at one merchant.
#[derive(Clone, Debug)]
pub struct PayWizardSettings {
    /// The host, as `https://portal.paywizard.biz`; everything lives under `/ovstrade`.
    pub base: String,
    pub client_id: SecretString,
    /// Signs every request.
    pub client_secret: SecretString,
    /// The transaction token. Opaque, in spite of its header's name; it does not expire by itself.
    pub jwt_token: SecretString,
    pub channels: Channels,
    /// Body codes that prove that a token or a signature was refused and nothing was carried out. The vendor does
    /// not publish its codes, so an empty list is the safe one: what is not listed is unclear.
    pub refusal_codes: Vec<u16>,
    /// The unit of amounts in answers.
    pub amount_unit: AmountUnit,
    /// Whether live top-ups are on: the vendor's documents do not name the amount of one, so it has to be confirmed
    /// first. In test mode they always are.
    pub top_ups: bool,
    /// Whether these credentials move real money.
    pub mode: Mode,
    /// Hosts other than this machine that test credentials may be used against.
    pub sandbox_hosts: Vec<String>,
}

/// How an amount in an answer is read. Requests are always in major units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AmountUnit {
    /// `10.50` is ten and a half dollars.
    #[default]
    Major,
    /// `1050` is ten and a half dollars.
    Minor,
}

/// Settings the adapter does not start with. Never names a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsFault {
    #[error("paywizard: base {0}")]
    Base(AddressFault),
    #[error("paywizard: {0} is empty")]
    Empty(&'static str),
    #[error("paywizard: the token is no header value")]
    Token,
    #[error("paywizard: a refusal code that means a handled request")]
    RefusalCode,
}

impl PayWizardSettings {
    /// Checks the settings and reads the base address, which ends without a slash.
    ///
    /// # Errors
    /// The first [`SettingsFault`].
    pub fn validate(&self) -> Result<Url, SettingsFault> {
        let values = [
            ("client_id", self.client_id.expose_secret()),
            ("client_secret", self.client_secret.expose_secret()),
            ("jwt_token", self.jwt_token.expose_secret()),
        ];
        if let Some((name, _)) = values.iter().find(|(_, value)| value.is_empty()) {
            return Err(SettingsFault::Empty(name));
        }
        if self.refusal_codes.contains(&HANDLED) {
            return Err(SettingsFault::RefusalCode);
        }
        address::of_mode(&self.base, self.mode, &self.sandbox_hosts).map_err(SettingsFault::Base)
    }

    /// The token as a header. Marked so that it is never printed.
    pub(super) fn token(&self) -> Result<HeaderValue, SettingsFault> {
        let mut value = HeaderValue::from_str(self.jwt_token.expose_secret())
            .map_err(|_| SettingsFault::Token)?;
        value.set_sensitive(true);
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(base: &str, mode: Mode) -> PayWizardSettings {
        PayWizardSettings {
            base: base.to_owned(),
            client_id: "900000000000000001".into(),
            client_secret: "0123456789abcdef0123456789abcdef".into(),
            jwt_token: "EXAMPLETOKENEXAMPLETOKEN00000001".into(),
            channels: Channels::default(),
            refusal_codes: vec![401, 403],
            amount_unit: AmountUnit::default(),
            top_ups: true,
            mode,
            sandbox_hosts: vec!["uat.paywizard.biz".to_owned()],
        }
    }

    fn fault(base: &str, mode: Mode) -> Option<SettingsFault> {
        settings(base, mode).validate().err()
    }

    #[test]
    fn a_test_credential_is_refused_on_a_host_that_is_not_known_as_a_sandbox() {
        let refused = Some(SettingsFault::Base(AddressFault::TestCredentialOnLiveHost));
        assert_eq!(fault("https://portal.paywizard.biz", Mode::Test), refused);
        assert_eq!(fault("https://uat.paywizard.biz", Mode::Test), None);
        assert_eq!(fault("http://127.0.0.1:9001/paywizard", Mode::Test), None);
        assert_eq!(fault("https://portal.paywizard.biz", Mode::Live), None);
    }

    #[test]
    fn credentials_never_travel_in_clear_text_over_a_network() {
        let refused = Some(SettingsFault::Base(AddressFault::NotHttps));
        assert_eq!(fault("http://portal.paywizard.biz", Mode::Live), refused);
        assert_eq!(fault("http://uat.paywizard.biz", Mode::Test), refused);
    }

    #[test]
    fn what_is_empty_or_means_a_success_is_refused() {
        let good = || settings("https://portal.paywizard.biz", Mode::Live);
        let no_secret = PayWizardSettings {
            client_secret: "".into(),
            ..good()
        };
        assert_eq!(
            no_secret.validate(),
            Err(SettingsFault::Empty("client_secret"))
        );
        let success = PayWizardSettings {
            refusal_codes: vec![200],
            ..good()
        };
        assert_eq!(success.validate(), Err(SettingsFault::RefusalCode));
        let broken = PayWizardSettings {
            jwt_token: "line\nbreak".into(),
            ..good()
        };
        assert_eq!(broken.token(), Err(SettingsFault::Token));
    }

    #[test]
    fn the_first_channel_is_the_usual_one_and_only_those_named_are_served() {
        let of = |names: &[&str]| Channels::of(names.iter().map(ToString::to_string).collect());
        let two = of(&["FACTOR4", "SECOND"]).expect("two");
        assert_eq!(two.usual(), "FACTOR4");
        assert!(two.serves("FACTOR4") && two.serves("SECOND"));
        for other in ["", "factor4", "FACTOR4 ", "THIRD"] {
            assert!(!two.serves(other), "{other:?}");
        }
        assert_eq!(of(&["FACTOR4"]), Some(Channels::default()));
        let long = "X".repeat(65);
        for names in [&[][..], &[""], &["A", "B C"], &["A\n"], &[long.as_str()]] {
            assert_eq!(of(names), None, "{names:?}");
        }
    }

    #[test]
    fn settings_show_no_secret_when_printed() {
        let shown = format!("{:?}", settings("https://portal.paywizard.biz", Mode::Live));
        for secret in ["900000000000000001", "0123456789abcdef", "EXAMPLETOKEN"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
