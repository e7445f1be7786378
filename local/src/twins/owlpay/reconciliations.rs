//! The operations on reconciliations.

use axum::extract::Path;
use axum::response::Response;
use serde::Serialize;

use super::asked::Asked;
use super::caller::{Answer, Caller};
use super::life::way_to;
use super::order::Order;
use super::order_filter::Filter;
use super::order_view::Views;
use super::outcome::{self, FORMS, Wish};
use super::paging::Paging;
use super::problem::{Failed, Problem};
use super::reconciliation::{Reconciliation, ReconciliationView};
use super::shelf::{Shelf, new_id};

/// One reconciliation as the documents' sample shows it, or a list of them, as their guide does.
#[derive(Serialize)]
#[serde(untagged)]
enum OneOrMore {
    One(Box<ReconciliationView>),
    More(Vec<ReconciliationView>),
}

/// Applies for the payment of the orders that are meant. The answer shows them waiting for review: what becomes of
/// them is not part of the call.
pub(crate) async fn create(caller: Caller, asked: Asked) -> Response {
    let only = named(&caller, &asked);
    let work = || caller.write(|shelf| applied(shelf, &asked));
    caller.answer("process", only.as_deref(), work).await
}

fn applied(shelf: &Shelf<'_>, asked: &Asked) -> Result<Answer<OneOrMore>, Failed> {
    let mut views = Vec::new();
    let mut list = false;
    for mut orders in groups(payable(shelf, asked)?) {
        let first = &orders[0];
        let reconciliation = Reconciliation {
            uuid: new_id("otr_"),
            vendor: first.vendor.clone(),
            currency: first.currency.clone(),
            orders: orders.iter().map(|order| order.uuid.clone()).collect(),
            created: shelf.now_s(),
        };
        if let Some(Wish::Form { list: wanted }) = outcome::take(shelf, FORMS, &first.serial)? {
            list = wanted;
        }
        for order in &mut orders {
            order.submit(&reconciliation.uuid, shelf.now_s());
        }
        shelf.insert(&reconciliation)?;
        views.push(reconciliation.view(&orders, shelf)?);
        for order in orders {
            let (end, after_s) = outcome::ending(shelf, &order.serial)?;
            order.follow(way_to(end, shelf.now_s(), after_s), shelf)?;
        }
    }
    Ok(Answer::of(match views.pop() {
        Some(one) if views.is_empty() && !list => OneOrMore::One(Box::new(one)),
        last => {
            views.extend(last);
            OneOrMore::More(views)
        }
    }))
}

/// The orders that are meant. Each order that is named must be payable; of those that merely fit, the payable ones.
fn payable(shelf: &Shelf<'_>, asked: &Asked) -> Result<Vec<Order>, Failed> {
    let filter = Filter::read(asked)?;
    if filter.is_empty() {
        let complaint = "or another way to say which orders are meant is required";
        return Err(asked.wrong("order_serials", complaint).into());
    }
    let mut orders = filter.find(shelf)?;
    let is_found = |serial: &String| orders.iter().any(|order| order.serial == *serial);
    let is_there = |uuid: &String| orders.iter().any(|order| order.uuid == *uuid);
    if !filter.serials.iter().all(is_found) || !filter.uuids.iter().all(is_there) {
        return Err(Problem::not_found("order").into());
    }
    let named = !filter.serials.is_empty() || !filter.uuids.is_empty();
    let mut views = Views::new(shelf);
    let mut denied = None;
    let mut kept = Vec::new();
    for order in orders.drain(..) {
        let reasons = order.denials(views.vendor(&order.vendor)?, shelf.now_s());
        if order.is_waiting() && reasons.is_empty() {
            kept.push(order);
        } else {
            denied = Some((order, reasons));
        }
    }
    match denied {
        Some((order, reasons)) if named => Err(refused(asked, &order, &reasons).into()),
        _ if kept.is_empty() => {
            let message = "No order can be reconciled.".to_owned();
            Err(Problem::refused(asked.kind, message).into())
        }
        _ => Ok(kept),
    }
}

fn refused(asked: &Asked, order: &Order, reasons: &[&str]) -> Problem {
    let why = if reasons.is_empty() {
        format!("Its status is {}.", order.state.status.word())
    } else {
        reasons.join(" ")
    };
    let message = format!("The order {} cannot be reconciled. {why}", order.uuid);
    Problem::refused(asked.kind, message)
}

/// The orders by vendor and currency, each group in the order they came.
fn groups(orders: Vec<Order>) -> Vec<Vec<Order>> {
    let mut groups: Vec<Vec<Order>> = Vec::new();
    for order in orders {
        let belongs = |group: &&mut Vec<Order>| {
            let first = &group[0];
            first.vendor == order.vendor && first.currency == order.currency
        };
        match groups.iter_mut().find(belongs) {
            Some(group) => group.push(order),
            None => groups.push(vec![order]),
        }
    }
    groups
}

/// The serial of the one order that is meant, for the faults that are ordered for it.
fn named(caller: &Caller, asked: &Asked) -> Option<String> {
    let filter = Filter::read(asked).ok()?;
    if let Some(serial) = filter.lookup() {
        return Some(serial.to_owned());
    }
    match filter.uuids.as_slice() {
        [uuid] => super::orders::serial_of(caller, uuid),
        _ => None,
    }
}

pub(crate) async fn by_uuid(caller: Caller, Path(uuid): Path<String>) -> Response {
    let find = |shelf: &Shelf<'_>| -> Result<(Reconciliation, Vec<Order>), Failed> {
        let found: Option<Reconciliation> = shelf.by_uuid(&uuid)?;
        let found = found.ok_or_else(|| Problem::not_found("reconciliation"))?;
        let orders = orders_of(shelf, &found)?;
        Ok((found, orders))
    };
    let first = caller.read(|shelf| Ok(find(shelf)?.1.into_iter().next()));
    let serial = first.ok().flatten().map(|order| order.serial);
    let work = || {
        caller.read(|shelf| {
            let (found, orders) = find(shelf)?;
            Ok(Answer::of(found.view(&orders, shelf)?))
        })
    };
    caller.answer("query", serial.as_deref(), work).await
}

pub(crate) async fn list(caller: Caller, asked: Asked) -> Response {
    let work = || {
        caller.read(|shelf| {
            let paging = Paging::read(&asked)?;
            let all: Vec<Reconciliation> = shelf.all()?;
            let total = all.len();
            let mut rows = Vec::new();
            for one in paging.cut(all) {
                rows.push(one.view(&orders_of(shelf, &one)?, shelf)?);
            }
            let pagination = paging.told("orders_reconciliation", rows.len(), total);
            Ok(Answer::page(rows, pagination))
        })
    };
    caller.answer("list", None, work).await
}

fn orders_of(shelf: &Shelf<'_>, one: &Reconciliation) -> Result<Vec<Order>, Failed> {
    let found = one
        .orders
        .iter()
        .map(|uuid| super::orders::found(shelf, uuid));
    found.collect()
}
