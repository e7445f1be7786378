//! What each provider promises, as data. The engine obeys it: what a manifest does not promise is never
//! relied on, whoever wrote the adapter. docs/providers/ has a page for each, with the sources.

use std::time::Duration;

use crate::{money::Cents, routing::Provider, time::Timestamp};

/// Whether creating an object already moves money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steps {
    /// One call creates and pays.
    One,
    /// An object is inert until a second call starts it.
    Two,
}

/// What happens to a second create under the same reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idempotency {
    /// It is recognised: nothing is made twice.
    ByReference,
    /// Nobody promises anything: an unclear create is never repeated.
    None,
}

/// How the provider can be asked about what it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookUp {
    /// By our reference and by its own id. So many absences, 30 s apart, prove that nothing was created.
    ByReference { absences: u32 },
    /// By nothing that we know before its answer: an unclear answer is for two operators.
    None,
}

/// What a read by the provider's own id of an object proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByObject {
    /// What became of it.
    Outcome,
    /// That it was paid, and nothing else: whatever else it shows is for people. It is asked before and while they are.
    PaymentOnly,
}

/// Until when an object can be withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelWindow {
    /// An object that was never started may simply be left: it ends by itself.
    LeaveInert,
    /// It must be canceled by a call, and be seen canceled, before another provider may pay.
    ConfirmedCancel,
    /// A payment that was made can be voided until the provider settles it, by an operator.
    VoidBeforeSettlement,
}

/// What proves by itself that a payment came back in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReturnProof {
    /// A status of its own, on an object whose other figures fit.
    ByStatus,
    /// Nothing: every word after paid is for people.
    None,
}

/// Which of its own figures the provider shows. What it does not show cannot be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shows {
    /// Reference, currency, mode, amount, and what of it arrives at the driver.
    Breakdown,
    /// Reference, currency, mode and amount.
    Order,
    /// The amount only; that it is ours is known from the call it answers.
    Amount,
}

/// What proves that a callback comes from the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallbackProof {
    /// base64(SHA-1(secret + body + secret)) in a header, without a time.
    Sha1Envelope { header: &'static str },
    /// HMAC-SHA256 over time and body, `t=...,v1=...` in a header.
    TimedHmac {
        header: &'static str,
        tolerance: Duration,
    },
    /// There are no callbacks.
    NoCallbacks,
}

/// The promises of one provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manifest {
    pub provider: Provider,
    pub steps: Steps,
    pub idempotency: Idempotency,
    /// How long a reference is surely remembered; `None` when it is remembered for ever or not at all.
    pub remembers: Option<Duration>,
    pub look_up: LookUp,
    pub by_object: ByObject,
    pub cancel: CancelWindow,
    pub full_return: ReturnProof,
    pub shows: Shows,
    /// The least and the most one payment may be.
    pub amounts: (Cents, Cents),
    pub currencies: &'static [&'static str],
    /// Hour of the day (UTC) after which a payment waits for the next business day.
    pub cut_off: Option<u8>,
    pub callbacks: CallbackProof,
}

/// Our own limit of one payment, where a provider publishes none.
const AMOUNT_MAX: Cents = Cents::new(100_000_000);
const CENT: Cents = Cents::new(1);

const PAYELATA: Manifest = Manifest {
    provider: Provider::Payelata,
    steps: Steps::Two,
    idempotency: Idempotency::ByReference,
    remembers: None,
    look_up: LookUp::ByReference { absences: 2 },
    by_object: ByObject::Outcome,
    cancel: CancelWindow::LeaveInert,
    full_return: ReturnProof::ByStatus,
    shows: Shows::Breakdown,
    amounts: (CENT, AMOUNT_MAX),
    currencies: &["USD"],
    cut_off: None,
    callbacks: CallbackProof::Sha1Envelope {
        header: "x-signature",
    },
};

const OWLPAY: Manifest = Manifest {
    provider: Provider::Owlpay,
    steps: Steps::Two,
    // By the order's serial, as long as `is_force_create` is never sent true.
    idempotency: Idempotency::ByReference,
    remembers: None,
    look_up: LookUp::ByReference { absences: 3 },
    by_object: ByObject::Outcome,
    cancel: CancelWindow::ConfirmedCancel,
    full_return: ReturnProof::None,
    shows: Shows::Order,
    amounts: (CENT, AMOUNT_MAX),
    currencies: &["USD"],
    cut_off: None,
    callbacks: CallbackProof::TimedHmac {
        header: "owlpay-signature",
        tolerance: Duration::from_secs(300),
    },
};

