//! What becomes of a payout by news of an attempt that had ended for us, and by what people decide about it. None of
//! it is an event of the payout's matrix: a hold moves no status, and only people, or a proof, end it.

use super::{CONTRADICTED, Note, Payout};
use crate::{
    attempt::AttemptMoney,
    denied::Denied,
    ids::PayoutId,
    ledger::{Account, Leg, Posting},
    money::Cents,
    payout_machine::PayoutStatus,
    review::Bearer,
    routing::Provider,
    transition::{Recorded, Transition},
};

/// One such change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LateChange {
    /// The attempt's provider contradicts our books; it paid this much more than they explain.
    Contradicted { more: Cents },
    /// Another payout of the load is contradicted.
    HeldFor(PayoutId),
    /// The provider itself took the contradiction back.
    Lifted,
    /// What held another payout of the load is decided.
    FreedOf(PayoutId),
    /// Another payout of the load paid it: this one is withdrawn.
    Superseded,
    /// The attempt paid it after all. With the money posted under its name.
    Paid(AttemptMoney),
    /// What the attempt was thought to have paid, it did not.
    NotPaid { posted: Cents },
    /// The attempt paid on top of another payment.
    Surplus,
    /// So much of a surplus came back.
    Recovered(Cents),
    /// Nobody gets the surplus back.
    Absorbed { by: Bearer, surplus: Cents },
    /// So much never reached anybody, and goes back to the wallet.
    RestReturned(Cents),
    /// So much of the payment came back. With what is booked of it before.
    PartReturned { part: Cents, money: AttemptMoney },
    /// Nothing came back.
    NothingReturned,
}

impl LateChange {
    const fn recorded(&self) -> Recorded {
        match self {
            Self::Contradicted { .. } => Recorded::Contradiction,
            Self::HeldFor(_) => Recorded::Hold,
            Self::Lifted | Self::FreedOf(_) => Recorded::Lift,
            Self::Superseded => Recorded::Cancel,
            Self::Paid(_) => Recorded::LatePaid,
            Self::NotPaid { .. } => Recorded::LateNotPaid,
            Self::Surplus => Recorded::Surplus,
            Self::Recovered(_) => Recorded::Recovered,
            Self::Absorbed { .. } => Recorded::Absorbed,
            Self::RestReturned(_) => Recorded::RestReturned,
            Self::PartReturned { .. } => Recorded::PartReturned,
            Self::NothingReturned => Recorded::NothingReturned,
        }
    }
}

/// Which attempt a late change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LateOf {
    pub number: u8,
    pub provider: Provider,
}

impl Payout {
    /// The payout after a late change of the attempt `of`, with its transition.
    ///
    /// # Errors
    /// [`Denied::WrongState`] for a payment of a payout that was paid already; [`Denied::WalletLimit`] on overflow.
    pub fn late(
        &self,
        of: LateOf,
        change: &LateChange,
        note: &Note<'_>,
    ) -> Result<(Self, Transition), Denied> {
        let legs = self.late_legs(of.provider, change)?;
        let mut next = self.clone();
        match change {
            LateChange::Contradicted { .. } => next.held_by_attempt(of.number, note.at),
            LateChange::HeldFor(other) => next.held_for_payout(other, note.at),
            LateChange::FreedOf(other) => next.freed_of_payout(other, note.at),
            LateChange::Lifted | LateChange::NotPaid { .. } | LateChange::NothingReturned => {
                next.freed_of_attempt(of.number, note.at);
            }
            LateChange::Surplus => next.freed_of_attempt(of.number, note.at),
            LateChange::Superseded => {
                if !self.gave_its_load_up() {
                    next.become_status(PayoutStatus::Canceled, note);
                    next.reason.clone_from(&note.reason);
                }
                next.live_attempt = None;
                next.freed_of_payouts();
                next.rest();
            }
            LateChange::Paid(money) => {
                next.become_status(PayoutStatus::Completed, note);
                next.completed_at = Some(note.at);
                next.settled_attempt = Some(of.number);
                next.live_attempt = None;
                next.returned = Cents::ZERO;
                next.reason = (money.cleared < self.net()).then(|| "settled_partial".to_owned());
                next.freed_of_attempt(of.number, note.at);
                next.rest();
            }
            LateChange::PartReturned { part, money } => {
                next.returned = Cents::new(next.returned.get() + part.get());
                if *part == money.returnable() {
                    next.become_status(PayoutStatus::Returned, note);
                    next.reason = Some("returned".to_owned());
                } else {
                    next.reason = Some("partly_returned".to_owned());
                }
                next.freed_of_attempt(of.number, note.at);
            }
            LateChange::Recovered(_)
            | LateChange::Absorbed { .. }
            | LateChange::RestReturned(_) => {}
        }
        let (payout, transition) = next.recorded(change.recorded(), legs, note);
        let received = match change {
            LateChange::Paid(money) => Some(money.cleared),
            _ => None,
        };
        let transition = Transition {
            from: Some(self.status),
            received,
            ..transition
        };
        Ok(Self::sealed(payout, transition))
    }

