//! Money that comes back after it was paid, in whole and in parts, and parts that were settled.

use app::memory::Ending;
use domain::{
    driver::MethodKind,
    fee::Rail,
    load::LoadStatus,
    money::Cents,
    payout::PayoutStatus,
    review::{Disposition, Question},
    routing::Provider,
};

use crate::{
    books,
    late_stage::{DAY, HOUR, books_of, route_is_stopped, show},
    review_stage::{NET, agree, assert_reviews, review},
    stage::{AMOUNT, Stage},
    troubles::ring,
    vendor_changes::approved,
};

#[tokio::test]
async fn what_comes_back_after_paid_is_credited_as_two_owners_say_and_is_a_return_once_it_is_all() {
    for kind in [MethodKind::BankAccount, MethodKind::Card] {
        let stage = match kind {
            MethodKind::BankAccount => approved().await,
            MethodKind::Card | MethodKind::PrepaidCard => Stage::new().await,
        };
        stage.put_load("L-2").await;
        let id = stage.create_for_sure("L-2", Rail::Standard).await;
        stage.advance(HOUR).await;
        assert_eq!(books_of(&stage).await, (-AMOUNT, NET, 0));
        show(&stage, &id, Ending::PartlyBack).await;
        assert!(stage.payout(&id).await.is_held());
        let open = review(&stage, &id).await;
        assert_eq!(open.question, Question::Return, "{kind:?}");
        agree(&stage, &id, Disposition::Returned(Cents::new(4_750))).await;
        let payout = stage.payout(&id).await;
        assert_eq!(payout.status, PayoutStatus::Completed);
        assert_eq!(payout.reason.as_deref(), Some("partly_returned"));
        assert_eq!(stage.load("L-2").await.status, LoadStatus::Paid);
        assert_eq!(books_of(&stage).await, (4_750 - AMOUNT, NET - 4_750, 0));
        books::balance(&stage);
        // The same word again is no news; another is.
        ring(&stage, &id, 1, "again").await;
        stage.advance(DAY).await;
        assert!(!stage.payout(&id).await.is_held());
        show(&stage, &id, Ending::PartlyBack).await;
        agree(&stage, &id, Disposition::Nothing).await;
        assert_eq!(stage.payout(&id).await.status, PayoutStatus::Completed);
        show(&stage, &id, Ending::Failed).await;
        agree(&stage, &id, Disposition::Returned(Cents::new(NET - 4_750))).await;
        let payout = stage.payout(&id).await;
        assert_eq!(payout.status, PayoutStatus::Returned);
        assert_eq!(stage.load("L-2").await.status, LoadStatus::Open);
        let fee = AMOUNT - NET;
        assert_eq!(books_of(&stage).await, (-fee, 0, 0), "the fee is kept");
        stage.advance(20 * DAY).await;
        books::balance(&stage);
    }
}

#[tokio::test]
async fn only_a_provider_whose_word_proves_it_takes_a_payment_back_by_itself() {
    let stage = Stage::new().await;
    stage.put_load("L-2").await;
    let id = stage.create_for_sure("L-2", Rail::Standard).await;
    stage.advance(HOUR).await;
    show(&stage, &id, Ending::PartlyBack).await;
    agree(&stage, &id, Disposition::Returned(Cents::new(4_750))).await;
    // What is left comes back whole, and the fee with it.
    show(&stage, &id, Ending::Reversed).await;
    assert_eq!(stage.payout(&id).await.status, PayoutStatus::Returned);
    assert_eq!(books_of(&stage).await, (0, 0, 0));
    books::balance(&stage);
    assert_reviews(&stage, (0, 1)).await;

    let stage = approved().await;
    stage.put_load("L-2").await;
    let id = stage.create_for_sure("L-2", Rail::Standard).await;
    stage.advance(HOUR).await;
    show(&stage, &id, Ending::Reversed).await;
    assert_eq!(stage.payout(&id).await.status, PayoutStatus::Completed);
    assert!(stage.payout(&id).await.is_held());
    assert!(!route_is_stopped(&stage, Provider::Owlpay).await);
    show(&stage, &id, Ending::Paid).await;
    assert!(!stage.payout(&id).await.is_held(), "it takes its word back");
    books::balance(&stage);
}

#[tokio::test]
async fn a_part_that_was_settled_comes_back_as_a_part_with_what_is_left_of_the_rest() {
    for explained in [0, 5_000] {
        let stage = Stage::new().await;
        stage.put_load("L-2").await;
        stage.provider.end_with(Ending::PaidShort);
        let id = stage.create_for_sure("L-2", Rail::Standard).await;
        stage.advance(HOUR).await;
        stage.provider.rewrite(|booked| {
            for it in booked.values_mut() {
                it.updated += 1;
            }
        });
        agree(&stage, &id, Disposition::Partly(Cents::new(NET - 1))).await;
        assert_eq!(books_of(&stage).await, (-AMOUNT, NET - 1, 1));
        if explained > 0 {
            agree(&stage, &id, Disposition::RestReturned(Cents::new(1))).await;
            assert_eq!(books_of(&stage).await, (1 - AMOUNT, NET - 1, 0));
        }
        books::balance(&stage);
        show(&stage, &id, Ending::Reversed).await;
        assert_eq!(stage.payout(&id).await.status, PayoutStatus::Returned);
        assert_eq!(books_of(&stage).await, (0, 0, 0), "{explained}");
        books::balance(&stage);
    }
}

#[tokio::test]
async fn the_rest_of_a_part_can_go_back_to_the_wallet_with_the_decision() {
    let stage = Stage::new().await;
    stage.put_load("L-2").await;
    stage.provider.end_with(Ending::PaidShort);
    let id = stage.create_for_sure("L-2", Rail::Standard).await;
    stage.advance(HOUR).await;
    agree(
        &stage,
        &id,
        Disposition::PartlyRestReturned(Cents::new(NET - 1)),
    )
    .await;
    assert_eq!(books_of(&stage).await, (1 - AMOUNT, NET - 1, 0));
    assert_eq!(stage.payout(&id).await.status, PayoutStatus::Completed);
    books::balance(&stage);
}