const PAYWIZARD: Manifest = Manifest {
    provider: Provider::Paywizard,
    steps: Steps::One,
    idempotency: Idempotency::None,
    remembers: None,
    look_up: LookUp::None,
    by_object: ByObject::PaymentOnly,
    cancel: CancelWindow::VoidBeforeSettlement,
    full_return: ReturnProof::None,
    shows: Shows::Amount,
    amounts: (CENT, AMOUNT_MAX),
    currencies: &["USD"],
    cut_off: None,
    callbacks: CallbackProof::NoCallbacks,
};

/// The promises of `provider`.
pub const fn manifest(provider: Provider) -> &'static Manifest {
    match provider {
        Provider::Payelata => &PAYELATA,
        Provider::Owlpay => &OWLPAY,
        Provider::Paywizard => &PAYWIZARD,
    }
}

impl Manifest {
    /// Whether a create whose answer was lost may be sent again, under the same reference.
    pub const fn may_repeat(&self) -> bool {
        matches!(self.idempotency, Idempotency::ByReference)
            && matches!(self.look_up, LookUp::ByReference { .. })
    }

    /// Whether the provider surely still knows at `now` what was created at `sent`. Later it may have forgotten, so
    /// that it shows nothing says nothing.
    pub fn still_remembers(&self, sent: Timestamp, now: Timestamp) -> bool {
        self.remembers.is_none_or(|span| now.since(sent) <= span)
    }

    /// Whether an unclear create may be given up while nothing was started: only then is what may exist
    /// sure to pay nothing.
    pub const fn may_abandon(&self) -> bool {
        matches!(
            (self.steps, self.cancel),
            (Steps::Two, CancelWindow::LeaveInert)
        )
    }

    /// Whether the provider can carry this amount of this currency at all.
    pub fn carries(&self, amount: Cents, currency: &str) -> bool {
        let (least, most) = self.amounts;
        least <= amount && amount <= most && self.currencies.contains(&currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_provider_has_its_own_manifest() {
        for provider in Provider::ALL {
            assert_eq!(manifest(provider).provider, provider);
        }
    }

    #[test]
    fn what_cannot_be_asked_about_is_neither_repeated_nor_given_up() {
        for provider in Provider::ALL {
            let promises = manifest(provider);
            if promises.look_up == LookUp::None {
                assert!(!promises.may_repeat(), "{}", provider.name());
                assert!(!promises.may_abandon(), "{}", provider.name());
            }
        }
    }

    #[test]
    fn where_a_read_proves_payments_only_nothing_is_repeated_or_given_up_on_its_word() {
        for provider in Provider::ALL {
            let promises = manifest(provider);
            match promises.by_object {
                ByObject::Outcome => {}
                ByObject::PaymentOnly => {
                    assert!(!promises.may_repeat(), "{}", provider.name());
                    assert!(!promises.may_abandon(), "{}", provider.name());
                    assert!(!provider.is_reread(), "{}", provider.name());
                }
            }
        }
    }

    #[test]
    fn only_an_object_that_may_be_left_inert_is_given_up_without_a_call() {
        let given_up: Vec<_> = Provider::ALL
            .into_iter()
            .filter(|provider| manifest(*provider).may_abandon())
            .collect();
        assert_eq!(given_up, [Provider::Payelata]);
    }

    #[test]
    fn what_a_provider_may_have_forgotten_is_not_known_to_be_absent() {
        let day = Duration::from_secs(24 * 3_600);
        let forgetful = Manifest {
            remembers: Some(day),
            ..PAYELATA
        };
        let sent = Timestamp::from_millis(1_000);
        assert!(forgetful.still_remembers(sent, sent.plus(day)));
        let later = sent.plus(day + Duration::from_millis(1));
        assert!(!forgetful.still_remembers(sent, later));
        assert!(PAYELATA.still_remembers(sent, sent.plus(365 * day)));
    }

    #[test]
    fn an_amount_outside_the_limits_or_of_another_currency_is_not_carried() {
        let promises = manifest(Provider::Payelata);
        assert!(promises.carries(Cents::new(1), "USD"));
        assert!(promises.carries(Cents::new(100_000_000), "USD"));
        assert!(!promises.carries(Cents::new(100_000_001), "USD"));
        assert!(!promises.carries(Cents::new(1), "EUR"));
    }
}
