//! The events of a payout with what they bring, and the legs each of them posts.

use serde::{Deserialize, Serialize};

use super::Payout;
use crate::{
    denied::Denied,
    ledger::{Account, Leg, Posting},
    money::Cents,
    payout_machine::{Event, PayoutStatus},
    routing::Provider,
    transition::Recorded,
};

/// An event with what it brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Due,
    Enqueue,
    Claim(Provider),
    Accepted,
    Unknown,
    Paid(Provider),
    /// `counts` is false when the attempt was given up before anything was ever sent.
    DeadWithRoute {
        counts: bool,
    },
    Dead,
    Partial,
    Cancel,
    Retry,
    Returned(GivenBack),
    Settle(Provider, Settlement),
}

/// What is booked of a payment that came back in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivenBack {
    pub provider: Provider,
    /// What of it stands in clearing.
    pub cleared: Cents,
    /// What of it stands in suspense, because only a part was settled.
    pub rest: Cents,
}

/// What two operators decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settlement {
    Paid,
    NotPaid,
    /// Only this much of N reached the driver.
    Partly(Cents),
}

impl Settlement {
    /// The public words of all of them.
    pub const NAMES: [&'static str; 3] = ["paid", "not_paid", "partial"];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Paid => Self::NAMES[0],
            Self::NotPaid => Self::NAMES[1],
            Self::Partly(_) => Self::NAMES[2],
        }
    }

    /// How much reached the driver, where only a part did.
    pub const fn part(self) -> Option<Cents> {
        match self {
            Self::Partly(paid) => Some(paid),
            Self::Paid | Self::NotPaid => None,
        }
    }

    /// Why a payout ended as it did, as the public may know it: none where it ended as it should.
    pub const fn reason(self) -> Option<&'static str> {
        match self {
            Self::Paid => None,
            Self::NotPaid => Some("settled_not_paid"),
            Self::Partly(_) => Some("settled_partial"),
        }
    }
}

impl Change {
    pub const fn event(self) -> Event {
        match self {
            Self::Due => Event::Due,
            Self::Enqueue => Event::Enqueue,
            Self::Claim(_) => Event::Claim,
            Self::Accepted => Event::Accepted,
            Self::Unknown => Event::Unknown,
            Self::Paid(_) => Event::Paid,
            Self::DeadWithRoute { .. } => Event::DeadWithRoute,
            Self::Dead => Event::Dead,
            Self::Partial => Event::Partial,
            Self::Cancel => Event::Cancel,
            Self::Retry => Event::Retry,
            Self::Returned(_) => Event::Returned,
            Self::Settle(..) => Event::Settle,
        }
    }

    pub(super) const fn recorded(self) -> Recorded {
        match self {
            Self::Due => Recorded::Due,
            Self::Enqueue => Recorded::Enqueue,
            Self::Claim(_) => Recorded::Claim,
            Self::Accepted => Recorded::Accepted,
            Self::Unknown => Recorded::Unknown,
            Self::Paid(_) => Recorded::Paid,
            Self::DeadWithRoute { .. } => Recorded::DeadWithRoute,
            Self::Dead => Recorded::Dead,
            Self::Partial => Recorded::Partial,
            Self::Cancel => Recorded::Cancel,
            Self::Retry => Recorded::Retry,
            Self::Returned(_) => Recorded::Returned,
            Self::Settle(..) => Recorded::Settle,
        }
    }
}

impl Payout {
    /// The legs of a move out of the present state (docs/ledger.md).
    pub(super) fn legs(&self, change: Change) -> Result<Posting, Denied> {
        let amount = self.amount;
        let shares = self.shares();
        let posting = match change {
            Change::Due
            | Change::Enqueue
            | Change::Accepted
            | Change::Unknown
            | Change::Partial => Posting::none(),
            Change::Claim(_) => Posting::between(Account::Pending, Account::InTransit, amount),
            Change::Paid(provider) | Change::Settle(provider, Settlement::Paid) => {
                Posting::completion(provider, shares).map_err(|_| Denied::WalletLimit)?
            }
            Change::DeadWithRoute { .. } => {
                Posting::between(Account::InTransit, Account::Pending, amount)
            }
            Change::Dead | Change::Settle(_, Settlement::NotPaid) => {
                Posting::between(Account::InTransit, Account::Available, amount)
            }
            Change::Cancel if self.status == PayoutStatus::Failed => Posting::none(),
            Change::Cancel => Posting::between(Account::Pending, Account::Available, amount),
            Change::Retry => Posting::between(Account::Available, Account::Pending, amount),
            Change::Returned(back) => {
                let fee = if self.quote.refund_on_return {
                    shares.fee
                } else {
                    Cents::ZERO
                };
                Posting::give_back(back, fee).map_err(|_| Denied::WalletLimit)?
            }
            Change::Settle(provider, Settlement::Partly(paid)) => {
                let rest = shares
                    .net
                    .checked_sub(paid)
                    .ok_or(Denied::AmountOutOfRange)?;
                if !paid.is_positive() || !rest.is_positive() {
                    return Err(Denied::AmountOutOfRange);
                }
                Posting::new(vec![
                    Leg {
                        account: Account::InTransit,
                        amount: amount.negated(),
                    },
                    Leg {
                        account: Account::clearing(provider),
                        amount: paid,
                    },
                    Leg {
                        account: Account::Fees,
                        amount: shares.fee,
                    },
                    Leg {
                        account: Account::Suspense,
                        amount: rest,
                    },
                ])
                .map_err(|_| Denied::WalletLimit)?
            }
        };
        Ok(posting)
    }
}
