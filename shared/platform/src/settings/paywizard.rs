//! The PayWizard account of this deployment, where it has one.

use secrecy::SecretString;

use super::{Lookup, environment, list, mode, optional, required};
use crate::{
    error::Fatal,
    provider::paywizard::settings::{AmountUnit, Channels, PayWizardSettings},
};

impl PayWizardSettings {
    /// Reads `OVN_MODE` and the `OVN_PAYWIZARD_...` variables. None without `OVN_PAYWIZARD_BASE`: then no payout is
    /// routed there.
    ///
    /// # Errors
    /// [`Fatal::Setting`] when the base is there and a credential is not, or a value is not one of those expected.
    pub fn from_env() -> Result<Option<Self>, Fatal> {
        Self::read(&environment)
    }

    fn read(lookup: Lookup<'_>) -> Result<Option<Self>, Fatal> {
        let Some(base) = optional(lookup, "OVN_PAYWIZARD_BASE") else {
            return Ok(None);
        };
        let secret = |name, expected| required(lookup, name, expected).map(SecretString::from);
        Ok(Some(Self {
            base,
            client_id: secret("OVN_PAYWIZARD_CLIENT_ID", "the client id")?,
            client_secret: secret("OVN_PAYWIZARD_CLIENT_SECRET", "the client secret")?,
            jwt_token: secret("OVN_PAYWIZARD_TOKEN", "the transaction token")?,
            channels: Channels::read(lookup)?,
            refusal_codes: codes(lookup)?,
            amount_unit: unit(lookup)?,
            top_ups: optional(lookup, "OVN_PAYWIZARD_TOP_UPS").as_deref() == Some("on"),
            mode: mode(lookup)?,
            sandbox_hosts: list(lookup, "OVN_PAYWIZARD_SANDBOX_HOSTS"),
        }))
    }
}

impl Channels {
    /// Reads `OVN_PAYWIZARD_CHANNELS`; without it the one channel that is documented is served. Who saves a card reads
    /// it as who calls PayWizard does.
    ///
    /// # Errors
    /// [`Fatal::Setting`] when something between the commas is no name.
    pub fn from_env() -> Result<Self, Fatal> {
        Self::read(&environment)
    }

    fn read(lookup: Lookup<'_>) -> Result<Self, Fatal> {
        let (name, expected) = (
            "OVN_PAYWIZARD_CHANNELS",
            "names of channels with commas between them, each 1 to 64 letters, digits, _ and -",
        );
        match optional(lookup, name) {
            None => Ok(Self::default()),
            Some(_) => Self::of(list(lookup, name)).ok_or(Fatal::Setting { name, expected }),
        }
    }
}

fn codes(lookup: Lookup<'_>) -> Result<Vec<u16>, Fatal> {
    let (name, expected) = (
        "OVN_PAYWIZARD_REFUSAL_CODES",
        "body codes with commas between them",
    );
    let codes = list(lookup, name).into_iter();
    codes
        .map(|code| code.parse().map_err(|_| Fatal::Setting { name, expected }))
        .collect()
}

fn unit(lookup: Lookup<'_>) -> Result<AmountUnit, Fatal> {
    let (name, expected) = ("OVN_PAYWIZARD_AMOUNT_UNIT", "major or minor");
    match optional(lookup, name).as_deref() {
        None | Some("major") => Ok(AmountUnit::Major),
        Some("minor") => Ok(AmountUnit::Minor),
        Some(_) => Err(Fatal::Setting { name, expected }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(name: &str) -> Option<String> {
        let value = match name {
            "OVN_MODE" => "test",
            "OVN_PAYWIZARD_BASE" => "https://uat.example",
            "OVN_PAYWIZARD_REFUSAL_CODES" => "401, 403",
            "OVN_PAYWIZARD_CLIENT_ID" | "OVN_PAYWIZARD_CLIENT_SECRET" | "OVN_PAYWIZARD_TOKEN" => {
                "secret"
            }
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn without_a_base_there_is_no_paywizard_and_live_top_ups_are_off_unless_turned_on() {
        assert!(PayWizardSettings::read(&|_| None).expect("fine").is_none());
        let settings = PayWizardSettings::read(&complete)
            .expect("complete")
            .expect("configured");
        assert_eq!(settings.refusal_codes, [401, 403]);
        assert_eq!(settings.channels, Channels::default());
        let two = |name: &str| match name {
            "OVN_PAYWIZARD_CHANNELS" => Some("SECOND, FACTOR4".to_owned()),
            _ => complete(name),
        };
        let named = PayWizardSettings::read(&two).expect("complete");
        let channels = named.expect("configured").channels;
        assert_eq!(channels.usual(), "SECOND");
        assert!(channels.serves("FACTOR4"));
        assert!(!settings.top_ups);
    }

    #[test]
    fn an_odd_value_stops_the_start_and_names_the_variable() {
        for name in [
            "OVN_PAYWIZARD_REFUSAL_CODES",
            "OVN_PAYWIZARD_AMOUNT_UNIT",
            "OVN_PAYWIZARD_CHANNELS",
            "OVN_PAYWIZARD_TOKEN",
        ] {
            let odd = |asked: &str| match asked == name {
                true if name.ends_with("TOKEN") => None,
                true => Some("not a name".to_owned()),
                false => complete(asked),
            };
            let Err(error) = PayWizardSettings::read(&odd) else {
                panic!("accepted an odd {name}");
            };
            assert!(error.to_string().contains(name));
        }
    }
}
