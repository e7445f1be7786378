//! What people have to decide about an attempt: its provider shows what does not fit, or shows no outcome for too
//! long. Two owners who say the same settle it; a provider that ends the attempt first closes it.

use serde::{Deserialize, Serialize};

use crate::{
    answer::Answer,
    attempt::Attempt,
    attempt_machine::{self, AttemptCell, AttemptEvent, AttemptState},
    batch::Hand,
    denied::Denied,
    ids::{AttemptRef, ProviderId, ReviewId, TenantId},
    money::{Cents, Currency},
    payout::Settlement,
    routing::Provider,
    time::Timestamp,
};

/// The longest name of a piece of evidence, in characters.
pub const EVIDENCE_MAX: usize = 200;
/// The longest note of a decision, in characters.
pub const NOTE_MAX: usize = 500;

/// The review of one attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    pub tenant: TenantId,
    /// The attempt that is looked at.
    pub reference: AttemptRef,
    pub version: u32,
    /// Why people have to look, as a stable word.
    pub reason: String,
    pub evidence: Evidence,
    /// One, or two that say the same.
    pub decisions: Vec<Decision>,
    pub opened_at: Timestamp,
    pub closing: Option<Closing>,
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
    /// When the provider was first and last asked about what is looked at.
    pub first_checked_at: Timestamp,
    pub last_checked_at: Timestamp,
}

/// What one owner says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub by: Hand,
    pub at: Timestamp,
    pub outcome: Settlement,
    /// Names what proves it, as a line of a statement.
    pub evidence_id: String,
    pub note: Option<String>,
}

impl Decision {
    /// Whether both say the same of the money, with the same proof.
    fn agrees_with(&self, other: &Self) -> bool {
        self.outcome == other.outcome && self.evidence_id == other.evidence_id
    }
}

/// How a review ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closing {
    pub at: Timestamp,
    pub by: Closer,
}

/// Who ended a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Closer {
    /// Two owners agreed.
    Operators,
    /// The provider ended the attempt.
    Provider,
}

impl Closer {
    pub const ALL: [Self; 2] = [Self::Operators, Self::Provider];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Operators => "operators",
            Self::Provider => "provider",
        }
    }
}

/// Whether somebody still has to decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReviewStatus {
    Open,
    Closed,
}

impl ReviewStatus {
    pub const ALL: [Self; 2] = [Self::Open, Self::Closed];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

/// One answer of the provider, and when it was given.
#[derive(Clone, Copy, Debug)]
pub struct Sighting<'a> {
    pub answer: &'a Answer,
    pub at: Timestamp,
}

impl Sighting<'_> {
    /// What the provider says that it paid of `attempt`, where the answer is about it.
    fn reported(&self, attempt: &Attempt) -> Option<Cents> {
        match self.answer {
            Answer::Exists { seen, .. }
                if seen.facts.reference == attempt.reference.to_string() =>
            {
                seen.facts.processed_amount.exact()
            }
            Answer::Exists { .. }
            | Answer::NotSent { .. }
            | Answer::Absent
            | Answer::Refused { .. }
            | Answer::Doubted { .. }
            | Answer::Taken
            | Answer::Unclear { .. } => None,
        }
    }
}

impl Review {
    pub fn id(&self) -> ReviewId {
        ReviewId::of(&self.reference)
    }

    pub const fn status(&self) -> ReviewStatus {
        match self.closing {
            None => ReviewStatus::Open,
            Some(_) => ReviewStatus::Closed,
        }
    }

    /// Whether it has the decisions that its end needs.
    pub fn is_proven(&self) -> bool {
        match self.closing.map(|closing| closing.by) {
            Some(Closer::Operators) => self.decisions.len() == 2,
            Some(Closer::Provider) | None => self.decisions.len() < 2,
        }
    }