    fn become_status(&mut self, status: PayoutStatus, note: &Note<'_>) {
        self.status = status;
        self.progress = None;
        self.changed_at = note.at;
        self.next_at = None;
    }

    /// The legs of a late change (docs/ledger.md).
    fn late_legs(&self, provider: Provider, change: &LateChange) -> Result<Posting, Denied> {
        let clearing = Account::clearing(provider);
        let legs = match change {
            LateChange::Contradicted { more } => {
                Posting::between(Account::Suspense, clearing, *more)
            }
            LateChange::NotPaid { posted } => {
                Posting::between(clearing, Account::Suspense, *posted)
            }
            LateChange::Recovered(sum) => Posting::between(clearing, Account::Suspense, *sum),
            LateChange::Absorbed { by, surplus } => {
                let bearer = match by {
                    Bearer::Tenant => Account::Available,
                    Bearer::Platform => Account::Losses,
                };
                Posting::between(bearer, Account::Suspense, *surplus)
            }
            // What has ended gave its money back already.
            LateChange::Superseded if !self.status.is_pending() => Posting::none(),
            LateChange::Superseded => {
                Posting::between(self.reserved_in()?, Account::Available, self.amount)
            }
            LateChange::RestReturned(sum) => {
                Posting::between(Account::Suspense, Account::Available, *sum)
            }
            LateChange::PartReturned { part, .. } => {
                Posting::between(clearing, Account::Available, *part)
            }
            // Its fee was kept when it came back, so it is not taken again.
            LateChange::Paid(_) if self.has_kept_fee() => {
                Posting::between(Account::Available, Account::Suspense, self.net())
            }
            LateChange::Paid(_) => {
                let leg = |account, amount| Leg { account, amount };
                let shares = self.shares();
                Posting::new(vec![
                    leg(self.reserved_in()?, shares.gross.negated()),
                    leg(Account::Fees, shares.fee),
                    leg(Account::Suspense, shares.net),
                ])
                .map_err(|_| Denied::WalletLimit)?
            }
            LateChange::HeldFor(_)
            | LateChange::Lifted
            | LateChange::FreedOf(_)
            | LateChange::Surplus
            | LateChange::NothingReturned => Posting::none(),
        };
        Ok(legs.without_zeros())
    }

    /// Whether the payout let its load go: it has it again only while it is contradicted.
    pub const fn gave_its_load_up(&self) -> bool {
        match self.status {
            PayoutStatus::Canceled | PayoutStatus::Returned => true,
            PayoutStatus::Scheduled
            | PayoutStatus::Validated
            | PayoutStatus::Queued
            | PayoutStatus::Processing
            | PayoutStatus::Completed
            | PayoutStatus::Failed => false,
        }
    }

    /// Whether the payout came back without its fee.
    fn has_kept_fee(&self) -> bool {
        let in_parts = self.returned == self.net();
        self.status == PayoutStatus::Returned && (in_parts || !self.quote.refund_on_return)
    }

    /// Where the money for a payment that was made late has to come from.
    fn reserved_in(&self) -> Result<Account, Denied> {
        match self.status {
            PayoutStatus::Scheduled | PayoutStatus::Validated | PayoutStatus::Queued => {
                Ok(Account::Pending)
            }
            PayoutStatus::Processing => Ok(Account::InTransit),
            PayoutStatus::Failed | PayoutStatus::Canceled | PayoutStatus::Returned => {
                Ok(Account::Available)
            }
            PayoutStatus::Completed => Err(Denied::WrongState(self.status)),
        }
    }

    /// What the public may know beyond the status while people have to decide.
    pub fn hold_reason(&self) -> Option<&'static str> {
        if self.is_held() {
            Some(CONTRADICTED)
        } else {
            None
        }
    }
}
