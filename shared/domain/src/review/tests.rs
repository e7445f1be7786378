use super::*;
use crate::{
    answer::{Answer, Facts, Seen, Standing},
    attempt::{AttemptMoney, Undecided, tests::attempt},
    ids::ProviderId,
    money::Cents,
    routing::Provider,
};

const T1: Timestamp = Timestamp::from_millis(1_000);
const T2: Timestamp = Timestamp::from_millis(2_000);

fn shows(reference: &str, processed: Option<i64>) -> Answer {
    Answer::Exists {
        object: ProviderId::parse("cpoi_1").expect("valid"),
        seen: Box::new(Seen {
            standing: Standing::NeedsReview,
            status: "partially_processed".to_owned(),
            updated: 1,
            withdrawable: false,
            facts: Facts {
                reference: reference.to_owned(),
                processed_amount: processed.map(Cents::new).into(),
                ..Facts::default()
            },
        }),
    }
}

fn sight(answer: &Answer, at: Timestamp) -> Sighting<'_> {
    Sighting {
        answer,
        at,
        is_read: true,
    }
}

/// A first attempt with an open review, whose provider cannot be asked: evidence never holds a decision up here.
fn open(state: AttemptState) -> (Review, Attempt) {
    let attempt = Attempt {
        provider: Provider::Paywizard,
        reviewed_at: Some(T1),
        reason: Some("partially_processed".to_owned()),
        last_status: Some("partially_processed".to_owned()),
        ..attempt(state)
    };
    let answer = shows("pay_1-a01", Some(40_000));
    (Review::opened(None, &attempt, sight(&answer, T1)), attempt)
}

/// The same at a provider that can be asked.
fn open_at_payelata(state: AttemptState) -> (Review, Attempt) {
    let attempt = Attempt {
        provider: Provider::Payelata,
        ..open(state).1
    };
    let answer = shows("pay_1-a01", Some(40_000));
    (Review::opened(None, &attempt, sight(&answer, T1)), attempt)
}

const fn about(attempt: &Attempt) -> Case<'_> {
    Case {
        attempt,
        another_paid: false,
    }
}

fn decide(review: &Review, decision: Decision, attempt: &Attempt) -> Result<Review, Denied> {
    review
        .decided(decision, about(attempt))
        .map(|decided| decided.review)
}

fn says(owner: &str, outcome: impl Into<Disposition>) -> Decision {
    Decision {
        by: Hand {
            key: format!("key of {owner}"),
            owner: owner.to_owned(),
        },
        at: T2,
        outcome: outcome.into(),
        evidence_id: "statement 7".to_owned(),
        note: None,
        unread: None,
    }
}

#[test]
fn a_review_names_its_attempt_and_says_what_is_known() {
    let (review, _) = open_at_payelata(AttemptState::Review);
    assert_eq!(review.id().as_str(), "rev_1-a01");
    assert_eq!(review.reason, "partially_processed");
    assert_eq!(review.status(), ReviewStatus::Open);
    assert_eq!(review.evidence.expected, Cents::new(44_750));
    assert_eq!(review.evidence.reported, Some(Cents::new(40_000)));
    for (state, reason) in [
        (AttemptState::Unknown, "unknown_too_long"),
        (AttemptState::Submitted, "submitted_too_long"),
    ] {
        assert_eq!(open_at_payelata(state).0.reason, reason);
    }
}

#[test]
fn a_figure_of_another_reference_is_no_evidence_and_silence_takes_none_back() {
    let (review, attempt) = open_at_payelata(AttemptState::Review);
    let unclear = Answer::Unclear {
        cause: "timeout".to_owned(),
    };
    for answer in [shows("pay_2-a01", Some(7)), unclear] {
        let sighting = sight(&answer, T2);
        let seen = review.seen(&attempt, sighting);
        assert_eq!(seen.evidence.reported, Some(Cents::new(40_000)));
        assert_eq!(seen.evidence.first_checked_at, T1);
        assert_eq!(seen.evidence.last_checked_at, T2);
        assert_eq!(seen.version, review.version + 1);
    }
    let stranger = shows("pay_2-a01", Some(7));
    let opened = Review::opened(None, &attempt, sight(&stranger, T1));
    assert_eq!(opened.evidence.reported, None);
}

