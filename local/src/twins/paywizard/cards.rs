//! The prepaid cards: which numbers are cards, what they hold, and how each behaves.
//!
//! A card is kept from the first money call or activation on; before, its number says all there is to know.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::CARDS;
use super::transactions::{self, Direction, Outcome, State, Transaction};
use crate::twins::books::{Object, Page};
use crate::twins::spoiled;

/// A card whose calls succeed.
pub const CARD_OK: &str = "6000000000000001";
/// A card whose money calls fail.
pub const CARD_FAIL: &str = "6000000000000002";
/// A card whose money calls are pending and then succeed.
pub const CARD_PENDING_OK: &str = "6000000000000003";
/// A card whose money calls are pending and then fail.
pub const CARD_PENDING_FAIL: &str = "6000000000000004";
/// A card whose money calls succeed and are not answered.
pub const CARD_UNANSWERED: &str = "6000000000000005";
/// The card of the vendor's printed sample. Its calls succeed.
pub const CARD_OF_THE_SAMPLE: &str = "914639258868515";

const START_CARDS: [&str; 6] = [
    CARD_OK,
    CARD_FAIL,
    CARD_PENDING_OK,
    CARD_PENDING_FAIL,
    CARD_UNANSWERED,
    CARD_OF_THE_SAMPLE,
];
/// What a start card holds: 10,000.00 USD.
pub const START_BALANCE: i64 = 1_000_000;
/// The first digits of every other card: 16 digits in all, active.
pub const PREFIX: &str = "6000";
/// What an active card holds when it is new: 100.00 USD.
pub const FRESH_BALANCE: i64 = 10_000;
/// The first digits of cards that must be activated and hold nothing: 16 digits in all.
pub const PREFIX_INACTIVE: &str = "6009";

/// The first digits of the cards of the second channel, where one is served: 16 digits in all, active.
pub const PREFIX_SECOND: &str = "6001";

const DIGITS: usize = 16;

/// Which of the served channels has issued a card of this number, if there is one.
pub(crate) fn issuer(number: &str) -> usize {
    usize::from(number.starts_with(PREFIX_SECOND))
}

/// A card. Amounts in cents.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Card {
    pub(crate) number: String,
    pub(crate) active: bool,
    pub(crate) usd: i64,
    pub(crate) points: i64,
    /// Of `usd`, what pending debits will take.
    reserved: i64,
    /// Checkout ids of the transactions that are pending.
    pending: Vec<String>,
    /// What the last activation told about the holder.
    pub(crate) customer: Box<RawValue>,
}

/// How the money calls of a card end, by the last two digits of its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behaviour {
    Succeeds,
    Fails,
    Waits(Outcome),
    SucceedsUnanswered,
}

impl Card {
    /// The card of this number with everything that is due by `now_ms` done; `None` when there is no such card.
    pub(crate) fn open(
        page: &Page<'_>,
        number: &str,
        now_ms: i64,
    ) -> rusqlite::Result<Option<Self>> {
        let Some(mut card) = (match page.by_id(CARDS, number)? {
            Some(record) => Some(serde_json::from_str(&record).map_err(spoiled)?),
            None => Self::new(number),
        }) else {
            return Ok(None);
        };
        for checkout_id in card.pending.clone() {
            let Some(mut transaction) = Transaction::by_checkout_id(page, &checkout_id)? else {
                continue;
            };
            let due = transaction.as_of(now_ms);
            if let State::Ended { outcome, at_ms } = due.state {
                card.end(&mut transaction, outcome, at_ms);
                transaction.keep(page)?;
                card.keep(page)?;
            }
        }
        Ok(Some(card))
    }

