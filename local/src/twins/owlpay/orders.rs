//! The operations that make and show orders.

use axum::extract::Path;
use axum::response::Response;
use serde_json::value::RawValue;

use super::NAME;
use super::asked::Asked;
use super::caller::{Answer, Caller};
use super::moment::start_of_day;
use super::order::{NewOrder, Order};
use super::order_filter::Filter;
use super::order_view::Views;
use super::paging::Paging;
use super::problem::{Failed, Problem};
use super::shelf::{Mode, Shelf, new_hex_id};
use super::vendor::Vendor;
use crate::twins::Payment;
use crate::twins::books::Page;
use crate::twins::moved::Way;

/// Most orders of one batch. The documents name no limit.
const BATCH_MAX: usize = 100;

pub(crate) async fn create(caller: Caller, asked: Asked) -> Response {
    let serial = asked.serial().ok().flatten();
    let work = || {
        caller.write(|shelf| {
            let order = enter(shelf, &asked)?;
            Ok(Answer::of(Views::new(shelf).order(&order)?))
        })
    };
    caller.answer("create", serial.as_deref(), work).await
}

/// All orders of the batch, or none: the documents know no partial success.
pub(crate) async fn create_batch(caller: Caller, asked: Asked) -> Response {
    let serial = asked.objects("orders", BATCH_MAX).ok();
    let serial = serial.and_then(|orders| orders.first()?.serial().ok()?);
    let work = || {
        caller.write(|shelf| {
            let wishes = asked.objects("orders", BATCH_MAX)?;
            let entered = wishes.iter().map(|wish| enter(shelf, wish));
            let orders = entered.collect::<Result<Vec<Order>, Failed>>()?;
            let rows = Views::new(shelf).orders(&orders)?;
            let pagination = Paging::whole().told("orders", rows.len(), rows.len());
            Ok(Answer::page(rows, pagination))
        })
    };
    caller.answer("create", serial.as_deref(), work).await
}

/// Enters the order that is asked for.
fn enter(shelf: &Shelf<'_>, asked: &Asked) -> Result<Order, Failed> {
    let new = wanted(shelf, asked)?;
    let is_forced = asked.flag("is_force_create")?.unwrap_or(false);
    let serial = new.serial.clone();
    let order = Order::received(new, shelf.now_s());
    if shelf.insert(&order)? {
        return Ok(order);
    }
    if is_forced {
        let order = order.forced();
        shelf.insert(&order)?;
        return Ok(order);
    }
    let message = format!("An order with the serial {serial} exists.");
    Err(Problem::conflict(asked.kind, "order_serial", message).into())
}

fn wanted(shelf: &Shelf<'_>, asked: &Asked) -> Result<NewOrder, Failed> {
    let serial = asked.serial()?;
    let serial = serial.ok_or_else(|| asked.wrong("order_serial", "is required"))?;
    let currency = asked.required("currency")?;
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
        let complaint = "must be a currency code of ISO 4217 in upper case";
        return Err(asked.wrong("currency", complaint).into());
    }
    let total = asked.amount("total", &currency)?;
    let now_s = shelf.now_s();
    Ok(NewOrder {
        uuid: new_hex_id("ord_"),
        serial,
        total,
        vendor: payee(shelf, asked)?.uuid,
        currency,
        description: asked.text("description")?,
        meta_data: asked.json("meta_data")?.unwrap_or_else(no_meta_data),
        placed_at: asked.moment("order_created_at")?.unwrap_or(now_s),
        allowed_at: asked
            .moment("allow_transfer_time_at")?
            .unwrap_or_else(|| start_of_day(now_s)),
    })
}

pub(crate) fn no_meta_data() -> Box<RawValue> {
    RawValue::from_string("{}".to_owned()).expect("an empty object is JSON")
}

/// The vendor an order is for.
fn payee(shelf: &Shelf<'_>, asked: &Asked) -> Result<Vendor, Failed> {
    let uuid = asked.text("vendor_uuid")?;
    let name = asked.text("application_vendor_uuid")?;
    let vendor: Option<Vendor> = match (&uuid, &name) {
        (Some(uuid), _) => shelf.by_uuid(uuid)?,
        (None, Some(name)) => shelf.by_key(name)?,
        (None, None) => {
            let complaint = "or application_vendor_uuid is required";
            return Err(asked.wrong("vendor_uuid", complaint).into());
        }
    };
    let differs = |vendor: &Vendor| name.is_some() && vendor.application_uuid != name;
    match vendor {
        Some(vendor) if vendor.removed || differs(&vendor) => {
            Err(Problem::not_found("vendor").into())
        }
        Some(vendor) => Ok(vendor),
        None => Err(Problem::not_found("vendor").into()),
    }
}

pub(crate) async fn by_uuid(caller: Caller, Path(uuid): Path<String>) -> Response {
    let serial = serial_of(&caller, &uuid);
    let work = || {
        caller.read(|shelf| {
            let order = found(shelf, &uuid)?;
            Ok(Answer::of(Views::new(shelf).order(&order)?))
        })
    };
    caller.answer("query", serial.as_deref(), work).await
}

pub(crate) async fn list(caller: Caller, asked: Asked) -> Response {
    let serial = Filter::read(&asked)
        .ok()
        .and_then(|filter| filter.lookup().map(str::to_owned));
    let operation = if serial.is_some() { "query" } else { "list" };
    let work = || {
        caller.read(|shelf| {
            let (filter, paging) = (Filter::read(&asked)?, Paging::read(&asked)?);
            let orders = filter.find(shelf)?;
            let total = orders.len();
            let rows = Views::new(shelf).orders(&paging.cut(orders))?;
            let pagination = paging.told("orders", rows.len(), total);
            Ok(Answer::page(rows, pagination))
        })
    };
    caller.answer(operation, serial.as_deref(), work).await
}

pub(crate) fn found(shelf: &Shelf<'_>, uuid: &str) -> Result<Order, Failed> {
    let order = shelf.by_uuid(uuid)?;
    order.ok_or_else(|| Problem::not_found("order").into())
}

/// The serial of an order, for the faults that are ordered for it.
pub(crate) fn serial_of(caller: &Caller, uuid: &str) -> Option<String> {
    let order = caller.read(|shelf| found(shelf, uuid)).ok();
    order.map(|order| order.serial)
}

/// The money movements of the orders with one serial, or of all: one row each, and one for each order that moved
/// nothing yet.
pub(crate) fn payments(
    page: &Page<'_>,
    reference: Option<&str>,
    now_ms: i64,
) -> rusqlite::Result<Vec<Payment>> {
    let mut rows = Vec::new();
    for mode in Mode::ALL {
        let shelf = Shelf::new(page, mode, now_ms);
        let orders = match reference {
            Some(serial) => shelf.all_of_key::<Order>(serial),
            None => shelf.all().map(|mut orders: Vec<Order>| {
                orders.reverse();
                orders
            }),
        };
        for order in orders.map_err(Failed::into_books)? {
            let row = |(way, amount_minor): (Way, i64)| Payment {
                provider: NAME,
                id: order.uuid.clone(),
                reference: order.serial.clone(),
                amount_minor,
                currency: order.currency.clone(),
                direction: way.name(),
                status: order.state.status.word().to_owned(),
                paid: order.moved.has_left(),
            };
            rows.extend(order.moved.rows(order.total).into_iter().map(row));
        }
    }
    Ok(rows)
}