#[test]
fn a_review_is_closed_once_nobody_has_to_decide_any_more() {
    let (review, attempt) = open(AttemptState::Unknown);
    let answer = shows("pay_1-a01", None);
    for (state, asked) in [
        (AttemptState::Created, true),
        (AttemptState::Submitted, false),
        (AttemptState::Paid, false),
        (AttemptState::Dead, false),
    ] {
        let after = Attempt {
            state,
            reviewed_at: asked.then_some(T1),
            ..attempt.clone()
        };
        let seen = review.seen(&after, sight(&answer, T2));
        let by = seen.closing.map(|closing| closing.by);
        assert_eq!(by, (!asked).then_some(Closer::Provider), "{state:?}");
        assert_eq!(seen.reason, "unknown_too_long");
    }
}

#[test]
fn what_does_not_fit_is_the_reason_once_it_is_known() {
    let (review, attempt) = open(AttemptState::Unknown);
    let answer = shows("pay_1-a01", None);
    let after = Attempt {
        state: AttemptState::Review,
        ..attempt
    };
    let sighting = sight(&answer, T2);
    assert_eq!(review.seen(&after, sighting).reason, "partially_processed");
}

#[test]
fn two_owners_who_say_the_same_close_a_review() {
    for state in [AttemptState::Review, AttemptState::Unknown] {
        for outcome in [
            Disposition::Paid,
            Disposition::NotPaid,
            Disposition::Partly(Cents::new(44_749)),
        ] {
            let (review, attempt) = open(state);
            let first = decide(&review, says("ann", outcome), &attempt);
            let first = first.expect("the first");
            assert_eq!(first.status(), ReviewStatus::Open);
            let second = decide(&first, says("bob", outcome), &attempt);
            let second = second.expect("the second");
            let by = second.closing.map(|closing| closing.by);
            assert_eq!(by, Some(Closer::Operators));
            assert_eq!(second.decisions.len(), 2);
            let late = decide(&second, says("eve", outcome), &attempt);
            assert_eq!(late, Err(Denied::ReviewClosed));
        }
    }
}

#[test]
fn one_owner_decides_once_under_whatever_spelling() {
    let (review, attempt) = open(AttemptState::Review);
    let first = decide(&review, says("Ann", Disposition::Paid), &attempt);
    let first = first.expect("the first");
    for owner in ["Ann", "ann", " ANN "] {
        let again = decide(&first, says(owner, Disposition::Paid), &attempt);
        let owner = "Ann".to_owned();
        assert_eq!(again, Err(Denied::OwnDecision { owner }));
    }
}

#[test]
fn a_second_decision_that_differs_in_anything_that_counts_is_refused() {
    let (review, attempt) = open(AttemptState::Review);
    let part = |cents| Disposition::Partly(Cents::new(cents));
    let first = decide(&review, says("ann", part(40_000)), &attempt);
    let first = first.expect("the first");
    let other_proof = Decision {
        evidence_id: "statement 8".to_owned(),
        ..says("bob", part(40_000))
    };
    for decision in [
        says("bob", Disposition::Paid),
        says("bob", Disposition::NotPaid),
        says("bob", part(40_001)),
        other_proof,
    ] {
        let refused = decide(&first, decision, &attempt);
        assert_eq!(refused, Err(Denied::DecisionDiffers));
    }
    let other_note = Decision {
        note: Some("seen it too".to_owned()),
        ..says("bob", part(40_000))
    };
    assert!(decide(&first, other_note, &attempt).is_ok());
}

#[test]
fn a_part_is_more_than_nothing_and_less_than_all() {
    let (review, attempt) = open(AttemptState::Review);
    for cents in [-1, 0, 44_750, 44_751] {
        let decision = says("ann", Disposition::Partly(Cents::new(cents)));
        let net = Cents::new(44_750);
        assert_eq!(
            decide(&review, decision, &attempt),
            Err(Denied::PartOutOfRange { net })
        );
    }
}

