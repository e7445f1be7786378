//! Who stands behind a batch, what it costs, and what it sums up to.

use serde::{Deserialize, Serialize};

use super::Line;
use crate::{
    denied::Denied,
    fee::{FeeQuote, FeeSchedule},
    ids::Mode,
    money::Cents,
    time::Timestamp,
};

/// Who made or changed a batch: the key, and the person who holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hand {
    pub key: String,
    pub owner: String,
}

impl Hand {
    /// Whether one person holds both keys: neither case nor blanks around a name make another one.
    pub fn is_one_person(&self, other: &Self) -> bool {
        self.owner.trim().to_lowercase() == other.owner.trim().to_lowercase()
    }

    /// Whether both are the same key or, where money is real, the same person: who may make keys could be two
    /// otherwise.
    pub fn is_same(&self, other: &Self, mode: Mode) -> bool {
        self.key == other.key || (mode == Mode::Live && self.is_one_person(other))
    }
}

/// The consent of a second person to exactly one plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    pub by: Hand,
    pub plan: String,
    pub at: Timestamp,
    pub lapses_at: Timestamp,
}

/// By which rule the lines are charged: as it was when the batch was made, for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeeTerms {
    pub rule: String,
    pub version: String,
    pub refund_on_return: bool,
}

impl FeeTerms {
    pub fn of(schedule: &FeeSchedule) -> Self {
        Self {
            rule: schedule.batch.id.clone(),
            version: schedule.version.clone(),
            refund_on_return: schedule.refund_fee_on_return,
        }
    }

    /// The quote of a line with this fee.
    pub fn quote(&self, fee: Cents) -> FeeQuote {
        FeeQuote {
            fee,
            rule: self.rule.clone(),
            version: self.version.clone(),
            refund_on_return: self.refund_on_return,
        }
    }
}

/// Sums over some lines, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    pub lines: u32,
    pub amount: Cents,
    pub fees: Cents,
}

impl Sums {
    /// Over the accepted lines.
    ///
    /// # Errors
    /// [`Denied::AmountOutOfRange`] when the sum leaves what a wallet can hold.
    pub fn of<'a>(lines: impl IntoIterator<Item = &'a Line>) -> Result<Self, Denied> {
        let accepted = lines.into_iter().filter(|line| line.is_accepted());
        let sums = accepted.fold(Self::default(), |sums, line| Self {
            lines: sums.lines + 1,
            amount: Cents::new(sums.amount.get().saturating_add(line.amount.get())),
            fees: Cents::new(sums.fees.get().saturating_add(line.fee.get())),
        });
        if sums.amount > Cents::WALLET_MAX {
            return Err(Denied::AmountOutOfRange);
        }
        Ok(sums)
    }

    #[must_use]
    pub fn plus(self, more: Self) -> Self {
        Self {
            lines: self.lines + more.lines,
            amount: Cents::new(self.amount.get().saturating_add(more.amount.get())),
            fees: Cents::new(self.fees.get().saturating_add(more.fees.get())),
        }
    }
}
