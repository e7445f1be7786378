//! What people decide: every outcome to its end, who may say what, two at once, and a crash at every point.

use app::{
    audit,
    error::Error,
    get_review,
    memory::{Ending, Operation, Trouble},
    port::Store,
    record::Record,
    request_key::Answered,
};
use domain::{
    attempt_machine::AttemptState,
    batch::{BatchStatus, LineState},
    denied::Denied,
    fee::Rail,
    ids::{PayoutId, ReviewId},
    ledger::Account,
    money::Cents,
    payout::{PayoutStatus, Progress},
    review::{Closer, Disposition, Question, Review},
};

use crate::{
    books,
    busy::Busy,
    lives::retry,
    races::Catch,
    review_stage::{
        NET, PART, Says, agree, assert_reviews, assert_settled, balance, decide, decide_on,
        in_review, read_now, review, review_of, says, unknown,
    },
    stage::{AMOUNT, Stage, WALLET},
    troubles::ring,
};

#[tokio::test]
async fn two_owners_end_a_payout_in_review_with_the_part_that_its_provider_shows() {
    let stage = Stage::new().await;
    let id = in_review(&stage).await;
    let open = review(&stage, &id).await;
    assert_eq!(open.reason, "processed_amount_differs");
    let evidence = &open.evidence;
    assert_eq!(evidence.expected, Cents::new(NET));
    assert_eq!(evidence.reported, Some(Cents::new(NET - 1)));
    assert_eq!(evidence.last_status.as_deref(), Some("processed"));
    assert!(evidence.object.is_some());
    assert_reviews(&stage, (1, 0)).await;
    books::balance(&stage);

    decide(&stage, &id, says("ann", PART)).await.expect("first");
    let payout = stage.payout(&id).await;
    assert_eq!(payout.progress, Some(Progress::InReview));
    assert_eq!(stage.balances().await.in_transit.get(), AMOUNT);
    assert_reviews(&stage, (1, 0)).await;
    books::balance(&stage);

    decide(&stage, &id, says("bob", PART))
        .await
        .expect("second");
    assert_settled(&stage, &id, PART).await;
}

#[tokio::test]
async fn nobody_settles_against_what_the_provider_shows_now() {
    let shown = [
        (
            Ending::PaidShort,
            vec![Disposition::Paid, Disposition::NotPaid],
        ),
        (Ending::PartlyBack, vec![]),
    ];
    for (ending, refused) in shown {
        let stage = Stage::new().await;
        stage.provider.end_with(ending);
        let id = stage.create_for_sure("L-1", Rail::Standard).await;
        stage.advance(3_600).await;
        read_now(&stage, &id).await;
        for outcome in refused {
            let decided = decide(&stage, &id, says("ann", outcome)).await;
            assert!(
                matches!(
                    decided,
                    Err(Error::Denied(Denied::EvidenceContradicts { .. }))
                ),
                "{decided:?}"
            );
        }
        assert_eq!(stage.payout(&id).await.status, PayoutStatus::Processing);
        books::balance(&stage);
    }
}

#[tokio::test]
async fn a_decision_on_old_evidence_waits_for_a_read_that_it_has_asked_for() {
    let stage = Stage::new().await;
    let id = in_review(&stage).await;
    decide(&stage, &id, says("ann", PART)).await.expect("first");
    // Another hour; what is known is older than ten minutes.
    stage.clock.advance_ms(11 * 60_000);
    let reads = stage.provider.reads();
    let bob = says("bob", PART);
    let (store, _) = stage.call_store();
    let stale = decide_on(&stage, store, (&id, bob)).await;
    assert_eq!(stale, Err(Denied::EvidenceStale.into()));
    stage.work().await;
    assert_eq!(stage.provider.reads(), reads + 1, "it was asked at once");
    decide_on(&stage, store, (&id, bob)).await.expect("fresh");
    assert_settled(&stage, &id, PART).await;
}

