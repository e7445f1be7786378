//! What is known of the attempt that people decide about, and how fresh that is.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    answer::{Answer, Refusal},
    attempt::{Attempt, Shown},
    attempt_machine::AttemptState,
    ids::ProviderId,
    manifest::{CancelWindow, LookUp, manifest},
    money::{Cents, Currency},
    resolution,
    routing::Provider,
    time::Timestamp,
};

/// How old the newest read may be when a decision takes effect.
pub const FRESH: Duration = Duration::from_secs(600);
/// After so many reads in a row that said nothing, none is waited for any more.
pub const UNCLEAR_MAX: u32 = 3;

/// What a read proves of the money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// All of N was paid.
    PaidInFull,
    /// It ended, and nothing was paid.
    NothingPaid,
    /// So much of N was paid.
    Part(Cents),
    /// Neither.
    Open,
}

impl Proof {
    pub const NAMES: [&'static str; 4] = ["paid_in_full", "nothing_paid", "part", "open"];

    pub const fn name(self) -> &'static str {
        match self {
            Self::PaidInFull => Self::NAMES[0],
            Self::NothingPaid => Self::NAMES[1],
            Self::Part(_) => Self::NAMES[2],
            Self::Open => Self::NAMES[3],
        }
    }
}

/// The newest read that said something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastRead {
    pub at: Timestamp,
    pub proof: Proof,
    /// What the provider showed; none where it showed nothing.
    pub shown: Option<Shown>,
    /// Whether it can still be withdrawn by a call.
    pub withdrawable: bool,
}

/// Why no read can be had, so that a decision stands without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unreadable {
    /// The provider cannot be asked about it.
    NoQuery,
    /// It refuses our credentials.
    CredentialsRefused,
    /// It was asked three times in a row and said nothing.
    Unclear,
}

impl Unreadable {
    pub const ALL: [Self; 3] = [Self::NoQuery, Self::CredentialsRefused, Self::Unclear];

    pub const fn name(self) -> &'static str {
        match self {
            Self::NoQuery => "no_query",
            Self::CredentialsRefused => "credentials_refused",
            Self::Unclear => "unclear",
        }
    }
}

/// What our books know of the attempt. Kept up to date while the review is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    pub provider: Provider,
    /// The provider's own record of the attempt, once seen.
    pub object: Option<ProviderId>,
    pub state: AttemptState,
    /// The provider's own word.
    pub last_status: Option<String>,
    /// N: what the driver should receive.
    pub expected: Cents,
    pub currency: Currency,
    /// What the provider says that it paid, where it gives a figure.
    pub reported: Option<Cents>,
    /// What was on the driver's prepaid card before the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance_before: Option<Cents>,
    /// When the provider was first and last asked about what is looked at.
    pub first_checked_at: Timestamp,
    pub last_checked_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<LastRead>,
    /// Reads since then that said nothing.
    #[serde(default)]
    pub unclear_reads: u32,
    /// Whether the last of them was refused for our credentials.
    #[serde(default)]
    pub refused: bool,
    /// Whether the provider said no when it was asked to withdraw the object.
    #[serde(default)]
    pub withdrawal_refused: bool,
}

/// How far the evidence carries a decision at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carries {
    /// A read that is fresh enough.
    Read(Proof),
    /// No read can be had.
    Unread(Unreadable),
    /// The provider has to be asked first.
    Stale,
}

/// One answer of the provider, and when it was given.
#[derive(Clone, Copy, Debug)]
pub struct Sighting<'a> {
    pub answer: &'a Answer,
    pub at: Timestamp,
    /// Whether it is the answer to a read; a create or process call proves nothing to people.
    pub is_read: bool,
}

impl Evidence {
    pub(super) fn of(attempt: &Attempt, sighting: Sighting<'_>) -> Self {
        let first = Self {
            provider: attempt.provider,
            object: None,
            state: attempt.state,
            last_status: None,
            expected: attempt.net,
            currency: attempt.currency,
            reported: None,
            balance_before: attempt.balance_before,
            first_checked_at: sighting.at,
            last_checked_at: sighting.at,
            read: None,
            unclear_reads: 0,
            refused: false,
            withdrawal_refused: false,
        };
        first.seen(attempt, sighting)
    }

    /// After one more answer.
    pub(super) fn seen(&self, attempt: &Attempt, sighting: Sighting<'_>) -> Self {
        let mut next = Self {
            object: attempt.object.clone(),
            state: attempt.state,
            last_status: attempt.last_status.clone(),
            reported: reported(attempt, sighting.answer).or(self.reported),
            last_checked_at: sighting.at,
            ..self.clone()
        };
        if !sighting.is_read {
            return next;
        }
        match (
            resolution::proof_of(attempt, sighting.answer),
            sighting.answer,
        ) {
            (Some(proof), answer) => {
                let seen = match answer {
                    Answer::Exists { seen, .. } => Some(seen),
                    _ => None,
                };
                next.unclear_reads = 0;
                next.refused = false;
                next.read = Some(LastRead {
                    at: sighting.at,
                    proof,
                    shown: seen.map(|seen| Shown::of(seen)),
                    withdrawable: seen.is_some_and(|seen| seen.withdrawable),
                });
            }
            (None, answer) => {
                next.unclear_reads += 1;
                next.refused = matches!(
                    answer,
                    Answer::Refused {
                        by: Refusal::Credentials,
                        ..
                    } | Answer::Doubted {
                        by: Refusal::Credentials,
                        ..
                    }
                );
            }
        }
        next
    }

    /// Whether what is known is new enough to decide on.
    pub fn carries(&self, now: Timestamp) -> Carries {
        let can_be_asked = match manifest(self.provider).look_up {
            LookUp::ByReference { .. } => true,
            // By the provider's own id, where it named one.
            LookUp::None => self.object.is_some(),
        };
        if !can_be_asked {
            return Carries::Unread(Unreadable::NoQuery);
        }
        let fresh = |at: Timestamp| now.since(at) <= FRESH;
        if let Some(read) = self.read.as_ref().filter(|it| fresh(it.at)) {
            return Carries::Read(read.proof);
        }
        if !fresh(self.last_checked_at) {
            return Carries::Stale;
        }
        if self.refused {
            return Carries::Unread(Unreadable::CredentialsRefused);
        }
        if self.unclear_reads >= UNCLEAR_MAX {
            return Carries::Unread(Unreadable::Unclear);
        }
        Carries::Stale
    }

    /// Whether the provider can still withdraw the object by a call, as far as anybody knows.
    pub fn can_be_withdrawn(&self) -> bool {
        let by_call = match manifest(self.provider).cancel {
            CancelWindow::ConfirmedCancel => true,
            CancelWindow::LeaveInert | CancelWindow::VoidBeforeSettlement => false,
        };
        let offered = self.read.as_ref().is_some_and(|read| read.withdrawable);
        by_call && offered && !self.withdrawal_refused
    }
}

/// What the provider says that it paid of `attempt`, where the answer is about it.
fn reported(attempt: &Attempt, answer: &Answer) -> Option<Cents> {
    match answer {
        Answer::Exists { seen, .. } if seen.facts.is_about(attempt) => seen.facts.reported_figure(),
        Answer::Exists { .. }
        | Answer::NotSent { .. }
        | Answer::Absent
        | Answer::Refused { .. }
        | Answer::Doubted { .. }
        | Answer::Taken
        | Answer::Unclear { .. } => None,
    }
}