#[test]
fn people_end_an_attempt_only_once_they_were_asked_about_it() {
    for state in AttemptState::ALL {
        let (review, attempt) = open(state);
        let not_asked = Attempt {
            reviewed_at: None,
            ..attempt.clone()
        };
        let decided = |attempt| decide(&review, says("ann", Disposition::NotPaid), attempt);
        match state {
            AttemptState::Prepared
            | AttemptState::Created
            | AttemptState::Review
            | AttemptState::Unknown
            | AttemptState::Submitted => {
                assert!(decided(&attempt).is_ok(), "{state:?}");
                assert_eq!(decided(&not_asked), Err(Denied::ProviderOwnsOutcome));
            }
            AttemptState::Sending | AttemptState::ProcessSending => {
                assert_eq!(decided(&attempt), Err(Denied::ProviderOwnsOutcome));
            }
            // Nothing is asked about them, and nothing stands in suspense under their names.
            AttemptState::Paid | AttemptState::Dead => {
                assert!(matches!(
                    decided(&attempt),
                    Err(Denied::OutcomeNotOffered { .. })
                ));
            }
        }
    }
}

#[test]
fn an_owner_who_was_wrong_replaces_the_own_first_decision() {
    let (review, attempt) = open(AttemptState::Review);
    let first = decide(&review, says("ann", Disposition::NotPaid), &attempt).expect("first");
    let again = decide(&first, says("Ann", Disposition::Paid), &attempt).expect("replaced");
    assert_eq!(again.decisions.len(), 1);
    assert_eq!(again.decisions[0].outcome, Disposition::Paid);
    let second = decide(&again, says("bob", Disposition::Paid), &attempt).expect("second");
    assert_eq!(second.status(), ReviewStatus::Closed);
}

fn undecided(state: AttemptState, money: AttemptMoney) -> Attempt {
    Attempt {
        money: Some(money),
        undecided: Some(Undecided {
            since: T1,
            reason: "processed".to_owned(),
            dead_at: None,
            holds: None,
        }),
        ..open(state).1
    }
}

fn money(cleared: i64, suspense: i64) -> AttemptMoney {
    AttemptMoney {
        cleared: Cents::new(cleared),
        suspense: Cents::new(suspense),
        ..AttemptMoney::default()
    }
}

/// What can be said about an attempt, by trying every word.
fn offered(attempt: &Attempt, another_paid: bool) -> Vec<&'static str> {
    let answer = shows("pay_1-a01", None);
    let review = Review::opened(None, attempt, sight(&answer, T1));
    let cent = Cents::new(1);
    [
        Disposition::Paid,
        Disposition::NotPaid,
        Disposition::Partly(cent),
        Disposition::Surplus,
        Disposition::Recovered(cent),
        Disposition::Absorbed(Bearer::Platform),
        Disposition::RestReturned(cent),
        Disposition::Returned(cent),
        Disposition::Nothing,
    ]
    .into_iter()
    .filter(|said| {
        let case = Case {
            attempt,
            another_paid,
        };
        review.decided(says("ann", *said), case).is_ok()
    })
    .map(Disposition::name)
    .collect()
}

#[test]
fn each_question_is_answered_by_its_own_words() {
    let under_way = open(AttemptState::Review).1;
    assert_eq!(offered(&under_way, false), ["paid", "not_paid", "partial"]);
    let late = undecided(AttemptState::Dead, money(44_750, -44_750));
    assert_eq!(offered(&late, false), ["paid", "not_paid"]);
    // Something else paid: what this one paid comes on top of it.
    assert_eq!(offered(&late, true), ["surplus"]);
    let in_flight = undecided(AttemptState::Dead, money(0, 0));
    assert_eq!(offered(&in_flight, false), ["paid", "not_paid"]);
    assert_eq!(offered(&in_flight, true), ["not_paid"]);
    let came_back = undecided(AttemptState::Paid, money(44_750, 0));
    assert_eq!(offered(&came_back, false), ["returned", "nothing"]);
    let part_came_back = undecided(AttemptState::Paid, money(4_875, 39_875));
    assert_eq!(
        offered(&part_came_back, false),
        ["rest_returned", "returned", "nothing"]
    );
    let surplus = Attempt {
        undecided: None,
        ..late
    };
    assert_eq!(offered(&surplus, true), ["recovered", "absorbed"]);
    let rest = Attempt {
        undecided: None,
        ..part_came_back
    };
    assert_eq!(offered(&rest, false), ["rest_returned"]);
}

