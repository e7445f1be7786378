//! Lives that go as they should, and the decisions of clients along the way.

use app::{
    cancel_payout::{self, CancelPayout},
    error::Error,
    request_key::{Answered, Asking},
    retry_payout::{self, RetryPayout},
};
use domain::{
    denied::{Denied, NotPayable},
    driver::{KycDecision, MethodKind},
    fee::Rail,
    ids::PayoutId,
    load::LoadStatus,
    payout::{Payout, PayoutStatus},
};

use crate::{
    books,
    stage::{AMOUNT, Stage, WALLET},
};
use app::memory::Ending;

fn no_text(_: &Payout) -> String {
    String::new()
}

pub(crate) async fn cancel(stage: &Stage, payout: &PayoutId) -> Result<Answered<Payout>, Error> {
    let command = CancelPayout {
        asking: Asking {
            tenant: &stage.tenant,
            key: None,
            render: &no_text,
        },
        payout: payout.clone(),
    };
    cancel_payout::run(&stage.call("client"), stage.call_store().0, command).await
}

pub(crate) async fn retry(stage: &Stage, payout: &PayoutId) -> Result<Answered<Payout>, Error> {
    let command = RetryPayout {
        asking: Asking {
            tenant: &stage.tenant,
            key: None,
            render: &no_text,
        },
        payout: payout.clone(),
    };
    let (store, queue) = stage.call_store();
    retry_payout::run(&stage.call("client"), store, queue, command).await
}

#[tokio::test]
async fn a_standard_payout_lives_through_to_completed() {
    let stage = Stage::new().await;
    let id = stage.create_for_sure("L-1", Rail::Standard).await;
    assert_eq!(stage.payout(&id).await.status, PayoutStatus::Validated);
    assert_eq!(stage.balances().await.pending.get(), AMOUNT);
    stage.work().await;
    assert_eq!(stage.payout(&id).await.status, PayoutStatus::Processing);
    assert_eq!(stage.balances().await.in_transit.get(), AMOUNT);
    stage.advance(3_600).await;
    books::paid_exactly_once(&stage, &id).await;
    assert_eq!(
        stage.events(&id).await,
        ["create", "enqueue", "claim", "accepted", "paid"]
    );
}

#[tokio::test]
async fn an_instant_payout_starts_processing_and_completes_within_seconds() {
    let stage = Stage::new().await;
    let id = stage.create_for_sure("L-1", Rail::Instant).await;
    assert_eq!(stage.payout(&id).await.status, PayoutStatus::Processing);
    assert_eq!(stage.payout(&id).await.quote.fee.get(), 450);
    stage.advance(10).await;
    books::paid_exactly_once(&stage, &id).await;
}

#[tokio::test]
async fn the_same_request_key_gets_the_same_answer_and_makes_one_payout() {
    let stage = Stage::new().await;
    let first = stage.create_for_sure("L-1", Rail::Standard).await;
    let again = stage.create("L-1", Rail::Standard, "key-1").await;
    assert_eq!(
        again,
        Ok(Answered::Replayed {
            body: first.to_string()
        })
    );
    let other = stage.create("L-1", Rail::Instant, "key-1").await;
    assert_eq!(other, Err(Error::KeyReused));
    books::balance(&stage);
}

