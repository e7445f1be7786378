//! The providers behind one door: which adapter serves an attempt is decided here and nowhere else.

pub mod address;
pub mod http;
pub mod owlpay;
pub mod payelata;
pub mod paywizard;

use std::time::Duration;

use app::port::{
    AccountAsk, AccountCheck, ChargeOrder, CreateOrder, ListAsk, Listing, Lookup, NotShown,
    PayeeAnswer, PayeeAsk, Plaintext, Providers, Snapshot,
};
use domain::{
    answer::Answer, attempt::Attempt, charge::Charge, driver::MethodKind, ids::ProviderId,
    routing::Provider,
};

/// The most time a create or a process call may take (reliability design, section 6).
pub const CALL_BUDGET: Duration = Duration::from_secs(25);
/// The most time a read may take (reliability design, section 6).
pub const READ_BUDGET: Duration = Duration::from_secs(10);

/// Every provider this program can talk to, where it is configured. By default nobody.
#[derive(Clone, Debug, Default)]
pub struct AnyProvider {
    payelata: Option<payelata::Payelata>,
    /// Apart from the private API: who only asks about accounts has no credential that moves money.
    payelata_public: Option<payelata::public::PayelataPublic>,
    owlpay: Option<owlpay::Owlpay>,
    paywizard: Option<paywizard::PayWizard>,
}

impl AnyProvider {
    pub const fn new(payelata: payelata::Payelata) -> Self {
        Self {
            payelata: Some(payelata),
            payelata_public: None,
            owlpay: None,
            paywizard: None,
        }
    }

    #[must_use]
    pub fn with_payelata_public(
        self,
        payelata_public: Option<payelata::public::PayelataPublic>,
    ) -> Self {
        Self {
            payelata_public,
            ..self
        }
    }

    #[must_use]
    pub fn with_owlpay(self, owlpay: Option<owlpay::Owlpay>) -> Self {
        Self { owlpay, ..self }
    }

    #[must_use]
    pub fn with_paywizard(self, paywizard: Option<paywizard::PayWizard>) -> Self {
        Self { paywizard, ..self }
    }
}

/// The provider is not configured here: nothing was sent, and nothing can be known.
fn not_configured() -> Answer {
    Answer::NotSent {
        cause: "not_configured".to_owned(),
    }
}

/// The provider has no such call: nothing was asked, and nothing is known.
fn has_none(call: &str) -> Answer {
    Answer::Unclear {
        cause: format!("no_{call}"),
    }
}

impl Providers for AnyProvider {
    fn offers(&self, provider: Provider) -> bool {
        match provider {
            Provider::Payelata => self.payelata.is_some(),
            Provider::Owlpay => self.owlpay.is_some(),
            Provider::Paywizard => self
                .paywizard
                .as_ref()
                .is_some_and(paywizard::PayWizard::tops_up),
        }
    }

    async fn snapshot(
        &self,
        provider: Provider,
        account: &Plaintext,
    ) -> Result<Snapshot, NotShown> {
        match (provider, &self.paywizard) {
            (Provider::Paywizard, Some(paywizard)) => paywizard.snapshot(account).await,
            (Provider::Paywizard, None) | (Provider::Payelata | Provider::Owlpay, _) => {
                Err(NotShown::Answered)
            }
        }
    }

    fn call_budget(&self) -> Duration {
        CALL_BUDGET
    }

    async fn create(&self, order: CreateOrder<'_>) -> Answer {
        match order.attempt.provider {
            Provider::Payelata => match &self.payelata {
                Some(payelata) => payelata.create(order).await,
                None => not_configured(),
            },
            Provider::Owlpay => match &self.owlpay {
                Some(owlpay) => owlpay.create(order).await,
                None => not_configured(),
            },
            Provider::Paywizard => match &self.paywizard {
                Some(paywizard) => paywizard.create(order).await,
                None => not_configured(),
            },
        }
    }

    async fn charge(&self, order: ChargeOrder<'_>) -> Answer {
        match &self.paywizard {
            Some(paywizard) => paywizard.charge(order).await,
            None => not_configured(),
        }
    }

    async fn process(&self, attempt: &Attempt, object: &ProviderId) -> Answer {
        match attempt.provider {
            Provider::Payelata => match &self.payelata {
                Some(payelata) => payelata.process(attempt, object).await,
                None => not_configured(),
            },
            Provider::Owlpay => match &self.owlpay {
                Some(owlpay) => owlpay.process(attempt).await,
                None => not_configured(),
            },
            Provider::Paywizard => has_none("second_step"),
        }
    }

    async fn cancel(&self, attempt: &Attempt, object: &ProviderId) -> Answer {
        match (attempt.provider, &self.owlpay) {
            (Provider::Owlpay, Some(owlpay)) => owlpay.cancel(attempt, object).await,
            (Provider::Owlpay, None) => not_configured(),
            (Provider::Payelata | Provider::Paywizard, _) => has_none("withdrawal"),
        }
    }

    async fn read(&self, attempt: &Attempt, lookup: &Lookup) -> Answer {
        match attempt.provider {
            Provider::Payelata => match &self.payelata {
                Some(payelata) => payelata.read(attempt, lookup).await,
                None => not_configured(),
            },
            Provider::Owlpay => match &self.owlpay {
                Some(owlpay) => owlpay.read(attempt, lookup).await,
                None => not_configured(),
            },
            Provider::Paywizard => match &self.paywizard {
                Some(paywizard) => paywizard.read(attempt, lookup).await,
                None => not_configured(),
            },
        }
    }

    async fn read_charge(&self, charge: &Charge, object: &ProviderId) -> Answer {
        match &self.paywizard {
            Some(paywizard) => paywizard.read_charge(charge, object).await,
            None => not_configured(),
        }
    }

    async fn payee(&self, ask: PayeeAsk<'_>) -> PayeeAnswer {
        match &self.owlpay {
            Some(owlpay) => owlpay.payee(ask).await,
            None => PayeeAnswer::Unclear {
                cause: "not_configured".to_owned(),
            },
        }
    }

    async fn list(&self, ask: ListAsk<'_>) -> Listing {
        match ask.provider {
            Provider::Payelata => match &self.payelata {
                Some(payelata) => payelata.list(ask.mode, ask.after).await,
                None => Listing::CannotList,
            },
            Provider::Owlpay => match &self.owlpay {
                Some(owlpay) => owlpay.list(ask).await,
                // Nothing was ever sent there from here, so that its list is not missed.
                None => Listing::CannotList,
            },
            Provider::Paywizard => Listing::CannotList,
        }
    }

    async fn check_account(&self, ask: AccountAsk<'_>) -> AccountCheck {
        match (ask.kind, &self.payelata_public) {
            (MethodKind::Card | MethodKind::BankAccount, Some(public)) => public.check(ask).await,
            (MethodKind::Card | MethodKind::BankAccount, None) | (MethodKind::PrepaidCard, _) => {
                AccountCheck::NotAsked
            }
        }
    }
}
