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
