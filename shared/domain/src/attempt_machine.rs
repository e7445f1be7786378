//! The attempt state machine: 9 states, 18 events, one exhaustive `match`.
//!
//! Guards that need more than the state (two-step provider, tries, leases) are checked by
//! [`crate::attempt::Attempt::apply`]; this table only says which moves exist.

use serde::{Deserialize, Serialize};

/// Where one submission to one provider stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptState {
    /// Reference fixed, nothing in flight.
    Prepared,
    /// The intent to create is durable; the call may or may not have left.
    Sending,
    /// The provider's object is known and inert.
    Created,
    /// The intent to process is durable.
    ProcessSending,
    /// The provider owns the outcome; we read.
    Submitted,
    /// We lost the answer to `sending`.
    Unknown,
    /// Amounts or identity do not match: two operators decide.
    Review,
    Paid,
    Dead,
}

impl AttemptState {
    pub const ALL: [Self; 9] = [
        Self::Prepared,
        Self::Sending,
        Self::Created,
        Self::ProcessSending,
        Self::Submitted,
        Self::Unknown,
        Self::Review,
        Self::Paid,
        Self::Dead,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Prepared => "prepared",
            Self::Sending => "sending",
            Self::Created => "created",
            Self::ProcessSending => "process_sending",
            Self::Submitted => "submitted",
            Self::Unknown => "unknown",
            Self::Review => "review",
            Self::Paid => "paid",
            Self::Dead => "dead",
        }
    }
}

/// What may happen to an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AttemptEvent {
    IntendCreate,
    NotSent,
    RefusedUs,
    Created,
    Lost,
    Repeat,
    Abandon,
    Rejected,
    IntendProcess,
    ProcessDone,
    Reprocess,
    InFlight,
    Paid,
    FinalNegative,
    Mismatch,
    OperatorPaid,
    OperatorDead,
    Reclaim,
}

impl AttemptEvent {
    pub const ALL: [Self; 18] = [
        Self::IntendCreate,
        Self::NotSent,
        Self::RefusedUs,
        Self::Created,
        Self::Lost,
        Self::Repeat,
        Self::Abandon,
        Self::Rejected,
        Self::IntendProcess,
        Self::ProcessDone,
        Self::Reprocess,
        Self::InFlight,
        Self::Paid,
        Self::FinalNegative,
        Self::Mismatch,
        Self::OperatorPaid,
        Self::OperatorDead,
        Self::Reclaim,
    ];
}

/// One cell of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptCell {
    Moves(AttemptState),
    /// Accepted and ignored: older news, or news we already have.
    Ignores,
    /// Not possible from here; the caller lost its place and stops.
    Refuses,
    /// A final attempt says otherwise: evidence for an operator.
    Contradicts,
}

