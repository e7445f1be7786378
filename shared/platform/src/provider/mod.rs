//! The providers behind one door: which adapter serves an attempt is decided here and nowhere else.

pub mod address;
pub mod http;
pub mod payelata;
pub mod paywizard;

use std::time::Duration;

use app::port::{CreateOrder, Lookup, Providers};
use domain::{answer::Answer, attempt::Attempt, ids::ProviderId, routing::Provider};

/// The most time a create or a process call may take (reliability design, section 6).
pub const CALL_BUDGET: Duration = Duration::from_secs(25);
/// The most time a read may take (reliability design, section 6).
pub const READ_BUDGET: Duration = Duration::from_secs(10);

/// Every provider this program can talk to.
#[derive(Clone, Debug)]
pub struct AnyProvider {
    payelata: payelata::Payelata,
}

impl AnyProvider {
    pub const fn new(payelata: payelata::Payelata) -> Self {
        Self { payelata }
    }
}

impl Providers for AnyProvider {
    fn call_budget(&self) -> Duration {
        CALL_BUDGET
    }

    async fn create(&self, order: CreateOrder<'_>) -> Answer {
        match order.attempt.provider {
            Provider::Payelata => self.payelata.create(order).await,
        }
    }

    async fn process(&self, attempt: &Attempt, object: &ProviderId) -> Answer {
        match attempt.provider {
            Provider::Payelata => self.payelata.process(attempt, object).await,
        }
    }

    async fn read(&self, attempt: &Attempt, lookup: &Lookup) -> Answer {
        match attempt.provider {
            Provider::Payelata => self.payelata.read(attempt, lookup).await,
        }
    }
}
