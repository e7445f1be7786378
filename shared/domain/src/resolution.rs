//! What an answer proves: the decision tables of docs/providers/, as pure functions. What differs between
//! providers is what they promise (see [`crate::manifest`]) and how their adapters read them.

mod evidence;
mod late;

use std::time::Duration;

pub use self::{
    evidence::proof_of,
    late::{Contradiction, LateNews, is_over, late_news},
};
use crate::{
    answer::{Answer, Difference, Refusal, Seen, Standing},
    attempt::{Attempt, FinalNews, REPEATS_MAX, REPROCESSES_MAX},
    attempt_machine::{AttemptEvent, AttemptState},
    ids::ProviderId,
    manifest::{CancelWindow, LookUp, manifest},
    payout::Payout,
    routing::StopReason,
    time::Timestamp,
};

/// No absence counts before a create had this long to become visible.
pub const VISIBLE_AFTER: Duration = Duration::from_secs(90);
/// Absences must lie this far apart to prove anything together.
pub const ABSENCES_APART: Duration = Duration::from_secs(30);
/// How many answers of the provider's own that an object is gone make it disappear.
pub const ABSENCES_OF_OBJECT: u32 = 3;
/// They must lie this far apart: three of them span a quarter of an hour.
pub const ABSENCES_OF_OBJECT_APART: Duration = Duration::from_secs(450);
/// How long an object may stay inert after a process call before the call is repeated.
pub const INERT_AFTER_PROCESS: Duration = Duration::from_secs(90);

/// Which call an answer belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    Create,
    Process,
    Read,
}

/// What follows from one answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub step: Step,
    /// Why, as a stable word for timelines and operators.
    pub reason: Option<String>,
    /// Set when the answer proves that the route itself cannot be used.
    pub stop: Option<StopReason>,
    /// Set when a create was refused without a promise.
    pub doubt: Option<Refusal>,
}

/// The move an answer proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Attempt(AttemptEvent),
    /// The money left and came back before we saw it leave.
    PaidThenReturned,
    /// An absence that counts, and is not yet the last one needed.
    AbsentOnce,
    /// No news.
    Nothing,
}

impl Verdict {
    fn event(event: AttemptEvent) -> Self {
        Self {
            step: Step::Attempt(event),
            reason: None,
            stop: None,
            doubt: None,
        }
    }

    const fn nothing() -> Self {
        Self {
            step: Step::Nothing,
            reason: None,
            stop: None,
            doubt: None,
        }
    }

    fn because(self, reason: impl Into<String>) -> Self {
        Self {
            reason: Some(reason.into()),
            ..self
        }
    }

    fn stopping(self, stop: StopReason) -> Self {
        Self {
            stop: Some(stop),
            ..self
        }
    }
}

/// What `answer` to the call `asked` proves about `attempt` at time `now`.
pub fn proves(attempt: &Attempt, asked: Asked, answer: &Answer, now: Timestamp) -> Verdict {
    match asked {
        Asked::Create => create_proves(attempt, answer),
        // Whatever the provider says of a process call, the truth comes from reads.
        Asked::Process => Verdict::event(AttemptEvent::ProcessDone),
        Asked::Read => read_proves(attempt, answer, now),
    }
}

fn create_proves(attempt: &Attempt, answer: &Answer) -> Verdict {
    match answer {
        Answer::NotSent { cause } => Verdict::event(AttemptEvent::NotSent).because(cause.clone()),
        Answer::Refused { by, reason } => match by {
            Refusal::Credentials => Verdict::event(AttemptEvent::RefusedUs)
                .because("credentials_refused")
                .stopping(StopReason::Credentials),
            Refusal::Integration => Verdict::event(AttemptEvent::Rejected)
                .because("integration_defect")
                .stopping(StopReason::IntegrationDefect),
            Refusal::Input => Verdict::event(AttemptEvent::Rejected).because(reason.clone()),
        },
        Answer::Doubted { by, reason } => Verdict {
            doubt: Some(*by),
            ..lost(attempt, reason)
        },
        // A read's word; a create that says so has lost its answer.
        Answer::Absent => lost(attempt, "absent"),
        Answer::Taken => lost(attempt, "object_not_shown"),
        Answer::Unclear { cause } => lost(attempt, cause),
        Answer::Exists { seen, .. } => match seen.facts.difference(attempt) {
            Some(difference) => mismatch(difference),
            None => standing_proves(attempt, seen),
        },
    }
}