#[tokio::test]
async fn two_owners_end_a_payout_that_stays_unknown() {
    for outcome in [Disposition::Paid, Disposition::NotPaid, PART] {
        let stage = Stage::new().await;
        let id = unknown(&stage).await;
        let open = review(&stage, &id).await;
        assert_eq!(open.reason, "unknown_too_long");
        let payout = stage.payout(&id).await;
        assert_eq!(payout.progress, Some(Progress::OutcomeUnknown));
        for owner in ["ann", "bob"] {
            decide(&stage, &id, says(owner, outcome))
                .await
                .expect("decided");
        }
        assert_settled(&stage, &id, outcome).await;
    }
}

#[tokio::test]
async fn nobody_is_asked_before_half_an_hour_and_one_review_is_all() {
    let stage = Stage::new().await;
    stage
        .provider
        .trouble(Operation::Create, Trouble::LostAfter);
    for _ in 0..1_000 {
        stage.provider.trouble(Operation::Read, Trouble::LostBefore);
    }
    let id = stage.create_for_sure("L-1", Rail::Standard).await;
    stage.advance(29 * 60).await;
    assert_reviews(&stage, (0, 0)).await;
    stage.advance(2 * 60).await;
    assert_reviews(&stage, (1, 0)).await;
    let opened = review(&stage, &id).await;
    stage.advance(24 * 3_600).await;
    assert_reviews(&stage, (1, 0)).await;
    let later = review(&stage, &id).await;
    assert_eq!(later.opened_at, opened.opened_at);
    assert!(later.evidence.last_checked_at > opened.evidence.last_checked_at);
    books::balance(&stage);
}

#[tokio::test]
async fn a_provider_that_answers_after_all_closes_the_review() {
    let stage = Stage::new().await;
    stage
        .provider
        .trouble(Operation::Create, Trouble::LostAfter);
    for _ in 0..8 {
        stage.provider.trouble(Operation::Read, Trouble::LostBefore);
    }
    let id = stage.create_for_sure("L-1", Rail::Standard).await;
    stage.advance(40 * 60).await;
    decide(&stage, &id, says("ann", Disposition::NotPaid))
        .await
        .expect("first");
    stage.advance(24 * 3_600).await;
    books::paid_exactly_once(&stage, &id).await;
    let closed = review(&stage, &id).await;
    assert_eq!(closed.closing.map(|it| it.by), Some(Closer::Provider));
    assert_eq!(closed.evidence.state, AttemptState::Submitted, "it has it");
    assert_reviews(&stage, (0, 1)).await;
    let late = decide(&stage, &id, says("bob", Disposition::NotPaid)).await;
    assert_eq!(late, Err(Denied::ReviewClosed.into()));
    books::paid_exactly_once(&stage, &id).await;
}

#[tokio::test]
async fn what_stays_submitted_is_shown_to_people_and_closed_by_a_provider_that_pays() {
    for (rail, early, late) in [
        (Rail::Instant, 14 * 60, 2 * 60),
        // From a Saturday noon to a Wednesday noon.
        (Rail::Standard, 4 * 24 * 3_600 - 60, 120),
    ] {
        let stage = Stage::new().await;
        stage.provider.end_with(Ending::InFlight);
        let id = stage.create_for_sure("L-1", rail).await;
        stage.advance(early).await;
        assert_reviews(&stage, (0, 0)).await;
        stage.advance(late).await;
        assert_reviews(&stage, (1, 0)).await;
        assert_eq!(review(&stage, &id).await.reason, "submitted_too_long");
        books::balance(&stage);
        stage.provider.end(&format!("{id}-a01"), Ending::Paid);
        stage.advance(24 * 3_600).await;
        books::paid_exactly_once(&stage, &id).await;
        assert_reviews(&stage, (0, 1)).await;
    }
}

#[tokio::test]
async fn two_owners_end_a_payout_that_stays_submitted_and_the_same_word_again_is_no_news() {
    for outcome in [Disposition::Paid, Disposition::NotPaid, PART] {
        let stage = Stage::new().await;
        stage.provider.end_with(Ending::InFlight);
        let id = stage.create_for_sure("L-1", Rail::Standard).await;
        stage.advance(4 * 24 * 3_600 + 60).await;
        assert_reviews(&stage, (1, 0)).await;
        agree(&stage, &id, outcome).await;
        assert_settled(&stage, &id, outcome).await;
        ring(&stage, &id, 1, "the same again").await;
        stage.advance(30 * 24 * 3_600).await;
        assert_settled(&stage, &id, outcome).await;
    }
}

