//! The payout state machine: 8 states, 13 events, 104 cells, one exhaustive `match`.
//!
//! The table speaks of news about the attempt that is live. News of any other attempt is settled
//! before this table is asked (see `resolution::identity_of`). docs/state-machines.md prints it.

use serde::{Deserialize, Serialize};

/// Stored and public state of a payout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PayoutStatus {
    /// Accepted, waits for its time. Money in pending.
    Scheduled,
    /// Accepted, funds reserved, dispatch intent written. Money in pending.
    Validated,
    /// Dispatch published, or waiting for the next attempt. Money in pending.
    Queued,
    /// An attempt owns it. Money in transit.
    Processing,
    /// The provider confirmed payment of the exact net amount.
    Completed,
    /// Every attempt is proven dead. Money is available again; the load stays held.
    Failed,
    /// Withdrawn before money could leave. Load released.
    Canceled,
    /// Was completed and the money came back. Load released.
    Returned,
}

impl PayoutStatus {
    pub const ALL: [Self; 8] = [
        Self::Scheduled,
        Self::Validated,
        Self::Queued,
        Self::Processing,
        Self::Completed,
        Self::Failed,
        Self::Canceled,
        Self::Returned,
    ];

    /// Whether the payout's money is reserved or on its way: what a driver still waits for.
    pub const fn is_pending(self) -> bool {
        match self {
            Self::Scheduled | Self::Validated | Self::Queued | Self::Processing => true,
            Self::Completed | Self::Failed | Self::Canceled | Self::Returned => false,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Validated => "validated",
            Self::Queued => "queued",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::Returned => "returned",
        }
    }
}

impl std::fmt::Display for PayoutStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// What may happen to a payout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    Due,
    Enqueue,
    Claim,
    Accepted,
    Unknown,
    Paid,
    /// The live attempt is dead and another route is left.
    DeadWithRoute,
    /// The live attempt is dead and no route is left.
    Dead,
    /// Partial payment or a mismatch: a person has to look.
    Partial,
    Cancel,
    Retry,
    Returned,
    Settle,
}

impl Event {
    pub const ALL: [Self; 13] = [
        Self::Due,
        Self::Enqueue,
        Self::Claim,
        Self::Accepted,
        Self::Unknown,
        Self::Paid,
        Self::DeadWithRoute,
        Self::Dead,
        Self::Partial,
        Self::Cancel,
        Self::Retry,
        Self::Returned,
        Self::Settle,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Enqueue => "enqueue",
            Self::Claim => "claim",
            Self::Accepted => "accepted",
            Self::Unknown => "unknown",
            Self::Paid => "paid",
            Self::DeadWithRoute => "dead_with_route",
            Self::Dead => "dead",
            Self::Partial => "partial",
            Self::Cancel => "cancel",
            Self::Retry => "retry",
            Self::Returned => "returned",
            Self::Settle => "settle",
        }
    }
}

/// Where inside `processing` a payout is. Public only as `statusReason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    Preparing,
    Submitted,
    OutcomeUnknown,
    InReview,
}

impl Progress {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Preparing => "preparing",
            Self::Submitted => "submitted",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::InReview => "in_review",
        }
    }
}

/// One cell of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// The payout moves.
    Moves(PayoutStatus),
    /// The payout stays in `processing` with another progress.
    Marks(Progress),
    /// Accepted and ignored: it happened before, or no longer matters.
    Ignores,
    /// Refused: 409 for a client, acknowledged and counted for a worker.
    Refuses,
    /// The provider says something of an attempt that is not live: evidence for an operator.
    Contradicts,
    /// The money went out and came back before we looked: completed, then returned.
    CompletesThenReturns,
    /// Two operators decide between completed and failed.
    Settles,
}

