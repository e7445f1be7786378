//! Transactions: what a money call left in the books, how it ends, and what the control API shows of it.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::cards::Card;
use super::wishes::{Ending, Wish};
use super::{CODES, NAME, money};
use crate::twins::books::{Object, Page};
use crate::twins::{Payment, spoiled};

/// How long a pending transaction takes to end by itself.
pub const PENDING_MS: i64 = 60_000;
/// How long after its success a transaction is settled with the merchant and can no longer be voided.
pub const SETTLED_AFTER_MS: i64 = 24 * 3_600_000;

/// A transaction as the twin keeps it. Amounts in cents, times in Unix milliseconds of the sandbox clock.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Transaction {
    pub(crate) checkout_id: String,
    pub(crate) order_no: String,
    pub(crate) paywizard_id: String,
    pub(crate) trans_index_code: String,
    pub(crate) kind: Kind,
    pub(crate) direction: Direction,
    /// `None` when there is no such card: of an unknown number nothing is kept.
    pub(crate) card: Option<String>,
    /// What moved, or will or would have.
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) state: State,
    pub(crate) made_ms: i64,
    /// The transaction that a void undoes.
    pub(crate) original: Option<String>,
    /// The last void that did not fail at once.
    pub(crate) voided_by: Option<String>,
    /// The data it was answered with, for a repeat.
    pub(crate) answer: Option<Box<RawValue>>,
    pub(crate) wishes: Vec<Wish>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    Pay,
    TopUp,
    Void,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Direction {
    /// To the merchant.
    FromCard,
    ToCard,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Outcome {
    Success,
    Failure,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum State {
    /// Ends by itself as `then` says, or waits for an order of the control API.
    Pending {
        then: Option<(Outcome, i64)>,
    },
    Ended {
        outcome: Outcome,
        at_ms: i64,
    },
}

impl Direction {
    pub(crate) fn opposite(self) -> Self {
        match self {
            Self::FromCard => Self::ToCard,
            Self::ToCard => Self::FromCard,
        }
    }

    /// As the merchant sees it.
    fn word(self) -> &'static str {
        match self {
            Self::FromCard => "in",
            Self::ToCard => "out",
        }
    }
}

impl Transaction {
    fn read(record: &str) -> rusqlite::Result<Self> {
        serde_json::from_str(record).map_err(spoiled)
    }

    pub(crate) fn by_checkout_id(page: &Page<'_>, id: &str) -> rusqlite::Result<Option<Self>> {
        let record = page.by_id(NAME, id)?;
        record.as_deref().map(Self::read).transpose()
    }

    pub(crate) fn by_order_no(page: &Page<'_>, order_no: &str) -> rusqlite::Result<Option<Self>> {
        let record = page.by_reference(NAME, order_no)?;
        record.as_deref().map(Self::read).transpose()
    }

    pub(crate) fn by_code(page: &Page<'_>, code: &str) -> rusqlite::Result<Option<Self>> {
        match page.reference_of(CODES, code)? {
            Some(checkout_id) => Self::by_checkout_id(page, &checkout_id),
            None => Ok(None),
        }
    }

    /// As it is at `now_ms`, when what was pending may have ended.
    pub(crate) fn as_of(&self, now_ms: i64) -> Self {
        let mut later = self.clone();
        if let State::Pending {
            then: Some((outcome, at_ms)),
        } = self.state
            && at_ms <= now_ms
        {
            later.state = State::Ended { outcome, at_ms };
        }
        later
    }

    /// When it succeeded, if it has.
    pub(crate) fn succeeded_ms(&self) -> Option<i64> {
        match self.state {
            State::Ended {
                outcome: Outcome::Success,
                at_ms,
            } => Some(at_ms),
            State::Ended { .. } | State::Pending { .. } => None,
        }
    }

    /// The void that took this back or may still do so, as it is at `now_ms`.
    pub(crate) fn void(&self, page: &Page<'_>, now_ms: i64) -> rusqlite::Result<Option<Self>> {
        let Some(id) = &self.voided_by else {
            return Ok(None);
        };
        let void = Self::by_checkout_id(page, id)?.map(|void| void.as_of(now_ms));
        let failed = |void: &Self| {
            matches!(
                void.state,
                State::Ended {
                    outcome: Outcome::Failure,
                    ..
                }
            )
        };
        Ok(void.filter(|void| !failed(void)))
    }

    /// The amount of its answer, in the unit that was wished.
    pub(crate) fn amount_told(&self) -> String {
        if self.wishes.contains(&Wish::AmountInMinorUnits) {
            self.amount.to_string()
        } else if self.wishes.contains(&Wish::AmountDiffers) {
            money::text(self.amount + 1)
        } else {
            money::text(self.amount)
        }
    }

    pub(crate) fn keep(&self, page: &Page<'_>) -> rusqlite::Result<()> {
        let record = serde_json::to_string(self).map_err(spoiled)?;
        keep_object(
            page,
            &Object {
                provider: NAME,
                id: &self.checkout_id,
                reference: &self.order_no,
                record: &record,
            },
        )?;
        let code = Object {
            provider: CODES,
            id: &self.trans_index_code,
            reference: &self.checkout_id,
            record: "",
        };
        page.insert(&code).map(|_| ())
    }

    fn payment(&self, page: &Page<'_>, now_ms: i64) -> rusqlite::Result<Payment> {
        let now = self.as_of(now_ms);
        let taken_back = self
            .void(page, now_ms)?
            .is_some_and(|void| void.succeeded_ms().is_some());
        let status = match now.state {
            State::Pending { .. } => "pending",
            State::Ended {
                outcome: Outcome::Failure,
                ..
            } => "failure",
            State::Ended {
                outcome: Outcome::Success,
                ..
            } if taken_back => "voided",
            State::Ended {
                outcome: Outcome::Success,
                ..
            } => "success",
        };
        Ok(Payment {
            provider: NAME,
            id: now.checkout_id.clone(),
            reference: now.order_no.clone(),
            amount_minor: now.amount,
            currency: now.currency.clone(),
            direction: now.direction.word(),
            status: status.to_owned(),
            paid: now.succeeded_ms().is_some(),
        })
    }
}

/// Puts an object in the books, or its new record.
pub(crate) fn keep_object(page: &Page<'_>, object: &Object<'_>) -> rusqlite::Result<()> {
    if page.insert(object)? {
        return Ok(());
    }
    page.replace(object)
}

/// The money movements of one order number, or of all, at `now_ms`.
pub(crate) fn payments(
    page: &Page<'_>,
    reference: Option<&str>,
    now_ms: i64,
) -> rusqlite::Result<Vec<Payment>> {
    let records = match reference {
        Some(reference) => page.by_reference(NAME, reference)?.into_iter().collect(),
        None => page.all(NAME)?,
    };
    records
        .iter()
        .map(|record| Transaction::read(record)?.payment(page, now_ms))
        .collect()
}

/// Gives a transaction that is in the books what was ordered; false when there is none, or when its end is final.
pub(crate) fn settle_now(
    page: &Page<'_>,
    ordered: &crate::twins::Outcome<'_>,
    now_ms: i64,
) -> rusqlite::Result<bool> {
    let Some(found) = Transaction::by_order_no(page, ordered.reference)? else {
        return Ok(false);
    };
    let Some(wish) = Wish::read(ordered.status) else {
        return Ok(false);
    };
    let Wish::End(ending) = wish else {
        let mut transaction = found;
        transaction.wishes.push(wish);
        transaction.keep(page)?;
        return Ok(true);
    };
    let Some(mut card) = (match &found.card {
        Some(number) => Card::open(page, number, now_ms)?,
        None => None,
    }) else {
        return Ok(false);
    };
    // Opening the card has ended what was due.
    let Some(mut transaction) = Transaction::by_order_no(page, ordered.reference)? else {
        return Ok(false);
    };
    if !matches!(transaction.state, State::Pending { .. }) {
        return Ok(false);
    }
    match ending {
        Ending::Now(outcome) => card.end(&mut transaction, outcome, now_ms),
        Ending::Later(then) => {
            transaction.state = State::Pending {
                then: then.map(|outcome| (outcome, now_ms + PENDING_MS)),
            };
        }
    }
    transaction.keep(page)?;
    card.keep(page)?;
    Ok(true)
}
