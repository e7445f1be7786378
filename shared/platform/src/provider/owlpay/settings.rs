//! What the OwlPay adapter must be told, and what it refuses to start with.

use domain::ids::Mode;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use crate::provider::address::{self, AddressFault};

/// One OwlPay application.
#[derive(Clone, Debug)]
pub struct OwlpaySettings {
    /// Where the API lives, as `https://api.owlpay.com/api/v1/platform/tunnel`.
    pub base: String,
    /// The secret key. Which mode it has is told by `mode`, never guessed from its prefix.
    pub api_key: SecretString,
    /// Whether the key moves real money.
    pub mode: Mode,
    /// Hosts other than this machine that a test key may be used against.
    pub sandbox_hosts: Vec<String>,
}

/// How drivers' bank accounts are told to OwlPay. Which payout channels an application has, and what each wants to
/// know, is agreed with OwlPay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remittance {
    /// As `nium`.
    pub channel: String,
    /// Of the accounts and of the vendors: two letters of ISO 3166.
    pub country: String,
    pub applicant: Applicant,
}

/// What a vendor is in the eyes of the law.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applicant {
    Individual,
    Company,
}

impl Applicant {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Individual => "individual",
            Self::Company => "company",
        }
    }
}

impl Default for Remittance {
    fn default() -> Self {
        Self {
            channel: "nium".to_owned(),
            country: "US".to_owned(),
            applicant: Applicant::Individual,
        }
    }
}

/// Settings the adapter does not start with. Never names a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsFault {
    #[error("owlpay: base {0}")]
    Base(AddressFault),
    #[error("owlpay: the API key is empty, or no header value")]
    ApiKey,
}

impl OwlpaySettings {
    /// Checks the settings and reads the base address, which ends without a slash.
    ///
    /// # Errors
    /// The first [`SettingsFault`].
    pub fn validate(&self) -> Result<Url, SettingsFault> {
        if self.api_key.expose_secret().is_empty() {
            return Err(SettingsFault::ApiKey);
        }
        address::of_mode(&self.base, self.mode, &self.sandbox_hosts).map_err(SettingsFault::Base)
    }
}