/// The complete matrix. `claim` in `processing` is ignored except for the re-claim of a prepared
/// attempt, which is an event of the attempt machine and moves no payout state.
pub const fn decide(status: PayoutStatus, event: Event) -> Cell {
    use Cell::{CompletesThenReturns, Contradicts, Ignores, Marks, Moves, Refuses, Settles};
    use PayoutStatus::{
        Canceled, Completed, Failed, Processing, Queued, Returned, Scheduled, Validated,
    };
    match (status, event) {
        (Scheduled, Event::Due) => Moves(Validated),
        (Scheduled, Event::Cancel) => Moves(Canceled),
        (Scheduled, Event::Accepted | Event::Paid | Event::Partial | Event::Returned) => {
            Contradicts
        }
        (
            Scheduled,
            Event::Enqueue
            | Event::Claim
            | Event::Unknown
            | Event::DeadWithRoute
            | Event::Dead
            | Event::Retry
            | Event::Settle,
        ) => Refuses,

        (Validated, Event::Due) => Ignores,
        (Validated, Event::Enqueue) => Moves(Queued),
        (Validated, Event::Claim) => Moves(Processing),
        (Validated, Event::Cancel) => Moves(Canceled),
        (Validated, Event::Accepted | Event::Paid | Event::Partial | Event::Returned) => {
            Contradicts
        }
        (
            Validated,
            Event::Unknown | Event::DeadWithRoute | Event::Dead | Event::Retry | Event::Settle,
        ) => Refuses,

        (Queued, Event::Claim) => Moves(Processing),
        (Queued, Event::Cancel) => Moves(Canceled),
        (
            Queued,
            Event::Due | Event::Enqueue | Event::Unknown | Event::DeadWithRoute | Event::Dead,
        ) => Ignores,
        (Queued, Event::Accepted | Event::Paid | Event::Partial | Event::Returned) => Contradicts,
        (Queued, Event::Retry | Event::Settle) => Refuses,

        (Processing, Event::Due | Event::Enqueue | Event::Claim) => Ignores,
        (Processing, Event::Accepted) => Marks(Progress::Submitted),
        (Processing, Event::Unknown) => Marks(Progress::OutcomeUnknown),
        (Processing, Event::Paid) => Moves(Completed),
        (Processing, Event::DeadWithRoute) => Moves(Queued),
        (Processing, Event::Dead) => Moves(Failed),
        (Processing, Event::Partial) => Marks(Progress::InReview),
        (Processing, Event::Returned) => CompletesThenReturns,
        (Processing, Event::Settle) => Settles,
        (Processing, Event::Cancel | Event::Retry) => Refuses,

        (
            Completed,
            Event::Due
            | Event::Enqueue
            | Event::Claim
            | Event::Accepted
            | Event::Unknown
            | Event::Paid,
        ) => Ignores,
        (Completed, Event::DeadWithRoute | Event::Dead | Event::Partial) => Contradicts,
        (Completed, Event::Returned) => Moves(Returned),
        (Completed, Event::Cancel | Event::Retry | Event::Settle) => Refuses,

        (Failed, Event::Cancel) => Moves(Canceled),
        (Failed, Event::Retry) => Moves(Queued),
        (
            Failed,
            Event::Enqueue
            | Event::Claim
            | Event::Unknown
            | Event::DeadWithRoute
            | Event::Dead
            | Event::Returned,
        ) => Ignores,
        (Failed, Event::Accepted | Event::Paid | Event::Partial) => Contradicts,
        (Failed, Event::Due | Event::Settle) => Refuses,

        (
            Canceled,
            Event::Due
            | Event::Enqueue
            | Event::Claim
            | Event::Unknown
            | Event::DeadWithRoute
            | Event::Dead
            | Event::Cancel
            | Event::Returned,
        ) => Ignores,
        (Canceled, Event::Accepted | Event::Paid | Event::Partial) => Contradicts,
        (Canceled, Event::Retry | Event::Settle) => Refuses,

        (
            Returned,
            Event::Due
            | Event::Enqueue
            | Event::Claim
            | Event::Accepted
            | Event::Unknown
            | Event::Paid
            | Event::DeadWithRoute
            | Event::Dead
            | Event::Returned,
        ) => Ignores,
        (Returned, Event::Partial) => Contradicts,
        (Returned, Event::Cancel | Event::Retry | Event::Settle) => Refuses,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The matrix as the design prints it, one row a state, one word a cell, in the order of
    /// `Event::ALL`.
    const MATRIX: &str = "
        scheduled  >validated x       x           !          x        !          x       x       !       >canceled x       !         x
        validated  =          >queued >processing !          x        !          x       x       !       >canceled x       !         x
        queued     =          =       >processing !          =        !          =       =       !       >canceled x       !         x
        processing =          =       =           ~submitted ~unknown >completed >queued >failed ~review x         x       paid+back settle
        completed  =          =       =           =          =        =          !       !       !       x         x       >returned x
        failed     x          =       =           !          =        !          =       =       !       >canceled >queued =         x
        canceled   =          =       =           !          =        !          =       =       !       =         x       =         x
        returned   =          =       =           =          =        =          =       =       !       x         x       =         x";

    fn word(cell: Cell) -> String {
        match cell {
            Cell::Moves(to) => format!(">{to}"),
            Cell::Marks(Progress::Submitted) => "~submitted".to_owned(),
            Cell::Marks(Progress::OutcomeUnknown) => "~unknown".to_owned(),
            Cell::Marks(Progress::InReview) => "~review".to_owned(),
            Cell::Marks(Progress::Preparing) => "~preparing".to_owned(),
            Cell::Ignores => "=".to_owned(),
            Cell::Refuses => "x".to_owned(),
            Cell::Contradicts => "!".to_owned(),
            Cell::CompletesThenReturns => "paid+back".to_owned(),
            Cell::Settles => "settle".to_owned(),
        }
    }

    #[test]
    fn all_104_cells_are_as_the_design_says() {
        let mut cells = 0;
        let rows: Vec<_> = MATRIX
            .lines()
            .filter(|row| !row.trim().is_empty())
            .collect();
        assert_eq!(rows.len(), PayoutStatus::ALL.len());
        for (row, status) in rows.iter().zip(PayoutStatus::ALL) {
            let mut words = row.split_whitespace();
            assert_eq!(words.next(), Some(status.name()));
            let words: Vec<_> = words.collect();
            assert_eq!(words.len(), Event::ALL.len(), "{status}");
            for (expected, event) in words.iter().zip(Event::ALL) {
                assert_eq!(
                    *expected,
                    word(decide(status, event)),
                    "{status} x {}",
                    event.name()
                );
                cells += 1;
            }
        }
        assert_eq!(cells, 104);
    }
}