#[tokio::test]
async fn one_owner_is_not_two_and_the_second_must_say_the_same() {
    let stage = Stage::new().await;
    let id = in_review(&stage).await;
    decide(&stage, &id, says("Ann", PART)).await.expect("first");
    let before = stage.memory.dump();
    for owner in ["Ann", "ann "] {
        let refused = decide(&stage, &id, says(owner, PART)).await;
        let owner = "Ann".to_owned();
        assert_eq!(refused, Err(Denied::OwnDecision { owner }.into()));
    }
    let other_proof = Says {
        evidence: "statement 8",
        ..says("bob", PART)
    };
    let other_part = Disposition::Partly(Cents::new(1));
    for other in [
        says("bob", Disposition::Paid),
        says("bob", Disposition::NotPaid),
        says("bob", other_part),
        other_proof,
    ] {
        let refused = decide(&stage, &id, other).await;
        assert_eq!(refused, Err(Denied::DecisionDiffers.into()));
    }
    assert_eq!(stage.memory.dump(), before, "nothing changed");
    decide(&stage, &id, says("bob", PART))
        .await
        .expect("second");
    let refused = decide(&stage, &id, says("eve", PART)).await;
    assert_eq!(refused, Err(Denied::ReviewClosed.into()));
    assert_settled(&stage, &id, PART).await;
}

#[tokio::test]
async fn a_review_that_is_not_there_is_not_found() {
    let stage = Stage::new().await;
    let id = stage.create_for_sure("L-1", Rail::Standard).await;
    let refused = decide(&stage, &id, says("ann", Disposition::Paid)).await;
    assert_eq!(refused, Err(Error::NotFound("review")));
    let review = ReviewId::parse("rev_of-nothing").expect("an id");
    let found = get_review::run(&stage.memory, &stage.tenant, &review).await;
    assert_eq!(found, Err(Error::NotFound("review")));
    let other = "other~test".parse().expect("a tenant");
    let id = in_review(&Stage::new().await).await;
    let found = get_review::run(&stage.memory, &other, &review_of(&id)).await;
    assert_eq!(found, Err(Error::NotFound("review")));
}

#[tokio::test]
async fn of_two_second_owners_at_once_one_settles() {
    for key in [None, Some("same")] {
        let stage = Stage::new().await;
        let id = in_review(&stage).await;
        decide(&stage, &id, says("ann", PART)).await.expect("first");
        read_now(&stage, &id).await;
        let busy = Busy::new(&stage, 0);
        let by = |owner| Says {
            key,
            ..says(owner, PART)
        };
        let (bob, eve) = tokio::join!(
            decide_on(&stage, &busy, (&id, by("bob"))),
            decide_on(&stage, &busy, (&id, by("eve")))
        );
        let settled = [&bob, &eve].into_iter().filter(|it| {
            let is_fresh = |it: &Answered<Review>| matches!(it, Answered::Fresh { .. });
            it.as_ref().is_ok_and(is_fresh)
        });
        assert_eq!(settled.count(), 1, "{bob:?} {eve:?}");
        for answer in [bob, eve] {
            match (answer, key) {
                (Ok(Answered::Fresh { .. }), _) => {}
                (Ok(Answered::Replayed { body }), Some(_)) => assert_eq!(body, "closed"),
                (Err(error), None) => assert_eq!(error, Denied::ReviewClosed.into()),
                (other, _) => panic!("{other:?}"),
            }
        }
        assert_settled(&stage, &id, PART).await;
    }
}

