//! Accounts and postings. A posting is the only way money moves, and it cannot be built unless its
//! legs sum to zero.
//!
//! A = gross amount, F = our fee, N = A - F (what the driver receives).

use serde::{Deserialize, Serialize};

use crate::{money::Cents, payout::GivenBack, routing::Provider};

/// A ledger account of one tenant and currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Account {
    /// What the tenant may spend. Never below zero.
    #[serde(rename = "available")]
    Available,
    /// Reserved for payouts that were not sent. Never below zero in any shard.
    #[serde(rename = "pending")]
    Pending,
    /// Reserved for lines of batches that are not payouts yet. Never below zero.
    #[serde(rename = "hold")]
    Hold,
    /// Handed to a provider, outcome not final. Never below zero in any shard.
    #[serde(rename = "in_transit")]
    InTransit,
    /// What we owe the provider, or have prefunded when negative.
    #[serde(rename = "clearing.payelata")]
    ClearingPayelata,
    #[serde(rename = "clearing.owlpay")]
    ClearingOwlpay,
    #[serde(rename = "clearing.paywizard")]
    ClearingPaywizard,
    /// Our fees.
    #[serde(rename = "revenue.fees")]
    Fees,
    /// Money nobody has explained yet; must trend to zero.
    #[serde(rename = "suspense")]
    Suspense,
    /// The bank side of deposits and settlements.
    #[serde(rename = "cash.funding")]
    CashFunding,
    /// What we paid out of our own pocket.
    #[serde(rename = "expense.losses")]
    Losses,
}

impl Account {
    pub const ALL: [Self; 11] = [
        Self::Available,
        Self::Pending,
        Self::Hold,
        Self::InTransit,
        Self::ClearingPayelata,
        Self::ClearingOwlpay,
        Self::ClearingPaywizard,
        Self::Fees,
        Self::Suspense,
        Self::CashFunding,
        Self::Losses,
    ];

    /// The account's name in the ledger, in timelines and in stored keys.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Pending => "pending",
            Self::Hold => "hold",
            Self::InTransit => "in_transit",
            Self::ClearingPayelata => "clearing.payelata",
            Self::ClearingOwlpay => "clearing.owlpay",
            Self::ClearingPaywizard => "clearing.paywizard",
            Self::Fees => "revenue.fees",
            Self::Suspense => "suspense",
            Self::CashFunding => "cash.funding",
            Self::Losses => "expense.losses",
        }
    }

    /// Whether the database must refuse a debit that would bring the account below zero.
    pub const fn is_bounded(self) -> bool {
        match self {
            Self::Available | Self::Pending | Self::Hold | Self::InTransit => true,
            Self::ClearingPayelata
            | Self::ClearingOwlpay
            | Self::ClearingPaywizard
            | Self::Fees
            | Self::Suspense
            | Self::CashFunding
            | Self::Losses => false,
        }
    }

    /// Whether the account is split over the payout's balance shard. The others are one item.
    pub const fn is_sharded(self) -> bool {
        match self {
            Self::Pending
            | Self::InTransit
            | Self::ClearingPayelata
            | Self::ClearingOwlpay
            | Self::ClearingPaywizard
            | Self::Fees => true,
            Self::Available | Self::Hold | Self::Suspense | Self::CashFunding | Self::Losses => {
                false
            }
        }
    }

    /// Whether it is the clearing account of a provider.
    pub const fn is_clearing(self) -> bool {
        match self {
            Self::ClearingPayelata | Self::ClearingOwlpay | Self::ClearingPaywizard => true,
            Self::Available
            | Self::Pending
            | Self::Hold
            | Self::InTransit
            | Self::Fees
            | Self::Suspense
            | Self::CashFunding
            | Self::Losses => false,
        }
    }

    /// The clearing account of a provider.
    pub const fn clearing(provider: Provider) -> Self {
        match provider {
            Provider::Payelata => Self::ClearingPayelata,
            Provider::Owlpay => Self::ClearingOwlpay,
            Provider::Paywizard => Self::ClearingPaywizard,
        }
    }
}

/// One side of a posting: a signed amount on one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    #[serde(rename = "a")]
    pub account: Account,
    #[serde(rename = "c")]
    pub amount: Cents,
}

/// Legs that do not sum to zero, or overflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the legs of a posting must sum to zero")]
pub struct Unbalanced;

/// A balanced set of legs. May be empty: some transitions move no money.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Leg>", into = "Vec<Leg>")]
pub struct Posting(Vec<Leg>);

