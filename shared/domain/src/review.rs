//! What people have to decide about an attempt: its provider shows what does not fit, or shows no outcome for too
//! long. Two owners who say the same settle it; a provider that ends the attempt first closes it.

mod disposition;
mod evidence;

use serde::{Deserialize, Serialize};

pub use self::{
    disposition::{Bearer, Case, Disposition, Question},
    evidence::{Carries, Evidence, FRESH, LastRead, Proof, Sighting, UNCLEAR_MAX, Unreadable},
};
use crate::{
    attempt::Attempt,
    attempt_machine::{AttemptCell, AttemptEvent, AttemptState, decide},
    batch::Hand,
    denied::Denied,
    ids::{AttemptRef, ReviewId, TenantId},
    time::Timestamp,
};

/// The longest name of a piece of evidence, in characters.
pub const EVIDENCE_MAX: usize = 200;
/// The longest note of a decision, in characters.
pub const NOTE_MAX: usize = 500;

/// The review of one attempt. It may be opened again: each time is a round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    pub tenant: TenantId,
    /// The attempt that is looked at.
    pub reference: AttemptRef,
    pub version: u32,
    /// From 1; grows when it is opened again.
    #[serde(default = "first_round")]
    pub round: u32,
    #[serde(default)]
    pub question: Question,
    /// Why people have to look, as a stable word.
    pub reason: String,
    pub evidence: Evidence,
    /// Of this round: one, or two that say the same.
    pub decisions: Vec<Decision>,
    /// When this round began.
    pub opened_at: Timestamp,
    pub closing: Option<Closing>,
}

const fn first_round() -> u32 {
    1
}

/// What one owner says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub by: Hand,
    pub at: Timestamp,
    pub outcome: Disposition,
    /// Names what proves it, as a line of a statement.
    pub evidence_id: String,
    pub note: Option<String>,
    /// Why the provider could not be read when it took effect, where that is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread: Option<Unreadable>,
}

impl Decision {
    /// Whether both say the same of the money, with the same proof.
    fn agrees_with(&self, other: &Self) -> bool {
        self.outcome == other.outcome && self.evidence_id == other.evidence_id
    }
}

