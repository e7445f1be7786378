//! What Payelata's answers look like (seed "Make Payouts by Reference Details", contract sections 2.4
//! and 7), read into our words.
//!
//! Numbers stay text until they are counted in minor units. Unknown members are ignored; a body that
//! lacks what an invoice must have is not an invoice, and the caller treats it as unclear.

use std::borrow::Cow;

use domain::{
    answer::{Answer, Facts, Figure, Seen, Standing},
    ids::{Mode, ProviderId},
    money::{self, Cents, Currency},
    reconciliation::ListedObject,
    time::Timestamp,
};
use rust_decimal::Decimal;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::status;

/// The type of an invoice in answers and callbacks.
pub(super) const INVOICES: &str = "payout-invoices";

pub(super) const STATUS_MAX: usize = 64;

/// An invoice as it was shown.
#[derive(Debug)]
pub(super) struct Invoice {
    pub(super) object: ProviderId,
    pub(super) seen: Seen,
    created: Option<i64>,
}

/// What a search by reference showed.
#[derive(Debug)]
pub(super) enum Listing {
    Nothing,
    One(Box<Invoice>),
    /// Impossible by contract.
    Several {
        object: ProviderId,
        /// The newest ordering key among them.
        updated: i64,
    },
}

impl Invoice {
    pub(super) fn answer(self) -> Answer {
        Answer::Exists {
            object: self.object,
            seen: Box::new(self.seen),
        }
    }
}

impl Listing {
    pub(super) fn answer(self) -> Answer {
        match self {
            Self::Nothing => Answer::Absent,
            Self::One(invoice) => invoice.answer(),
            // Empty facts fit no attempt, so whoever compares them asks for a review.
            Self::Several { object, updated } => Answer::Exists {
                object,
                seen: Box::new(Seen {
                    standing: Standing::NeedsReview,
                    status: "duplicate_reference".to_owned(),
                    updated,
                    withdrawable: false,
                    facts: Facts::default(),
                }),
            },
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Document<'a> {
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) errors: Option<&'a RawValue>,
    #[serde(borrow)]
    meta: Option<&'a RawValue>,
}

impl Document<'_> {
    /// Whether it may be a list without a row: nothing in it speaks of an error, or of rows that are elsewhere.
    fn is_plain(&self) -> bool {
        #[derive(Deserialize)]
        struct Counted {
            count: Option<u64>,
        }
        let counted = self.meta.and_then(read::<Counted>);
        let count = counted.and_then(|meta| meta.count).unwrap_or(0);
        self.errors.is_none() && count == 0
    }
}

#[derive(Deserialize)]
struct Resource<'a> {
    #[serde(borrow)]
    r#type: Cow<'a, str>,
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    attributes: Attributes<'a>,
}

#[derive(Deserialize)]
struct Attributes<'a> {
    status: String,
    reference_id: String,
    currency: String,
    updated: i64,
    created: Option<i64>,
    test_mode: Option<bool>,
    service_currency: Option<String>,
    #[serde(borrow)]
    amount: Option<&'a RawValue>,
    #[serde(borrow)]
    payout_amount: Option<&'a RawValue>,
    #[serde(borrow)]
    service_payout_amount: Option<&'a RawValue>,
    #[serde(borrow)]
    processed_amount: Option<&'a RawValue>,
    #[serde(borrow)]
    processed: Option<&'a RawValue>,
}

/// The invoice id that `text` is, if it is one: `cpoi_` and 8 to 59 letters or digits. The contract allows
/// 64, the longest identifier we keep has 64 characters in all, and real ones have 21.
pub(super) fn invoice_id(text: &str) -> Option<ProviderId> {
    let rest = text.strip_prefix("cpoi_")?;
    let valid = (8..=64).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_alphanumeric());
    if valid {
        ProviderId::parse(text).ok()
    } else {
        None
    }
}

/// The invoice of an answer that shows one as `data`.
pub(super) fn single(body: &[u8], currency: Currency) -> Option<Invoice> {
    invoice(document(body)?.data?, currency)
}