#[tokio::test]
async fn a_load_that_is_held_is_not_paid_twice() {
    let stage = Stage::new().await;
    let first = stage.create_for_sure("L-1", Rail::Standard).await;
    match stage.create("L-1", Rail::Standard, "key-2").await {
        Err(Error::Denied(Denied::LoadHeld { payout, .. })) => assert_eq!(payout, first),
        other => panic!("{other:?}"),
    }
    stage.advance(3_600).await;
    match stage.create("L-1", Rail::Standard, "key-3").await {
        Err(Error::Denied(Denied::LoadPaid { payout, .. })) => assert_eq!(payout, first),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_wallet_that_is_too_low_reserves_nothing() {
    let stage = Stage::new().await;
    let affordable = usize::try_from(WALLET / AMOUNT).expect("small");
    for number in 0..affordable {
        let load = format!("M-{number}");
        stage.put_load(&load).await;
        stage
            .create(&load, Rail::Standard, &load)
            .await
            .expect("affordable");
    }
    let refused = stage.create("L-1", Rail::Standard, "one-too-many").await;
    assert!(matches!(
        refused,
        Err(Error::Denied(Denied::InsufficientFunds { .. }))
    ));
    assert_eq!(stage.load("L-1").await.status, LoadStatus::Open);
    books::balance(&stage);
}

#[tokio::test]
async fn canceling_before_the_claim_gives_money_and_load_back() {
    let stage = Stage::new().await;
    let id = stage.create_for_sure("L-1", Rail::Standard).await;
    cancel(&stage, &id).await.expect("cancelable");
    stage.advance(3_600).await;
    assert_eq!(stage.payout(&id).await.status, PayoutStatus::Canceled);
    assert_eq!(stage.load("L-1").await.status, LoadStatus::Open);
    assert_eq!(stage.balances().await.available.get(), WALLET);
    assert_eq!(stage.provider.calls(), (0, 0));
    cancel(&stage, &id).await.expect("again is the same answer");
    books::balance(&stage);
}

#[tokio::test]
async fn a_payout_that_was_handed_over_cannot_be_canceled() {
    let stage = Stage::new().await;
    let id = stage.create_for_sure("L-1", Rail::Standard).await;
    stage.work().await;
    assert_eq!(
        cancel(&stage, &id).await,
        Err(Error::Denied(Denied::WrongState(PayoutStatus::Processing)))
    );
    stage.advance(3_600).await;
    books::paid_exactly_once(&stage, &id).await;
}

#[tokio::test]
async fn a_failed_payout_can_be_retried_and_is_then_paid_once() {
    let stage = Stage::new().await;
    stage.provider.end_with(Ending::Failed);
    let id = stage.create_for_sure("L-1", Rail::Standard).await;
    stage.advance(3_600).await;
    assert_eq!(stage.payout(&id).await.status, PayoutStatus::Failed);
    assert_eq!(stage.balances().await.available.get(), WALLET);
    assert_eq!(stage.load("L-1").await.status, LoadStatus::Held);
    stage.provider.end_with(Ending::Paid);
    retry(&stage, &id)
        .await
        .expect("failed payouts can be retried");
    stage.advance(3_600).await;
    books::paid_exactly_once(&stage, &id).await;
    assert_eq!(stage.payout(&id).await.settled_attempt, Some(2));
}

#[tokio::test]
async fn a_failed_payout_can_be_canceled_to_free_its_load() {
    let stage = Stage::new().await;
    stage.provider.end_with(Ending::Failed);
    let id = stage.create_for_sure("L-1", Rail::Standard).await;
    stage.advance(3_600).await;
    cancel(&stage, &id)
        .await
        .expect("failed payouts can be canceled");
    assert_eq!(stage.load("L-1").await.status, LoadStatus::Open);
    books::balance(&stage);
}

#[tokio::test]
async fn a_driver_who_cannot_be_paid_is_refused_with_the_reason() {
    let stage = Stage::new().await;
    stage.verify(KycDecision::Reject).await;
    let refused = stage.create("L-1", Rail::Standard, "key").await;
    assert_eq!(
        refused,
        Err(Error::Denied(Denied::DriverNotPayable(
            NotPayable::NotVerified
        )))
    );
    stage.verify(KycDecision::Approve).await;
    stage.put_method(MethodKind::BankAccount).await;
    let refused = stage.create("L-1", Rail::Instant, "key").await;
    assert_eq!(
        refused,
        Err(Error::Denied(Denied::DriverNotPayable(
            NotPayable::InstantNotAvailable
        )))
    );
}

#[tokio::test]
async fn a_driver_who_became_ineligible_stops_the_payout_at_its_claim() {
    let stage = Stage::new().await;
    let id = stage.create_for_sure("L-1", Rail::Standard).await;
    stage.verify(KycDecision::Reject).await;
    stage.work().await;
    let payout = stage.payout(&id).await;
    assert_eq!(payout.status, PayoutStatus::Canceled);
    assert_eq!(payout.reason.as_deref(), Some("kyc_not_verified"));
    assert_eq!(stage.balances().await.available.get(), WALLET);
    books::balance(&stage);
}

#[tokio::test]
async fn money_that_comes_back_is_returned_with_its_fee() {
    let stage = Stage::new().await;
    let id = stage.create_for_sure("L-1", Rail::Standard).await;
    stage.advance(3_600).await;
    stage.provider.end(&format!("{id}-a01"), Ending::Reversed);
    crate::troubles::ring(&stage, &id, 1, "body-1").await;
    stage.advance(60).await;
    assert_eq!(stage.payout(&id).await.status, PayoutStatus::Returned);
    assert_eq!(stage.balances().await.available.get(), WALLET);
    assert_eq!(stage.load("L-1").await.status, LoadStatus::Open);
    books::balance(&stage);
}
