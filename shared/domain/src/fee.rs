//! Fees: a versioned schedule, quoted once when a payout is created and never computed again.
//!
//! The default schedule reproduces the figures of seed 000 (profile `batch-bps`): a single standard
//! payout costs a flat 250, an instant one 1 %, a line of a batch 0.5 %, rounded half up.

use serde::{Deserialize, Serialize};

use crate::{denied::Denied, money::Cents};

/// How money travels to the driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rail {
    Standard,
    Instant,
}

impl Rail {
    pub const ALL: [Self; 2] = [Self::Standard, Self::Instant];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Instant => "instant",
        }
    }
}

/// How a payout was asked for; with the rail it picks the fee rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    Single,
    Batch,
}

/// One rule: `flat` minor units plus `basis_points` of the amount, rounded half up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeeRule {
    pub id: String,
    pub flat: Cents,
    pub basis_points: i64,
}

/// The fees of one tenant at one time. First match wins: instant, then batch, then single.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeeSchedule {
    pub version: String,
    pub instant: FeeRule,
    pub batch: FeeRule,
    pub single: FeeRule,
    /// Whether a return gives the driver's fee back to the tenant too.
    pub refund_fee_on_return: bool,
}

/// A fee as quoted: what it is and by which rule, kept on the payout for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeeQuote {
    pub fee: Cents,
    pub rule: String,
    pub version: String,
    pub refund_on_return: bool,
}

impl Default for FeeSchedule {
    fn default() -> Self {
        let rule = |id: &str, flat, basis_points| FeeRule {
            id: id.to_owned(),
            flat: Cents::new(flat),
            basis_points,
        };
        Self {
            version: "2026-01".to_owned(),
            instant: rule("S2", 0, 100),
            batch: rule("S3", 0, 50),
            single: rule("S1", 250, 0),
            refund_fee_on_return: true,
        }
    }
}

impl FeeSchedule {
    /// Quotes the fee of a payout of `amount`.
    ///
    /// # Errors
    /// [`Denied::FeeNotBelowAmount`] when nothing would be left for the driver, and
    /// [`Denied::AmountOutOfRange`] when the amount is not between 1 and the payout limit.
    pub fn quote(&self, rail: Rail, channel: Channel, amount: Cents) -> Result<FeeQuote, Denied> {
        if !amount.is_positive() || amount > Cents::PAYOUT_MAX {
            return Err(Denied::AmountOutOfRange);
        }
        let rule = match (rail, channel) {
            (Rail::Instant, Channel::Single | Channel::Batch) => &self.instant,
            (Rail::Standard, Channel::Batch) => &self.batch,
            (Rail::Standard, Channel::Single) => &self.single,
        };
        let share = amount
            .get()
            .checked_mul(rule.basis_points)
            .and_then(|scaled| scaled.checked_add(5_000))
            .map(|scaled| Cents::new(scaled.div_euclid(10_000)))
            .ok_or(Denied::AmountOutOfRange)?;
        let fee = rule
            .flat
            .checked_add(share)
            .ok_or(Denied::AmountOutOfRange)?;
        if fee >= amount {
            return Err(Denied::FeeNotBelowAmount { amount, fee });
        }
        Ok(FeeQuote {
            fee,
            rule: rule.id.clone(),
            version: self.version.clone(),
            refund_on_return: self.refund_fee_on_return,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fee(rail: Rail, channel: Channel, amount: i64) -> i64 {
        FeeSchedule::default()
            .quote(rail, channel, Cents::new(amount))
            .map(|quote| quote.fee.get())
            .expect("a fee below the amount")
    }

    #[test]
    fn the_seeds_own_figures_come_out() {
        assert_eq!(fee(Rail::Standard, Channel::Single, 45_000), 250);
        assert_eq!(fee(Rail::Instant, Channel::Single, 45_000), 450);
        assert_eq!(3 * fee(Rail::Standard, Channel::Batch, 45_000), 675);
        let mixed = 40 * fee(Rail::Standard, Channel::Batch, 45_000)
            + 5 * fee(Rail::Instant, Channel::Batch, 45_000);
        assert_eq!(mixed, 11_250);
    }

    #[test]
    fn fees_round_half_up() {
        assert_eq!(fee(Rail::Standard, Channel::Batch, 33_333), 167);
        assert_eq!(fee(Rail::Instant, Channel::Single, 33_333), 333);
        assert_eq!(fee(Rail::Instant, Channel::Single, 149), 1);
        assert_eq!(fee(Rail::Standard, Channel::Batch, 99), 0);
    }

    #[test]
    fn a_fee_that_eats_the_payout_is_refused() {
        let quote = |amount| {
            FeeSchedule::default().quote(Rail::Standard, Channel::Single, Cents::new(amount))
        };
        assert_eq!(
            quote(250),
            Err(Denied::FeeNotBelowAmount {
                amount: Cents::new(250),
                fee: Cents::new(250)
            })
        );
        assert!(quote(251).is_ok());
        assert_eq!(quote(0), Err(Denied::AmountOutOfRange));
        assert_eq!(quote(-1), Err(Denied::AmountOutOfRange));
        assert_eq!(quote(100_000_001), Err(Denied::AmountOutOfRange));
    }
}