#[tokio::test]
async fn of_two_first_owners_at_once_one_is_the_first_and_the_other_settles() {
    let stage = Stage::new().await;
    let id = in_review(&stage).await;
    read_now(&stage, &id).await;
    let busy = Busy::new(&stage, 0);
    let (ann, bob) = tokio::join!(
        decide_on(&stage, &busy, (&id, says("ann", PART))),
        decide_on(&stage, &busy, (&id, says("bob", PART)))
    );
    assert!(ann.is_ok() && bob.is_ok(), "{ann:?} {bob:?}");
    assert_settled(&stage, &id, PART).await;
}

/// The unit of the second owner is held back until the provider has answered.
#[tokio::test]
async fn a_settlement_that_the_provider_overtakes_changes_nothing() {
    let stage = Stage::new().await;
    stage
        .provider
        .trouble(Operation::Create, Trouble::LostAfter);
    for _ in 0..8 {
        stage.provider.trouble(Operation::Read, Trouble::LostBefore);
    }
    let id = stage.create_for_sure("L-1", Rail::Standard).await;
    stage.advance(40 * 60).await;
    decide(&stage, &id, says("ann", Disposition::NotPaid))
        .await
        .expect("first");
    for _ in 0..3 {
        stage.provider.trouble(Operation::Read, Trouble::LostBefore);
        stage.clock.advance_ms(3_000);
        read_now(&stage, &id).await;
    }
    let catch = Catch {
        inner: stage.memory.clone(),
        caught: std::sync::Arc::default(),
    };
    let held = decide_on(&stage, &catch, (&id, says("bob", Disposition::NotPaid))).await;
    assert!(matches!(held, Err(Error::Unavailable { .. })), "{held:?}");
    stage.advance(24 * 3_600).await;
    books::paid_exactly_once(&stage, &id).await;
    let unit = catch.caught.lock().await.take().expect("held back");
    assert!(stage.memory.commit(unit).await.is_err());
    books::paid_exactly_once(&stage, &id).await;
    assert_reviews(&stage, (0, 1)).await;
}

#[tokio::test]
async fn a_repeat_under_the_same_key_answers_as_the_first_time() {
    let stage = Stage::new().await;
    let id = in_review(&stage).await;
    let by = |owner, key| Says {
        key: Some(key),
        ..says(owner, PART)
    };
    for (owner, key, status) in [("ann", "k1", "open"), ("bob", "k2", "closed")] {
        decide(&stage, &id, by(owner, key)).await.expect("decided");
        match decide(&stage, &id, by(owner, key)).await {
            Ok(Answered::Replayed { body }) => assert_eq!(body, status),
            other => panic!("{other:?}"),
        }
    }
    let other = Says {
        outcome: Disposition::NotPaid,
        ..by("ann", "k1")
    };
    assert_eq!(decide(&stage, &id, other).await, Err(Error::KeyReused));
    assert_settled(&stage, &id, PART).await;
}

#[tokio::test]
async fn a_payment_shown_after_it_was_settled_as_not_paid_is_a_contradiction() {
    let stage = Stage::new().await;
    let id = unknown(&stage).await;
    for owner in ["ann", "bob"] {
        decide(&stage, &id, says(owner, Disposition::NotPaid))
            .await
            .expect("decided");
    }
    assert_settled(&stage, &id, Disposition::NotPaid).await;
    stage.provider.calm();
    stage.provider.end(&format!("{id}-a01"), Ending::Paid);
    for body in ["first", "second"] {
        ring(&stage, &id, 1, body).await;
        stage.advance(24 * 3_600).await;
    }
    let events = stage.events(&id).await;
    let count = events.iter().filter(|it| **it == "contradiction").count();
    assert_eq!(count, 1);
    assert_eq!(stage.payout(&id).await.status, PayoutStatus::Failed);
    assert_eq!(balance(&stage, Account::Suspense), -NET);
    assert_eq!(stage.balances().await.available.get(), WALLET);
    assert_reviews(&stage, (1, 0)).await;
    let again = review(&stage, &id).await;
    assert_eq!((again.round, again.question), (2, Question::LatePayment));
    books::balance(&stage);
}

