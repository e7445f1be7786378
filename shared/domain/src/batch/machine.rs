//! The batch state machine: 7 states, 4 events, one exhaustive `match`. docs/state-machines.md prints it.

use serde::{Deserialize, Serialize};

/// Stored state of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BatchStatus {
    /// Accepted with all its money; lines are becoming payouts.
    Building,
    /// Every line is a payout or rejected; waits for somebody to release it.
    Queued,
    /// As queued, and releases itself at its time.
    Scheduled,
    /// Released: its payouts are being made.
    Processing,
    /// Every line is final and at least one was paid.
    Completed,
    /// Every line is final and none was paid.
    Failed,
    /// Withdrawn before it was released.
    Canceled,
}

impl BatchStatus {
    pub const ALL: [Self; 7] = [
        Self::Building,
        Self::Queued,
        Self::Scheduled,
        Self::Processing,
        Self::Completed,
        Self::Failed,
        Self::Canceled,
    ];

    /// The states a client can tell apart.
    pub const PUBLIC: [Self; 5] = [
        Self::Queued,
        Self::Processing,
        Self::Completed,
        Self::Failed,
        Self::Canceled,
    ];

    /// As clients see it: what is built or scheduled is queued for them.
    #[must_use]
    pub const fn public(self) -> Self {
        match self {
            Self::Building | Self::Queued | Self::Scheduled => Self::Queued,
            Self::Processing => Self::Processing,
            Self::Completed => Self::Completed,
            Self::Failed => Self::Failed,
            Self::Canceled => Self::Canceled,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Building => "building",
            Self::Queued => "queued",
            Self::Scheduled => "scheduled",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
        }
    }
}

impl std::fmt::Display for BatchStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// What may happen to a whole batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BatchEvent {
    /// No line waits to become a payout.
    Expanded,
    Release,
    Cancel,
    /// Every line is final.
    Finish {
        paid: bool,
    },
}

/// One cell of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchCell {
    Moves(BatchStatus),
    /// It happened before, or no longer matters.
    Ignores,
    Refuses,
}

/// The complete matrix. `Expanded` ends in `Scheduled` instead when the batch releases itself.
pub const fn decide(status: BatchStatus, event: BatchEvent) -> BatchCell {
    use BatchCell::{Ignores, Moves, Refuses};
    use BatchStatus::{Building, Canceled, Completed, Failed, Processing, Queued, Scheduled};
    match (status, event) {
        (Building, BatchEvent::Expanded) => Moves(Queued),
        (Queued | Scheduled | Processing | Completed | Failed | Canceled, BatchEvent::Expanded) => {
            Ignores
        }
        (Building | Queued | Scheduled, BatchEvent::Release) => Moves(Processing),
        (Processing | Completed | Failed, BatchEvent::Release) => Ignores,
        (Canceled, BatchEvent::Release) => Refuses,
        (Building | Queued | Scheduled, BatchEvent::Cancel) => Moves(Canceled),
        (Canceled, BatchEvent::Cancel) => Ignores,
        (Processing | Completed | Failed, BatchEvent::Cancel) => Refuses,
        (Processing, BatchEvent::Finish { paid: true }) => Moves(Completed),
        (Processing, BatchEvent::Finish { paid: false }) => Moves(Failed),
        (
            Building | Queued | Scheduled | Completed | Failed | Canceled,
            BatchEvent::Finish { .. },
        ) => Ignores,
    }
}
