//! The charge state machine: 5 states, 9 events, one exhaustive `match`. docs/state-machines.md prints it.

use serde::{Deserialize, Serialize};

/// Where a card charge stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChargeState {
    /// Nothing is in flight.
    Prepared,
    /// The intent is durable; the call may or may not have left.
    Sending,
    /// Nobody knows whether the card was debited, or by how much: two operators decide.
    Review,
    /// The card was debited, and the wallet has the money.
    Paid,
    /// Proven: the card was not debited.
    Dead,
}

impl ChargeState {
    pub const ALL: [Self; 5] = [
        Self::Prepared,
        Self::Sending,
        Self::Review,
        Self::Paid,
        Self::Dead,
    ];

    /// What clients can tell apart.
    pub const PUBLIC: [&'static str; 4] = ["processing", "in_review", "completed", "failed"];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Prepared => "prepared",
            Self::Sending => "sending",
            Self::Review => "review",
            Self::Paid => "paid",
            Self::Dead => "dead",
        }
    }

    /// As clients see it.
    pub const fn public(self) -> &'static str {
        match self {
            Self::Prepared | Self::Sending => "processing",
            Self::Review => "in_review",
            Self::Paid => "completed",
            Self::Dead => "failed",
        }
    }

    pub const fn is_final(self) -> bool {
        match self {
            Self::Paid | Self::Dead => true,
            Self::Prepared | Self::Sending | Self::Review => false,
        }
    }
}

/// What may happen to a card charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChargeEvent {
    /// A worker is about to send.
    Intend,
    /// Proven: not a byte left.
    NotSent,
    /// Proven: our credentials were refused, so nothing was done.
    RefusedUs,
    /// It is given up before anything was sent.
    GiveUp,
    /// The card was debited, by exactly the amount.
    Paid,
    /// The issuer refused: the card was not debited.
    Refused,
    /// The answer is lost, says nothing final, or does not fit.
    Unclear,
    OperatorPaid,
    OperatorDead,
}

impl ChargeEvent {
    pub const ALL: [Self; 9] = [
        Self::Intend,
        Self::NotSent,
        Self::RefusedUs,
        Self::GiveUp,
        Self::Paid,
        Self::Refused,
        Self::Unclear,
        Self::OperatorPaid,
        Self::OperatorDead,
    ];
}

/// One cell of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChargeCell {
    Moves(ChargeState),
    /// Accepted and ignored: news we already have, or that proves nothing.
    Ignores,
    /// Not possible from here; the caller lost its place and stops.
    Refuses,
}

/// The complete matrix. Nothing leads from `Review` back to a call: code never repeats one that may have
/// left. A worker that answers after its lease still knows what became of its own call.
pub const fn decide(state: ChargeState, event: ChargeEvent) -> ChargeCell {
    use ChargeCell::{Ignores, Moves, Refuses};
    use ChargeEvent as E;
    use ChargeState as S;
    match (state, event) {
        (S::Prepared, E::Intend) => Moves(S::Sending),
        (S::Prepared, E::GiveUp) => Moves(S::Dead),
        (
            S::Prepared,
            E::NotSent
            | E::RefusedUs
            | E::Paid
            | E::Refused
            | E::Unclear
            | E::OperatorPaid
            | E::OperatorDead,
        ) => Refuses,

        (S::Sending, E::NotSent | E::RefusedUs) => Moves(S::Prepared),
        (S::Sending, E::Paid) => Moves(S::Paid),
        (S::Sending, E::Refused) => Moves(S::Dead),
        (S::Sending, E::Unclear) => Moves(S::Review),
        (S::Sending, E::Intend | E::GiveUp | E::OperatorPaid | E::OperatorDead) => Refuses,

        (S::Review, E::Paid | E::OperatorPaid) => Moves(S::Paid),
        (S::Review, E::Refused | E::OperatorDead) => Moves(S::Dead),
        (S::Review, E::NotSent | E::RefusedUs | E::Unclear) => Ignores,
        (S::Review, E::Intend | E::GiveUp) => Refuses,

        (S::Paid, E::Paid | E::Unclear) => Ignores,
        // A worker knows otherwise than the people who decided without it: they decide again.
        (S::Paid, E::NotSent | E::RefusedUs | E::Refused) => Moves(S::Review),
        (S::Paid, E::Intend | E::GiveUp | E::OperatorPaid | E::OperatorDead) => Refuses,

        (S::Dead, E::NotSent | E::RefusedUs | E::Refused | E::Unclear | E::GiveUp) => Ignores,
        (S::Dead, E::Paid) => Moves(S::Review),
        (S::Dead, E::Intend | E::OperatorPaid | E::OperatorDead) => Refuses,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One row a state, one word a cell, in the order of `ChargeEvent::ALL`:
    /// intend not_sent refused_us give_up paid refused unclear operator_paid operator_dead.
    const MATRIX: &str = "
        prepared sending x        x        dead x    x    x      x    x
        sending  x       prepared prepared x    paid dead review x    x
        review   x       =        =        x    paid dead =      paid dead
        paid     x       review   review   x    =    review =    x    x
        dead     x       =        =        =    review = =       x    x";

    #[test]
    fn all_45_cells_are_as_the_design_says() {
        let mut cells = 0;
        let rows: Vec<_> = MATRIX
            .lines()
            .filter(|row| !row.trim().is_empty())
            .collect();
        assert_eq!(rows.len(), ChargeState::ALL.len());
        for (row, state) in rows.iter().zip(ChargeState::ALL) {
            let mut words = row.split_whitespace();
            assert_eq!(words.next(), Some(state.name()));
            let words: Vec<_> = words.collect();
            assert_eq!(words.len(), ChargeEvent::ALL.len(), "{state:?}");
            for (expected, event) in words.iter().zip(ChargeEvent::ALL) {
                let word = match decide(state, event) {
                    ChargeCell::Moves(to) => to.name(),
                    ChargeCell::Ignores => "=",
                    ChargeCell::Refuses => "x",
                };
                assert_eq!(*expected, word, "{state:?} x {event:?}");
                cells += 1;
            }
        }
        assert_eq!(cells, 45);
    }

    #[test]
    fn a_call_that_may_have_left_is_sent_again_only_when_it_provably_did_nothing() {
        for event in ChargeEvent::ALL {
            let sends_again =
                decide(ChargeState::Sending, event) == ChargeCell::Moves(ChargeState::Prepared);
            let proven = matches!(event, ChargeEvent::NotSent | ChargeEvent::RefusedUs);
            assert_eq!(sends_again, proven, "{event:?}");
            for state in [ChargeState::Review, ChargeState::Paid, ChargeState::Dead] {
                let cell = decide(state, event);
                assert_ne!(cell, ChargeCell::Moves(ChargeState::Prepared));
                assert_ne!(cell, ChargeCell::Moves(ChargeState::Sending));
            }
        }
    }

    #[test]
    fn every_public_word_is_listed_once() {
        for state in ChargeState::ALL {
            assert!(ChargeState::PUBLIC.contains(&state.public()), "{state:?}");
        }
    }
}