/// A review after a decision, and what takes effect with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    pub review: Review,
    /// What two owners agree on; none after the first.
    pub agreed: Option<Disposition>,
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

    /// The review of an attempt that has just come to need one: the first, or the next round of `before`.
    pub fn opened(before: Option<&Self>, attempt: &Attempt, sighting: Sighting<'_>) -> Self {
        let evidence = Evidence::of(attempt, sighting);
        Self {
            tenant: attempt.tenant.clone(),
            reference: attempt.reference.clone(),
            version: before.map_or(0, |it| it.version) + 1,
            round: before.map_or(0, |it| it.round) + 1,
            question: question_of(attempt),
            reason: reason_of(attempt).unwrap_or("unclear").to_owned(),
            evidence,
            decisions: Vec::new(),
            opened_at: sighting.at,
            closing: None,
        }
    }

    /// The open review after one more answer: with what is known now, and closed when nobody has to decide any more.
    #[must_use]
    pub fn seen(&self, attempt: &Attempt, sighting: Sighting<'_>) -> Self {
        let question = question_of(attempt);
        let is_open = attempt.reviewed_at.is_some();
        // A decision about one question is none about another.
        let decisions = if is_open && question != self.question {
            Vec::new()
        } else {
            self.decisions.clone()
        };
        let reason = match attempt.state {
            _ if !is_open => None,
            AttemptState::Review | AttemptState::Paid | AttemptState::Dead => reason_of(attempt),
            AttemptState::Prepared
            | AttemptState::Sending
            | AttemptState::Created
            | AttemptState::ProcessSending
            | AttemptState::Submitted
            | AttemptState::Unknown => None,
        };
        Self {
            version: self.version + 1,
            question: if is_open { question } else { self.question },
            reason: reason.unwrap_or(&self.reason).to_owned(),
            evidence: self.evidence.seen(attempt, sighting),
            decisions,
            closing: (!is_open).then_some(Closing {
                at: sighting.at,
                by: Closer::Provider,
            }),
            ..self.clone()
        }
    }

    /// The review after the provider refused to withdraw the object.
    #[must_use]
    pub fn not_withdrawn(&self) -> Self {
        Self {
            version: self.version + 1,
            evidence: Evidence {
                withdrawal_refused: true,
                ..self.evidence.clone()
            },
            ..self.clone()
        }
    }

    /// Whether the first decision of this round says that nothing was paid, so that what can still be withdrawn
    /// has to be.
    pub fn asks_for_withdrawal(&self) -> bool {
        let first = self.decisions.first().map(|it| it.outcome);
        self.closing.is_none()
            && self.question == Question::Outcome
            && first == Some(Disposition::NotPaid)
    }

    /// The review after one owner decided: closed when another owner had said the same. What explains suspense opens
    /// a closed review for a round of its own.
    ///
    /// # Errors
    /// [`Denied::ReviewClosed`]; [`Denied::ProviderOwnsOutcome`] while the attempt is in a state that only its
    /// provider can end; what [`Disposition`]s do not fit the question or the evidence; [`Denied::OwnDecision`] for
    /// who decided before; [`Denied::DecisionDiffers`].
    pub fn decided(&self, decision: Decision, case: Case<'_>) -> Result<Decided, Denied> {
        let (said, now) = (decision.outcome, decision.at);
        let round = match self.closing {
            None => self.clone(),
            Some(_) if said.explains() && case.attempt.posted().is_unexplained() => Self {
                round: self.round + 1,
                question: Question::Suspense,
                decisions: Vec::new(),
                opened_at: now,
                closing: None,
                ..self.clone()
            },
            Some(_) => return Err(Denied::ReviewClosed),
        };
        if round.question == Question::Outcome && !is_for_people(case.attempt) {
            return Err(Denied::ProviderOwnsOutcome);
        }
        disposition::is_offered((round.question, &round.evidence), case, said)?;
        let (mut decision, agreed) = match round.decisions.first() {
            None => (decision, None),
            Some(first) if first.by.is_one_person(&decision.by) => {
                if first.agrees_with(&decision) {
                    let owner = first.by.owner.clone();
                    return Err(Denied::OwnDecision { owner });
                }
                // Whoever was wrong says so: nobody else can agree with them otherwise.
                (decision, None)
            }
            Some(first) if !first.agrees_with(&decision) => return Err(Denied::DecisionDiffers),
            Some(_) => (decision, Some(said)),
        };
        let mut next = Self {
            version: self.version + 1,
            ..round
        };
        if agreed.is_some() {
            decision.unread = disposition::is_carried(next.question, &next.evidence, (said, now))?;
        } else if let Carries::Read(proof) = next.evidence.carries(now) {
            disposition::is_consistent(next.question, proof, said)?;
        }
        if agreed.is_none() {
            next.decisions.clear();
        }
        next.decisions.push(decision);
        // The rest may be explained while the provider's news is still to be decided.
        let goes_on = said.explains() && case.attempt.undecided.is_some();
        match (agreed, goes_on) {
            (None, _) => {}
            (Some(_), true) => next.decisions.clear(),
            (Some(_), false) => {
                next.closing = Some(Closing {
                    at: now,
                    by: Closer::Operators,
                });
            }
        }
        Ok(Decided {
            review: next,
            agreed,
        })
    }
}

/// What is asked about an attempt in its present state.
fn question_of(attempt: &Attempt) -> Question {
    match attempt.state {
        AttemptState::Paid | AttemptState::Dead if attempt.undecided.is_none() => {
            Question::Suspense
        }
        AttemptState::Paid if attempt.has_paid() => Question::Return,
        AttemptState::Paid | AttemptState::Dead => Question::LatePayment,
        AttemptState::Prepared
        | AttemptState::Sending
        | AttemptState::Created
        | AttemptState::ProcessSending
        | AttemptState::Submitted
        | AttemptState::Unknown
        | AttemptState::Review => Question::Outcome,
    }
}

/// Whether people may end the attempt: what its provider still owns only once they were asked to.
fn is_for_people(attempt: &Attempt) -> bool {
    let moves = match decide(attempt.state, AttemptEvent::OperatorPaid) {
        AttemptCell::Moves(_) => true,
        AttemptCell::Ignores | AttemptCell::Refuses | AttemptCell::Contradicts => false,
    };
    moves && attempt.reviewed_at.is_some()
}

fn reason_of(attempt: &Attempt) -> Option<&str> {
    match attempt.state {
        AttemptState::Unknown => Some("unknown_too_long"),
        AttemptState::Submitted => Some("submitted_too_long"),
        AttemptState::Paid | AttemptState::Dead => {
            attempt.undecided.as_ref().map(|it| it.reason.as_str())
        }
        AttemptState::Prepared
        | AttemptState::Sending
        | AttemptState::Created
        | AttemptState::ProcessSending
        | AttemptState::Review => attempt.reason.as_deref(),
    }
}

#[cfg(test)]
mod tests;