#[test]
fn sums_are_more_than_nothing_and_no_more_than_what_is_open() {
    let surplus = Attempt {
        undecided: None,
        ..undecided(AttemptState::Dead, money(500, -500))
    };
    let paid = undecided(AttemptState::Paid, money(700, 300));
    for (attempt, said, most) in [
        (
            &surplus,
            Disposition::Recovered as fn(Cents) -> Disposition,
            500,
        ),
        (&paid, Disposition::Returned, 700),
        (&paid, Disposition::RestReturned, 300),
    ] {
        let answer = shows("pay_1-a01", None);
        let review = Review::opened(None, attempt, sight(&answer, T1));
        for (cents, fits) in [
            (-1, false),
            (0, false),
            (1, true),
            (most, true),
            (most + 1, false),
        ] {
            let decided = decide(&review, says("ann", said(Cents::new(cents))), attempt);
            let most = Cents::new(most);
            match fits {
                true => assert!(decided.is_ok()),
                false => assert_eq!(decided, Err(Denied::SumOutOfRange { most })),
            }
        }
    }
}

#[test]
fn money_in_suspense_opens_a_closed_review_for_a_round_of_its_own() {
    let late = undecided(AttemptState::Dead, money(44_750, -44_750));
    let answer = shows("pay_1-a01", None);
    let review = Review::opened(None, &late, sight(&answer, T1));
    let case = Case {
        attempt: &late,
        another_paid: true,
    };
    let first = review.decided(says("ann", Disposition::Surplus), case);
    let first = first.expect("first").review;
    let closed = first.decided(says("bob", Disposition::Surplus), case);
    let closed = closed.expect("second").review;
    assert_eq!((closed.round, closed.status()), (1, ReviewStatus::Closed));
    let decided = Attempt {
        undecided: None,
        reviewed_at: None,
        ..late
    };
    let all = Disposition::Recovered(Cents::new(44_750));
    let open = decide(&closed, says("ann", all), &decided).expect("opened");
    assert_eq!((open.round, open.question), (2, Question::Suspense));
    assert_eq!(open.status(), ReviewStatus::Open);
    let explained = decide(&open, says("bob", all), &decided).expect("explained");
    assert_eq!(explained.status(), ReviewStatus::Closed);
    let nothing_left = Attempt {
        money: Some(money(0, 0)),
        ..decided
    };
    let late = decide(&explained, says("eve", all), &nothing_left);
    assert_eq!(late, Err(Denied::ReviewClosed));
}

fn reads(standing: Standing, processed: Option<i64>) -> Answer {
    let net = Some(Cents::new(44_750));
    Answer::Exists {
        object: ProviderId::parse("cpoi_1").expect("valid"),
        seen: Box::new(Seen {
            standing,
            status: "as it stands".to_owned(),
            updated: 1,
            withdrawable: false,
            facts: Facts {
                reference: "pay_1-a01".to_owned(),
                currency: "USD".to_owned(),
                amount: net,
                payout_amount: net,
                service_currency: Some("USD".to_owned()),
                service_payout_amount: net,
                processed_amount: processed.map(Cents::new).into(),
                test_mode: Some(true),
                ..Facts::default()
            },
        }),
    }
}

#[test]
fn a_fresh_read_refuses_what_it_denies() {
    let part = |cents| Disposition::Partly(Cents::new(cents));
    for (answer, refused, taken) in [
        (
            reads(Standing::Paid, Some(44_750)),
            vec![Disposition::NotPaid, part(40_000)],
            vec![Disposition::Paid],
        ),
        (
            reads(Standing::FinalNegative, None),
            vec![Disposition::Paid, part(40_000)],
            vec![Disposition::NotPaid],
        ),
        (
            reads(Standing::Reversed, Some(44_750)),
            vec![Disposition::Paid, part(40_000)],
            vec![Disposition::NotPaid],
        ),
        (
            reads(Standing::NeedsReview, Some(40_000)),
            vec![Disposition::Paid, Disposition::NotPaid, part(39_999)],
            vec![part(40_000)],
        ),
        (
            reads(Standing::InFlight, None),
            vec![],
            vec![Disposition::Paid, Disposition::NotPaid, part(1)],
        ),
    ] {
        let (review, attempt) = open_at_payelata(AttemptState::Review);
        let review = review.seen(&attempt, sight(&answer, T2));
        for said in refused {
            let decided = decide(&review, says("ann", said), &attempt);
            assert!(
                matches!(decided, Err(Denied::EvidenceContradicts { .. })),
                "{said:?}: {decided:?}"
            );
        }
        for said in taken {
            let first = decide(&review, says("ann", said), &attempt).expect("first");
            let second = decide(&first, says("bob", said), &attempt).expect("second");
            assert_eq!(second.status(), ReviewStatus::Closed, "{said:?}");
        }
    }
}

