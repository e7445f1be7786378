//! The JSON of the Payelata API, member by member as seed 003 prints it.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::lifecycle::Invoice;
use super::money::Minor;
use crate::twins::control::json_response;

/// `{"data": …}`.
#[derive(Serialize)]
pub(crate) struct Document<T> {
    pub(crate) data: T,
}

/// An invoice in the private API and in callbacks.
#[derive(Serialize)]
pub(crate) struct Resource<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    id: &'a str,
    attributes: Attributes<'a>,
    relationships: Relationships<'a>,
    links: SelfLink,
}

#[derive(Serialize)]
struct Attributes<'a> {
    serial_number: &'a str,
    status: &'a str,
    resolution: &'a str,
    amount: Minor,
    payout_amount: Minor,
    currency: &'a str,
    service_currency: &'a str,
    service_amount: Minor,
    service_payout_amount: Minor,
    reference_id: &'a str,
    test_mode: bool,
    description: Option<&'a str>,
    fee: Minor,
    writeoff: Minor,
    exchange_rate: u8,
    processed: Option<i64>,
    processed_amount: Option<Minor>,
    processed_fee: Minor,
    processed_writeoff: Option<Minor>,
    metadata: &'a RawValue,
    created: i64,
    updated: i64,
    fields: &'a RawValue,
    callback_url: Option<&'a str>,
    source: &'static str,
    /// Absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    callback_logs: Option<[&'a str; 0]>,
}

#[derive(Serialize)]
struct Relationships<'a> {
    #[serde(rename = "payout-service")]
    service: Related<'a>,
    #[serde(rename = "payout-method")]
    method: Related<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<Related<'a>>,
}

type Related<'a> = Document<Link<'a>>;

/// What a resource refers to.
#[derive(Serialize)]
pub(crate) struct Link<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    id: &'a str,
}

/// `{"data": {"type", "id"}}`.
pub(crate) fn related<'a>(kind: &'static str, id: &'a str) -> Document<Link<'a>> {
    Document {
        data: Link { kind, id },
    }
}

/// `{"self": …}`.
#[derive(Serialize)]
pub(crate) struct SelfLink {
    #[serde(rename = "self")]
    pub(crate) address: String,
}

/// An invoice in the public API: flat, and without reference, fee and time of change.
#[derive(Serialize)]
pub(crate) struct PublicInvoice<'a> {
    id: &'a str,
    serial_number: &'a str,
    created: i64,
    status: &'a str,
    resolution: &'a str,
    test_mode: bool,
    currency: &'a str,
    amount: Minor,
    payout_amount: Minor,
    service: &'a str,
    service_amount: Minor,
    service_payout_amount: Minor,
    service_method: &'a str,
    service_currency: &'a str,
    processed: Option<i64>,
    processed_amount: Option<Minor>,
}

/// The answer of a conflict: an error together with the earlier invoice.
#[derive(Serialize)]
pub(crate) struct Conflict<'a> {
    pub(crate) errors: [ErrorLine; 1],
    pub(crate) data: Resource<'a>,
}

/// One line of the list form of errors.
#[derive(Serialize)]
pub(crate) struct ErrorLine {
    status: &'static str,
    code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'static str>,
}

/// The full form of an invoice.
pub(crate) fn resource(invoice: &Invoice) -> Resource<'_> {
    let amount = Minor(invoice.amount);
    let paid = invoice.paid.map(Minor);
    Resource {
        kind: "payout-invoices",
        id: &invoice.id,
        attributes: Attributes {
            serial_number: serial_number(invoice),
            status: &invoice.status,
            resolution: &invoice.resolution,
            amount,
            payout_amount: amount,
            currency: &invoice.currency,
            service_currency: &invoice.currency,
            service_amount: amount,
            service_payout_amount: amount,
            reference_id: &invoice.reference,
            test_mode: invoice.test_mode,
            description: invoice.description.as_deref(),
            fee: Minor(0),
            writeoff: amount,
            exchange_rate: 1,
            processed: invoice.processed,
            processed_amount: paid,
            processed_fee: Minor(0),
            processed_writeoff: paid,
            metadata: &invoice.metadata,
            created: invoice.created,
            updated: invoice.updated,
            fields: &invoice.fields,
            callback_url: invoice.callback_url.as_deref(),
            source: "merchant_api",
            callback_logs: Some([]),
        },
        relationships: Relationships {
            service: related("payout-services", &invoice.service),
            method: related("payout-methods", &invoice.method),
            customer: invoice
                .customer
                .as_deref()
                .map(|id| related("customers", id)),
        },
        links: SelfLink {
            address: format!("/api/payout-invoices/{}", invoice.id),
        },
    }
}

/// The form of an invoice in lists.
pub(crate) fn list_row(invoice: &Invoice) -> Resource<'_> {
    let mut row = resource(invoice);
    row.attributes.callback_logs = None;
    row
}

/// The bytes of a single invoice's document, which are also the body of its callback.
pub(crate) fn document(invoice: &Invoice) -> Vec<u8> {
    let document = Document {
        data: resource(invoice),
    };
    serde_json::to_vec(&document).expect("an invoice has text keys only")
}

pub(crate) fn public(invoice: &Invoice) -> PublicInvoice<'_> {
    let amount = Minor(invoice.amount);
    PublicInvoice {
        id: &invoice.id,
        serial_number: serial_number(invoice),
        created: invoice.created,
        status: &invoice.status,
        resolution: &invoice.resolution,
        test_mode: invoice.test_mode,
        currency: &invoice.currency,
        amount,
        payout_amount: amount,
        service: &invoice.service,
        service_amount: amount,
        service_payout_amount: amount,
        service_method: &invoice.method,
        service_currency: &invoice.currency,
        processed: invoice.processed,
        processed_amount: invoice.paid.map(Minor),
    }
}

fn serial_number(invoice: &Invoice) -> &str {
    invoice.id.trim_start_matches("cpoi_")
}

/// The line of an error status.
pub(crate) fn error_line(status: StatusCode) -> ErrorLine {
    let internal = status == StatusCode::INTERNAL_SERVER_ERROR;
    let name = status.canonical_reason().unwrap_or("Unknown");
    ErrorLine {
        status: if internal { "internal_error" } else { name },
        code: status.as_u16().to_string(),
        title: internal.then_some("internal_error"),
        detail: internal.then_some("Internal server error."),
    }
}

/// An answer of this status with the list form of errors.
pub(crate) fn refusal(status: StatusCode) -> Response {
    json_response(status, &json!({ "errors": [error_line(status)] }))
}

/// 422 with the map form of errors: attribute to complaint.
pub(crate) fn invalid(complaints: &BTreeMap<String, String>) -> Response {
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    json_response(status, &json!({ "errors": complaints }))
}
