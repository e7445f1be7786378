//! The operations on invoices: create, process, read and list.

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::draft::{self, Draft, Refused};
use super::lifecycle::{self, Invoice};
use super::wire::{self, Conflict, Document, Resource};
use super::{NAME, broken, mode_of, query_value, refusal};
use crate::twins::books::{Object, Page, Start};
use crate::twins::control::json_response;
use crate::twins::faults::Call;
use crate::twins::moved::Way;
use crate::twins::{Payment, Provider, Sandbox};

const REFERENCE_FILTER: &str = "filter[reference_id]";
const SIZE_DEFAULT: u32 = 20;
const SIZE_MAX: u32 = 100;
const ID_CHARS: usize = 16;
const ALPHANUMERICS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

fn call<'a>(operation: &'static str, reference: Option<&'a str>) -> Call<'a> {
    Call {
        provider: Provider::Payelata,
        operation,
        reference,
    }
}

pub(crate) async fn create(State(sandbox): State<Sandbox>, body: Bytes) -> Response {
    let reference = draft::reference(&body);
    let work = || created(&sandbox, &body);
    sandbox
        .answer(call("create", reference.as_deref()), work)
        .await
}

fn created(sandbox: &Sandbox, body: &[u8]) -> Response {
    let now_ms = sandbox.clock().now_ms();
    let draft = match draft::read(body, new_id(), now_ms.div_euclid(1000)) {
        Ok(draft) => draft,
        Err(Refused::Malformed) => return refusal(StatusCode::BAD_REQUEST),
        Err(Refused::Invalid(complaints)) => return wire::invalid(&complaints),
    };
    let earlier = sandbox.books().write(|page| enter(page, &draft, now_ms));
    match earlier {
        Ok(None) => {
            if draft.auto_process {
                sandbox.callbacks_changed();
            }
            invoice_response(StatusCode::CREATED, &draft.invoice)
        }
        Ok(Some(earlier)) => {
            let conflict = Conflict {
                errors: [wire::error_line(StatusCode::CONFLICT)],
                data: wire::resource(&earlier),
            };
            json_response(StatusCode::CONFLICT, &conflict)
        }
        Err(error) => broken(&error),
    }
}

/// Enters a new invoice in the books; the earlier one, and nothing changed, when its reference is taken.
fn enter(page: &Page<'_>, draft: &Draft, now_ms: i64) -> rusqlite::Result<Option<Invoice>> {
    let invoice = &draft.invoice;
    let added = page.insert(&Object {
        provider: NAME,
        id: &invoice.id,
        reference: &invoice.reference,
        record: &invoice.record()?,
    })?;
    if !added {
        let record = page.by_reference(NAME, &invoice.reference)?;
        // Nothing under the reference means that the drawn id is taken: the same order of luck as never.
        let record = record.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        return Invoice::read(&record).map(Some);
    }
    if draft.auto_process {
        lifecycle::start(page, &mut invoice.clone(), now_ms)?;
    }
    Ok(None)
}

pub(crate) async fn process(State(sandbox): State<Sandbox>, Path(id): Path<String>) -> Response {
    let reference = match reference_of(&sandbox, &id) {
        Ok(reference) => reference,
        Err(error) => return broken(&error),
    };
    let work = || processed(&sandbox, &id);
    sandbox
        .answer(call("process", reference.as_deref()), work)
        .await
}

/// Starts the invoice. The answer shows it as it was before, since processing is not part of the call.
fn processed(sandbox: &Sandbox, id: &str) -> Response {
    let now_ms = sandbox.clock().now_ms();
    let found = sandbox.books().write(|page| {
        let Some(record) = page.by_id(NAME, id)? else {
            return Ok(None);
        };
        let before = Invoice::read(&record)?;
        lifecycle::start(page, &mut before.clone(), now_ms)?;
        Ok(Some(before))
    });
    sandbox.callbacks_changed();
    match found {
        Ok(Some(before)) => invoice_response(StatusCode::OK, &before),
        Ok(None) => refusal(StatusCode::NOT_FOUND),
        Err(error) => broken(&error),
    }
}

