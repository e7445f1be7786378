use super::{late_tests::told, *};
use crate::{
    answer::{Facts, Figure},
    attempt::tests::attempt,
    ids::ProviderId,
    money::Cents,
    routing::Provider,
};

pub(super) fn facts() -> Facts {
    let net = Some(Cents::new(44_750));
    Facts {
        reference: "pay_1-a01".to_owned(),
        currency: "USD".to_owned(),
        amount: net,
        payout_amount: net,
        service_currency: Some("USD".to_owned()),
        service_payout_amount: net,
        processed_amount: Figure::Absent,
        test_mode: Some(true),
        was_processed: false,
    }
}

pub(super) fn exists(standing: Standing, facts: Facts) -> Answer {
    Answer::Exists {
        object: ProviderId::parse("cpoi_1").expect("valid"),
        seen: Box::new(Seen {
            standing,
            status: "processed".to_owned(),
            updated: 1,
            withdrawable: false,
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
    unknown.absences = 1;
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
fn an_object_disappears_by_three_answers_over_a_quarter_of_an_hour() {
    let mut submitted = Attempt {
        object: Some(ProviderId::parse("cpoi_1").expect("valid")),
        ..attempt(AttemptState::Submitted)
    };
    let at = |second: i64| Timestamp::from_millis(second * 1_000);
    let absent =
        |attempt: &Attempt, second| proves(attempt, Asked::Read, &Answer::Absent, at(second));
    let counted = |attempt: &Attempt, second| {
        let look = crate::attempt::Look {
            at: at(second),
            shows: crate::attempt::Shows::Nothing,
        };
        attempt.polled(look, 0)
    };
    assert_eq!(absent(&submitted, 0).step, Step::AbsentOnce);
    submitted = counted(&submitted, 0);
    assert_eq!(submitted.next_at, Some(at(450)), "it is looked for again");
    assert_eq!(absent(&submitted, 449).step, Step::Nothing);
    assert_eq!(absent(&submitted, 450).step, Step::AbsentOnce);
    submitted = counted(&submitted, 450);
    assert_eq!(absent(&submitted, 899).step, Step::Nothing);
    let third = absent(&submitted, 900);
    assert_eq!(third.step, Step::Attempt(AttemptEvent::Mismatch));
    assert_eq!(third.reason.as_deref(), Some("object_vanished"));
    let shown = crate::attempt::Look {
        at: at(899),
        shows: crate::attempt::Shows::Object,
    };
    let seen_again = submitted.polled(shown, 0);
    assert_eq!(
        absent(&seen_again, 900).step,
        Step::AbsentOnce,
        "from the start"
    );
    for state in [AttemptState::Review, AttemptState::Dead] {
        let attempt = Attempt {
            state,
            ..submitted.clone()
        };
        assert_eq!(absent(&attempt, 900).step, Step::Nothing, "{state:?}");
    }
}

#[test]
fn what_fits_in_every_figure_leads_out_of_review_unless_two_objects_stand_under_our_reference() {
    let full = Facts {
        processed_amount: Figure::Exact(Cents::new(44_750)),
        ..facts()
    };
    for (answer, event, to) in [
        (
            exists(Standing::Paid, full),
            AttemptEvent::Paid,
            AttemptState::Paid,
        ),
        (
            exists(Standing::FinalNegative, facts()),
            AttemptEvent::FinalNegative,
            AttemptState::Dead,
        ),
        (
            exists(Standing::InFlight, facts()),
            AttemptEvent::InFlight,
            AttemptState::Submitted,
        ),
    ] {
        assert_eq!(
            step(AttemptState::Review, Asked::Read, &answer),
            Step::Attempt(event)
        );
        for reason in ["object_vanished", "processed_amount_differs", "timeout"] {
            let review = Attempt {
                reason: Some(reason.to_owned()),
                reviewed_at: Some(Timestamp::default()),
                ..attempt(AttemptState::Review)
            };
            let applied = review.apply(event, Timestamp::default());
            let Ok(crate::attempt::Applied::Changed(next)) = applied else {
                panic!("{reason}: {applied:?}");
            };
            assert_eq!((next.state, next.reviewed_at), (to, None), "{reason}");
        }
        let differs = Attempt {
            reason: Some("object_differs".to_owned()),
            ..attempt(AttemptState::Review)
        };
        assert!(differs.apply(event, Timestamp::default()).is_err());
    }
    let unknown_word = exists(Standing::Unrecognised, facts());
    assert_eq!(
        step(AttemptState::Review, Asked::Read, &unknown_word),
        Step::Nothing
    );
}

#[test]
fn paid_needs_every_figure_to_fit() {
    let paid = Facts {
        processed_amount: Figure::Exact(Cents::new(44_750)),
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
                processed_amount: other.into(),
                ..paid.clone()
            },
            "processed_amount_differs",
        ),
        (
            Facts {
                processed_amount: Figure::Absent,
                ..paid.clone()
            },
            "processed_amount_differs",
        ),
        (
            Facts {
                processed_amount: Figure::Unreadable,
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
        step(AttemptState::Submitted, Asked::Read, &reversed(true)),
        Step::PaidThenReturned
    );
    assert_eq!(
        step(AttemptState::Submitted, Asked::Read, &reversed(false)),
        Step::Attempt(AttemptEvent::FinalNegative)
    );
}

#[test]
fn a_stranger_object_goes_to_review() {
    let review = Step::Attempt(AttemptEvent::Mismatch);
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

/// The figure, whether the provider says that it executed the payment, and whether money may have left by that.
const SIGNS: [(Figure, bool, bool); 8] = [
    (Figure::Absent, false, false),
    (Figure::Exact(Cents::ZERO), false, false),
    (Figure::Absent, true, true),
    (Figure::Exact(Cents::ZERO), true, true),
    (Figure::Unreadable, false, true),
    (Figure::Unreadable, true, true),
    (Figure::Exact(Cents::new(1)), false, true),
    (Figure::Exact(Cents::new(44_750)), true, true),
];

#[test]
fn a_failure_is_dead_only_when_nothing_says_that_money_may_have_left() {
    for state in AttemptState::ALL {
        for (processed_amount, was_processed, may_have_paid) in SIGNS {
            let facts = Facts {
                processed_amount,
                was_processed,
                ..facts()
            };
            let event = if may_have_paid {
                AttemptEvent::Mismatch
            } else {
                AttemptEvent::FinalNegative
            };
            let answer = exists(Standing::FinalNegative, facts);
            let found = step(state, Asked::Read, &answer);
            assert_eq!(
                found,
                Step::Attempt(event),
                "{state:?} {processed_amount:?}"
            );
        }
    }
}

#[test]
fn a_reversal_is_a_full_return_only_of_figures_that_fit() {
    let mismatch = Step::Attempt(AttemptEvent::Mismatch);
    for (processed_amount, was_processed, may_have_paid) in SIGNS {
        let facts = Facts {
            processed_amount,
            was_processed,
            ..facts()
        };
        let live = match processed_amount {
            _ if !may_have_paid => Step::Attempt(AttemptEvent::FinalNegative),
            Figure::Absent => Step::PaidThenReturned,
            Figure::Exact(cents) if cents == Cents::new(44_750) => Step::PaidThenReturned,
            Figure::Exact(_) | Figure::Unreadable => mismatch,
        };
        let fits = live != mismatch;
        let answer = exists(Standing::Reversed, facts);
        for state in [AttemptState::Submitted, AttemptState::Unknown] {
            let found = step(state, Asked::Read, &answer);
            assert_eq!(found, live, "{state:?} {processed_amount:?}");
        }
        let paid = told(&attempt(AttemptState::Paid), &answer);
        assert_eq!(paid == Ok(LateNews::Returned), fits, "{processed_amount:?}");
        assert_eq!(paid.is_ok(), fits);
        let dead = told(&attempt(AttemptState::Dead), &answer);
        assert_eq!(dead == Ok(LateNews::Confirms), fits, "{processed_amount:?}");
        assert_eq!(dead.is_ok(), fits);
    }
}

#[test]
fn what_a_provider_reports_as_paid_is_its_figure_or_all_of_it_where_it_calls_the_payment_done() {
    let net = Cents::new(44_750);
    let reported = |standing, processed_amount, was_processed| {
        let facts = Facts {
            processed_amount,
            was_processed,
            ..facts()
        };
        facts.reported_paid(standing, net)
    };
    let part = Figure::Exact(Cents::new(400));
    for standing in [
        Standing::Paid,
        Standing::NeedsReview,
        Standing::FinalNegative,
    ] {
        assert_eq!(reported(standing, part, true), Cents::new(400));
        assert_eq!(reported(standing, Figure::Absent, true), net);
    }
    assert_eq!(reported(Standing::Paid, Figure::Unreadable, true), net);
    for standing in [Standing::NeedsReview, Standing::FinalNegative] {
        assert_eq!(reported(standing, Figure::Unreadable, true), Cents::ZERO);
        assert_eq!(reported(standing, Figure::Absent, false), Cents::ZERO);
    }
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

fn at(provider: Provider, state: AttemptState) -> Attempt {
    Attempt {
        provider,
        ..attempt(state)
    }
}

fn unclear() -> Answer {
    Answer::Unclear {
        cause: "timeout".to_owned(),
    }
}

#[test]
fn an_unclear_call_that_nobody_can_be_asked_about_is_for_two_operators() {
    let sending = at(Provider::Paywizard, AttemptState::Sending);
    let verdict = proves(&sending, Asked::Create, &unclear(), Timestamp::default());
    assert_eq!(verdict.step, Step::Attempt(AttemptEvent::Mismatch));
    assert_eq!(verdict.reason.as_deref(), Some("timeout"));
}

#[test]
fn a_create_that_may_have_left_is_never_sent_again_without_a_promise() {
    let prepared = at(Provider::Paywizard, AttemptState::Prepared);
    assert_eq!(prepared.tries, 1);
    let again = prepared.apply(AttemptEvent::IntendCreate, Timestamp::default());
    assert_eq!(again, Err(crate::denied::Denied::AttemptState));
    let unsent = Attempt {
        tries: 0,
        ..prepared
    };
    assert!(
        unsent
            .apply(AttemptEvent::IntendCreate, Timestamp::default())
            .is_ok()
    );
}

#[test]
fn an_answer_that_shows_only_the_amount_is_judged_by_the_amount() {
    let sending = at(Provider::Paywizard, AttemptState::Sending);
    let only = |cents| Facts {
        amount: Some(Cents::new(cents)),
        ..Facts::default()
    };
    let step = |cents| {
        let answer = exists(Standing::Paid, only(cents));
        proves(&sending, Asked::Create, &answer, Timestamp::default()).step
    };
    assert_eq!(step(44_750), Step::Attempt(AttemptEvent::Paid));
    assert_eq!(step(44_749), Step::Attempt(AttemptEvent::Mismatch));
}

#[test]
fn an_order_without_figures_of_its_arrival_is_judged_by_reference_currency_mode_and_amount() {
    let submitted = at(Provider::Owlpay, AttemptState::Submitted);
    let order = Facts {
        payout_amount: None,
        service_currency: None,
        service_payout_amount: None,
        ..facts()
    };
    let step = |facts| {
        let answer = exists(Standing::Paid, facts);
        proves(&submitted, Asked::Read, &answer, Timestamp::default()).step
    };
    assert_eq!(step(order.clone()), Step::Attempt(AttemptEvent::Paid));
    for wrong in [
        Facts {
            reference: "pay_1-a02".to_owned(),
            ..order.clone()
        },
        Facts {
            currency: "TWD".to_owned(),
            ..order.clone()
        },
        Facts {
            test_mode: Some(false),
            ..order.clone()
        },
        Facts {
            amount: Some(Cents::new(44_749)),
            ..order
        },
    ] {
        assert_eq!(step(wrong), Step::Attempt(AttemptEvent::Mismatch));
    }
}

/// How many absences, 30 s apart, it takes until something other than a next look follows, and what.
fn after_absences(mut attempt: Attempt) -> (u32, Verdict) {
    for count in 1..=10 {
        let now = Timestamp::from_millis(200_000 + 30_000 * i64::from(count));
        let verdict = proves(&attempt, Asked::Read, &Answer::Absent, now);
        if verdict.step != Step::AbsentOnce {
            return (count, verdict);
        }
        let look = crate::attempt::Look {
            at: now,
            shows: crate::attempt::Shows::Nothing,
        };
        attempt = attempt.polled(look, 0);
    }
    panic!("ten absences proved nothing");
}

#[test]
fn a_lost_order_at_owlpay_is_repeated_after_three_absences() {
    let unknown = at(Provider::Owlpay, AttemptState::Unknown);
    let (absences, verdict) = after_absences(unknown.clone());
    assert_eq!(absences, 3);
    assert_eq!(verdict.step, Step::Attempt(AttemptEvent::Repeat));
    let often = Attempt {
        repeats: REPEATS_MAX,
        ..unknown
    };
    let (_, verdict) = after_absences(often);
    assert_eq!(
        verdict.step,
        Step::Attempt(AttemptEvent::Mismatch),
        "an order that may exist is not simply left"
    );
}

#[test]
fn a_refusal_without_a_promise_is_proven_by_two_absences() {
    let doubted = |by| {
        let answer = Answer::Doubted {
            by,
            reason: "http_4xx".to_owned(),
        };
        let sending = at(Provider::Owlpay, AttemptState::Sending);
        let verdict = proves(&sending, Asked::Create, &answer, Timestamp::default());
        assert_eq!(verdict.step, Step::Attempt(AttemptEvent::Lost));
        assert_eq!(verdict.stop, None);
        let unknown = Attempt {
            doubt: verdict.doubt,
            reason: verdict.reason,
            ..at(Provider::Owlpay, AttemptState::Unknown)
        };
        let (absences, verdict) = after_absences(unknown);
        assert_eq!(absences, 2);
        assert_eq!(verdict.reason.as_deref(), Some("http_4xx"));
        (verdict.step, verdict.stop)
    };
    assert_eq!(
        doubted(Refusal::Input),
        (Step::Attempt(AttemptEvent::Rejected), None)
    );
    assert_eq!(
        doubted(Refusal::Credentials),
        (
            Step::Attempt(AttemptEvent::Repeat),
            Some(StopReason::Credentials)
        )
    );
    assert_eq!(
        doubted(Refusal::Integration),
        (
            Step::Attempt(AttemptEvent::Rejected),
            Some(StopReason::IntegrationDefect)
        )
    );
}

#[test]
fn only_a_rejected_object_of_a_submitted_attempt_is_withdrawn_and_only_by_who_can_be_asked_to() {
    let rejected = exists(Standing::Rejected, facts());
    let ours = |provider, state| Attempt {
        provider,
        object: Some(ProviderId::parse("cpoi_1").expect("valid")),
        ..attempt(state)
    };
    for provider in Provider::ALL {
        for state in AttemptState::ALL {
            let withdraws = provider == Provider::Owlpay && state == AttemptState::Submitted;
            let object = to_withdraw(&ours(provider, state), &rejected);
            assert_eq!(object.is_some(), withdraws, "{provider:?} {state:?}");
        }
    }
    let submitted = ours(Provider::Owlpay, AttemptState::Submitted);
    for standing in [
        Standing::Inert,
        Standing::InFlight,
        Standing::Unrecognised,
        Standing::Paid,
        Standing::FinalNegative,
        Standing::Reversed,
        Standing::NeedsReview,
    ] {
        let other = exists(standing, facts());
        assert_eq!(to_withdraw(&submitted, &other), None, "{standing:?}");
    }
    let another = Facts {
        reference: "pay_2-a01".to_owned(),
        ..facts()
    };
    let unlike = exists(Standing::Rejected, another);
    assert_eq!(to_withdraw(&submitted, &unlike), None);
    assert_eq!(to_withdraw(&submitted, &Answer::Absent), None);
    for stranger in [
        Attempt {
            object: None,
            ..submitted.clone()
        },
        Attempt {
            object: Some(ProviderId::parse("cpoi_2").expect("valid")),
            ..submitted.clone()
        },
        Attempt {
            object_updated: 2,
            ..submitted.clone()
        },
    ] {
        assert_eq!(to_withdraw(&stranger, &rejected), None);
    }
    // As long as it is not, people have to look.
    let step = proves(&submitted, Asked::Read, &rejected, Timestamp::default()).step;
    assert_eq!(step, Step::Attempt(AttemptEvent::Mismatch));
}
