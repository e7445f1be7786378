//! The operations that change orders: update and cancel.

use axum::extract::Path;
use axum::response::Response;

use super::asked::Asked;
use super::caller::{Answer, Caller};
use super::life::{Ending, Status};
use super::order::Order;
use super::order_view::Views;
use super::orders::{found, serial_of};
use super::paging::Paging;
use super::problem::{Failed, Problem};
use super::shelf::Shelf;

const CLOSE_REASON: &str = "Cancelled by the application.";

/// Changes description and data at any time, and the time of reconciliation while it waits for one.
pub(crate) async fn update(caller: Caller, Path(uuid): Path<String>, asked: Asked) -> Response {
    let serial = serial_of(&caller, &uuid);
    let work = || {
        caller.write(|shelf| {
            let mut order = found(shelf, &uuid)?;
            if let Some(description) = asked.text("description")? {
                order.description = Some(description);
            }
            if let Some(meta_data) = asked.json("meta_data")? {
                order.meta_data = meta_data;
            }
            if let Some(allowed_at) = asked.moment("allow_transfer_time_at")? {
                if !order.is_waiting() {
                    return Err(closed(&asked, &order).into());
                }
                order.allowed_at = allowed_at;
            }
            order.updated = shelf.now_s();
            shelf.replace(&order)?;
            Ok(Answer::of(Views::new(shelf).order(&order)?))
        })
    };
    caller.answer("create", serial.as_deref(), work).await
}

/// Cancels all named orders, or none when one of them cannot be.
pub(crate) async fn cancel(caller: Caller, asked: Asked) -> Response {
    let only = named(&caller, &asked);
    let work = || {
        caller.write(|shelf| {
            let mut orders = meant(shelf, &asked)?;
            if let Some(order) = orders.iter().find(|order| !order.is_closable()) {
                return Err(closed(&asked, order).into());
            }
            for order in &mut orders {
                order.close_reason = Some(CLOSE_REASON.to_owned());
                order
                    .clone()
                    .settle(Ending::plain(Status::Cancelled), shelf)?;
                *order = found(shelf, &order.uuid)?;
            }
            let rows = Views::new(shelf).orders(&orders)?;
            let pagination = Paging::whole().told("orders", rows.len(), rows.len());
            Ok(Answer::page(rows, pagination))
        })
    };
    caller.answer("cancel", only.as_deref(), work).await
}

fn closed(asked: &Asked, order: &Order) -> Problem {
    let (uuid, status) = (&order.uuid, order.state.status.word());
    Problem::refused(
        asked.kind,
        format!("The order {uuid} does not allow this in the status {status}."),
    )
}

/// The serial of the one order that is meant, for the faults that are ordered for it.
fn named(caller: &Caller, asked: &Asked) -> Option<String> {
    let orders = caller.read(|shelf| meant(shelf, asked)).ok()?;
    match orders.as_slice() {
        [order] => Some(order.serial.clone()),
        _ => None,
    }
}

/// The orders a cancellation names.
fn meant(shelf: &Shelf<'_>, asked: &Asked) -> Result<Vec<Order>, Failed> {
    let uuids = asked.texts(&["order_uuids", "order_uuid"])?;
    let serials = asked.texts(&[
        "application_order_serials",
        "application_order_serial",
        "order_serials",
        "order_serial",
    ])?;
    if uuids.is_empty() && serials.is_empty() {
        let complaint = "or application_order_serials is required";
        return Err(asked.wrong("order_uuids", complaint).into());
    }
    let mut orders = Vec::new();
    for uuid in &uuids {
        orders.push(found(shelf, uuid)?);
    }
    for serial in &serials {
        let all: Vec<Order> = shelf.all_of_key(serial)?;
        if all.is_empty() {
            return Err(Problem::not_found("order").into());
        }
        orders.extend(all);
    }
    let mut seen = std::collections::HashSet::new();
    orders.retain(|order: &Order| seen.insert(order.uuid.clone()));
    Ok(orders)
}
