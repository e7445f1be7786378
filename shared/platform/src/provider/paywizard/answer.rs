//! What PayWizard's answers prove: HTTP status, body code, result and amount, read strictly.
//!
//! Only three things prove that no money moved: a request that never left, a listed refusal of token or signature, and
//! result 1. Everything that is not exactly as documented is unclear, and is never repeated by code.

use domain::{
    ids::ProviderId,
    money::{self, Cents, Currency},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::{
    settings::{AmountUnit, HANDLED, PayWizardSettings},
    wire::MoneyOrder,
};
use crate::provider::http::{Lost, Reply};

/// What became of a call. `T` is what the vendor said when it handled it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told<T> {
    Said(T),
    /// Proven: not a byte reached the vendor.
    NotSent {
        cause: &'static str,
    },
    /// Proven: token or signature was refused, nothing was carried out.
    TokenRefused {
        code: u16,
    },
    /// It may have been carried out. The cause is a stable word.
    Unclear {
        cause: String,
    },
}

/// What the vendor said of a money call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Movement {
    /// Exactly what was asked has moved.
    Done {
        checkout_id: ProviderId,
    },
    /// Final: nothing moved, and nothing will under this order number.
    Refused,
    Pending {
        checkout_id: ProviderId,
    },
    /// Something moved, but the amount is not the one that was asked, or cannot be read.
    AmountUnclear {
        checkout_id: ProviderId,
        /// The figure that was told, where one can be read.
        told: Option<Cents>,
    },
}

/// What the vendor said of a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardShown {
    /// What it holds in the currency that was asked for.
    pub balance: Cents,
}

/// What the vendor said of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderShown {
    pub state: OrderState,
    /// `None` when it is not an exact amount in the unit of the settings.
    pub amount: Option<Cents>,
}

/// The state of an order. Another set of numbers than the result of a money call: here 2 is completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderState {
    Pending,
    Completed,
    /// Taken back by a void.
    Revoked,
    Refunded,
    PartlyRefunded,
    Closed,
    /// States of pre-authorisations, which prepaid cards do not have.
    PreAuthorised,
    PreAuthorisationRevoked,
    PreAuthorisationPartlyRevoked,
    /// A number that is not documented.
    Unknown,
}

impl OrderState {
    const fn of(number: u64) -> Self {
        match number {
            1 => Self::Pending,
            2 => Self::Completed,
            3 => Self::Revoked,
            4 => Self::Refunded,
            5 => Self::Closed,
            6 => Self::PartlyRefunded,
            7 => Self::PreAuthorised,
            8 => Self::PreAuthorisationRevoked,
            9 => Self::PreAuthorisationPartlyRevoked,
            _ => Self::Unknown,
        }
    }

    /// A stable word for people, and what a read is told apart by.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "order_pending",
            Self::Completed => "order_completed",
            Self::Revoked => "order_revoked",
            Self::Refunded => "order_refunded",
            Self::PartlyRefunded => "order_partly_refunded",
            Self::Closed => "order_closed",
            Self::PreAuthorised => "order_pre_auth",
            Self::PreAuthorisationRevoked => "order_pre_auth_revoked",
            Self::PreAuthorisationPartlyRevoked => "order_pre_auth_partly_revoked",
            Self::Unknown => "order_state_unknown",
        }
    }
}

impl<T> From<Lost> for Told<T> {
    fn from(lost: Lost) -> Self {
        match lost {
            Lost::NotSent(cause) => Self::NotSent { cause },
            Lost::Unclear(cause) => unclear(cause),
        }
    }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    code: u16,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Moved<'a> {
    result: u64,
    checkout_id: Option<String>,
    /// Kept as it stands: an amount that is not text is no reason to overlook that money moved.
    #[serde(borrow)]
    amount: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Card<'a> {
    #[serde(borrow)]
    balances: Vec<Balance<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Balance<'a> {
    value_code: String,
    #[serde(borrow)]
    amount: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Order<'a> {
    checkout_id: String,
    state: u64,
    #[serde(borrow)]
    amount: Option<&'a RawValue>,
}

/// Reads the answer of a payment or a top-up.
pub(super) fn moved(
    settings: &PayWizardSettings,
    order: &MoneyOrder<'_>,
    reply: Reply,
) -> Told<Movement> {
    said(settings, reply, |data| {
        let shown: Moved<'_> = read(data)?;
        let amount = shown
            .amount
            .and_then(|raw| amount(raw, settings.amount_unit, order.currency));
        movement(&shown, (amount == Some(order.amount), amount))
    })
}

/// Reads the answer of a void, which shows no amount.
pub(super) fn voided(settings: &PayWizardSettings, reply: Reply) -> Told<Movement> {
    said(settings, reply, |data| movement(&read(data)?, (true, None)))
}