#[test]
fn the_second_decision_needs_a_read_of_the_last_ten_minutes_or_a_reason_why_there_is_none() {
    let silence = Answer::Unclear {
        cause: "timeout".to_owned(),
    };
    let refused = Answer::Refused {
        by: crate::answer::Refusal::Credentials,
        reason: "unauthorized".to_owned(),
    };
    let later = |millis| T2.plus(std::time::Duration::from_millis(millis));
    let ten_minutes = 600_000;
    let in_flight = reads(Standing::InFlight, None);
    let (opened, attempt) = open_at_payelata(AttemptState::Review);
    let read = opened.seen(&attempt, sight(&in_flight, T2));
    let decided_at = |review: &Review, at: Timestamp| {
        let by = |owner| Decision {
            at,
            ..says(owner, Disposition::NotPaid)
        };
        let first = decide(review, by("ann"), &attempt).expect("first");
        decide(&first, by("bob"), &attempt).map(|review| review.decisions[1].unread)
    };
    assert_eq!(decided_at(&read, later(ten_minutes)), Ok(None));
    let too_late = later(ten_minutes + 1);
    assert_eq!(decided_at(&read, too_late), Err(Denied::EvidenceStale));
    // Three reads in a row that say nothing, the last of them just now.
    let mut silent = read.clone();
    for reads in 1..=3 {
        silent = silent.seen(&attempt, sight(&silence, too_late));
        let expected = match reads {
            3 => Ok(Some(Unreadable::Unclear)),
            _ => Err(Denied::EvidenceStale),
        };
        assert_eq!(decided_at(&silent, too_late), expected, "{reads}");
    }
    let closed_to_us = read.seen(&attempt, sight(&refused, too_late));
    let unread = Ok(Some(Unreadable::CredentialsRefused));
    assert_eq!(decided_at(&closed_to_us, too_late), unread);
    // A create's answer is no read.
    let no_read = Sighting {
        is_read: false,
        ..sight(&in_flight, too_late)
    };
    let created = read.seen(&attempt, no_read);
    assert_eq!(decided_at(&created, too_late), Err(Denied::EvidenceStale));
    let (unaskable, attempt) = open(AttemptState::Review);
    let first = decide(&unaskable, says("ann", Disposition::Paid), &attempt).expect("first");
    let second = decide(&first, says("bob", Disposition::Paid), &attempt).expect("second");
    assert_eq!(second.decisions[1].unread, Some(Unreadable::NoQuery));
}

#[test]
fn nothing_was_paid_takes_effect_only_once_what_can_be_withdrawn_is() {
    let attempt = Attempt {
        provider: Provider::Owlpay,
        ..open(AttemptState::Submitted).1
    };
    let mut answer = reads(Standing::InFlight, None);
    if let Answer::Exists { seen, .. } = &mut answer {
        seen.withdrawable = true;
    }
    let review = Review::opened(None, &attempt, sight(&answer, T2));
    let first = decide(&review, says("ann", Disposition::NotPaid), &attempt).expect("first");
    assert!(first.asks_for_withdrawal());
    let second = || says("bob", Disposition::NotPaid);
    assert_eq!(
        decide(&first, second(), &attempt),
        Err(Denied::WithdrawalPending)
    );
    let refused = first.not_withdrawn();
    let settled = decide(&refused, second(), &attempt).expect("nobody can withdraw it");
    assert_eq!(settled.status(), ReviewStatus::Closed);
}