/// Nobody knows what became of the create. Where the provider cannot be asked, two operators have to find
/// out; code never repeats it.
fn lost(attempt: &Attempt, cause: &str) -> Verdict {
    let event = match manifest(attempt.provider).look_up {
        LookUp::ByReference { .. } => AttemptEvent::Lost,
        LookUp::None => AttemptEvent::Mismatch,
    };
    Verdict::event(event).because(cause)
}

fn read_proves(attempt: &Attempt, answer: &Answer, now: Timestamp) -> Verdict {
    match answer {
        Answer::NotSent { .. }
        | Answer::Refused { .. }
        | Answer::Doubted { .. }
        | Answer::Taken
        | Answer::Unclear { .. } => Verdict::nothing(),
        Answer::Absent => absence_proves(attempt, now),
        Answer::Exists { seen, .. } if seen.updated < attempt.object_updated => Verdict::nothing(),
        Answer::Exists { object, .. }
            if attempt.object.as_ref().is_some_and(|known| known != object) =>
        {
            mismatch(Difference::Object)
        }
        Answer::Exists { seen, .. } => match seen.facts.difference(attempt) {
            Some(difference) => mismatch(difference),
            None if still_inert(attempt, seen, now) => {
                if attempt.reprocesses < REPROCESSES_MAX {
                    Verdict::event(AttemptEvent::Reprocess).because("still_inert")
                } else {
                    Verdict::event(AttemptEvent::Mismatch).because("still_inert")
                }
            }
            None => standing_proves(attempt, seen),
        },
    }
}

fn mismatch(difference: Difference) -> Verdict {
    Verdict::event(AttemptEvent::Mismatch).because(difference.name())
}

fn still_inert(attempt: &Attempt, seen: &Seen, now: Timestamp) -> bool {
    attempt.state == AttemptState::Submitted
        && seen.standing == Standing::Inert
        && attempt
            .process_sent_at
            .or(attempt.watched_at)
            .is_some_and(|sent| now.since(sent) >= INERT_AFTER_PROCESS)
}

fn standing_proves(attempt: &Attempt, seen: &Seen) -> Verdict {
    match seen.standing {
        Standing::Inert => Verdict::event(AttemptEvent::Created),
        Standing::InFlight => Verdict::event(AttemptEvent::InFlight),
        // People have it, and a word nobody knows takes it from them no more than silence.
        Standing::Unrecognised if attempt.state == AttemptState::Review => Verdict::nothing(),
        Standing::Unrecognised => {
            Verdict::event(AttemptEvent::InFlight).because("unrecognised_status")
        }
        Standing::Paid if seen.facts.paid_figure(attempt) == Some(attempt.net) => {
            Verdict::event(AttemptEvent::Paid)
        }
        Standing::Paid => mismatch(Difference::ProcessedAmount),
        // A failure that moved money, or may have, is for a person: a retry would pay again.
        Standing::FinalNegative if seen.facts.may_have_paid() => {
            mismatch(Difference::ProcessedAmount)
        }
        Standing::FinalNegative => {
            Verdict::event(AttemptEvent::FinalNegative).because(seen.status.clone())
        }
        // That all of it came back is believed only of figures that say what had left.
        Standing::Reversed
            if seen.facts.may_have_paid() && !seen.facts.fits_a_return(attempt.net) =>
        {
            mismatch(Difference::ProcessedAmount)
        }
        Standing::Reversed => Verdict {
            step: if seen.facts.may_have_paid() {
                Step::PaidThenReturned
            } else {
                Step::Attempt(AttemptEvent::FinalNegative)
            },
            ..Verdict::nothing().because(seen.status.clone())
        },
        Standing::Rejected | Standing::NeedsReview => {
            Verdict::event(AttemptEvent::Mismatch).because(seen.status.clone())
        }
    }
}

