//! How many lines are in which state, and their money. Tallies are added to with every transition of a line,
//! so what a batch shows is exact; none of them is read to write it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    ids::{BatchId, TenantId},
    money::Cents,
    payout::PayoutStatus,
};

/// Where a line of a batch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LineState {
    /// Accepted, not yet a payout; its money is on hold.
    Waiting,
    /// A payout that is not final.
    Open,
    Paid,
    Failed,
    Canceled,
    /// Never became a payout.
    Rejected,
    /// Was paid, and the money came back.
    Returned,
}

impl LineState {
    pub const ALL: [Self; 7] = [
        Self::Waiting,
        Self::Open,
        Self::Paid,
        Self::Failed,
        Self::Canceled,
        Self::Rejected,
        Self::Returned,
    ];

    /// The state of a line whose payout has this status.
    pub const fn of(status: PayoutStatus) -> Self {
        match status {
            PayoutStatus::Scheduled
            | PayoutStatus::Validated
            | PayoutStatus::Queued
            | PayoutStatus::Processing => Self::Open,
            PayoutStatus::Completed => Self::Paid,
            PayoutStatus::Failed => Self::Failed,
            PayoutStatus::Canceled => Self::Canceled,
            PayoutStatus::Returned => Self::Returned,
        }
    }

    /// Whether the batch still waits for the line.
    pub const fn is_left(self) -> bool {
        match self {
            Self::Waiting | Self::Open => true,
            Self::Paid | Self::Failed | Self::Canceled | Self::Rejected | Self::Returned => false,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Open => "open",
            Self::Paid => "paid",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::Rejected => "rejected",
            Self::Returned => "returned",
        }
    }

    /// The name of its money.
    pub const fn cents_name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting_cents",
            Self::Open => "open_cents",
            Self::Paid => "paid_cents",
            Self::Failed => "failed_cents",
            Self::Canceled => "canceled_cents",
            Self::Rejected => "rejected_cents",
            Self::Returned => "returned_cents",
        }
    }
}

/// What is added to a tally.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TallyMovement {
    /// Lines and minor units, by state.
    pub by: BTreeMap<LineState, (i64, i64)>,
    /// Lines that wait for people to decide about a contradiction, whatever their state.
    pub held: i64,
}

impl TallyMovement {
    pub fn add(&mut self, state: LineState, lines: i64, cents: i64) {
        let (all, sum) = self.by.entry(state).or_default();
        *all += lines;
        *sum = sum.saturating_add(cents);
    }

    /// How many more lines the batch waits for.
    pub fn left(&self) -> i64 {
        let left = self.by.iter().filter(|(state, _)| state.is_left());
        left.map(|(_, (lines, _))| lines).sum()
    }

    #[must_use]
    pub fn without_zeros(mut self) -> Self {
        self.by.retain(|_, moved| *moved != (0, 0));
        self
    }

    pub fn is_zero(&self) -> bool {
        self.by.is_empty() && self.held == 0
    }
}

/// What one tally counts, or several together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Lines the batch waits for: waiting or open.
    pub left: i64,
    pub waiting: i64,
    pub open: i64,
    pub paid: i64,
    pub failed: i64,
    pub canceled: i64,
    pub rejected: i64,
    pub returned: i64,
    /// Lines of any state that a contradiction holds.
    pub held: i64,
    pub waiting_cents: i64,
    pub open_cents: i64,
    pub paid_cents: i64,
    pub failed_cents: i64,
    pub canceled_cents: i64,
    pub rejected_cents: i64,
    pub returned_cents: i64,
}

/// One of the tallies of a batch, stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    pub tenant: TenantId,
    pub batch: BatchId,
    pub number: u8,
    #[serde(flatten)]
    pub counts: Counts,
}

impl Counts {
    fn cell(&mut self, state: LineState) -> (&mut i64, &mut i64) {
        match state {
            LineState::Waiting => (&mut self.waiting, &mut self.waiting_cents),
            LineState::Open => (&mut self.open, &mut self.open_cents),
            LineState::Paid => (&mut self.paid, &mut self.paid_cents),
            LineState::Failed => (&mut self.failed, &mut self.failed_cents),
            LineState::Canceled => (&mut self.canceled, &mut self.canceled_cents),
            LineState::Rejected => (&mut self.rejected, &mut self.rejected_cents),
            LineState::Returned => (&mut self.returned, &mut self.returned_cents),
        }
    }

    /// How many lines are in a state.
    pub const fn lines(&self, state: LineState) -> i64 {
        match state {
            LineState::Waiting => self.waiting,
            LineState::Open => self.open,
            LineState::Paid => self.paid,
            LineState::Failed => self.failed,
            LineState::Canceled => self.canceled,
            LineState::Rejected => self.rejected,
            LineState::Returned => self.returned,
        }
    }

    /// Their gross amounts.
    pub const fn cents(&self, state: LineState) -> Cents {
        Cents::new(match state {
            LineState::Waiting => self.waiting_cents,
            LineState::Open => self.open_cents,
            LineState::Paid => self.paid_cents,
            LineState::Failed => self.failed_cents,
            LineState::Canceled => self.canceled_cents,
            LineState::Rejected => self.rejected_cents,
            LineState::Returned => self.returned_cents,
        })
    }

    pub fn apply(&mut self, movement: &TallyMovement) {
        for (state, (lines, cents)) in &movement.by {
            let (all, sum) = self.cell(*state);
            *all += lines;
            *sum = sum.saturating_add(*cents);
        }
        self.left += movement.left();
        self.held += movement.held;
    }

    /// Of several tallies together.
    pub fn sum<'a>(counts: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut sum = Self::default();
        for counts in counts {
            for state in LineState::ALL {
                let (all, cents) = sum.cell(state);
                *all += counts.lines(state);
                *cents = cents.saturating_add(counts.cents(state).get());
            }
            sum.left += counts.left;
            sum.held += counts.held;
        }
        sum
    }

    /// Lines that were paid, whether or not the money came back.
    pub const fn ever_paid(&self) -> i64 {
        self.paid + self.returned
    }
}