impl Posting {
    /// # Errors
    /// [`Unbalanced`] when the legs do not sum to zero.
    pub fn new(legs: Vec<Leg>) -> Result<Self, Unbalanced> {
        let sum = legs
            .iter()
            .try_fold(Cents::ZERO, |sum, leg| sum.checked_add(leg.amount))
            .ok_or(Unbalanced)?;
        if sum != Cents::ZERO {
            return Err(Unbalanced);
        }
        Ok(Self(
            legs.into_iter()
                .filter(|leg| leg.amount != Cents::ZERO)
                .collect(),
        ))
    }

    pub const fn none() -> Self {
        Self(Vec::new())
    }

    pub fn legs(&self) -> &[Leg] {
        &self.0
    }

    /// `amount` from one account to another: always balanced.
    pub fn between(from: Account, to: Account, amount: Cents) -> Self {
        Self(vec![
            Leg {
                account: from,
                amount: amount.negated(),
            },
            Leg {
                account: to,
                amount,
            },
        ])
    }

    /// T9: in_transit -A / clearing +N / fees +F.
    ///
    /// # Errors
    /// [`Unbalanced`] when `net` and `fee` do not make `gross`.
    pub fn completion(provider: Provider, shares: Shares) -> Result<Self, Unbalanced> {
        Self::new(vec![
            Leg {
                account: Account::InTransit,
                amount: shares.gross.negated(),
            },
            Leg {
                account: Account::clearing(provider),
                amount: shares.net,
            },
            Leg {
                account: Account::Fees,
                amount: shares.fee,
            },
        ])
    }

    /// A payment that came back in full: clearing -P, suspense -(what is left of N-P), fees -F where the fee goes back
    /// too, available +all of it. P is N where the payment was settled whole.
    ///
    /// # Errors
    /// [`Unbalanced`] on overflow.
    pub fn give_back(back: GivenBack, fee: Cents) -> Result<Self, Unbalanced> {
        let credited = back.cleared.checked_add(back.rest).ok_or(Unbalanced)?;
        let credited = credited.checked_add(fee).ok_or(Unbalanced)?;
        let leg = |account, amount| Leg { account, amount };
        Self::new(vec![
            leg(Account::clearing(back.provider), back.cleared.negated()),
            leg(Account::Suspense, back.rest.negated()),
            leg(Account::Fees, fee.negated()),
            leg(Account::Available, credited),
        ])
    }

    /// Without the legs that move nothing.
    #[must_use]
    pub fn without_zeros(mut self) -> Self {
        self.0.retain(|leg| leg.amount != Cents::ZERO);
        self
    }
}

/// A payout's gross amount and how it splits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shares {
    pub gross: Cents,
    pub net: Cents,
    pub fee: Cents,
}

impl TryFrom<Vec<Leg>> for Posting {
    type Error = Unbalanced;
    fn try_from(legs: Vec<Leg>) -> Result<Self, Unbalanced> {
        Self::new(legs)
    }
}

impl From<Posting> for Vec<Leg> {
    fn from(posting: Posting) -> Self {
        posting.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn leg(account: Account, amount: i64) -> Leg {
        Leg {
            account,
            amount: Cents::new(amount),
        }
    }

    #[test]
    fn legs_that_do_not_sum_to_zero_are_refused() {
        let legs = vec![leg(Account::Available, -100), leg(Account::Pending, 99)];
        assert_eq!(Posting::new(legs), Err(Unbalanced));
        let overflow = vec![leg(Account::Available, i64::MAX), leg(Account::Pending, 1)];
        assert_eq!(Posting::new(overflow), Err(Unbalanced));
    }

    #[test]
    fn a_completion_splits_the_gross_amount() {
        let shares = Shares {
            gross: Cents::new(45_000),
            net: Cents::new(44_750),
            fee: Cents::new(250),
        };
        let posting = Posting::completion(Provider::Payelata, shares).expect("balanced");
        assert_eq!(
            posting.legs(),
            [
                leg(Account::InTransit, -45_000),
                leg(Account::ClearingPayelata, 44_750),
                leg(Account::Fees, 250)
            ]
        );
        let wrong = Shares {
            net: Cents::new(44_751),
            ..shares
        };
        assert_eq!(
            Posting::completion(Provider::Payelata, wrong),
            Err(Unbalanced)
        );
    }

    proptest! {
        #[test]
        fn a_return_gives_back_what_was_taken(cleared in 1_i64..1_000_000, rest in 0_i64..10_000, fee in 0_i64..10_000) {
            let back = GivenBack {
                provider: Provider::Payelata,
                cleared: Cents::new(cleared),
                rest: Cents::new(rest),
            };
            let posting = Posting::give_back(back, Cents::new(fee)).expect("balanced");
            let credited: i64 = posting
                .legs()
                .iter()
                .filter(|leg| leg.account == Account::Available)
                .map(|leg| leg.amount.get())
                .sum();
            prop_assert_eq!(credited, cleared + rest + fee);
        }
    }
}