/// The invoices of a search by `reference`. Some versions of the interface show a single match without
/// the array (contract, section 2, E7); its reference is compared like any other's.
pub(super) fn listing(body: &[u8], reference: &str, currency: Currency) -> Option<Listing> {
    let document = document(body)?;
    let data = document.data?;
    if !is_array(data) {
        return invoice(data, currency).map(|it| Listing::One(Box::new(it)));
    }
    let rows: Vec<&RawValue> = serde_json::from_str(data.get()).ok()?;
    match rows.as_slice() {
        [] => document.is_plain().then_some(Listing::Nothing),
        [row] => invoice(row, currency).map(|it| Listing::One(Box::new(it))),
        several => {
            let invoices: Vec<Invoice> = several
                .iter()
                .filter_map(|row| invoice(row, currency))
                .collect();
            let updated = invoices.iter().map(|it| it.seen.updated).max()?;
            let ours = |it: &&Invoice| it.seen.facts.reference == reference;
            let shown = invoices.iter().find(ours).or(invoices.first())?;
            Some(Listing::Several {
                object: shown.object.clone(),
                updated,
            })
        }
    }
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
    meta: Cursors,
    links: Links,
}

#[derive(Deserialize)]
struct Cursors {
    before: Option<String>,
}

#[derive(Deserialize)]
struct Links {
    next: Option<String>,
}

/// The invoices of one mode on a page of the list, and the cursor of the next page. None for a page with a row
/// that cannot be read, or one that goes on without saying where: half a list proves nothing.
pub(super) fn page(body: &[u8], mode: Mode) -> Option<(Vec<ListedObject>, Option<String>)> {
    let page: Page<'_> = serde_json::from_slice(body).ok()?;
    let mut objects = Vec::new();
    for row in page.data {
        let shown = invoice(row, Currency::Usd)?;
        let created = shown.created?.checked_mul(1_000)?;
        if shown.seen.facts.test_mode? == (mode == Mode::Test) {
            objects.push(ListedObject {
                object: shown.object,
                created_at: Timestamp::from_millis(created),
                seen: shown.seen,
            });
        }
    }
    // An absent link is written as an empty text too.
    let is_last = page.links.next.is_none_or(|link| link.is_empty());
    let next = match is_last {
        true => None,
        false => Some(invoice_id(&page.meta.before?)?.to_string()),
    };
    Some((objects, next))
}

/// The earlier invoice in a 409 answer. Its place is not documented (contract, section 7): `data`, its
/// first row, or the same inside `errors`.
pub(super) fn conflicting(body: &[u8], currency: Currency) -> Option<Invoice> {
    let Document { data, errors, .. } = document(body)?;
    let beside = data.and_then(first);
    let inside = errors
        .and_then(first)
        .and_then(|error| serde_json::from_str::<Document<'_>>(error.get()).ok())
        .and_then(|error| error.data)
        .and_then(first);
    [beside, inside]
        .into_iter()
        .flatten()
        .find_map(|shown| invoice(shown, currency))
}

pub(super) fn document(body: &[u8]) -> Option<Document<'_>> {
    serde_json::from_slice(body).ok()
}

pub(super) fn read<T: DeserializeOwned>(raw: &RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}

fn is_array(raw: &RawValue) -> bool {
    raw.get().starts_with('[')
}

fn first(raw: &RawValue) -> Option<&RawValue> {
    if is_array(raw) {
        let rows: Vec<&RawValue> = serde_json::from_str(raw.get()).ok()?;
        rows.first().copied()
    } else {
        Some(raw)
    }
}

