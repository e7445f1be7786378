//! What was seen paid is never paid again without people: news of attempts that had ended, in every state of their
//! payout, from its first sight to the last cent.

use app::memory::Ending;
use domain::{
    attempt_machine::AttemptState,
    denied::Denied,
    ids::PayoutId,
    ledger::Account,
    load::LoadStatus,
    money::Cents,
    payout::PayoutStatus,
    review::{Disposition, Question, ReviewStatus},
    routing::Provider,
};

use crate::{
    books,
    late_stage::{DAY, HOUR, World, assert_held, books_of, route_is_stopped, show, stop},
    rare::attempt_of,
    review_stage::{NET, agree, balance, decide, read_now, review, says},
    stage::{AMOUNT, Stage, WALLET},
};

#[tokio::test]
async fn a_payment_of_an_ended_attempt_holds_its_payout_in_every_state() {
    for world in World::ALL {
        let (stage, id) = world.stage().await;
        show(&stage, &id, Ending::Paid).await;
        let routes = [Provider::Owlpay, Provider::Payelata];
        let stopped = route_is_stopped(&stage, routes[0]).await;
        assert!(!stopped, "{world:?}: an ordinary hold stops nobody");
        stop(&stage, Provider::Payelata, false).await;
        assert_held(&stage, &id, world.status()).await;
        let (_, clearing, suspense) = books_of(&stage).await;
        assert_eq!((clearing, suspense), (NET, -NET), "{world:?}");
        let open = review(&stage, &id).await;
        assert_eq!(open.status(), ReviewStatus::Open);
        assert_eq!(open.question, Question::LatePayment, "{world:?}");
    }
}

#[tokio::test]
async fn what_the_ended_attempt_paid_pays_the_payout_once_two_owners_say_so() {
    for world in World::ALL {
        let (stage, id) = world.stage().await;
        show(&stage, &id, Ending::Paid).await;
        stop(&stage, Provider::Payelata, false).await;
        stage.advance(DAY).await;
        agree(&stage, &id, Disposition::Paid).await;
        stage.advance(20 * DAY).await;
        let payout = stage.payout(&id).await;
        assert_eq!(payout.status, PayoutStatus::Completed, "{world:?}");
        assert_eq!((payout.settled_attempt, payout.is_held()), (Some(1), false));
        assert_eq!(payout.reason, None);
        assert_eq!(stage.load("L-2").await.status, LoadStatus::Paid);
        assert_eq!(stage.provider.paid(), 1, "{world:?}");
        assert_eq!(books_of(&stage).await, (-AMOUNT, NET, 0), "{world:?}");
        assert_eq!(balance(&stage, Account::Fees), AMOUNT - NET);
        books::balance(&stage);
    }
}

#[tokio::test]
async fn what_the_ended_attempt_did_not_pay_is_taken_back_and_what_waits_goes_on() {
    for world in World::ALL {
        let (stage, id) = world.stage().await;
        let before = books_of(&stage).await;
        show(&stage, &id, Ending::Paid).await;
        stop(&stage, Provider::Payelata, false).await;
        stage.provider.end_with(Ending::Paid);
        // A mistake of the provider, which it corrects; money was booked, so people look.
        show(&stage, &id, Ending::Failed).await;
        stage.advance(DAY).await;
        assert!(stage.payout(&id).await.is_held());
        read_now(&stage, &id).await;
        agree(&stage, &id, Disposition::NotPaid).await;
        let freed = stage.payout(&id).await;
        assert!(!freed.is_held());
        assert_eq!(freed.status, world.status());
        assert_eq!(books_of(&stage).await, before, "{world:?}");
        let (load, payouts) = match world {
            World::Queued | World::Preparing | World::Failed => (LoadStatus::Held, 0),
            World::Canceled | World::Returned => (LoadStatus::Open, 0),
        };
        assert_eq!(stage.load("L-2").await.status, load, "{world:?}");
        assert_eq!(stage.provider.paid(), payouts);
        books::balance(&stage);
        stage.advance(2 * DAY).await;
        let (status, paid) = match world {
            World::Queued | World::Preparing => (PayoutStatus::Completed, 1),
            World::Failed | World::Canceled | World::Returned => (world.status(), 0),
        };
        assert_eq!(stage.payout(&id).await.status, status, "{world:?}");
        assert_eq!(stage.provider.paid(), paid, "{world:?}");
        books::balance(&stage);
    }
}

#[tokio::test]
async fn a_hold_without_money_lifts_by_itself_once_two_reads_show_the_attempt_dead() {
    for world in World::ALL {
        for news in [Ending::InFlight, Ending::Rejected] {
            let (stage, id) = world.stage().await;
            let before = books_of(&stage).await;
            show(&stage, &id, news).await;
            assert_held(&stage, &id, world.status()).await;
            assert_eq!(books_of(&stage).await, before, "nothing was paid");
            stop(&stage, Provider::Payelata, false).await;
            stage.provider.end_with(Ending::Paid);
            show(&stage, &id, Ending::Failed).await;
            assert!(stage.payout(&id).await.is_held(), "one read is not two");
            stage.advance(60).await;
            assert!(!stage.payout(&id).await.is_held(), "{world:?} {news:?}");
            let closed = review(&stage, &id).await;
            assert_eq!(closed.status(), ReviewStatus::Closed);
            stage.advance(DAY).await;
            let went_on = matches!(world, World::Queued | World::Preparing);
            let status = if went_on {
                PayoutStatus::Completed
            } else {
                world.status()
            };
            assert_eq!(stage.payout(&id).await.status, status, "{world:?}");
            books::balance(&stage);
        }
    }
}