pub(crate) async fn private_by_id(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
) -> Response {
    let reference = match reference_of(&sandbox, &id) {
        Ok(reference) => reference,
        Err(error) => return broken(&error),
    };
    let work = || match find(&sandbox, |page| page.by_id(NAME, &id)) {
        Ok(Some(invoice)) => invoice_response(StatusCode::OK, &invoice),
        Ok(None) => refusal(StatusCode::NOT_FOUND),
        Err(error) => broken(&error),
    };
    sandbox
        .answer(call("query", reference.as_deref()), work)
        .await
}

/// The list, or the one invoice of a reference: an array either way.
pub(crate) async fn private_list(
    State(sandbox): State<Sandbox>,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.as_deref();
    let Some(reference) = query_value(query, REFERENCE_FILTER) else {
        let work = || listed(&sandbox, query);
        return sandbox.answer(call("list", None), work).await;
    };
    let work = || match find(&sandbox, |page| page.by_reference(NAME, &reference)) {
        Ok(found) => {
            let data: Vec<_> = found.iter().map(wire::resource).collect();
            json_response(StatusCode::OK, &Document { data })
        }
        Err(error) => broken(&error),
    };
    sandbox.answer(call("query", Some(&reference)), work).await
}

pub(crate) async fn public_by_id(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    let Some(test_mode) = public_mode(query.as_deref(), &body) else {
        return refusal(StatusCode::UNAUTHORIZED);
    };
    let reference = match reference_of(&sandbox, &id) {
        Ok(reference) => reference,
        Err(error) => return broken(&error),
    };
    let work = || match find(&sandbox, |page| page.by_id(NAME, &id)) {
        Ok(Some(invoice)) if invoice.test_mode == test_mode => {
            let data = wire::public(&invoice);
            json_response(StatusCode::OK, &Document { data })
        }
        Ok(_) => refusal(StatusCode::NOT_FOUND),
        Err(error) => broken(&error),
    };
    sandbox
        .answer(call("query", reference.as_deref()), work)
        .await
}

pub(crate) async fn public_by_reference(
    State(sandbox): State<Sandbox>,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    let Some(test_mode) = public_mode(query.as_deref(), &body) else {
        return refusal(StatusCode::UNAUTHORIZED);
    };
    let Some(reference) = query_value(query.as_deref(), REFERENCE_FILTER) else {
        // The public API has no list.
        return refusal(StatusCode::NOT_FOUND);
    };
    let work = || match find(&sandbox, |page| page.by_reference(NAME, &reference)) {
        Ok(found) => {
            let seen = found
                .iter()
                .filter(|invoice| invoice.test_mode == test_mode);
            let data: Vec<_> = seen.map(wire::public).collect();
            json_response(StatusCode::OK, &Document { data })
        }
        Err(error) => broken(&error),
    };
    sandbox.answer(call("query", Some(&reference)), work).await
}

#[derive(Serialize)]
struct List<'a> {
    meta: Meta<'a>,
    links: Links,
    data: Vec<Resource<'a>>,
}

#[derive(Serialize)]
struct Meta<'a> {
    /// Rows on this page.
    count: usize,
    size: u32,
    /// Id of the last row: where the next, older page begins.
    before: &'a str,
    /// Id of the first row.
    after: &'a str,
}

#[derive(Serialize)]
struct Links {
    prev: String,
    next: String,
}

