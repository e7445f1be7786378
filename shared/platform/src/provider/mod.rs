//! The providers behind one door: which adapter serves an attempt is decided here and nowhere else.

pub mod address;
pub mod http;
pub mod owlpay;
pub mod payelata;

use std::time::Duration;

use app::port::{ChargeOrder, CreateOrder, Lookup, Plaintext, Providers, Snapshot};
use domain::{answer::Answer, attempt::Attempt, ids::ProviderId, routing::Provider};

/// The most time a create or a process call may take (reliability design, section 6).
pub const CALL_BUDGET: Duration = Duration::from_secs(25);
/// The most time a read may take (reliability design, section 6).
pub const READ_BUDGET: Duration = Duration::from_secs(10);

/// Every provider this program can talk to. Payelata is always there; the others where they are configured.
#[derive(Clone, Debug)]
pub struct AnyProvider {
    payelata: payelata::Payelata,
    owlpay: Option<owlpay::Owlpay>,
}

impl AnyProvider {
    pub const fn new(payelata: payelata::Payelata) -> Self {
        Self {
            payelata,
            owlpay: None,
        }
    }

    #[must_use]
    pub fn with_owlpay(self, owlpay: Option<owlpay::Owlpay>) -> Self {
        Self { owlpay, ..self }
    }
}

/// The provider is not configured here: nothing was sent, and nothing can be known.
fn not_configured() -> Answer {
    Answer::NotSent {
        cause: "not_configured".to_owned(),
    }
}

impl Providers for AnyProvider {
    fn offers(&self, provider: Provider) -> bool {
        match provider {
            Provider::Payelata => true,
            Provider::Owlpay => self.owlpay.is_some(),
            Provider::Paywizard => false,
        }
    }

    async fn snapshot(&self, _: Provider, _: &Plaintext) -> Option<Snapshot> {
        None
    }

    fn call_budget(&self) -> Duration {
        CALL_BUDGET
    }

    async fn create(&self, order: CreateOrder<'_>) -> Answer {
        match (order.attempt.provider, &self.owlpay) {
            (Provider::Payelata, _) => self.payelata.create(order).await,
            (Provider::Owlpay, Some(owlpay)) => owlpay.create(order).await,
            (Provider::Owlpay, None) | (Provider::Paywizard, _) => not_configured(),
        }
    }

    async fn charge(&self, _: ChargeOrder<'_>) -> Answer {
        not_configured()
    }

    async fn process(&self, attempt: &Attempt, object: &ProviderId) -> Answer {
        match (attempt.provider, &self.owlpay) {
            (Provider::Payelata, _) => self.payelata.process(attempt, object).await,
            (Provider::Owlpay, Some(owlpay)) => owlpay.process(attempt).await,
            (Provider::Owlpay, None) | (Provider::Paywizard, _) => not_configured(),
        }
    }

    async fn read(&self, attempt: &Attempt, lookup: &Lookup) -> Answer {
        match (attempt.provider, &self.owlpay) {
            (Provider::Payelata, _) => self.payelata.read(attempt, lookup).await,
            (Provider::Owlpay, Some(owlpay)) => owlpay.read(attempt, lookup).await,
            (Provider::Owlpay, None) | (Provider::Paywizard, _) => not_configured(),
        }
    }
}
