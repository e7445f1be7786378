//! The three operations that show the payout services.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::catalogue::{Field, SERVICES, Service};
use super::money::Minor;
use super::wire::{self, Document, Link, SelfLink};
use super::{Provider, Sandbox, mode_of, query_value, refusal};
use crate::twins::control::json_response;
use crate::twins::faults::Call;

const SIZE_DEFAULT: usize = 20;
const SIZE_MAX: usize = 100;

#[derive(Serialize)]
struct Available<'a> {
    currency: &'a str,
    amount: Minor,
    test_mode: bool,
    services: Offers,
}

/// The services by code, and among them, as the seed prints it, the methods and the account.
#[derive(Serialize)]
struct Offers {
    #[serde(flatten)]
    by_code: BTreeMap<&'static str, Offer>,
    methods: BTreeMap<&'static str, Method>,
    account: Account,
}

#[derive(Serialize)]
struct Offer {
    code: &'static str,
    method: &'static str,
    currency: &'static str,
    fields: Vec<FieldShape>,
    amount_min: Minor,
    amount_max: Minor,
    exchange_rate: u8,
    /// Text, and with every digit, unlike all other amounts.
    amount: String,
}

#[derive(Serialize)]
struct FieldShape {
    key: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    label: Languages,
    example: Option<&'static str>,
    hint: Languages,
    regexp: String,
    required: bool,
    position: u8,
}

#[derive(Clone, Copy, Serialize)]
struct Languages {
    ru: &'static str,
    en: &'static str,
    uk: &'static str,
}

#[derive(Serialize)]
struct Method {
    code: &'static str,
    category: &'static str,
    description: &'static str,
    name: Languages,
    logo: String,
    icon: String,
    metadata: Option<&'static str>,
    position: Option<u8>,
    hide: Option<bool>,
}

#[derive(Serialize)]
struct Account {
    name: &'static str,
    description: &'static str,
    icon: &'static str,
    website: &'static str,
}

#[derive(Serialize)]
struct List {
    meta: Meta,
    links: Links,
    data: Vec<Row>,
}

#[derive(Serialize)]
struct Meta {
    total: usize,
    pages: usize,
    page: usize,
}

#[derive(Serialize)]
struct Links {
    first: String,
    /// Absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    last: String,
}

#[derive(Serialize)]
struct Row {
    #[serde(rename = "type")]
    kind: &'static str,
    id: &'static str,
    attributes: Attributes,
    relationships: Relationships,
    #[serde(skip_serializing_if = "Option::is_none")]
    links: Option<SelfLink>,
}

#[derive(Serialize)]
struct Attributes {
    service: &'static str,
    service_method: &'static str,
    service_currency: &'static str,
    available: bool,
    active: bool,
    enabled: bool,
    amount_min: Minor,
    amount_max: Minor,
    fee_min: u8,
    fee_max: u8,
    fee_rate: u8,
    fee_fix: u8,
    currency: &'static str,
    test_mode: bool,
}

#[derive(Serialize)]
struct Relationships {
    #[serde(rename = "payout-method")]
    method: Document<Link<'static>>,
    #[serde(rename = "payout-service", skip_serializing_if = "Option::is_none")]
    service: Option<Document<Link<'static>>>,
}

