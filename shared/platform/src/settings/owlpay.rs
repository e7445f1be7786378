//! The OwlPay application of this deployment, where it has one.

use secrecy::SecretString;

use super::{Lookup, environment, list, mode, optional, required};
use crate::{
    error::Fatal,
    provider::owlpay::{
        callback::CallbackSecrets,
        settings::{Applicant, OwlpaySettings, Remittance},
    },
};

impl OwlpaySettings {
    /// Reads `OVN_MODE` and the `OVN_OWLPAY_...` variables. None without `OVN_OWLPAY_BASE`: then no payout is
    /// routed there.
    ///
    /// # Errors
    /// [`Fatal::Setting`] when the base is there and the key is not, or the mode is neither `test` nor `live`.
    pub fn from_env() -> Result<Option<Self>, Fatal> {
        Self::read(&environment)
    }

    fn read(lookup: Lookup<'_>) -> Result<Option<Self>, Fatal> {
        let Some(base) = optional(lookup, "OVN_OWLPAY_BASE") else {
            return Ok(None);
        };
        Ok(Some(Self {
            base,
            api_key: required(lookup, "OVN_OWLPAY_API_KEY", "the API key")?.into(),
            mode: mode(lookup)?,
            sandbox_hosts: list(lookup, "OVN_OWLPAY_SANDBOX_HOSTS"),
        }))
    }
}

impl Remittance {
    /// Reads `OVN_OWLPAY_REMIT_CHANNEL`, `..._COUNTRY` and `..._APPLICANT`; what is not set is as usual.
    ///
    /// # Errors
    /// [`Fatal::Setting`] for a country that is not two capital letters, and an applicant of another kind.
    pub fn from_env() -> Result<Self, Fatal> {
        Self::read(&environment)
    }

    fn read(lookup: Lookup<'_>) -> Result<Self, Fatal> {
        let usual = Self::default();
        let (name, expected) = ("OVN_OWLPAY_REMIT_COUNTRY", "two capital letters");
        let country = optional(lookup, name).unwrap_or(usual.country);
        if country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(Fatal::Setting { name, expected });
        }
        let (name, expected) = ("OVN_OWLPAY_REMIT_APPLICANT", "individual or company");
        let applicant = match optional(lookup, name).as_deref() {
            None => usual.applicant,
            Some("individual") => Applicant::Individual,
            Some("company") => Applicant::Company,
            Some(_) => return Err(Fatal::Setting { name, expected }),
        };
        Ok(Self {
            channel: optional(lookup, "OVN_OWLPAY_REMIT_CHANNEL").unwrap_or(usual.channel),
            country,
            applicant,
        })
    }
}

impl CallbackSecrets {
    /// Reads `OVN_OWLPAY_CALLBACK_KEYS_TEST` and `..._LIVE`: the current secret and, while one is being changed,
    /// the previous, with a comma between them. A mode without a secret accepts nothing.
    pub fn from_env() -> Self {
        let lookup: Lookup<'_> = &environment;
        let secrets = |name| list(lookup, name).into_iter().map(SecretString::from);
        Self {
            test: secrets("OVN_OWLPAY_CALLBACK_KEYS_TEST").collect(),
            live: secrets("OVN_OWLPAY_CALLBACK_KEYS_LIVE").collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_accounts_are_told_has_defaults_and_refuses_what_cannot_be() {
        assert_eq!(
            Remittance::read(&|_| None).ok(),
            Some(Remittance::default())
        );
        let with = |name: &'static str, value: &'static str| {
            Remittance::read(&move |asked| (asked == name).then(|| value.to_owned()))
        };
        let company = with("OVN_OWLPAY_REMIT_APPLICANT", "company").expect("known");
        assert_eq!(company.applicant, Applicant::Company);
        for (name, value) in [
            ("OVN_OWLPAY_REMIT_COUNTRY", "usa"),
            ("OVN_OWLPAY_REMIT_APPLICANT", "trust"),
        ] {
            let error = with(name, value).expect_err("refused");
            assert!(error.to_string().contains(name));
        }
    }

    #[test]
    fn without_a_base_there_is_no_owlpay_and_with_one_the_key_is_needed() {
        let nothing = OwlpaySettings::read(&|_| None).expect("nothing is fine");
        assert!(nothing.is_none());
        let half = |name: &str| match name {
            "OVN_OWLPAY_BASE" => Some("https://api.example".to_owned()),
            "OVN_MODE" => Some("test".to_owned()),
            _ => None,
        };
        let Err(error) = OwlpaySettings::read(&half) else {
            panic!("accepted without a key");
        };
        assert!(error.to_string().contains("OVN_OWLPAY_API_KEY"));
    }
}