fn listed(sandbox: &Sandbox, query: Option<&str>) -> Response {
    let wrong = |name: &str, complaint: &str| {
        let mut complaints = std::collections::BTreeMap::new();
        complaints.insert(name.to_owned(), complaint.to_owned());
        wire::invalid(&complaints)
    };
    let size = match query_value(query, "page[size]").map(|text| text.parse()) {
        None => SIZE_DEFAULT,
        Some(Ok(size)) if (1..=SIZE_MAX).contains(&size) => size,
        Some(_) => return wrong("page[size]", "This value should be between 1 and 100."),
    };
    let before = query_value(query, "page[before]").filter(|id| !id.is_empty());
    let after = query_value(query, "page[after]").filter(|id| !id.is_empty());
    let (name, from) = match (&before, &after) {
        (Some(id), _) => ("page[before]", Start::Before(id)),
        (None, Some(id)) => ("page[after]", Start::After(id)),
        (None, None) => ("", Start::Newest),
    };
    let made = sandbox.books().read(|page| {
        let Some(records) = page.list(NAME, &from, size)? else {
            return Ok(None);
        };
        let rows = records
            .iter()
            .map(|record| Invoice::read(record))
            .collect::<rusqlite::Result<Vec<_>>>()?;
        let (mut newer, mut older) = (false, false);
        if let (Some(first), Some(last)) = (rows.first(), rows.last()) {
            let any = |from| -> rusqlite::Result<bool> {
                Ok(page
                    .list(NAME, &from, 1)?
                    .is_some_and(|rows| !rows.is_empty()))
            };
            newer = any(Start::After(&first.id))?;
            older = any(Start::Before(&last.id))?;
        }
        Ok(Some((rows, newer, older)))
    });
    let (rows, newer, older) = match made {
        Ok(Some(made)) => made,
        Ok(None) => return wrong(name, "There is no such invoice."),
        Err(error) => return broken(&error),
    };
    let after = rows.first().map_or("", |row| &row.id);
    let before = rows.last().map_or("", |row| &row.id);
    let link = |there: bool, side: &str, id: &str| {
        if there {
            format!("/api/payout-invoices?page[{side}]={id}&page[size]={size}")
        } else {
            String::new()
        }
    };
    let list = List {
        meta: Meta {
            count: rows.len(),
            size,
            before,
            after,
        },
        links: Links {
            prev: link(newer, "after", after),
            next: link(older, "before", before),
        },
        data: rows.iter().map(wire::list_row).collect(),
    };
    json_response(StatusCode::OK, &list)
}

/// The money movements of one payout, or of all: one row each, and one for each that moved nothing yet.
pub(crate) fn payments(page: &Page<'_>, reference: Option<&str>) -> rusqlite::Result<Vec<Payment>> {
    let records = match reference {
        Some(reference) => page.by_reference(NAME, reference)?.into_iter().collect(),
        None => page.all(NAME)?,
    };
    let mut rows = Vec::with_capacity(records.len());
    for record in &records {
        let invoice = Invoice::read(record)?;
        let row = |(way, amount_minor): (Way, i64)| Payment {
            provider: NAME,
            id: invoice.id.clone(),
            reference: invoice.reference.clone(),
            amount_minor,
            currency: invoice.currency.clone(),
            direction: way.name(),
            status: invoice.status.clone(),
            paid: invoice.moved.has_left(),
        };
        rows.extend(invoice.moved.rows(invoice.amount).into_iter().map(row));
    }
    Ok(rows)
}

fn find(
    sandbox: &Sandbox,
    look: impl FnOnce(&Page<'_>) -> rusqlite::Result<Option<String>>,
) -> rusqlite::Result<Option<Invoice>> {
    let record = sandbox.books().read(look)?;
    record.map(|record| Invoice::read(&record)).transpose()
}

fn reference_of(sandbox: &Sandbox, id: &str) -> rusqlite::Result<Option<String>> {
    sandbox.books().read(|page| page.reference_of(NAME, id))
}

fn invoice_response(status: StatusCode, invoice: &Invoice) -> Response {
    let data = wire::resource(invoice);
    json_response(status, &Document { data })
}

/// The mode of the public key in the query, or else in the JSON body.
fn public_mode(query: Option<&str>, body: &[u8]) -> Option<bool> {
    #[derive(Deserialize)]
    struct Keyed {
        public_key: String,
    }
    let key = match query_value(query, "public_key") {
        Some(key) => key,
        None => serde_json::from_slice::<Keyed>(body).ok()?.public_key,
    };
    mode_of(&key)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the twin draws its own ids, as the provider does; nobody replays it"
)]
fn new_id() -> String {
    let mut bytes = [0; ID_CHARS];
    getrandom::fill(&mut bytes).expect("the computer has random bytes");
    let mut id = "cpoi_".to_owned();
    for byte in bytes {
        id.push(char::from(
            ALPHANUMERICS[usize::from(byte) % ALPHANUMERICS.len()],
        ));
    }
    id
}
