//! What an answer proves: the decision tables of docs/providers/payelata.md, as pure functions.

use std::time::Duration;

use crate::{
    answer::{Answer, Difference, Refusal, Seen, Standing},
    attempt::{Attempt, REPEATS_MAX, REPROCESSES_MAX},
    attempt_machine::{AttemptEvent, AttemptState},
    money::Cents,
    payout::Payout,
    routing::StopReason,
    time::Timestamp,
};

/// No absence counts before a create had this long to become visible.
pub const VISIBLE_AFTER: Duration = Duration::from_secs(90);
/// Two absences must lie this far apart to prove that nothing was created.
pub const ABSENCES_APART: Duration = Duration::from_secs(30);
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
}

/// The move an answer proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Attempt(AttemptEvent),
    /// A paid attempt whose money came back in full.
    Returned,
    /// The money left and came back before we saw it leave.
    PaidThenReturned,
    /// The first of two absences.
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
        }
    }

    const fn nothing() -> Self {
        Self {
            step: Step::Nothing,
            reason: None,
            stop: None,
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
        // A read's word; a create that says so has lost its answer.
        Answer::Absent => Verdict::event(AttemptEvent::Lost).because("absent"),
        Answer::Unclear { cause } => Verdict::event(AttemptEvent::Lost).because(cause.clone()),
        Answer::Exists { seen, .. } => match seen.facts.difference(attempt) {
            Some(difference) => mismatch(difference),
            None => standing_proves(attempt, seen),
        },
    }
}

fn read_proves(attempt: &Attempt, answer: &Answer, now: Timestamp) -> Verdict {
    match answer {
        Answer::NotSent { .. } | Answer::Refused { .. } | Answer::Unclear { .. } => {
            Verdict::nothing()
        }
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
        Standing::Unrecognised => {
            Verdict::event(AttemptEvent::InFlight).because("unrecognised_status")
        }
        Standing::Paid if seen.facts.processed_amount == Some(attempt.net) => {
            Verdict::event(AttemptEvent::Paid)
        }
        Standing::Paid => mismatch(Difference::ProcessedAmount),
        // A failure that moved money is for a person: a retry would pay again.
        Standing::FinalNegative if seen.facts.processed_amount.is_some_and(Cents::is_positive) => {
            mismatch(Difference::ProcessedAmount)
        }
        Standing::FinalNegative => {
            Verdict::event(AttemptEvent::FinalNegative).because(seen.status.clone())
        }
        Standing::Reversed => {
            let step = match attempt.state {
                AttemptState::Paid => Step::Returned,
                AttemptState::Prepared
                | AttemptState::Sending
                | AttemptState::Created
                | AttemptState::ProcessSending
                | AttemptState::Submitted
                | AttemptState::Unknown
                | AttemptState::Review
                | AttemptState::Dead => {
                    if seen.facts.was_processed {
                        Step::PaidThenReturned
                    } else {
                        Step::Attempt(AttemptEvent::FinalNegative)
                    }
                }
            };
            Verdict {
                step,
                reason: Some(seen.status.clone()),
                stop: None,
            }
        }
        Standing::NeedsReview => {
            Verdict::event(AttemptEvent::Mismatch).because(seen.status.clone())
        }
    }
}

fn absence_proves(attempt: &Attempt, now: Timestamp) -> Verdict {
    if attempt.object.is_some() {
        return match attempt.state {
            AttemptState::Dead => Verdict::nothing(),
            AttemptState::Prepared
            | AttemptState::Sending
            | AttemptState::Created
            | AttemptState::ProcessSending
            | AttemptState::Submitted
            | AttemptState::Unknown
            | AttemptState::Review
            | AttemptState::Paid => {
                Verdict::event(AttemptEvent::Mismatch).because("object_vanished")
            }
        };
    }
    let visible = attempt
        .sent_at
        .is_some_and(|sent| now.since(sent) >= VISIBLE_AFTER);
    if attempt.state != AttemptState::Unknown || !visible {
        return Verdict::nothing();
    }
    match attempt.absent_at {
        None => Verdict {
            step: Step::AbsentOnce,
            reason: None,
            stop: None,
        },
        Some(first) if now.since(first) < ABSENCES_APART => Verdict::nothing(),
        Some(_) if attempt.repeats < REPEATS_MAX => Verdict::event(AttemptEvent::Repeat),
        Some(_) => Verdict::event(AttemptEvent::Abandon).because("provider_refused"),
    }
}

