//! The operations that move no money: activate, query a balance, query an order.

use axum::response::Response;
use serde_json::value::to_raw_value;

use super::asked::Asked;
use super::cards::Card;
use super::transactions::Transaction;
use super::wishes::Wish;
use super::{Arrived, Refused, wire};
use crate::twins::books::Page;
use crate::twins::spoiled;

const NO_CARD: Refused = Refused::Code(wire::NOT_FOUND, "card not found");
const NO_ORDER: Refused = Refused::Code(wire::NOT_FOUND, "order not found");

pub(crate) async fn inquiry(arrived: Arrived) -> Response {
    let work = |asked: &Asked| {
        let number = asked.account_id()?.ok_or(NO_CARD)?;
        let now_ms = arrived.now_ms();
        let books = arrived.sandbox.books();
        let card = books.write(|page| Card::open(page, number, now_ms))?;
        Ok(wire::card(&card.ok_or(NO_CARD)?, now_ms))
    };
    arrived.answer("query", account, work).await
}

pub(crate) async fn activate(arrived: Arrived) -> Response {
    let work = |asked: &Asked| {
        let number = asked.account_id()?;
        let activating = asked.required_activating()?;
        let customer = to_raw_value(asked.required_customer()?).map_err(spoiled)?;
        let now_ms = arrived.now_ms();
        let number = number.ok_or(NO_CARD)?;
        let card = arrived.sandbox.books().write(|page| {
            let Some(mut card) = Card::open(page, number, now_ms)? else {
                return Ok(None);
            };
            card.active |= activating;
            card.customer = customer;
            card.keep(page)?;
            Ok(Some(card))
        })?;
        Ok(wire::card(&card.ok_or(NO_CARD)?, now_ms))
    };
    arrived.answer("activate", account, work).await
}

fn account(asked: &Asked) -> Result<Option<String>, Refused> {
    Ok(asked.text("accountId").map(str::to_owned))
}

pub(crate) async fn order(arrived: Arrived) -> Response {
    let reference = |asked: &Asked| {
        let books = arrived.sandbox.books();
        let found = books.read(|page| find(page, asked))?;
        Ok(found.map(|transaction| transaction.order_no))
    };
    let work = |asked: &Asked| {
        if asked
            .text("checkoutId")
            .or(asked.text("transIndexCode"))
            .is_none()
        {
            return Err("checkoutId or transIndexCode is required".to_owned().into());
        }
        let now_ms = arrived.now_ms();
        let found = arrived.sandbox.books().read(|page| {
            let Some(transaction) = find(page, asked)? else {
                return Ok(None);
            };
            if transaction.wishes.contains(&Wish::QueryOff) {
                return Ok(None);
            }
            let void = transaction.void(page, now_ms)?;
            let voided = void.is_some_and(|void| void.succeeded_ms().is_some());
            Ok(Some((transaction.as_of(now_ms), voided)))
        })?;
        let (transaction, voided) = found.ok_or(NO_ORDER)?;
        Ok(wire::order(&transaction, voided, now_ms))
    };
    arrived.answer("query", reference, work).await
}

/// The transaction that is asked for. The checkout id wins; what is given as the reference code may also be the
/// merchant's order number, but only for a transaction of which this was ordered.
fn find(page: &Page<'_>, asked: &Asked) -> rusqlite::Result<Option<Transaction>> {
    if let Some(checkout_id) = asked.text("checkoutId") {
        return Transaction::by_checkout_id(page, checkout_id);
    }
    let Some(code) = asked.text("transIndexCode") else {
        return Ok(None);
    };
    if let Some(found) = Transaction::by_code(page, code)? {
        return Ok(Some(found));
    }
    let found = Transaction::by_order_no(page, code)?;
    Ok(found.filter(|it| it.wishes.contains(&Wish::FoundByOrderNo)))
}