/// The complete matrix.
pub const fn decide(state: AttemptState, event: AttemptEvent) -> AttemptCell {
    use AttemptCell::{Contradicts, Ignores, Moves, Refuses};
    use AttemptEvent as E;
    use AttemptState as S;
    match (state, event) {
        (S::Prepared, E::IntendCreate) => Moves(S::Sending),
        (S::Prepared, E::Abandon | E::FinalNegative) => Moves(S::Dead),
        (S::Prepared, E::Reclaim) => Moves(S::Prepared),
        (S::Prepared, E::Created) => Moves(S::Created),
        (S::Prepared, E::InFlight) => Moves(S::Submitted),
        (S::Prepared, E::Paid) => Moves(S::Paid),
        (S::Prepared, E::Mismatch) => Moves(S::Review),
        // People are asked about it only while its payout is held and it cannot surely be given up.
        (S::Prepared, E::OperatorPaid) => Moves(S::Paid),
        (S::Prepared, E::OperatorDead) => Moves(S::Dead),
        (S::Prepared, E::Repeat) => Ignores,
        (
            S::Prepared,
            E::NotSent
            | E::RefusedUs
            | E::Lost
            | E::Rejected
            | E::IntendProcess
            | E::ProcessDone
            | E::Reprocess,
        ) => Refuses,

        (S::Sending, E::NotSent | E::RefusedUs) => Moves(S::Prepared),
        (S::Sending, E::Created) => Moves(S::Created),
        (S::Sending, E::Lost) => Moves(S::Unknown),
        (S::Sending, E::Rejected | E::FinalNegative) => Moves(S::Dead),
        (S::Sending, E::InFlight) => Moves(S::Submitted),
        (S::Sending, E::Paid) => Moves(S::Paid),
        (S::Sending, E::Mismatch) => Moves(S::Review),
        (
            S::Sending,
            E::IntendCreate
            | E::Repeat
            | E::Abandon
            | E::IntendProcess
            | E::ProcessDone
            | E::Reprocess
            | E::OperatorPaid
            | E::OperatorDead
            | E::Reclaim,
        ) => Refuses,

        (S::Created, E::IntendProcess) => Moves(S::ProcessSending),
        (S::Created, E::Abandon | E::FinalNegative) => Moves(S::Dead),
        (S::Created, E::InFlight) => Moves(S::Submitted),
        (S::Created, E::Paid) => Moves(S::Paid),
        (S::Created, E::Mismatch) => Moves(S::Review),
        (S::Created, E::Reclaim) => Moves(S::Created),
        (S::Created, E::OperatorPaid) => Moves(S::Paid),
        (S::Created, E::OperatorDead) => Moves(S::Dead),
        (S::Created, E::Created | E::Lost | E::Reprocess) => Ignores,
        (
            S::Created,
            E::IntendCreate | E::NotSent | E::RefusedUs | E::Repeat | E::Rejected | E::ProcessDone,
        ) => Refuses,

        (S::ProcessSending, E::ProcessDone | E::InFlight) => Moves(S::Submitted),
        (S::ProcessSending, E::Paid) => Moves(S::Paid),
        (S::ProcessSending, E::FinalNegative) => Moves(S::Dead),
        (S::ProcessSending, E::Mismatch) => Moves(S::Review),
        (S::ProcessSending, E::Created | E::Reprocess) => Ignores,
        (
            S::ProcessSending,
            E::IntendCreate
            | E::NotSent
            | E::RefusedUs
            | E::Lost
            | E::Repeat
            | E::Abandon
            | E::Rejected
            | E::IntendProcess
            | E::OperatorPaid
            | E::OperatorDead
            | E::Reclaim,
        ) => Refuses,

        (S::Submitted, E::Reprocess) => Moves(S::Created),
        (S::Submitted, E::Paid) => Moves(S::Paid),
        (S::Submitted, E::FinalNegative) => Moves(S::Dead),
        (S::Submitted, E::Mismatch) => Moves(S::Review),
        // Once people were asked about it, who waits for it too long.
        (S::Submitted, E::OperatorPaid) => Moves(S::Paid),
        (S::Submitted, E::OperatorDead) => Moves(S::Dead),
        (S::Submitted, E::Created | E::InFlight | E::ProcessDone | E::Lost) => Ignores,
        (
            S::Submitted,
            E::IntendCreate
            | E::NotSent
            | E::RefusedUs
            | E::Repeat
            | E::Abandon
            | E::Rejected
            | E::IntendProcess
            | E::Reclaim,
        ) => Refuses,

        (S::Unknown, E::Created) => Moves(S::Created),
        (S::Unknown, E::Repeat) => Moves(S::Prepared),
        (S::Unknown, E::Abandon | E::Rejected | E::FinalNegative | E::OperatorDead) => {
            Moves(S::Dead)
        }
        (S::Unknown, E::InFlight) => Moves(S::Submitted),
        (S::Unknown, E::Paid | E::OperatorPaid) => Moves(S::Paid),
        (S::Unknown, E::Mismatch) => Moves(S::Review),
        (S::Unknown, E::Lost) => Ignores,
        (
            S::Unknown,
            E::IntendCreate
            | E::NotSent
            | E::RefusedUs
            | E::IntendProcess
            | E::ProcessDone
            | E::Reprocess
            | E::Reclaim,
        ) => Refuses,

        // What fits in every figure later ends what people were asked about.
        (S::Review, E::OperatorPaid | E::Paid) => Moves(S::Paid),
        (S::Review, E::OperatorDead | E::FinalNegative) => Moves(S::Dead),
        (S::Review, E::InFlight) => Moves(S::Submitted),
        (S::Review, E::Created | E::Mismatch | E::Lost | E::ProcessDone | E::Reprocess) => Ignores,
        (
            S::Review,
            E::IntendCreate
            | E::NotSent
            | E::RefusedUs
            | E::Repeat
            | E::Abandon
            | E::Rejected
            | E::IntendProcess
            | E::Reclaim,
        ) => Refuses,

        (S::Paid, E::Paid | E::Created | E::InFlight | E::Lost | E::ProcessDone | E::Reprocess) => {
            Ignores
        }
        (S::Paid, E::FinalNegative | E::Mismatch) => Contradicts,
        (
            S::Paid,
            E::IntendCreate
            | E::NotSent
            | E::RefusedUs
            | E::Repeat
            | E::Abandon
            | E::Rejected
            | E::IntendProcess
            | E::OperatorPaid
            | E::OperatorDead
            | E::Reclaim,
        ) => Refuses,

        (S::Dead, E::Paid | E::InFlight | E::Mismatch) => Contradicts,
        (
            S::Dead,
            E::Created
            | E::Lost
            | E::Abandon
            | E::Rejected
            | E::FinalNegative
            | E::ProcessDone
            | E::Reprocess,
        ) => Ignores,
        (
            S::Dead,
            E::IntendCreate
            | E::NotSent
            | E::RefusedUs
            | E::Repeat
            | E::IntendProcess
            | E::OperatorPaid
            | E::OperatorDead
            | E::Reclaim,
        ) => Refuses,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One row a state, one word a cell, in the order of `AttemptEvent::ALL`:
    /// intend_create not_sent refused_us created lost repeat abandon rejected intend_process
    /// process_done reprocess in_flight paid final_negative mismatch operator_paid operator_dead reclaim.
    const MATRIX: &str = "
        prepared        sending x        x        created x       =        dead x    x               x         x       submitted paid dead review paid dead prepared
        sending         x       prepared prepared created unknown x        x    dead x               x         x       submitted paid dead review x    x    x
        created         x       x        x        =       =       x        dead x    process_sending x         =       submitted paid dead review paid dead created
        process_sending x       x        x        =       x       x        x    x    x               submitted =       submitted paid dead review x    x    x
        submitted       x       x        x        =       =       x        x    x    x               =         created =         paid dead review paid dead x
        unknown         x       x        x        created =       prepared dead dead x               x         x       submitted paid dead review paid dead x
        review          x       x        x        =       =       x        x    x    x               =         =       submitted paid dead =      paid dead x
        paid            x       x        x        =       =       x        x    x    x               =         =       =         =    !    !      x    x    x
        dead            x       x        x        =       =       x        =    =    x               =         =       !         !    =    !      x    x    x";

    #[test]
    fn all_162_cells_are_as_the_design_says() {
        let mut cells = 0;
        let rows: Vec<_> = MATRIX
            .lines()
            .filter(|row| !row.trim().is_empty())
            .collect();
        assert_eq!(rows.len(), AttemptState::ALL.len());
        for (row, state) in rows.iter().zip(AttemptState::ALL) {
            let mut words = row.split_whitespace();
            assert_eq!(words.next(), Some(state.name()));
            let words: Vec<_> = words.collect();
            assert_eq!(words.len(), AttemptEvent::ALL.len(), "{state:?}");
            for (expected, event) in words.iter().zip(AttemptEvent::ALL) {
                let word = match decide(state, event) {
                    AttemptCell::Moves(to) => to.name(),
                    AttemptCell::Ignores => "=",
                    AttemptCell::Refuses => "x",
                    AttemptCell::Contradicts => "!",
                };
                assert_eq!(*expected, word, "{state:?} x {event:?}");
                cells += 1;
            }
        }
        assert_eq!(cells, 162);
    }

    #[test]
    fn nothing_is_ever_sent_from_sending() {
        assert_eq!(
            decide(AttemptState::Sending, AttemptEvent::IntendCreate),
            AttemptCell::Refuses
        );
        assert_eq!(
            decide(AttemptState::Sending, AttemptEvent::Reclaim),
            AttemptCell::Refuses
        );
    }

    #[test]
    fn an_attempt_that_may_have_paid_cannot_be_abandoned() {
        for state in [
            AttemptState::ProcessSending,
            AttemptState::Submitted,
            AttemptState::Review,
            AttemptState::Paid,
        ] {
            assert_eq!(decide(state, AttemptEvent::Abandon), AttemptCell::Refuses);
        }
    }
}
