use super::*;
use crate::{
    answer::{Facts, Seen, Standing},
    attempt::tests::attempt,
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

fn open(state: AttemptState) -> (Review, Attempt) {
    let attempt = Attempt {
        reason: Some("partially_processed".to_owned()),
        last_status: Some("partially_processed".to_owned()),
        ..attempt(state)
    };
    let answer = shows("pay_1-a01", Some(40_000));
    let sighting = Sighting {
        answer: &answer,
        at: T1,
    };
    (Review::opened(&attempt, sighting), attempt)
}

fn says(owner: &str, outcome: Settlement) -> Decision {
    Decision {
        by: Hand {
            key: format!("key of {owner}"),
            owner: owner.to_owned(),
        },
        at: T2,
        outcome,
        evidence_id: "statement 7".to_owned(),
        note: None,
    }
}

#[test]
fn a_review_names_its_attempt_and_says_what_is_known() {
    let (review, _) = open(AttemptState::Review);
    assert_eq!(review.id().as_str(), "rev_1-a01");
    assert_eq!(review.reason, "partially_processed");
    assert_eq!(review.status(), ReviewStatus::Open);
    assert_eq!(review.evidence.expected, Cents::new(44_750));
    assert_eq!(review.evidence.reported, Some(Cents::new(40_000)));
    for (state, reason) in [
        (AttemptState::Unknown, "unknown_too_long"),
        (AttemptState::Submitted, "submitted_too_long"),
    ] {
        assert_eq!(open(state).0.reason, reason);
    }
}

#[test]
fn a_figure_of_another_reference_is_no_evidence_and_silence_takes_none_back() {
    let (review, attempt) = open(AttemptState::Review);
    let unclear = Answer::Unclear {
        cause: "timeout".to_owned(),
    };
    for answer in [shows("pay_2-a01", Some(7)), unclear] {
        let sighting = Sighting {
            answer: &answer,
            at: T2,
        };
        let seen = review.seen(&attempt, sighting);
        assert_eq!(seen.evidence.reported, Some(Cents::new(40_000)));
        assert_eq!(seen.evidence.first_checked_at, T1);
        assert_eq!(seen.evidence.last_checked_at, T2);
        assert_eq!(seen.version, review.version + 1);
    }
    let opened = Review::opened(
        &attempt,
        Sighting {
            answer: &shows("pay_2-a01", Some(7)),
            at: T1,
        },
    );
    assert_eq!(opened.evidence.reported, None);
}

#[test]
fn an_attempt_that_its_provider_ends_closes_the_review() {
    let (review, attempt) = open(AttemptState::Unknown);
    let answer = shows("pay_1-a01", None);
    for (state, closed) in [
        (AttemptState::Created, false),
        (AttemptState::Submitted, false),
        (AttemptState::Paid, true),
        (AttemptState::Dead, true),
    ] {
        let after = Attempt {
            state,
            ..attempt.clone()
        };
        let sighting = Sighting {
            answer: &answer,
            at: T2,
        };
        let seen = review.seen(&after, sighting);
        let by = seen.closing.map(|closing| closing.by);
        assert_eq!(by, closed.then_some(Closer::Provider), "{state:?}");
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
    let sighting = Sighting {
        answer: &answer,
        at: T2,
    };
    assert_eq!(review.seen(&after, sighting).reason, "partially_processed");
}

#[test]
fn two_owners_who_say_the_same_close_a_review() {
    for state in [AttemptState::Review, AttemptState::Unknown] {
        for outcome in [
            Settlement::Paid,
            Settlement::NotPaid,
            Settlement::Partly(Cents::new(44_749)),
        ] {
            let (review, attempt) = open(state);
            let first = review.decided(says("ann", outcome), &attempt);
            let first = first.expect("the first");
            assert_eq!(first.status(), ReviewStatus::Open);
            let second = first.decided(says("bob", outcome), &attempt);
            let second = second.expect("the second");
            let by = second.closing.map(|closing| closing.by);
            assert_eq!(by, Some(Closer::Operators));
            assert_eq!(second.decisions.len(), 2);
            let late = second.decided(says("eve", outcome), &attempt);
            assert_eq!(late, Err(Denied::ReviewClosed));
        }
    }
}

#[test]
fn one_owner_decides_once_under_whatever_spelling() {
    let (review, attempt) = open(AttemptState::Review);
    let first = review.decided(says("Ann", Settlement::Paid), &attempt);
    let first = first.expect("the first");
    for owner in ["Ann", "ann", " ANN "] {
        let again = first.decided(says(owner, Settlement::Paid), &attempt);
        let owner = "Ann".to_owned();
        assert_eq!(again, Err(Denied::OwnDecision { owner }));
    }
}

#[test]
fn a_second_decision_that_differs_in_anything_that_counts_is_refused() {
    let (review, attempt) = open(AttemptState::Review);
    let part = |cents| Settlement::Partly(Cents::new(cents));
    let first = review.decided(says("ann", part(40_000)), &attempt);
    let first = first.expect("the first");
    let other_proof = Decision {
        evidence_id: "statement 8".to_owned(),
        ..says("bob", part(40_000))
    };
    for decision in [
        says("bob", Settlement::Paid),
        says("bob", Settlement::NotPaid),
        says("bob", part(40_001)),
        other_proof,
    ] {
        let refused = first.decided(decision, &attempt);
        assert_eq!(refused, Err(Denied::DecisionDiffers));
    }
    let other_note = Decision {
        note: Some("seen it too".to_owned()),
        ..says("bob", part(40_000))
    };
    assert!(first.decided(other_note, &attempt).is_ok());
}

#[test]
fn a_part_is_more_than_nothing_and_less_than_all() {
    let (review, attempt) = open(AttemptState::Review);
    for cents in [-1, 0, 44_750, 44_751] {
        let decision = says("ann", Settlement::Partly(Cents::new(cents)));
        let net = Cents::new(44_750);
        assert_eq!(
            review.decided(decision, &attempt),
            Err(Denied::PartOutOfRange { net })
        );
    }
}

#[test]
fn nobody_decides_while_the_provider_owns_the_outcome() {
    for state in AttemptState::ALL {
        let (review, attempt) = open(state);
        let decided = review.decided(says("ann", Settlement::NotPaid), &attempt);
        match state {
            AttemptState::Review | AttemptState::Unknown => assert!(decided.is_ok()),
            AttemptState::Prepared
            | AttemptState::Sending
            | AttemptState::Created
            | AttemptState::ProcessSending
            | AttemptState::Submitted
            | AttemptState::Paid
            | AttemptState::Dead => assert_eq!(decided, Err(Denied::ProviderOwnsOutcome)),
        }
    }
}
