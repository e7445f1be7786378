//! Two payouts of one load, of which more than one may have paid it.

use app::{error::Error, memory::Ending, request_key::Answered};
use domain::{
    denied::Denied,
    fee::Rail,
    ids::PayoutId,
    ledger::Account,
    load::LoadStatus,
    money::Cents,
    payout::PayoutStatus,
    review::{Bearer, Disposition, Question},
    routing::Provider,
};

use crate::{
    books,
    late_stage::{DAY, HOUR, World, books_of, route_is_stopped, show, stop},
    review_stage::{NET, agree, balance, decide, decide_on, read_now, review, says},
    stage::{AMOUNT, Stage},
    troubles::ring,
};

/// The load of a payout that was canceled, or came back, is open; another payout takes it.
async fn with_another(stage: &Stage, pays: bool) -> PayoutId {
    stage.provider.end_with(Ending::Paid);
    stop(stage, Provider::Payelata, !pays).await;
    stop(stage, Provider::Owlpay, !pays).await;
    let created = stage.create("L-2", Rail::Standard, "another").await;
    let Ok(Answered::Fresh { it, .. }) = created else {
        panic!("accepted: {created:?}");
    };
    stage.advance(HOUR).await;
    it.id
}

#[tokio::test]
async fn another_payout_of_the_load_waits_for_the_same_decision() {
    for world in [World::Canceled, World::Returned] {
        for outcome in [Disposition::Paid, Disposition::NotPaid] {
            let (stage, first) = world.stage().await;
            let second = with_another(&stage, false).await;
            show(&stage, &first, Ending::Paid).await;
            for id in [&first, &second] {
                assert!(stage.payout(id).await.is_held(), "{world:?}");
            }
            stop(&stage, Provider::Payelata, false).await;
            stop(&stage, Provider::Owlpay, false).await;
            let calls = stage.provider.calls();
            stage.advance(2 * DAY).await;
            assert_eq!(stage.provider.calls(), calls, "{world:?}");
            books::balance(&stage);
            if outcome == Disposition::NotPaid {
                show(&stage, &first, Ending::Failed).await;
            }
            agree(&stage, &first, outcome).await;
            stage.advance(2 * DAY).await;
            let statuses = (
                stage.payout(&first).await.status,
                stage.payout(&second).await.status,
            );
            let expected = match outcome {
                Disposition::Paid => (PayoutStatus::Completed, PayoutStatus::Canceled),
                _ => (world.status(), PayoutStatus::Completed),
            };
            assert_eq!(statuses, expected, "{world:?} {outcome:?}");
            assert_eq!(stage.provider.paid(), 1, "{world:?} {outcome:?}");
            // A payout that came back in parts has kept its fee.
            let kept = match (world, outcome) {
                (World::Returned, Disposition::NotPaid) => AMOUNT - NET,
                _ => 0,
            };
            let books = books_of(&stage).await;
            assert_eq!(books, (-AMOUNT - kept, NET, 0), "{world:?} {outcome:?}");
            let load = stage.load("L-2").await;
            assert_eq!(load.status, LoadStatus::Paid);
            let owner = match outcome {
                Disposition::Paid => first,
                _ => second,
            };
            assert_eq!(load.holder, Some(owner));
            books::balance(&stage);
        }
    }
}

