//! The environment as typed settings, one struct per capability. Nothing else reads the environment.
//!
//! An error names the variable and what was expected, never what was found.

mod owlpay;
mod payelata;
mod paywizard;

use app::seal::Seal;
use aws_credential_types::Credentials;
use domain::ids::Mode;

use crate::error::Fatal;

/// Where a variable is looked up: the environment, or a table in tests.
type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the environment"
)]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn required(
    lookup: Lookup<'_>,
    name: &'static str,
    expected: &'static str,
) -> Result<String, Fatal> {
    optional(lookup, name).ok_or(Fatal::Setting { name, expected })
}

/// A variable that is set to nothing counts as not set.
fn optional(lookup: Lookup<'_>, name: &str) -> Option<String> {
    lookup(name).filter(|value| !value.trim().is_empty())
}

fn url(value: String, name: &'static str, expected: &'static str) -> Result<String, Fatal> {
    let is_url = ["https://", "http://"].iter().any(|scheme| {
        let rest = value.strip_prefix(scheme);
        rest.is_some_and(|rest| !rest.is_empty())
    });
    if is_url && !value.contains(char::is_whitespace) {
        Ok(value)
    } else {
        Err(Fatal::Setting { name, expected })
    }
}

/// Whether this deployment moves real money (`OVN_MODE`).
fn mode(lookup: Lookup<'_>) -> Result<Mode, Fatal> {
    let (name, expected) = ("OVN_MODE", "test or live");
    match required(lookup, name, expected)?.as_str() {
        "test" => Ok(Mode::Test),
        "live" => Ok(Mode::Live),
        _ => Err(Fatal::Setting { name, expected }),
    }
}

/// What stands between commas.
fn list(lookup: Lookup<'_>, name: &str) -> Vec<String> {
    let text = optional(lookup, name).unwrap_or_default();
    let items = text.split(',').map(str::trim);
    items
        .filter(|item| !item.is_empty())
        .map(str::to_owned)
        .collect()
}

/// # Errors
/// [`Fatal::Setting`] when the process was not started by Lambda or an emulator of it.
pub(crate) fn require_lambda() -> Result<(), Fatal> {
    let expected = "set by the Lambda runtime; start this program as a Lambda function";
    for name in [
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    ] {
        required(&environment, name, expected)?;
    }
    Ok(())
}

/// The table (`OVN_TABLE`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableSettings {
    pub table: String,
}

impl TableSettings {
    /// # Errors
    /// [`Fatal::Setting`] when the variable is missing.
    pub fn from_env() -> Result<Self, Fatal> {
        Self::read(&environment)
    }

    fn read(lookup: Lookup<'_>) -> Result<Self, Fatal> {
        let table = required(lookup, "OVN_TABLE", "the name of the table")?;
        Ok(Self { table })
    }
}

/// The digest key of the environment (`OVN_SEAL_KEY`). It has no debug form.
#[derive(Clone)]
pub struct SealSettings {
    key: [u8; 32],
}

impl SealSettings {
    /// # Errors
    /// [`Fatal::Setting`] when the variable is not 64 hex digits.
    pub fn from_env() -> Result<Self, Fatal> {
        Self::read(&environment)
    }

    fn read(lookup: Lookup<'_>) -> Result<Self, Fatal> {
        let (name, expected) = ("OVN_SEAL_KEY", "64 hex digits (32 bytes)");
        let text = required(lookup, name, expected)?;
        let mut key = [0; 32];
        hex::decode_to_slice(text.trim(), &mut key)
            .map_err(|_| Fatal::Setting { name, expected })?;
        Ok(Self { key })
    }

    pub const fn seal(&self) -> Seal {
        Seal::new(self.key)
    }
}

/// The queues (`OVN_DISPATCH_QUEUE_URL`, `OVN_CHECK_QUEUE_URL`, `OVN_BATCH_QUEUE_URL`, and where somebody sends to
/// them `OVN_VENDORS_QUEUE_URL`, and `OVN_PAYELATA_QUEUE_URL` with its two siblings).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueSettings {
    pub dispatch_url: String,
    pub check_url: String,
    pub batch_url: String,
    /// Only the sweeper sends there.
    pub vendors_url: Option<String>,
    /// Only who knows the provider sends there: all three, or none.
    pub providers: Option<ProviderQueues>,
}

