//! A charge in review that its provider has named: it is asked about before people are, and only a payment of exactly
//! the amount ends it. And a top-up in review, which is asked about as soon.

use app::memory::{Ending, Operation, Trouble};
use domain::{
    charge::{ChargeOutcome, ChargeState},
    driver::MethodKind,
    fee::Rail,
    ids::ChargeId,
    money::Cents,
    routing::StopReason,
};

use crate::{
    books,
    charge_stage::{TAKEN, WISH, ask_for_sure, charge, decide, locks, route, settle, status},
    charges::{DAY, in_order},
    stage::{Stage, WALLET},
};

/// A charge that its provider called pending, and of which reads show this.
async fn pending(ending: Ending) -> (Stage, ChargeId) {
    let stage = Stage::new().await;
    stage.provider.end_with(Ending::InFlight);
    stage.provider.show_charges(ending);
    let id = ask_for_sure(&stage, WISH).await;
    stage.work().await;
    let state = charge(&stage, &id).await.state;
    assert_eq!(state, ChargeState::Review);
    (stage, id)
}

#[tokio::test]
async fn a_pending_charge_that_is_shown_paid_completes_within_minutes_and_posts_once() {
    let (stage, id) = pending(Ending::Paid).await;
    in_order(&stage, &id).await;
    stage.advance(3 * 60).await;
    assert_eq!(status(&stage, &id).await, ("completed", None));
    assert_eq!(stage.provider.charge_reads(), 1);
    stage.advance(3 * DAY).await;
    assert_eq!(stage.provider.charge_reads(), 1, "final");
    assert_eq!(stage.provider.charge_calls(), 1);
    in_order(&stage, &id).await;
}

#[tokio::test]
async fn whatever_else_a_read_shows_leaves_the_charge_to_people() {
    for (ending, word, paid) in [
        (Ending::InFlight, "pending", None),
        (
            Ending::PaidShort,
            "success",
            Some(Cents::new(WISH.amount - 1)),
        ),
        (Ending::Failed, "declined", None),
        (Ending::Rejected, "declined", None),
        (Ending::Reversed, "voided", None),
        (Ending::PartlyBack, "odd", None),
    ] {
        let (stage, id) = pending(ending).await;
        stage.advance(DAY).await;
        let found = charge(&stage, &id).await;
        assert_eq!(found.state, ChargeState::Review, "{ending:?}");
        assert_eq!(found.reason.as_deref(), Some("pending"), "{ending:?}");
        let told = found.told.expect("told");
        assert_eq!((told.status.as_str(), told.paid), (word, paid));
        assert!(found.evidence.is_some(), "the card is looked at as well");
        assert!(stage.provider.charge_reads() > 20, "hourly at last");
        assert!(stage.provider.charge_reads() < 40, "not more than that");
        in_order(&stage, &id).await;
        settle(&stage, &id, ChargeOutcome::NotPaid).await;
        in_order(&stage, &id).await;
    }
}

#[tokio::test]
async fn a_read_that_fails_is_asked_again() {
    for trouble in [
        Trouble::NotSent,
        Trouble::LostBefore,
        Trouble::Refused(domain::answer::Refusal::Credentials),
    ] {
        let (stage, id) = pending(Ending::Paid).await;
        stage.provider.trouble(Operation::Read, trouble);
        stage.advance(3 * 60).await;
        assert_eq!(status(&stage, &id).await.0, "in_review");
        stage.advance(10 * 60).await;
        assert_eq!(status(&stage, &id).await, ("completed", None));
        in_order(&stage, &id).await;
    }
}

#[tokio::test]
async fn a_charge_whose_answer_named_nothing_is_not_asked_about() {
    let stage = Stage::new().await;
    stage
        .provider
        .trouble(Operation::Charge, Trouble::LostAfter);
    stage.provider.show_charges(Ending::Paid);
    let id = ask_for_sure(&stage, WISH).await;
    stage.advance(DAY).await;
    assert_eq!(status(&stage, &id).await.0, "in_review");
    assert_eq!(stage.provider.charge_reads(), 0);
    in_order(&stage, &id).await;
}

