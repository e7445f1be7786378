//! The sandbox: faithful local servers ("twins") of the payout providers' documented APIs.
//!
//! A twin is written from the provider's documentation alone, keeps durable books, and misbehaves only
//! when the control API (`/_control`) tells it to.

mod books;
pub(crate) mod control;
mod delivery;
mod fault_request;
mod faults;
mod gateway;
mod moved;
pub mod owlpay;
pub mod payelata;
pub mod paywizard;
mod serving;

#[cfg(test)]
mod behaviour;
#[cfg(test)]
mod bench;
#[cfg(test)]
mod callbacks;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod late;
#[cfg(test)]
mod misbehaviour;

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

pub use books::Books;

use crate::clock::MovableClock;
use crate::comparison::Movement;
use crate::host::Fault;
use books::Page;
use delivery::Outbox;
use owlpay::Kind;

/// The twins of all providers on one set of books and one clock. Clones share them.
#[derive(Clone)]
pub struct Sandbox {
    inner: Arc<Inner>,
}

struct Inner {
    books: Books,
    clock: MovableClock,
    outbox: Outbox,
    /// Address of the merchant's API, once it is told.
    api: OnceLock<String>,
    /// The prepaid channels that PayWizard serves, once others than the documented one are named.
    channels: OnceLock<Vec<String>>,
}

impl Sandbox {
    /// A sandbox that goes on where `books` and `clock` stand.
    pub fn open(books: Books, clock: MovableClock) -> Self {
        let outbox = Outbox::new();
        Self {
            inner: Arc::new(Inner {
                books,
                clock,
                outbox,
                api: OnceLock::new(),
                channels: OnceLock::new(),
            }),
        }
    }

    /// Tells where the merchant's API is (`http://127.0.0.1:9000`): providers that know one address for all their
    /// webhooks send them there. The first word counts; without one they send nothing.
    pub fn tell_api(&self, base: &str) {
        // Told twice is told once.
        let _first_counts = self.inner.api.set(base.to_owned());
    }

    /// Names the prepaid channels that PayWizard serves. The first word counts; without one it serves the documented
    /// channel only.
    pub fn serve_channels(&self, names: Vec<String>) {
        let _first_counts = self.inner.channels.set(names);
    }

    /// Every route of the twins (`/payelata/api`, `/payelata/public-api`, `/owlpay/api`,
    /// `/paywizard/ovstrade`) and of the control API, except `/_control/advance`, which moves more than the twins and is the host's.
    ///
    /// A `drop_*` fault needs [`serve`](Self::serve): any other server answers it with status 500.
    pub fn router(&self) -> Router {
        Router::new()
            .nest("/payelata", payelata::routes())
            .nest("/owlpay", owlpay::routes())
            .nest("/paywizard", paywizard::routes())
            .nest("/_control", control::routes())
            .with_state(self.clone())
    }

    pub(crate) fn books(&self) -> &Books {
        &self.inner.books
    }

    pub(crate) fn clock(&self) -> &MovableClock {
        &self.inner.clock
    }

    /// Address of the merchant's API, when it was told.
    pub(crate) fn api(&self) -> Option<&str> {
        self.inner.api.get().map(String::as_str)
    }

    /// The prepaid channels that PayWizard serves.
    pub(crate) fn channels(&self) -> Vec<String> {
        let named = self.inner.channels.get().cloned();
        named.unwrap_or_else(|| vec![paywizard::CHANNEL.to_owned()])
    }

    /// The money movements of one payment, or all, of every twin.
    pub(crate) fn payments(&self, reference: Option<&str>) -> rusqlite::Result<Vec<Payment>> {
        let now_ms = self.clock().now_ms();
        self.books().read(|page| {
            let mut rows = Vec::new();
            for provider in Provider::ALL {
                rows.extend(provider.payments(page, reference, now_ms)?);
            }
            Ok(rows)
        })
    }

    /// What the twins moved, as [`compare`](crate::comparison::compare) takes it.
    ///
    /// # Errors
    /// The books cannot be read.
    pub fn movements(&self) -> Result<Vec<Movement>, Fault> {
        let rows = serde_json::to_value(self.payments(None)?)?;
        Ok(serde_json::from_value(rows)?)
    }

    fn outbox(&self) -> &Outbox {
        &self.inner.outbox
    }
}

/// The providers that have a twin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Provider {
    Payelata,
    OwlPay,
    Paywizard,
}

/// One money movement as `GET /_control/payments` shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Payment {
    pub(crate) provider: &'static str,
    pub(crate) id: String,
    pub(crate) reference: String,
    /// Minor units of `currency`.
    pub(crate) amount_minor: i64,
    pub(crate) currency: String,
    /// `out` to the recipient, `in` when it came back, or when a card paid us.
    pub(crate) direction: &'static str,
    pub(crate) status: String,
    /// Money really moved; once true it stays true.
    pub(crate) paid: bool,
}