/// The queue of each provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderQueues {
    pub payelata: String,
    pub owlpay: String,
    pub paywizard: String,
}

impl QueueSettings {
    /// # Errors
    /// [`Fatal::Setting`] when a variable is missing or not a URL.
    pub fn from_env() -> Result<Self, Fatal> {
        Self::read(&environment)
    }

    fn read(lookup: Lookup<'_>) -> Result<Self, Fatal> {
        let queue = |name, expected| url(required(lookup, name, expected)?, name, expected);
        Ok(Self {
            dispatch_url: queue("OVN_DISPATCH_QUEUE_URL", "the URL of the dispatch queue")?,
            check_url: queue("OVN_CHECK_QUEUE_URL", "the URL of the check queue")?,
            batch_url: queue("OVN_BATCH_QUEUE_URL", "the URL of the batch queue")?,
            vendors_url: match optional(lookup, "OVN_VENDORS_QUEUE_URL") {
                Some(_) => Some(queue(
                    "OVN_VENDORS_QUEUE_URL",
                    "the URL of the vendors queue",
                )?),
                None => None,
            },
            providers: match optional(lookup, "OVN_PAYELATA_QUEUE_URL") {
                Some(_) => Some(ProviderQueues {
                    payelata: queue("OVN_PAYELATA_QUEUE_URL", "the URL of Payelata's queue")?,
                    owlpay: queue("OVN_OWLPAY_QUEUE_URL", "the URL of OwlPay's queue")?,
                    paywizard: queue("OVN_PAYWIZARD_QUEUE_URL", "the URL of PayWizard's queue")?,
                }),
                None => None,
            },
        })
    }
}

/// The key that encrypts payout methods (`OVN_VAULT_KEY_ID`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultSettings {
    pub key_id: String,
}

impl VaultSettings {
    /// # Errors
    /// [`Fatal::Setting`] when the variable is missing.
    pub fn from_env() -> Result<Self, Fatal> {
        Self::read(&environment)
    }

    fn read(lookup: Lookup<'_>) -> Result<Self, Fatal> {
        let expected = "the id, alias or ARN of the vault's KMS key";
        let key_id = required(lookup, "OVN_VAULT_KEY_ID", expected)?;
        Ok(Self { key_id })
    }
}

/// One AWS service we call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    DynamoDb,
    Sqs,
    Kms,
}

impl Service {
    const fn endpoint_name(self) -> &'static str {
        match self {
            Self::DynamoDb => "AWS_ENDPOINT_URL_DYNAMODB",
            Self::Sqs => "AWS_ENDPOINT_URL_SQS",
            Self::Kms => "AWS_ENDPOINT_URL_KMS",
        }
    }
}

/// How one AWS service is reached: region, credentials, and an endpoint other than its own, if any.
#[derive(Clone, Debug)]
pub(crate) struct AwsSettings {
    pub(crate) region: String,
    pub(crate) credentials: Credentials,
    pub(crate) endpoint: Option<String>,
}

impl AwsSettings {
    pub(crate) fn from_env(service: Service) -> Result<Self, Fatal> {
        Self::read(&environment, service)
    }