fn call(operation: &'static str) -> Call<'static> {
    Call {
        provider: Provider::Payelata,
        operation,
        reference: None,
    }
}

#[derive(Deserialize)]
struct Prerequest {
    currency: Option<String>,
    amount: Option<Box<RawValue>>,
    public_key: Option<String>,
}

pub(crate) async fn prerequest(State(sandbox): State<Sandbox>, body: Bytes) -> Response {
    let Ok(asked) = serde_json::from_slice::<Prerequest>(&body) else {
        return refusal(StatusCode::BAD_REQUEST);
    };
    let Some(test_mode) = asked.public_key.as_deref().and_then(mode_of) else {
        return refusal(StatusCode::UNAUTHORIZED);
    };
    sandbox
        .answer(call("prerequest"), || available(&asked, test_mode))
        .await
}

/// The services of a currency whose limits take the amount.
fn available(asked: &Prerequest, test_mode: bool) -> Response {
    let mut complaints = BTreeMap::new();
    let currency = asked.currency.as_deref().unwrap_or_default();
    if currency.len() != 3 || !currency.bytes().all(|b| b.is_ascii_uppercase()) {
        let complaint = "This value is not a valid currency.";
        complaints.insert("currency".to_owned(), complaint.to_owned());
    }
    let amount = match &asked.amount {
        Some(number) => Minor::read(number),
        None => Err("This value should not be blank."),
    };
    let amount = match amount {
        Ok(amount) if complaints.is_empty() => amount,
        Ok(_) => return wire::invalid(&complaints),
        Err(complaint) => {
            complaints.insert("amount".to_owned(), complaint.to_owned());
            return wire::invalid(&complaints);
        }
    };
    let (mut by_code, mut methods) = (BTreeMap::new(), BTreeMap::new());
    for service in &SERVICES {
        let takes = (service.min..=service.max).contains(&amount);
        if service.active && takes && service.service_currency == currency {
            by_code.insert(service.code, offer(service, amount));
            methods.insert(service.method, method(service.method));
        }
    }
    let data = Available {
        currency,
        amount,
        test_mode,
        services: Offers {
            by_code,
            methods,
            account: Account {
                name: "Local sandbox",
                description: "for developing and testing",
                icon: "https://static.example.com/icon.svg",
                website: "https://example.com",
            },
        },
    };
    json_response(StatusCode::OK, &Document { data })
}

fn offer(service: &Service, amount: Minor) -> Offer {
    Offer {
        code: service.code,
        method: service.method,
        currency: service.service_currency,
        fields: service.fields.iter().map(describe).collect(),
        amount_min: service.min,
        amount_max: service.max,
        exchange_rate: 1,
        amount: amount.fixed(),
    }
}

fn describe(field: &Field) -> FieldShape {
    FieldShape {
        key: field.key,
        kind: "string",
        label: in_languages(field.label),
        example: None,
        hint: in_languages(field.label),
        regexp: field.pattern.printed(),
        required: field.required,
        position: 0,
    }
}

fn method(code: &'static str) -> Method {
    let category = match code {
        "test" => "alternative",
        "payment_card" => "bank_cards",
        _ => "bank_transfer",
    };
    Method {
        code,
        category,
        description: "",
        name: in_languages(code),
        logo: format!("https://static.openfintech.io/payout_methods/{code}/logo.png"),
        icon: format!("https://static.openfintech.io/payout_methods/{code}/icon.svg"),
        metadata: None,
        position: None,
        hide: None,
    }
}

fn in_languages(text: &'static str) -> Languages {
    Languages {
        ru: text,
        en: text,
        uk: text,
    }
}

pub(crate) async fn list(State(sandbox): State<Sandbox>, RawQuery(query): RawQuery) -> Response {
    sandbox
        .answer(call("services"), || listed(query.as_deref()))
        .await
}

fn listed(query: Option<&str>) -> Response {
    let mut complaints = BTreeMap::new();
    let mut number = |name: &str, default: usize, max: usize| {
        let Some(text) = query_value(query, name) else {
            return default;
        };
        let number = text.parse().ok().filter(|n| (1..=max).contains(n));
        number.unwrap_or_else(|| {
            let complaint = format!("This value should be between 1 and {max}.");
            complaints.insert(name.to_owned(), complaint);
            default
        })
    };
    let page = number("page[number]", 1, usize::MAX / SIZE_MAX);
    let size = number("page[size]", SIZE_DEFAULT, SIZE_MAX);
    if !complaints.is_empty() {
        return wire::invalid(&complaints);
    }
    let pages = SERVICES.len().div_ceil(size);
    let link = |page| format!("/api/payout-services?page[number]={page}&page[size]={size}");
    let list = List {
        meta: Meta {
            total: SERVICES.len(),
            pages,
            page,
        },
        links: Links {
            first: link(1),
            next: (page < pages).then(|| link(page + 1)),
            last: link(pages),
        },
        data: SERVICES
            .iter()
            .skip((page - 1) * size)
            .take(size)
            .map(row)
            .collect(),
    };
    json_response(StatusCode::OK, &list)
}

pub(crate) async fn by_id(State(sandbox): State<Sandbox>, Path(id): Path<String>) -> Response {
    let work = || match SERVICES.iter().find(|service| service.id == id) {
        Some(service) => json_response(StatusCode::OK, &Document { data: row(service) }),
        None => refusal(StatusCode::NOT_FOUND),
    };
    sandbox.answer(call("services"), work).await
}

fn row(service: &'static Service) -> Row {
    let whole = !service.lean;
    Row {
        kind: "payout-services",
        id: service.id,
        attributes: Attributes {
            service: service.code,
            service_method: service.method,
            service_currency: service.service_currency,
            available: true,
            active: service.active,
            enabled: true,
            amount_min: service.min,
            amount_max: service.max,
            fee_min: 0,
            fee_max: 0,
            fee_rate: 0,
            fee_fix: 0,
            currency: service.currency,
            test_mode: true,
        },
        relationships: Relationships {
            method: wire::related("payout-methods", service.method),
            service: whole.then(|| wire::related("payout-services", service.code)),
        },
        links: whole.then(|| SelfLink {
            address: format!("/api/payout-services/{}", service.id),
        }),
    }
}