    /// A card nobody has used yet.
    fn new(number: &str) -> Option<Self> {
        let is_card = number.len() == DIGITS && number.bytes().all(|b| b.is_ascii_digit());
        let (active, usd) = if START_CARDS.contains(&number) {
            (true, START_BALANCE)
        } else if is_card && (number.starts_with(PREFIX) || number.starts_with(PREFIX_SECOND)) {
            (true, FRESH_BALANCE)
        } else if is_card && number.starts_with(PREFIX_INACTIVE) {
            (false, 0)
        } else {
            return None;
        };
        Some(Self {
            number: number.to_owned(),
            active,
            usd,
            points: 0,
            reserved: 0,
            pending: Vec::new(),
            customer: RawValue::from_string("{}".to_owned()).expect("braces are JSON"),
        })
    }

    pub(crate) fn behaviour(&self) -> Behaviour {
        if self.number == CARD_OF_THE_SAMPLE {
            return Behaviour::Succeeds;
        }
        match self.number.get(DIGITS - 2..) {
            Some("02") => Behaviour::Fails,
            Some("03") => Behaviour::Waits(Outcome::Success),
            Some("04") => Behaviour::Waits(Outcome::Failure),
            Some("05") => Behaviour::SucceedsUnanswered,
            _ => Behaviour::Succeeds,
        }
    }

    /// What a debit may take now.
    pub(crate) fn available(&self) -> i64 {
        self.usd - self.reserved
    }

    /// Takes a new transaction on: moves its money when it succeeded, or holds it while it is pending.
    pub(crate) fn take(&mut self, transaction: &Transaction) {
        match transaction.state {
            State::Pending { .. } => {
                self.pending.push(transaction.checkout_id.clone());
                if transaction.direction == Direction::FromCard {
                    self.reserved += transaction.amount;
                }
            }
            State::Ended { outcome, .. } => self.settle(transaction, outcome),
        }
    }

    /// Ends a pending transaction of this card.
    pub(crate) fn end(&mut self, transaction: &mut Transaction, outcome: Outcome, at_ms: i64) {
        self.pending.retain(|id| *id != transaction.checkout_id);
        if transaction.direction == Direction::FromCard {
            self.reserved -= transaction.amount;
        }
        transaction.state = State::Ended { outcome, at_ms };
        self.settle(transaction, outcome);
    }

    fn settle(&mut self, transaction: &Transaction, outcome: Outcome) {
        match (outcome, transaction.direction) {
            (Outcome::Failure, _) => {}
            (Outcome::Success, Direction::FromCard) => self.usd -= transaction.amount,
            (Outcome::Success, Direction::ToCard) => self.usd += transaction.amount,
        }
    }

    pub(crate) fn keep(&self, page: &Page<'_>) -> rusqlite::Result<()> {
        let record = serde_json::to_string(self).map_err(spoiled)?;
        transactions::keep_object(
            page,
            &Object {
                provider: CARDS,
                id: &self.number,
                reference: &self.number,
                record: &record,
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_says_what_a_new_card_holds_and_how_it_behaves() {
        let open =
            |number: &str| Card::new(number).map(|card| (card.active, card.usd, card.behaviour()));
        let waits = Behaviour::Waits;
        for (number, behaviour) in [
            (CARD_OK, Behaviour::Succeeds),
            (CARD_FAIL, Behaviour::Fails),
            (CARD_PENDING_OK, waits(Outcome::Success)),
            (CARD_PENDING_FAIL, waits(Outcome::Failure)),
            (CARD_UNANSWERED, Behaviour::SucceedsUnanswered),
            (CARD_OF_THE_SAMPLE, Behaviour::Succeeds),
        ] {
            assert_eq!(
                open(number),
                Some((true, START_BALANCE, behaviour)),
                "{number}"
            );
        }
        assert_eq!(
            open("6000123412341299"),
            Some((true, FRESH_BALANCE, Behaviour::Succeeds))
        );
        assert_eq!(
            open("6000123412341202"),
            Some((true, FRESH_BALANCE, Behaviour::Fails))
        );
        assert_eq!(
            open("6009123412341299"),
            Some((false, 0, Behaviour::Succeeds))
        );
        for unknown in [
            "",
            "6000",
            "600012341234129",
            "60001234123412999",
            "5123817234060000",
            "6000x23412341299",
        ] {
            assert_eq!(open(unknown), None, "{unknown}");
        }
    }
}