    /// The review of an attempt that has just come to need one.
    pub fn opened(attempt: &Attempt, sighting: Sighting<'_>) -> Self {
        Self {
            tenant: attempt.tenant.clone(),
            reference: attempt.reference.clone(),
            version: 1,
            reason: reason_of(attempt).unwrap_or("unclear").to_owned(),
            evidence: Evidence {
                provider: attempt.provider,
                object: attempt.object.clone(),
                state: attempt.state,
                last_status: attempt.last_status.clone(),
                expected: attempt.net,
                currency: attempt.currency,
                reported: sighting.reported(attempt),
                first_checked_at: sighting.at,
                last_checked_at: sighting.at,
            },
            decisions: Vec::new(),
            opened_at: sighting.at,
            closing: None,
        }
    }

    /// The open review after one more answer: with what is known now, and closed when that ended the attempt.
    #[must_use]
    pub fn seen(&self, attempt: &Attempt, sighting: Sighting<'_>) -> Self {
        let ended = attempt.is_final();
        let reason = match attempt.state {
            AttemptState::Review => reason_of(attempt).unwrap_or(&self.reason),
            AttemptState::Prepared
            | AttemptState::Sending
            | AttemptState::Created
            | AttemptState::ProcessSending
            | AttemptState::Submitted
            | AttemptState::Unknown
            | AttemptState::Paid
            | AttemptState::Dead => &self.reason,
        };
        Self {
            version: self.version + 1,
            reason: reason.to_owned(),
            evidence: Evidence {
                object: attempt.object.clone(),
                state: attempt.state,
                last_status: attempt.last_status.clone(),
                reported: sighting.reported(attempt).or(self.evidence.reported),
                last_checked_at: sighting.at,
                ..self.evidence.clone()
            },
            closing: ended.then_some(Closing {
                at: sighting.at,
                by: Closer::Provider,
            }),
            ..self.clone()
        }
    }

    /// The review after one owner decided about `attempt`: closed when another owner had said the same.
    ///
    /// # Errors
    /// [`Denied::ReviewClosed`]; [`Denied::ProviderOwnsOutcome`] while the attempt is in a state that only its
    /// provider can end; [`Denied::PartOutOfRange`] for a part that is none; [`Denied::OwnDecision`] for who
    /// decided before; [`Denied::DecisionDiffers`].
    pub fn decided(&self, decision: Decision, attempt: &Attempt) -> Result<Self, Denied> {
        if self.closing.is_some() {
            return Err(Denied::ReviewClosed);
        }
        if !is_for_people(attempt) {
            return Err(Denied::ProviderOwnsOutcome);
        }
        let net = self.evidence.expected;
        let is_part = |paid: Cents| paid.is_positive() && paid < net;
        if decision.outcome.part().is_some_and(|paid| !is_part(paid)) {
            return Err(Denied::PartOutOfRange { net });
        }
        let closing = match self.decisions.first() {
            None => None,
            Some(first) if first.by.is_one_person(&decision.by) => {
                let owner = first.by.owner.clone();
                return Err(Denied::OwnDecision { owner });
            }
            Some(first) if !first.agrees_with(&decision) => return Err(Denied::DecisionDiffers),
            Some(_) => Some(Closing {
                at: decision.at,
                by: Closer::Operators,
            }),
        };
        let mut next = Self {
            version: self.version + 1,
            closing,
            ..self.clone()
        };
        next.decisions.push(decision);
        Ok(next)
    }
}

/// Whether the attempt machine lets people end the attempt.
fn is_for_people(attempt: &Attempt) -> bool {
    match attempt_machine::decide(attempt.state, AttemptEvent::OperatorPaid) {
        AttemptCell::Moves(_) => true,
        AttemptCell::Ignores | AttemptCell::Refuses | AttemptCell::Contradicts => false,
    }
}

fn reason_of(attempt: &Attempt) -> Option<&str> {
    match attempt.state {
        AttemptState::Unknown => Some("unknown_too_long"),
        AttemptState::Submitted => Some("submitted_too_long"),
        AttemptState::Prepared
        | AttemptState::Sending
        | AttemptState::Created
        | AttemptState::ProcessSending
        | AttemptState::Review
        | AttemptState::Paid
        | AttemptState::Dead => attempt.reason.as_deref(),
    }
}

#[cfg(test)]
mod tests;