fn absence_proves(attempt: &Attempt, now: Timestamp) -> Verdict {
    if attempt.object.is_some() {
        return disappearance_proves(attempt, now);
    }
    let visible = attempt
        .sent_at
        .is_some_and(|sent| now.since(sent) >= VISIBLE_AFTER);
    let promises = manifest(attempt.provider);
    let remembered = attempt
        .sent_at
        .is_some_and(|sent| promises.still_remembers(sent, now));
    if attempt.state != AttemptState::Unknown || !visible || !remembered {
        return Verdict::nothing();
    }
    let too_soon = |last: Timestamp| now.since(last) < ABSENCES_APART;
    if attempt.absent_at.is_some_and(too_soon) {
        return Verdict::nothing();
    }
    if attempt.absences + 1 < absences_needed(attempt) {
        return Verdict {
            step: Step::AbsentOnce,
            ..Verdict::nothing()
        };
    }
    nothing_was_created(attempt)
}

/// An object that is gone is for people, once its provider has said so often enough: a single answer may be a
/// gateway's, or of a provider that has not caught up.
fn disappearance_proves(attempt: &Attempt, now: Timestamp) -> Verdict {
    match attempt.state {
        AttemptState::Review | AttemptState::Paid | AttemptState::Dead => Verdict::nothing(),
        AttemptState::Prepared
        | AttemptState::Sending
        | AttemptState::Created
        | AttemptState::ProcessSending
        | AttemptState::Submitted
        | AttemptState::Unknown => {
            let too_soon = |last: Timestamp| now.since(last) < ABSENCES_OF_OBJECT_APART;
            if attempt.absent_at.is_some_and(too_soon) {
                Verdict::nothing()
            } else if attempt.absences + 1 < ABSENCES_OF_OBJECT {
                Verdict {
                    step: Step::AbsentOnce,
                    ..Verdict::nothing()
                }
            } else {
                Verdict::event(AttemptEvent::Mismatch).because("object_vanished")
            }
        }
    }
}

/// How many absences prove that nothing was created. A refusal without a promise needs two wherever the
/// provider can be asked.
fn absences_needed(attempt: &Attempt) -> u32 {
    match (manifest(attempt.provider).look_up, attempt.doubt) {
        (LookUp::ByReference { absences }, None) => absences,
        (LookUp::ByReference { absences }, Some(_)) => absences.min(2),
        // Never reached: what cannot be asked does not answer with an absence.
        (LookUp::None, _) => u32::MAX,
    }
}

/// What follows once absences proved it.
fn nothing_was_created(attempt: &Attempt) -> Verdict {
    let refusal = || {
        attempt
            .reason
            .clone()
            .unwrap_or_else(|| "provider_refused".to_owned())
    };
    match attempt.doubt {
        Some(Refusal::Input) => Verdict::event(AttemptEvent::Rejected).because(refusal()),
        Some(Refusal::Integration) => Verdict::event(AttemptEvent::Rejected)
            .because(refusal())
            .stopping(StopReason::IntegrationDefect),
        Some(Refusal::Credentials) if attempt.repeats < REPEATS_MAX => {
            Verdict::event(AttemptEvent::Repeat)
                .because(refusal())
                .stopping(StopReason::Credentials)
        }
        None if attempt.repeats < REPEATS_MAX => Verdict::event(AttemptEvent::Repeat),
        Some(Refusal::Credentials) | None => {
            let event = if manifest(attempt.provider).may_abandon() {
                AttemptEvent::Abandon
            } else {
                AttemptEvent::Mismatch
            };
            Verdict::event(event).because("provider_refused")
        }
    }
}