fn invoice(raw: &RawValue, currency: Currency) -> Option<Invoice> {
    let resource: Resource<'_> = serde_json::from_str(raw.get()).ok()?;
    let attributes = resource.attributes;
    if resource.r#type != INVOICES || !(1..=STATUS_MAX).contains(&attributes.status.len()) {
        return None;
    }
    let cents = |raw: Option<&RawValue>| raw.and_then(|it| amount(it.get(), currency));
    let processed_amount = figure(attributes.processed_amount, currency);
    let was_processed = attributes.processed.is_some() || processed_amount.may_be_money();
    Some(Invoice {
        object: invoice_id(&resource.id)?,
        created: attributes.created,
        seen: Seen {
            standing: status::standing(&attributes.status, was_processed),
            updated: attributes.updated,
            withdrawable: false,
            facts: Facts {
                reference: attributes.reference_id,
                currency: attributes.currency,
                amount: cents(attributes.amount),
                payout_amount: cents(attributes.payout_amount),
                service_currency: attributes.service_currency,
                service_payout_amount: cents(attributes.service_payout_amount),
                processed_amount,
                test_mode: attributes.test_mode,
                was_processed,
            },
            status: attributes.status,
        },
    })
}

/// A number token, or the same in quotes (contract, section 9). None when it is not exact.
pub(super) fn amount(token: &str, currency: Currency) -> Option<Cents> {
    money::from_decimal_token(number(token)?, currency.exponent()).ok()
}

/// A figure that may be left out. Whatever stands there and is no exact amount from zero up cannot be read.
pub(super) fn figure(raw: Option<&RawValue>, currency: Currency) -> Figure {
    let Some(raw) = raw else {
        return Figure::Absent;
    };
    amount(raw.get(), currency)
        .filter(|cents| cents.get() >= 0)
        .map_or(Figure::Unreadable, Figure::Exact)
}

/// An exact decimal of any currency, in major units: a number token, or the same in quotes.
pub(super) fn decimal(token: &str) -> Option<Decimal> {
    let text = number(token)?;
    if text.contains(['e', 'E']) {
        Decimal::from_scientific(text).ok()
    } else {
        Decimal::from_str_exact(text).ok()
    }
}

/// The digits of a number token, without the quotes some have.
fn number(token: &str) -> Option<&str> {
    let text = token
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(token);
    let is_number = text.starts_with(|c: char| c.is_ascii_digit() || c == '-')
        && text
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+' | b'e' | b'E'));
    is_number.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_exact_or_absent() {
        for token in ["447.5", "447.50", "\"447.50\"", "4.475e2"] {
            assert_eq!(
                amount(token, Currency::Usd),
                Some(Cents::new(44_750)),
                "{token}"
            );
        }
        for token in [
            "447.501",
            "\"\"",
            "\"447,50\"",
            "\"4_47.5\"",
            "\" 447.5\"",
            "\"+447.5\"",
            "true",
            "{}",
            "[447.5]",
            "\"447.5",
            "1e99",
            "\"NaN\"",
            "\"\\u0034\"",
        ] {
            assert_eq!(amount(token, Currency::Usd), None, "{token}");
        }
    }

    #[test]
    fn a_figure_that_cannot_be_read_is_told_from_one_that_is_left_out() {
        let read = |text: &str| {
            let raw: Option<Box<RawValue>> = serde_json::from_str(text).expect("JSON");
            figure(raw.as_deref(), Currency::Usd)
        };
        assert_eq!(figure(None, Currency::Usd), Figure::Absent);
        assert_eq!(read("null"), Figure::Absent);
        for (text, minor) in [("0", 0), ("\"0.00\"", 0), ("447.5", 44_750), ("-0", 0)] {
            assert_eq!(read(text), Figure::Exact(Cents::new(minor)), "{text}");
        }
        for text in [
            "447.505", "-447.5", "-0.01", "\"\"", "\"ten\"", "\"null\"", "1e99", "true", "false",
            "[]", "[447.5]", "{}",
        ] {
            assert_eq!(read(text), Figure::Unreadable, "{text}");
        }
    }

    #[test]
    fn an_invoice_id_cannot_leave_its_place_in_a_path() {
        assert!(invoice_id("cpoi_VdHYVxq4RsLEebAQ").is_some());
        for text in [
            "",
            "cpoi_",
            "cpoi_1234567",
            "cpoi_../../..",
            "cpoi_1234567.",
            "cusi_VdHYVxq4RsLEebAQ",
            "..",
        ] {
            assert!(invoice_id(text).is_none(), "{text}");
        }
        assert!(invoice_id(&format!("cpoi_{}", "a".repeat(65))).is_none());
    }
}
