//! What the control API can order for one transaction.

use serde::{Deserialize, Serialize};

use super::transactions::Outcome;

/// What is ordered, for the message that refuses anything else.
pub(crate) const EXPECTED: &str = "success, failure, pending, pending_success, pending_failure, duplicate_error, \
query_by_order_no, amount_in_minor_units, amount_differs, query_off or order_state_1 to order_state_9";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Wish {
    End(Ending),
    /// A repeat of its order number gets an error code, not the stored answer.
    DuplicateError,
    /// The order query finds it by the merchant's order number too.
    FoundByOrderNo,
    /// The amount is answered in minor units: `1050` for 10.50.
    AmountInMinorUnits,
    /// The amount is answered as a cent more than what moved.
    AmountDiffers,
    /// The order query does not know it.
    QueryOff,
    /// The order query shows this state, whatever became of it.
    OrderState(u8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Ending {
    Now(Outcome),
    /// Pending, and then by itself like this, if at all.
    Later(Option<Outcome>),
}

impl Wish {
    pub(crate) fn read(word: &str) -> Option<Self> {
        Some(match word {
            "success" => Self::End(Ending::Now(Outcome::Success)),
            "failure" => Self::End(Ending::Now(Outcome::Failure)),
            "pending" => Self::End(Ending::Later(None)),
            "pending_success" => Self::End(Ending::Later(Some(Outcome::Success))),
            "pending_failure" => Self::End(Ending::Later(Some(Outcome::Failure))),
            "duplicate_error" => Self::DuplicateError,
            "query_by_order_no" => Self::FoundByOrderNo,
            "amount_in_minor_units" => Self::AmountInMinorUnits,
            "amount_differs" => Self::AmountDiffers,
            "query_off" => Self::QueryOff,
            word => Self::OrderState(order_state(word)?),
        })
    }
}

/// The state that a word orders the query to show: one of the documented ones.
fn order_state(word: &str) -> Option<u8> {
    let number = word.strip_prefix("order_state_")?.parse().ok()?;
    (1..=9).contains(&number).then_some(number)
}

/// What an ordered outcome may say; `None` when `status` is fine.
pub(crate) fn outcome_complaint(status: &str) -> Option<&'static str> {
    match Wish::read(status) {
        Some(_) => None,
        None => Some(EXPECTED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_that_is_expected_is_understood_and_no_other() {
        let words = EXPECTED.replace(" or ", ", ").replace(" to ", ", ");
        assert_eq!(words.split(", ").count(), 12);
        for word in words.split(", ") {
            assert_eq!(outcome_complaint(word), None, "{word}");
        }
        for word in [
            "",
            "Success",
            "processed",
            "order_state_0",
            "order_state_10",
        ] {
            assert_eq!(outcome_complaint(word), Some(EXPECTED), "{word}");
        }
    }
}