    fn read(lookup: Lookup<'_>, service: Service) -> Result<Self, Fatal> {
        let credentials = Credentials::new(
            required(lookup, "AWS_ACCESS_KEY_ID", "an access key id")?,
            required(lookup, "AWS_SECRET_ACCESS_KEY", "its secret access key")?,
            optional(lookup, "AWS_SESSION_TOKEN"),
            None,
            "environment",
        );
        let own = service.endpoint_name();
        let endpoint = [own, "AWS_ENDPOINT_URL"]
            .into_iter()
            .find_map(|name| Some((name, optional(lookup, name)?)))
            .map(|(name, value)| url(value, name, "the URL of an endpoint"))
            .transpose()?;
        Ok(Self {
            region: required(lookup, "AWS_REGION", "a region, as eu-west-1")?,
            credentials,
            endpoint,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup<'a>(pairs: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
        move |name| {
            let found = pairs.iter().find(|(held, _)| *held == name);
            found.map(|(_, value)| (*value).to_owned())
        }
    }

    const AWS: [(&str, &str); 5] = [
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "AKID"),
        ("AWS_SECRET_ACCESS_KEY", "hidden-secret"),
        ("AWS_SESSION_TOKEN", "hidden-token"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
    ];

    #[test]
    fn each_capability_reads_its_own_variables() {
        let table = TableSettings::read(&lookup(&[("OVN_TABLE", "ovn")])).expect("set");
        assert_eq!(table.table, "ovn");
        let queues = QueueSettings::read(&lookup(&[
            ("OVN_DISPATCH_QUEUE_URL", "https://sqs/d"),
            ("OVN_CHECK_QUEUE_URL", "http://sqs/c"),
            ("OVN_BATCH_QUEUE_URL", "http://sqs/b"),
            ("OVN_VENDORS_QUEUE_URL", "http://sqs/v"),
            ("OVN_PAYELATA_QUEUE_URL", "http://sqs/1"),
            ("OVN_OWLPAY_QUEUE_URL", "http://sqs/2"),
            ("OVN_PAYWIZARD_QUEUE_URL", "http://sqs/3"),
        ]))
        .expect("set");
        assert_eq!(queues.dispatch_url, "https://sqs/d");
        assert_eq!(queues.check_url, "http://sqs/c");
        assert_eq!(queues.batch_url, "http://sqs/b");
        assert_eq!(queues.vendors_url.as_deref(), Some("http://sqs/v"));
        let providers = queues.providers.expect("set");
        assert_eq!(providers.payelata, "http://sqs/1");
        assert_eq!(providers.owlpay, "http://sqs/2");
        assert_eq!(providers.paywizard, "http://sqs/3");
        let vault = VaultSettings::read(&lookup(&[("OVN_VAULT_KEY_ID", "alias/v")]));
        assert_eq!(vault.expect("set").key_id, "alias/v");
    }

    #[test]
    fn a_missing_or_empty_variable_is_named() {
        for pairs in [&[][..], &[("OVN_TABLE", " ")][..]] {
            let error = TableSettings::read(&lookup(pairs)).expect_err("missing");
            let text = "the setting OVN_TABLE must be the name of the table";
            assert_eq!(error.to_string(), text);
        }
    }

    #[test]
    fn a_malformed_value_is_never_shown() {
        let short = "abcdef".to_owned();
        let no_hex = "zz".repeat(32);
        for key in [short, no_hex] {
            let pairs = [("OVN_SEAL_KEY", key.as_str())];
            let error = SealSettings::read(&lookup(&pairs)).err().expect("refused");
            assert!(error.to_string().contains("OVN_SEAL_KEY"));
            assert!(!error.to_string().contains(&key));
        }
        let pairs = [("OVN_DISPATCH_QUEUE_URL", "hidden")];
        let error = QueueSettings::read(&lookup(&pairs)).expect_err("no URL");
        assert!(!error.to_string().contains("hidden"));
    }

    #[test]
    fn the_seal_key_makes_the_seal() {
        let key = "07".repeat(32);
        let settings = SealSettings::read(&lookup(&[("OVN_SEAL_KEY", &key)]));
        let seal = settings.expect("valid").seal();
        assert_eq!(seal.api_key("x"), Seal::new([7; 32]).api_key("x"));
    }

    #[test]
    fn the_endpoint_of_one_service_wins_over_the_common_one() {
        let mut pairs = AWS.to_vec();
        pairs.push(("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:2"));
        let endpoint = |service| {
            let settings = AwsSettings::read(&lookup(&pairs), service).expect("set");
            settings.endpoint
        };
        assert_eq!(
            endpoint(Service::DynamoDb).as_deref(),
            Some("http://127.0.0.1:1")
        );
        assert_eq!(
            endpoint(Service::Sqs).as_deref(),
            Some("http://127.0.0.1:2")
        );
        let without = AwsSettings::read(&lookup(&AWS[..4]), Service::Kms).expect("set");
        assert_eq!(without.endpoint, None);
    }

    #[test]
    fn credentials_do_not_show_in_debug_output() {
        let settings = AwsSettings::read(&lookup(&AWS), Service::Kms).expect("set");
        let text = format!("{settings:?}");
        assert!(!text.contains("hidden-secret") && !text.contains("hidden-token"));
    }
}