#[tokio::test]
async fn a_second_payment_of_a_load_stops_its_route_and_is_a_surplus_until_somebody_bears_it() {
    for (end, available, losses, clearing) in [
        (Disposition::Recovered(Cents::new(NET)), -AMOUNT, 0, NET),
        (
            Disposition::Absorbed(Bearer::Tenant),
            -AMOUNT - NET,
            0,
            2 * NET,
        ),
        (
            Disposition::Absorbed(Bearer::Platform),
            -AMOUNT,
            -NET,
            2 * NET,
        ),
    ] {
        let (stage, first) = World::Canceled.stage().await;
        let second = with_another(&stage, true).await;
        assert_eq!(stage.payout(&second).await.status, PayoutStatus::Completed);
        show(&stage, &first, Ending::Paid).await;
        assert!(route_is_stopped(&stage, Provider::Owlpay).await);
        assert!(!stage.payout(&second).await.is_held(), "it was paid");
        let (store, _) = stage.call_store();
        for refused in [Disposition::Paid, Disposition::NotPaid] {
            let decided = decide_on(&stage, store, (&first, says("ann", refused))).await;
            let offered = vec!["surplus"];
            let expected = Denied::OutcomeNotOffered { offered };
            assert_eq!(decided, Err(expected.into()), "{refused:?}");
        }
        agree(&stage, &first, Disposition::Surplus).await;
        assert_eq!(stage.payout(&first).await.status, PayoutStatus::Canceled);
        assert!(!stage.payout(&first).await.is_held());
        assert_eq!(books_of(&stage).await, (-AMOUNT, 2 * NET, -NET));
        // The same payment, seen again, is no news.
        ring(&stage, &first, 1, "again").await;
        stage.advance(DAY).await;
        assert!(!stage.payout(&first).await.is_held());
        books::balance(&stage);
        agree(&stage, &first, end).await;
        assert_eq!(books_of(&stage).await, (available, clearing, 0), "{end:?}");
        assert_eq!(balance(&stage, Account::Losses), losses);
        let explained = review(&stage, &first).await;
        assert_eq!(
            (explained.round, explained.question),
            (2, Question::Suspense)
        );
        let more = decide(&stage, &first, says("eve", end)).await;
        assert_eq!(more, Err(Denied::ReviewClosed.into()));
        stage.advance(20 * DAY).await;
        books::balance(&stage);
    }
}

#[tokio::test]
async fn a_surplus_is_recovered_in_parts() {
    let (stage, first) = World::Canceled.stage().await;
    with_another(&stage, true).await;
    show(&stage, &first, Ending::Paid).await;
    agree(&stage, &first, Disposition::Surplus).await;
    for (part, left) in [(1, NET - 1), (NET - 2, 1), (1, 0)] {
        agree(&stage, &first, Disposition::Recovered(Cents::new(part))).await;
        assert_eq!(books_of(&stage).await, (-AMOUNT, NET + left, -left));
        books::balance(&stage);
    }
}

/// A payout that was canceled and is heard to be paid, after another one paid its load; and that payment is back.
async fn first_paid_and_second_back() -> (Stage, PayoutId) {
    let (stage, first) = World::Canceled.stage().await;
    let second = Box::pin(with_another(&stage, true)).await;
    show(&stage, &first, Ending::Paid).await;
    stop(&stage, Provider::Owlpay, false).await;
    show(&stage, &second, Ending::Failed).await;
    let back = Disposition::Returned(Cents::new(NET));
    Box::pin(agree(&stage, &second, back)).await;
    assert_eq!(stage.payout(&second).await.status, PayoutStatus::Returned);
    books::balance(&stage);
    (stage, first)
}

#[tokio::test]
async fn a_load_whose_second_payment_came_back_is_nobodys_until_the_first_is_decided() {
    for (outcome, status) in [
        (Disposition::Paid, PayoutStatus::Completed),
        (Disposition::NotPaid, PayoutStatus::Canceled),
    ] {
        let (stage, first) = Box::pin(first_paid_and_second_back()).await;
        let third = Box::pin(stage.create("L-2", Rail::Standard, "third")).await;
        let is_held = matches!(third, Err(Error::Denied(Denied::LoadHeld { .. })));
        assert!(is_held, "{outcome:?}: {third:?}");
        if outcome == Disposition::NotPaid {
            show(&stage, &first, Ending::Failed).await;
        }
        read_now(&stage, &first).await;
        Box::pin(agree(&stage, &first, outcome)).await;
        assert_eq!(stage.payout(&first).await.status, status);
        let load = stage.load("L-2").await;
        let fourth = Box::pin(stage.create("L-2", Rail::Standard, "fourth")).await;
        if outcome == Disposition::Paid {
            assert_eq!((load.status, load.holder), (LoadStatus::Paid, Some(first)));
            assert!(fourth.is_err(), "{fourth:?}");
        } else {
            assert!(fourth.is_ok(), "{fourth:?}");
        }
        stage.advance(DAY).await;
        assert_eq!(stage.provider.paid(), 1, "{outcome:?}");
        books::balance(&stage);
    }
}