#[tokio::test]
async fn what_was_settled_as_not_paid_can_be_paid_again() {
    let stage = Stage::new().await;
    let id = unknown(&stage).await;
    for owner in ["ann", "bob"] {
        decide(&stage, &id, says(owner, Disposition::NotPaid))
            .await
            .expect("decided");
    }
    stage.provider.calm();
    retry(&stage, &id).await.expect("retried");
    stage.advance(3_600).await;
    let payout = stage.payout(&id).await;
    assert_eq!(payout.status, PayoutStatus::Completed);
    assert_eq!(payout.settled_attempt, Some(2));
    books::balance(&stage);
}

#[tokio::test]
async fn a_settlement_ends_the_last_line_of_a_batch() {
    for (ending, outcome, status, state) in [
        (
            Ending::PaidShort,
            PART_OF_LINE,
            BatchStatus::Completed,
            LineState::Paid,
        ),
        (
            Ending::InFlight,
            Disposition::NotPaid,
            BatchStatus::Failed,
            LineState::Failed,
        ),
    ] {
        let stage = Stage::new().await;
        let loads = stage.put_loads(1).await;
        let batch = stage.batch_for_sure(&loads).await;
        stage.work().await;
        stage.provider.end_with(ending);
        stage.release(&batch).await.expect("released");
        stage.advance(4 * 24 * 3_600 + 60).await;
        let open = stage.batch(&batch).await;
        assert_eq!(open.batch.status, BatchStatus::Processing);
        let holder = stage.load("B-1").await.holder;
        let id = holder.expect("a payout");
        for owner in ["ann", "bob"] {
            decide(&stage, &id, says(owner, outcome))
                .await
                .expect("decided");
        }
        stage.advance(600).await;
        let ended = stage.batch(&batch).await;
        assert_eq!(ended.batch.status, status);
        assert_eq!(ended.counts.lines(state), 1);
        books::balance(&stage);
    }
}

const PART_OF_LINE: Disposition = Disposition::Partly(Cents::new(994));

/// The whole life of one payout that two owners settle.
async fn settled_life(stage: &Stage) -> PayoutId {
    let id = in_review(stage).await;
    for (owner, key) in [("ann", "k1"), ("bob", "k2")] {
        let said = Says {
            key: Some(key),
            ..says(owner, PART)
        };
        stage.for_sure(|| decide(stage, &id, said)).await;
    }
    stage.advance(600).await;
    id
}

#[tokio::test]
async fn a_settlement_survives_a_crash_at_every_point() {
    let stage = Stage::new().await;
    let id = settled_life(&stage).await;
    assert_settled(&stage, &id, PART).await;
    let names = stage.points.names();
    let decisions = names.iter().filter(|it| it.contains("decide-review"));
    assert_eq!(decisions.count(), 4);
    for (number, name) in names.iter().enumerate() {
        let stage = Stage::new().await;
        stage.points.crash_at(number);
        let id = settled_life(&stage).await;
        println!("crash at {number}: {name}");
        assert_settled(&stage, &id, PART).await;
    }
}

#[tokio::test]
async fn an_audit_finds_a_review_that_does_not_fit_its_attempt() {
    let stage = Stage::new().await;
    let id = in_review(&stage).await;
    let clean = stage.memory.dump();
    assert_eq!(audit::findings(&clean), []);
    let invariants = |change: fn(&mut Record)| -> Vec<&'static str> {
        let mut dump = clean.clone();
        dump.records.iter_mut().for_each(change);
        let findings = audit::findings(&dump).into_iter();
        findings.map(|it| it.invariant).collect()
    };
    let closed = invariants(|record| {
        if let Record::Review(review) = record {
            review.closing = Some(domain::review::Closing {
                at: review.opened_at,
                by: Closer::Operators,
            });
        }
    });
    assert!(closed.contains(&"V13") && closed.contains(&"V11"));
    let forgotten = invariants(|record| {
        if let Record::Attempt(attempt) = record {
            attempt.reviewed_at = None;
        }
    });
    assert_eq!(forgotten, ["V13"]);
    let mut lost = clean.clone();
    lost.records
        .retain(|record| !matches!(record, Record::Review(_)));
    let found = audit::findings(&lost);
    assert!(found.iter().any(|it| it.invariant == "V13"), "{id}");
}