#[tokio::test]
async fn a_word_that_may_still_pay_between_two_deaths_starts_the_count_anew() {
    let (stage, id) = World::Failed.stage().await;
    show(&stage, &id, Ending::InFlight).await;
    show(&stage, &id, Ending::Failed).await;
    show(&stage, &id, Ending::InFlight).await;
    stage.advance(31).await;
    show(&stage, &id, Ending::Failed).await;
    assert!(stage.payout(&id).await.is_held());
    stage.advance(60).await;
    assert!(!stage.payout(&id).await.is_held());
    books::balance(&stage);
}

#[tokio::test]
async fn nothing_is_settled_as_paid_while_another_attempt_may_hold_money() {
    let (stage, id) = World::Queued.stage().await;
    stage.provider.end_with(Ending::InFlight);
    stop(&stage, Provider::Payelata, false).await;
    stage.advance(HOUR).await;
    assert_eq!(
        attempt_of(&stage, &id, 2).await.state,
        AttemptState::Submitted
    );
    show(&stage, &id, Ending::Paid).await;
    read_now(&stage, &id).await;
    decide(&stage, &id, says("ann", Disposition::Paid))
        .await
        .expect("first");
    let refused = decide(&stage, &id, says("bob", Disposition::Paid)).await;
    assert_eq!(refused, Err(Denied::AttemptInFlight.into()));
    // It pays as well: two payments, and only one of them is the payout's.
    stage.provider.end(&format!("{id}-a02"), Ending::Paid);
    stage.advance(DAY).await;
    let payout = stage.payout(&id).await;
    assert_eq!(payout.status, PayoutStatus::Completed);
    assert_eq!(payout.settled_attempt, Some(2));
    assert!(payout.is_held(), "the first payment is not explained");
    assert!(route_is_stopped(&stage, Provider::Owlpay).await);
    agree(&stage, &id, Disposition::Surplus).await;
    assert_eq!(books_of(&stage).await, (-AMOUNT, 2 * NET, -NET));
    assert!(!stage.payout(&id).await.is_held());
    books::balance(&stage);
}

#[tokio::test]
async fn a_wallet_that_is_too_low_keeps_a_late_payment_open() {
    let (stage, id) = World::Failed.stage().await;
    show(&stage, &id, Ending::Paid).await;
    // A batch takes all but a cent of what it needs.
    stage.put_load_of("B-1", WALLET - AMOUNT + 1).await;
    stage.batch_for_sure(&["B-1".to_owned()]).await;
    decide(&stage, &id, says("ann", Disposition::Paid))
        .await
        .expect("first");
    let refused = decide(&stage, &id, says("bob", Disposition::Paid)).await;
    let required = Cents::new(AMOUNT);
    assert_eq!(refused, Err(Denied::InsufficientFunds { required }.into()));
    assert_eq!(review(&stage, &id).await.status(), ReviewStatus::Open);
    assert!(stage.payout(&id).await.is_held());
    stage.deposit("more", AMOUNT).await;
    decide(&stage, &id, says("bob", Disposition::Paid))
        .await
        .expect("second");
    assert_eq!(stage.payout(&id).await.status, PayoutStatus::Completed);
    books::balance(&stage);
}

#[tokio::test]
async fn a_late_payment_of_less_than_was_asked_for_leaves_the_rest_in_suspense_by_name() {
    let (stage, id) = World::Failed.stage().await;
    show(&stage, &id, Ending::PaidShort).await;
    agree(&stage, &id, Disposition::Paid).await;
    assert_eq!(books_of(&stage).await, (-AMOUNT, NET - 1, 1));
    let payout = stage.payout(&id).await;
    assert_eq!(payout.reason.as_deref(), Some("settled_partial"));
    books::balance(&stage);
    agree(&stage, &id, Disposition::RestReturned(Cents::new(1))).await;
    assert_eq!(books_of(&stage).await, (1 - AMOUNT, NET - 1, 0));
    books::balance(&stage);
}

#[tokio::test]
async fn late_news_survives_a_crash_at_every_point_from_its_first_sight_to_its_end() {
    async fn life(stage: &Stage, id: &PayoutId) {
        let shown = format!("{id}-a01");
        stage.provider.end(&shown, Ending::Paid);
        loop {
            crate::troubles::ring_if_up(stage, id).await;
            stage.advance(600).await;
            if stage.payout(id).await.is_held() {
                break;
            }
        }
        for owner in ["ann", "bob"] {
            let key = Some(owner);
            let said = crate::review_stage::Says {
                key,
                ..says(owner, Disposition::Paid)
            };
            stage.for_sure(|| decide(stage, id, said)).await;
        }
        stage.advance(DAY).await;
    }
    for world in [World::Queued, World::Canceled] {
        let (stage, id) = world.stage().await;
        let before = stage.points.names().len();
        life(&stage, &id).await;
        let names = stage.points.names();
        assert!(names.len() > before);
        for (number, name) in names.iter().enumerate().skip(before) {
            let (stage, id) = world.stage().await;
            stage.points.crash_at(number);
            life(&stage, &id).await;
            let payout = stage.payout(&id).await;
            assert_eq!(payout.status, PayoutStatus::Completed, "{world:?} {name}");
            assert_eq!(books_of(&stage).await, (-AMOUNT, NET, 0), "{name}");
            books::balance(&stage);
        }
    }
}
