//! What the control API can order: how an order ends, how a vendor's review ends, and how a reconciliation answers.

use std::str::FromStr;

use super::NAME;
use super::invites;
use super::life::{Ending, Status};
use super::order::Order;
use super::problem::Failed;
use super::shelf::{Kept, Mode, Shelf};
use super::vendor::{Review, Vendor};
use crate::twins::Outcome;
use crate::twins::books::Page;

/// Where outcomes that are not about orders wait.
pub(crate) const REVIEWS: &str = "owlpay.remit_info";
pub(crate) const INVITES: &str = "owlpay.vendor_invite";
pub(crate) const FORMS: &str = "owlpay.reconciliation";

const EXPECTED: &str = "a status of an order, as owlpay.payout_failed, with :is_paid, :not_paid, :payout_finish or \
:rejected after it if need be; remit_info.approved, .rejected, .need_correction or .checking; either with @SECONDS \
to come that much later; vendor_invite.accepted; reconciliation.array or .object";

/// The longest wait: a year.
const AFTER_S_MAX: i64 = 366 * 86_400;

/// An order of the control API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// How an order ends, and how many seconds after its reconciliation.
    Ends(Ending, i64),
    /// How the review of a vendor's remit info ends, and how many seconds after it was applied for.
    Reviewed(Review, i64),
    /// The invited vendor registers and gives its bank account, which passes the review.
    Accepted,
    /// Whether the next reconciliation is answered with a list.
    Form { list: bool },
}

impl FromStr for Wish {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "vendor_invite.accepted" => return Ok(Self::Accepted),
            "reconciliation.array" => return Ok(Self::Form { list: true }),
            "reconciliation.object" => return Ok(Self::Form { list: false }),
            _ => {}
        }
        let (word, after_s) = match text.split_once('@') {
            None => (text, 0),
            Some((word, seconds)) => {
                let seconds = seconds.parse::<u32>().map_err(|_| ())?;
                (word, i64::from(seconds))
            }
        };
        if after_s > AFTER_S_MAX {
            return Err(());
        }
        match word.strip_prefix("remit_info.") {
            Some(word) => {
                let known = Review::ALL.into_iter().find(|review| review.word() == word);
                known
                    .map(|review| Self::Reviewed(review, after_s))
                    .ok_or(())
            }
            None => word.parse().map(|ending| Self::Ends(ending, after_s)),
        }
    }
}

/// What an ordered outcome may say; `None` when `status` is fine.
pub(crate) fn outcome_complaint(status: &str) -> Option<&'static str> {
    status.parse::<Wish>().is_err().then_some(EXPECTED)
}

/// Whether an order comes to this at once, and money can move with it: an amount can be ordered for it then.
pub(crate) fn moves_money(status: &str) -> bool {
    match status.parse() {
        Ok(Wish::Ends(ending, 0)) => ending.pays() || ending.returns(),
        Ok(Wish::Ends(..) | Wish::Reviewed(..) | Wish::Accepted | Wish::Form { .. }) | Err(()) => {
            false
        }
    }
}

/// Where an outcome waits for what it is about.
pub(crate) fn outcome_book(status: &str) -> &'static str {
    match status.parse() {
        Ok(Wish::Reviewed(..)) => REVIEWS,
        Ok(Wish::Accepted) => INVITES,
        Ok(Wish::Form { .. }) => FORMS,
        Ok(Wish::Ends(..)) | Err(()) => NAME,
    }
}

/// Uses up what was ordered for this reference, if anything.
pub(crate) fn take(shelf: &Shelf<'_>, book: &str, reference: &str) -> Result<Option<Wish>, Failed> {
    let text = shelf.page.take_outcome(book, reference)?;
    Ok(text.and_then(|text| text.parse().ok()))
}

/// How an order ends, and after how many seconds: as ordered, or paid at once.
pub(crate) fn ending(shelf: &Shelf<'_>, serial: &str) -> Result<(Ending, i64), Failed> {
    Ok(match take(shelf, NAME, serial)? {
        Some(Wish::Ends(ending, after_s)) => (ending, after_s),
        _ => (Ending::plain(Status::PayoutSucceed), 0),
    })
}

/// Applies an outcome at once to what is far enough for it; false, and nothing done, when nothing is.
pub(crate) fn settle_now(
    page: &Page<'_>,
    outcome: &Outcome<'_>,
    now_ms: i64,
) -> rusqlite::Result<bool> {
    let Ok(wish) = outcome.status.parse::<Wish>() else {
        return Ok(false);
    };
    let mut applied = false;
    for mode in Mode::ALL {
        let shelf = Shelf::new(page, mode, now_ms);
        applied |= settle(&shelf, outcome, wish).map_err(Failed::into_books)?;
    }
    Ok(applied)
}

fn settle(shelf: &Shelf<'_>, outcome: &Outcome<'_>, wish: Wish) -> Result<bool, Failed> {
    let reference = outcome.reference;
    match wish {
        Wish::Ends(ending, after_s) => {
            let mut orders: Vec<Order> = shelf.all_of_key(reference)?;
            orders.retain(|order| outcome.now || order.reconciliation.is_some());
            let applied = !orders.is_empty();
            for order in orders {
                if after_s == 0 {
                    order.settle_moving(ending, outcome.amount, shelf)?;
                } else {
                    order.settle_later(ending, after_s, shelf)?;
                }
            }
            Ok(applied)
        }
        Wish::Reviewed(review, after_s) => {
            let Some(mut vendor) = vendor(shelf, reference)? else {
                return Ok(false);
            };
            let Some(channel) = vendor.remits.last().map(|remit| remit.channel) else {
                return Ok(false);
            };
            vendor.review(channel, review, shelf.now_s() + after_s);
            vendor.catch_up(shelf.now_s());
            shelf.replace(&vendor)
        }
        Wish::Accepted => match vendor(shelf, reference)? {
            Some(vendor) => invites::accept(shelf, vendor),
            None => Ok(false),
        },
        Wish::Form { .. } => Ok(false),
    }
}

/// The vendor the control API means: by the merchant's name of it, or by its id.
fn vendor(shelf: &Shelf<'_>, reference: &str) -> Result<Option<Vendor>, Failed> {
    match shelf.by_key(reference)? {
        Some(vendor) => Ok(Some(vendor)),
        None => shelf.by_uuid(reference),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_contract_is_taken_and_others_are_refused() {
        for status in Status::ALL {
            assert_eq!(outcome_complaint(status.word()), None);
            assert_eq!(outcome_book(status.word()), NAME);
        }
        for text in [
            "bank.transfer_end:is_paid",
            "owlpay.order_confirmed:rejected",
            "owlpay.payout_succeed@86400",
            "remit_info.rejected@60",
            "vendor_invite.accepted",
            "reconciliation.array",
        ] {
            assert_eq!(outcome_complaint(text), None, "{text}");
        }
        for text in [
            "",
            "processed",
            "owlpay.payout_succeed@soon",
            "owlpay.payout_succeed@999999999",
            "remit_info.paid",
            "vendor_invite.accepted@5",
        ] {
            assert!(outcome_complaint(text).is_some(), "{text}");
        }
        assert_eq!(outcome_book("remit_info.rejected"), REVIEWS);
    }
}