/// What was told of a call, with whether the amount fits and the figure that was told.
fn movement(
    shown: &Moved<'_>,
    (fits, told): (bool, Option<Cents>),
) -> Result<Movement, &'static str> {
    let checkout_id = || {
        let id = shown.checkout_id.as_deref().and_then(checkout_id);
        id.ok_or("checkout_id_unreadable")
    };
    match (shown.result, fits) {
        (0, true) => Ok(Movement::Done {
            checkout_id: checkout_id()?,
        }),
        (0, false) => Ok(Movement::AmountUnclear {
            checkout_id: checkout_id()?,
            told,
        }),
        (1, _) => Ok(Movement::Refused),
        (2, _) => Ok(Movement::Pending {
            checkout_id: checkout_id()?,
        }),
        _ => Err("result_unknown"),
    }
}

/// Reads the answer about a card.
pub(super) fn card(
    settings: &PayWizardSettings,
    currency: Currency,
    reply: Reply,
) -> Told<CardShown> {
    said(settings, reply, |data| {
        let shown: Card<'_> = read(data)?;
        let mut fitting = shown
            .balances
            .iter()
            .filter(|balance| balance.value_code == currency.code());
        let (Some(balance), None) = (fitting.next(), fitting.next()) else {
            return Err("balance_missing");
        };
        // Balances are numbers in major units, whatever the unit of money calls.
        let number = balance.amount.get();
        let exact = is_plain_number(number)
            .then(|| money::from_decimal_token(number, currency.exponent()).ok())
            .flatten();
        let balance = exact.ok_or("balance_unreadable")?;
        Ok(CardShown { balance })
    })
}

/// Reads the answer of an order query.
pub(super) fn order(
    settings: &PayWizardSettings,
    (asked, currency): (&ProviderId, Currency),
    reply: Reply,
) -> Told<OrderShown> {
    said(settings, reply, |data| {
        let shown: Order<'_> = read(data)?;
        let checkout_id = checkout_id(&shown.checkout_id).ok_or("checkout_id_unreadable")?;
        if *asked != checkout_id {
            return Err("another_order");
        }
        Ok(OrderShown {
            state: OrderState::of(shown.state),
            amount: shown
                .amount
                .and_then(|raw| amount(raw, settings.amount_unit, currency)),
        })
    })
}

/// Opens the envelope: HTTP status, then the body's code, then what `data` says.
fn said<T>(
    settings: &PayWizardSettings,
    reply: Reply,
    look: impl FnOnce(&RawValue) -> Result<T, &'static str>,
) -> Told<T> {
    if reply.status != 200 {
        return unclear(&format!("http_{}", reply.status));
    }
    let body = match reply.body {
        Ok(body) => body,
        Err(cause) => return unclear(cause),
    };
    let envelope = serde_json::from_slice::<&RawValue>(&body)
        .map_err(|_| UNREADABLE)
        .and_then(read::<Envelope<'_>>);
    let envelope = match envelope {
        Ok(envelope) => envelope,
        Err(cause) => return unclear(cause),
    };
    match (envelope.code, envelope.data) {
        (HANDLED, Some(data)) => look(data).map_or_else(unclear, Told::Said),
        (HANDLED, None) => unclear("data_missing"),
        (code, None) if settings.refusal_codes.contains(&code) => Told::TokenRefused { code },
        (code, _) => unclear(&format!("code_{code}")),
    }
}

const UNREADABLE: &str = "body_unreadable";

/// An object in our words. A list is none, though serde would take its rows for members.
fn read<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Result<T, &'static str> {
    if !raw.get().starts_with('{') {
        return Err(UNREADABLE);
    }
    serde_json::from_str(raw.get()).map_err(|_| UNREADABLE)
}

fn unclear<T>(cause: &str) -> Told<T> {
    Told::Unclear {
        cause: cause.to_owned(),
    }
}

/// The checkout id that `text` is, if it is one: digits and letters only, as it becomes part of later requests.
fn checkout_id(text: &str) -> Option<ProviderId> {
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric());
    if plain {
        ProviderId::parse(text).ok()
    } else {
        None
    }
}

/// An amount in an answer to a money call: text, digits with at most one point. `None` when it is not exact in this
/// unit.
fn amount(raw: &RawValue, unit: AmountUnit, currency: Currency) -> Option<Cents> {
    let text: String = owned(raw)?;
    if !is_plain_number(&text) {
        return None;
    }
    let exponent = match unit {
        AmountUnit::Major => currency.exponent(),
        AmountUnit::Minor => 0,
    };
    money::from_decimal_token(&text, exponent).ok()
}

fn owned<T: DeserializeOwned>(raw: &RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}

/// Digits, perhaps a point and digits: no sign, no exponent, no blank.
fn is_plain_number(text: &str) -> bool {
    let (whole, rest) = text.split_once('.').unwrap_or((text, "0"));
    [whole, rest]
        .iter()
        .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests;