/// Whether a read said something about the attempt at all. A callback whose read did not is not
/// answered yet.
pub fn is_informative(attempt: &Attempt, answer: &Answer) -> bool {
    match answer {
        Answer::Exists { seen, .. } => seen.updated >= attempt.object_updated,
        Answer::Absent => true,
        Answer::NotSent { .. } | Answer::Refused { .. } | Answer::Unclear { .. } => false,
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
mod tests {
    use super::*;
    use crate::{answer::Facts, attempt::tests::attempt, ids::ProviderId, money::Cents};

    fn facts() -> Facts {
        let net = Some(Cents::new(44_750));
        Facts {
            reference: "pay_1-a01".to_owned(),
            currency: "USD".to_owned(),
            amount: net,
            payout_amount: net,
            service_currency: Some("USD".to_owned()),
            service_payout_amount: net,
            processed_amount: None,
            test_mode: Some(true),
            was_processed: false,
        }
    }

    fn exists(standing: Standing, facts: Facts) -> Answer {
        Answer::Exists {
            object: ProviderId::parse("cpoi_1").expect("valid"),
            seen: Box::new(Seen {
                standing,
                status: "word".to_owned(),
                updated: 1,
                facts,
            }),
        }
    }

    fn step(state: AttemptState, asked: Asked, answer: &Answer) -> Step {
        proves(
            &attempt(state),
            asked,
            answer,
            Timestamp::from_millis(200_000),
        )
        .step
    }

    #[test]
    fn a_timeout_is_an_answer_nobody_gave() {
        let timeout = Answer::Unclear {
            cause: "timeout".to_owned(),
        };
        assert_eq!(
            step(AttemptState::Sending, Asked::Create, &timeout),
            Step::Attempt(AttemptEvent::Lost)
        );
        assert_eq!(
            step(AttemptState::ProcessSending, Asked::Process, &timeout),
            Step::Attempt(AttemptEvent::ProcessDone)
        );
        assert_eq!(
            step(AttemptState::Unknown, Asked::Read, &timeout),
            Step::Nothing
        );
    }

    #[test]
    fn a_process_call_proves_nothing_whatever_it_answers() {
        for answer in [
            exists(Standing::Paid, facts()),
            Answer::Absent,
            Answer::Refused {
                by: Refusal::Input,
                reason: "422".to_owned(),
            },
        ] {
            assert_eq!(
                step(AttemptState::ProcessSending, Asked::Process, &answer),
                Step::Attempt(AttemptEvent::ProcessDone)
            );
        }
    }

    #[test]
    fn refused_credentials_stop_the_route_and_burn_no_attempt() {
        let refused = Answer::Refused {
            by: Refusal::Credentials,
            reason: "401".to_owned(),
        };
        let verdict = proves(
            &attempt(AttemptState::Sending),
            Asked::Create,
            &refused,
            Timestamp::default(),
        );
        assert_eq!(verdict.step, Step::Attempt(AttemptEvent::RefusedUs));
        assert_eq!(verdict.stop, Some(StopReason::Credentials));
    }

    #[test]
    fn one_absence_is_no_proof_and_two_thirty_seconds_apart_repeat_the_same_reference() {
        let mut unknown = attempt(AttemptState::Unknown);
        let read = |attempt: &Attempt, second: i64| {
            proves(
                attempt,
                Asked::Read,
                &Answer::Absent,
                Timestamp::from_millis(second * 1000),
            )
            .step
        };
        assert_eq!(read(&unknown, 89), Step::Nothing);
        assert_eq!(read(&unknown, 90), Step::AbsentOnce);
        unknown.absent_at = Some(Timestamp::from_millis(90_000));
        assert_eq!(read(&unknown, 119), Step::Nothing);
        assert_eq!(read(&unknown, 120), Step::Attempt(AttemptEvent::Repeat));
        unknown.repeats = REPEATS_MAX;
        assert_eq!(read(&unknown, 120), Step::Attempt(AttemptEvent::Abandon));
    }

    #[test]
    fn an_absence_while_the_create_may_still_be_on_its_way_proves_nothing() {
        assert_eq!(
            step(AttemptState::Sending, Asked::Read, &Answer::Absent),
            Step::Nothing
        );
    }

    #[test]
    fn an_object_that_vanished_goes_to_review() {
        let held = Attempt {
            object: Some(ProviderId::parse("cpoi_1").expect("valid")),
            ..attempt(AttemptState::Submitted)
        };
        let verdict = proves(&held, Asked::Read, &Answer::Absent, Timestamp::default());
        assert_eq!(verdict.step, Step::Attempt(AttemptEvent::Mismatch));
    }

    #[test]
    fn paid_needs_every_figure_to_fit() {
        let paid = Facts {
            processed_amount: Some(Cents::new(44_750)),
            was_processed: true,
            ..facts()
        };
        let read = |facts: Facts| {
            let answer = exists(Standing::Paid, facts);
            let verdict = proves(
                &attempt(AttemptState::Submitted),
                Asked::Read,
                &answer,
                Timestamp::default(),
            );
            (verdict.step, verdict.reason.unwrap_or_default())
        };
        assert_eq!(read(paid.clone()).0, Step::Attempt(AttemptEvent::Paid));
        let review = Step::Attempt(AttemptEvent::Mismatch);
        let other = Some(Cents::new(44_000));
        let cases = [
            (
                Facts {
                    processed_amount: other,
                    ..paid.clone()
                },
                "processed_amount_differs",
            ),
            (
                Facts {
                    processed_amount: None,
                    ..paid.clone()
                },
                "processed_amount_differs",
            ),
            (
                Facts {
                    amount: other,
                    ..paid.clone()
                },
                "amount_differs",
            ),
            (
                Facts {
                    payout_amount: other,
                    ..paid.clone()
                },
                "payout_amount_differs",
            ),
            (
                Facts {
                    service_payout_amount: other,
                    ..paid.clone()
                },
                "service_amount_differs",
            ),
            (
                Facts {
                    service_currency: Some("EUR".to_owned()),
                    ..paid.clone()
                },
                "service_currency_differs",
            ),
            (
                Facts {
                    currency: "EUR".to_owned(),
                    ..paid.clone()
                },
                "currency_differs",
            ),
            (
                Facts {
                    reference: "pay_1-a02".to_owned(),
                    ..paid.clone()
                },
                "reference_differs",
            ),
            (
                Facts {
                    test_mode: Some(false),
                    ..paid.clone()
                },
                "mode_differs",
            ),
            (
                Facts {
                    test_mode: None,
                    ..paid
                },
                "mode_differs",
            ),
        ];
        for (facts, reason) in cases {
            assert_eq!(read(facts), (review, reason.to_owned()));
        }
    }

    #[test]
    fn an_object_that_stays_inert_is_processed_again_at_most_five_times() {
        let mut submitted = Attempt {
            process_sent_at: Some(Timestamp::from_millis(0)),
            ..attempt(AttemptState::Submitted)
        };
        let read = |attempt: &Attempt, second: i64| {
            let answer = exists(Standing::Inert, facts());
            proves(
                attempt,
                Asked::Read,
                &answer,
                Timestamp::from_millis(second * 1000),
            )
            .step
        };
        assert_eq!(read(&submitted, 89), Step::Attempt(AttemptEvent::Created));
        assert_eq!(read(&submitted, 90), Step::Attempt(AttemptEvent::Reprocess));
        submitted.reprocesses = REPROCESSES_MAX;
        assert_eq!(read(&submitted, 90), Step::Attempt(AttemptEvent::Mismatch));
    }

    #[test]
    fn a_reversal_returns_what_was_paid_and_kills_what_was_not() {
        let reversed = |was_processed| {
            exists(
                Standing::Reversed,
                Facts {
                    was_processed,
                    ..facts()
                },
            )
        };
        assert_eq!(
            step(AttemptState::Paid, Asked::Read, &reversed(true)),
            Step::Returned
        );
        assert_eq!(
            step(AttemptState::Submitted, Asked::Read, &reversed(true)),
            Step::PaidThenReturned
        );
        assert_eq!(
            step(AttemptState::Submitted, Asked::Read, &reversed(false)),
            Step::Attempt(AttemptEvent::FinalNegative)
        );
    }

    #[test]
    fn a_failure_that_paid_something_and_a_stranger_object_go_to_review() {
        let review = Step::Attempt(AttemptEvent::Mismatch);
        let paid = Facts {
            processed_amount: Some(Cents::new(1)),
            ..facts()
        };
        let failed = exists(Standing::FinalNegative, paid);
        assert_eq!(step(AttemptState::Submitted, Asked::Read, &failed), review);
        let held = Attempt {
            object: Some(ProviderId::parse("cpoi_2").expect("valid")),
            ..attempt(AttemptState::Submitted)
        };
        let stranger = exists(Standing::InFlight, facts());
        assert_eq!(
            proves(&held, Asked::Read, &stranger, Timestamp::default()).step,
            review
        );
    }

    #[test]
    fn old_news_is_no_news() {
        let newer = Attempt {
            object_updated: 2,
            ..attempt(AttemptState::Submitted)
        };
        let answer = exists(Standing::FinalNegative, facts());
        assert_eq!(
            proves(&newer, Asked::Read, &answer, Timestamp::default()).step,
            Step::Nothing
        );
    }
}