/// The object of a submitted attempt that its provider rejected and could still pay, where it can be withdrawn
/// by a call. The call proves nothing; the read after it does.
pub fn to_withdraw<'a>(attempt: &Attempt, answer: &'a Answer) -> Option<&'a ProviderId> {
    let Answer::Exists { object, seen } = answer else {
        return None;
    };
    let by_call = match manifest(attempt.provider).cancel {
        CancelWindow::ConfirmedCancel => true,
        CancelWindow::LeaveInert | CancelWindow::VoidBeforeSettlement => false,
    };
    // People have a review in hand, and what is final is not touched.
    let is_open = match attempt.state {
        AttemptState::Submitted => true,
        AttemptState::Prepared
        | AttemptState::Sending
        | AttemptState::Created
        | AttemptState::ProcessSending
        | AttemptState::Unknown
        | AttemptState::Review
        | AttemptState::Paid
        | AttemptState::Dead => false,
    };
    let is_ours = attempt.object.as_ref() == Some(object)
        && seen.updated >= attempt.object_updated
        && seen.facts.difference(attempt).is_none();
    let is_rejected = seen.standing == Standing::Rejected;
    (by_call && is_open && is_ours && is_rejected).then_some(object)
}

/// The object of an attempt that people were asked about, where its provider says that it can still be withdrawn.
pub fn withdrawable<'a>(attempt: &Attempt, answer: &'a Answer) -> Option<&'a ProviderId> {
    let by_call = match manifest(attempt.provider).cancel {
        CancelWindow::ConfirmedCancel => true,
        CancelWindow::LeaveInert | CancelWindow::VoidBeforeSettlement => false,
    };
    match answer {
        Answer::Exists { object, seen }
            if by_call
                && seen.withdrawable
                && attempt.reviewed_at.is_some()
                && !attempt.is_final()
                && attempt.object.as_ref() == Some(object) =>
        {
            Some(object)
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

/// Whether a read said something about the attempt at all. A callback whose read did not is not
/// answered yet.
pub fn is_informative(attempt: &Attempt, answer: &Answer) -> bool {
    match answer {
        Answer::Exists { seen, .. } => seen.updated >= attempt.object_updated,
        Answer::Absent => true,
        Answer::NotSent { .. }
        | Answer::Refused { .. }
        | Answer::Doubted { .. }
        | Answer::Taken
        | Answer::Unclear { .. } => false,
    }
}

/// What a read of the final `attempt` means for its next one; `attempt` is as the read left it.
pub fn final_news(attempt: &Attempt, news: &LateNews, answer: &Answer) -> FinalNews {
    if is_over(attempt) {
        return FinalNews::Over;
    }
    if attempt.undecided.is_some() {
        return FinalNews::Undecided;
    }
    match news {
        LateNews::Silent if is_informative(attempt, answer) => FinalNews::Stands,
        LateNews::Silent => FinalNews::Silent,
        LateNews::AbsentOnce => FinalNews::Absent,
        LateNews::Nothing | LateNews::Confirms | LateNews::Returned | LateNews::Contradicts(_) => {
            FinalNews::Stands
        }
    }
}

/// Whose news an answer is, before the payout table is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// The attempt that owns the payout.
    Live,
    /// The attempt that paid it.
    Settled,
    /// Any other: paid, accepted or partial from it is always a contradiction.
    Other,
}

/// Decides which attempt the news is of.
pub fn identity_of(payout: &Payout, attempt: &Attempt) -> Identity {
    let number = Some(attempt.reference.number);
    if payout.live_attempt == number {
        Identity::Live
    } else if payout.settled_attempt == number {
        Identity::Settled
    } else {
        Identity::Other
    }
}

#[cfg(test)]
mod late_tests;
#[cfg(test)]
mod tests;