#[tokio::test]
async fn a_payment_that_the_wallet_cannot_take_is_asked_about_less_and_less_and_stays_for_people() {
    let (stage, id) = pending(Ending::Paid).await;
    let full = Cents::WALLET_MAX.get() - WALLET;
    stage.deposit("full", full).await;
    stage.advance(DAY).await;
    let found = charge(&stage, &id).await;
    assert_eq!(found.state, ChargeState::Review);
    assert_eq!(
        found.told.and_then(|told| told.paid),
        Some(Cents::new(TAKEN))
    );
    assert!(stage.provider.charge_reads() < 40);
    books::balance(&stage);
}

#[tokio::test]
async fn a_charge_that_people_ended_is_not_asked_about_any_more() {
    let (stage, id) = pending(Ending::Paid).await;
    settle(&stage, &id, ChargeOutcome::NotPaid).await;
    stage.advance(DAY).await;
    assert_eq!(stage.provider.charge_reads(), 0);
    assert_eq!(status(&stage, &id).await.0, "failed");
    assert_eq!(locks(&stage), []);
    let stopped = route(&stage).await.stopped.map(|stop| stop.reason);
    assert_eq!(stopped, None::<StopReason>);
}

#[tokio::test]
async fn the_word_of_one_operator_does_not_keep_the_provider_from_ending_a_charge() {
    let (stage, id) = pending(Ending::Paid).await;
    let word = ("ann", ChargeOutcome::NotPaid, "S-1");
    decide(&stage, &id, word).await.expect("proposed");
    stage.advance(5 * 60).await;
    assert_eq!(status(&stage, &id).await, ("completed", None));
    let late = decide(&stage, &id, ("bob", ChargeOutcome::NotPaid, "S-1")).await;
    assert!(late.is_err(), "{late:?}");
    in_order(&stage, &id).await;
}

#[tokio::test]
async fn a_crash_at_every_point_of_a_read_posts_once() {
    let whole = async |crash: Option<usize>| {
        let stage = Stage::new().await;
        if let Some(number) = crash {
            stage.points.crash_at(number);
        }
        stage.provider.end_with(Ending::InFlight);
        stage.provider.show_charges(Ending::Paid);
        let id = ask_for_sure(&stage, WISH).await;
        stage.work().await;
        stage.advance(4 * 3_600).await;
        (stage, id)
    };
    let (stage, id) = whole(None).await;
    assert_eq!(status(&stage, &id).await, ("completed", None));
    let names = stage.points.names();
    assert!(names.iter().any(|name| name.starts_with("read-charge")));
    for (number, name) in names.iter().enumerate() {
        let (stage, id) = whole(Some(number)).await;
        assert!(stage.provider.charge_calls() <= 1, "{name}");
        let found = charge(&stage, &id).await;
        // Where the answer to the call was lost, its object was as well.
        let expected = match found.object {
            Some(_) => ChargeState::Paid,
            None => ChargeState::Review,
        };
        assert_eq!(found.state, expected, "{name}");
        in_order(&stage, &id).await;
    }
}

#[tokio::test]
async fn a_top_up_that_its_provider_has_named_is_asked_about_soon_after_it_came_to_review() {
    for (method, soon) in [(MethodKind::PrepaidCard, 1), (MethodKind::Card, 0)] {
        let stage = Stage::new().await;
        stage.put_method(method).await;
        stage.provider.end_with(Ending::PartlyBack);
        stage.create_for_sure("L-1", Rail::Standard).await;
        stage.work().await;
        // The first read of a card's payout, which brings it to review, is due after a minute as well.
        let before = stage.provider.reads();
        assert_eq!(before, 0);
        stage.clock.advance_ms(60_000);
        stage.work().await;
        assert_eq!(stage.provider.reads(), soon, "{method:?}");
    }
}