impl Provider {
    pub(crate) const ALL: [Self; 3] = [Self::Payelata, Self::OwlPay, Self::Paywizard];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Payelata => payelata::NAME,
            Self::OwlPay => owlpay::NAME,
            Self::Paywizard => paywizard::NAME,
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|provider| provider.name() == name)
    }

    /// The operations a fault can name, `callback` and `*` aside.
    pub(crate) fn operations(self) -> &'static [&'static str] {
        match self {
            Self::Payelata => &payelata::OPERATIONS,
            Self::OwlPay => &owlpay::OPERATIONS,
            Self::Paywizard => &paywizard::OPERATIONS,
        }
    }

    /// What an ordered outcome may say, in words; `None` when `status` is fine.
    pub(crate) fn outcome_complaint(self, status: &str) -> Option<&'static str> {
        match self {
            Self::Payelata => payelata::outcome_complaint(status),
            Self::OwlPay => owlpay::outcome_complaint(status),
            Self::Paywizard => paywizard::outcome_complaint(status),
        }
    }

    /// Whether an amount can be ordered together with this outcome.
    pub(crate) fn moves_money(self, status: &str) -> bool {
        match self {
            Self::Payelata => payelata::moves_money(status),
            Self::OwlPay => owlpay::moves_money(status),
            Self::Paywizard => false,
        }
    }

    /// Where an outcome of this status waits in the books: what it is about takes it from there.
    pub(crate) fn outcome_book(self, status: &str) -> &'static str {
        match self {
            Self::Payelata => payelata::NAME,
            Self::OwlPay => owlpay::outcome_book(status),
            Self::Paywizard => paywizard::NAME,
        }
    }

    /// Its answers repeat their status in the body, so that the two can differ.
    pub(crate) fn has_body_status(self) -> bool {
        match self {
            Self::Payelata | Self::Paywizard => false,
            Self::OwlPay => true,
        }
    }

    /// An answer of this status, given at `now_ms`, in the provider's own error shape.
    pub(crate) fn refusal(self, status: StatusCode, now_ms: i64) -> Response {
        match self {
            Self::Payelata => payelata::refusal(status),
            Self::OwlPay => owlpay::refusal(status),
            Self::Paywizard => paywizard::refusal(status, now_ms),
        }
    }

    /// Its errors name one of several documented types.
    pub(crate) fn has_error_types(self) -> bool {
        match self {
            Self::Payelata | Self::Paywizard => false,
            Self::OwlPay => true,
        }
    }

    /// An error of this status and type. A provider without types answers as if none was named.
    pub(crate) fn typed_refusal(self, status: StatusCode, kind: Kind, now_ms: i64) -> Response {
        match self {
            Self::OwlPay => owlpay::typed_refusal(status, kind),
            Self::Payelata | Self::Paywizard => self.refusal(status, now_ms),
        }
    }

    /// A success of HTTP whose body has this code. A provider without body codes answers the status of that number.
    pub(crate) fn coded_refusal(self, code: StatusCode, now_ms: i64) -> Response {
        match self {
            Self::Payelata => payelata::refusal(code),
            Self::OwlPay => owlpay::refusal(code),
            Self::Paywizard => paywizard::coded_refusal(code.as_u16(), now_ms),
        }
    }

    /// The money movements of one payment, or of all when `reference` is `None`, as they are at `now_ms`.
    fn payments(
        self,
        page: &Page<'_>,
        reference: Option<&str>,
        now_ms: i64,
    ) -> rusqlite::Result<Vec<Payment>> {
        match self {
            Self::Payelata => payelata::payments(page, reference),
            Self::OwlPay => owlpay::payments(page, reference, now_ms),
            Self::Paywizard => paywizard::payments(page, reference, now_ms),
        }
    }

    /// Gives the payment of this reference the status at once when it is past its start; false when it is not.
    fn settle_now(
        self,
        page: &Page<'_>,
        outcome: &Outcome<'_>,
        now_ms: i64,
    ) -> rusqlite::Result<bool> {
        match self {
            Self::Payelata => payelata::settle_now(page, outcome, now_ms),
            Self::OwlPay => owlpay::settle_now(page, outcome, now_ms),
            Self::Paywizard => paywizard::settle_now(page, outcome, now_ms),
        }
    }
}

/// An outcome ordered for one payment.
pub(crate) struct Outcome<'a> {
    pub(crate) reference: &'a str,
    pub(crate) status: &'a str,
    /// Whatever became of the payment so far, also if nothing did.
    pub(crate) now: bool,
    /// How much money moves with it, in minor units; what the status says when nobody ordered it.
    pub(crate) amount: Option<i64>,
}

/// An error that a column's text is not what the twin wrote: the books were changed from outside.
pub(crate) fn spoiled(error: serde_json::Error) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
}
