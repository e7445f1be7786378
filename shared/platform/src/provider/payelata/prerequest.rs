//! What a pre-request answers (seed "Make Payouts by Reference Details", contract section 2.1): the services of a
//! currency, with the fields each asks for. Only the services that carry our methods are read.

use std::{borrow::Cow, collections::BTreeMap};

use app::{error::FieldError, port::AccountCheck};
use domain::{
    ids::Mode,
    manifest::manifest,
    money::{Cents, Currency},
    routing::Provider,
};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{UNREADABLE, errors, order, pattern::Pattern, wire};

/// Fields of one service.
const FIELDS_MAX: usize = 64;

/// What was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) currency: Currency,
    pub(super) amount: Cents,
}

/// The services that carry our methods, as far as they are offered.
#[derive(Debug)]
pub(super) struct Offers {
    /// None for a service that is shown in a way nobody can read.
    services: BTreeMap<String, Option<Service>>,
}

#[derive(Debug)]
struct Service {
    fields: Vec<Wanted>,
    /// What an operator should know of it, as stable words.
    remarks: Vec<&'static str>,
}

#[derive(Debug)]
struct Wanted {
    key: String,
    required: bool,
    form: Form,
}

#[derive(Debug)]
enum Form {
    Any,
    Pattern(Pattern),
    /// There is one, and it cannot be read.
    Unreadable,
}

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    data: Answered<'a>,
}

#[derive(Deserialize)]
struct Answered<'a> {
    #[serde(borrow)]
    currency: Cow<'a, str>,
    #[serde(borrow)]
    amount: &'a RawValue,
    test_mode: bool,
    #[serde(borrow)]
    services: &'a RawValue,
}

#[derive(Deserialize)]
struct Offer<'a> {
    #[serde(borrow)]
    code: Cow<'a, str>,
    #[serde(borrow)]
    currency: Cow<'a, str>,
    #[serde(borrow)]
    fields: Vec<Field<'a>>,
    #[serde(borrow)]
    amount_min: &'a RawValue,
    #[serde(borrow)]
    amount_max: &'a RawValue,
    #[serde(borrow)]
    exchange_rate: &'a RawValue,
}

#[derive(Deserialize)]
struct Field<'a> {
    #[serde(borrow)]
    key: Cow<'a, str>,
    #[serde(borrow)]
    regexp: Option<Cow<'a, str>>,
    required: bool,
}

/// The services of `codes` in an answer.
///
/// # Errors
/// A stable word: it cannot be read, or it answers another question.
pub(super) fn offers(
    body: &[u8],
    asked: Asked,
    mode: Mode,
    codes: [&str; 2],
) -> Result<Offers, &'static str> {
    let Document { data } = serde_json::from_slice(body).map_err(|_| UNREADABLE)?;
    if data.currency != asked.currency.code() {
        return Err("other_currency");
    }
    if wire::amount(data.amount.get(), asked.currency) != Some(asked.amount) {
        return Err("other_amount");
    }
    if data.test_mode != (mode == Mode::Test) {
        return Err("other_mode");
    }
    let mut shown = members(data.services).ok_or(UNREADABLE)?;
    let read = |code: &str| {
        let raw = shown.remove(code)?;
        Some((code.to_owned(), service(raw, code, asked.currency)))
    };
    Ok(Offers {
        services: codes.into_iter().filter_map(read).collect(),
    })
}

/// The members of an object. An empty one is written as a list too.
fn members(raw: &RawValue) -> Option<BTreeMap<String, &RawValue>> {
    if raw.get().starts_with('[') {
        let rows: Vec<&RawValue> = serde_json::from_str(raw.get()).ok()?;
        return rows.is_empty().then(BTreeMap::new);
    }
    serde_json::from_str(raw.get()).ok()
}

fn service(raw: &RawValue, code: &str, currency: Currency) -> Option<Service> {
    let offer: Offer<'_> = serde_json::from_str(raw.get()).ok()?;
    if offer.code != code || offer.fields.len() > FIELDS_MAX {
        return None;
    }
    let figure = |raw: &RawValue| wire::decimal(raw.get());
    let (least, most) = (figure(offer.amount_min)?, figure(offer.amount_max)?);
    let ours = |cents: Cents| Decimal::new(cents.get(), currency.exponent());
    let (from, to) = manifest(Provider::Payelata).amounts;
    let mut remarks = Vec::new();
    if offer.currency != currency.code() {
        remarks.push("service_currency_differs");
    }
    if figure(offer.exchange_rate)? != Decimal::ONE {
        remarks.push("exchange_rate_is_not_one");
    }
    if least > ours(from) || most < ours(to) {
        remarks.push("limits_are_narrower");
    }
    let fields = offer.fields.into_iter().map(|field| Wanted {
        key: field.key.into_owned(),
        required: field.required,
        form: match field.regexp.as_deref() {
            None | Some("") => Form::Any,
            Some(printed) => Pattern::read(printed).map_or(Form::Unreadable, Form::Pattern),
        },
    });
    Some(Service {
        fields: fields.collect(),
        remarks,
    })
}

impl Offers {
    /// Service and remark of everything an operator should know.
    pub(super) fn remarks(&self) -> impl Iterator<Item = (&str, &'static str)> {
        self.services.iter().flat_map(|(code, service)| {
            let remarks = service.iter().flat_map(|it| it.remarks.iter().copied());
            remarks.map(move |remark| (code.as_str(), remark))
        })
    }

    /// Whether an order of these fields would be accepted by the service.
    pub(super) fn judge(&self, code: &str, sent: &[order::Field]) -> AccountCheck {
        match self.services.get(code) {
            None => unchecked("service_not_offered"),
            Some(None) => unchecked("service_unreadable"),
            Some(Some(service)) => service.judge(sent),
        }
    }
}

impl Service {
    fn judge(&self, sent: &[order::Field]) -> AccountCheck {
        let mut problems = Vec::new();
        let mut is_unread = false;
        for wanted in &self.fields {
            let Some(field) = sent.iter().find(|field| field.key == wanted.key) else {
                if wanted.required {
                    problems.push(never_sent(&wanted.key));
                }
                continue;
            };
            match &wanted.form {
                Form::Pattern(pattern) if !pattern.fits(&field.value) => {
                    problems.push(FieldError::new(field.member, pattern.expectation()));
                }
                Form::Unreadable => is_unread = true,
                Form::Pattern(_) | Form::Any => {}
            }
        }
        match (problems.is_empty(), is_unread) {
            (false, _) => AccountCheck::Refused(problems),
            (true, true) => unchecked("pattern_unreadable"),
            (true, false) => AccountCheck::Fits,
        }
    }
}

/// No member of a method can fill the field, so the kind of method is what does not fit.
fn never_sent(key: &str) -> FieldError {
    let message = if errors::is_field_name(key) {
        format!("cannot be paid: the provider requires the field {key}, which is never sent")
    } else {
        "cannot be paid: the provider requires a field that is never sent".to_owned()
    };
    FieldError::new("type", message)
}

pub(super) fn unchecked(cause: &str) -> AccountCheck {
    AccountCheck::Unchecked {
        cause: cause.to_owned(),
    }
}
