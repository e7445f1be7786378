//! Providers that refuse, lose answers, contradict us, and callbacks in any order.

use app::{
    memory::{Ending, Operation, Trouble},
    message::QueueName,
    receive_callback::{self, ReceiveCallback},
    record::InboxId,
};
use domain::{
    answer::Refusal,
    fee::Rail,
    ids::{AttemptRef, Mode, PayoutId, ProviderId},
    payout::{PayoutStatus, Progress},
    routing::Provider,
};

use crate::{books, stage::Stage};

/// A callback of the attempt arrives and is handed over.
pub(crate) async fn ring(stage: &Stage, payout: &PayoutId, attempt: u8, body: &str) {
    let (store, queue) = stage.call_store();
    let command = ReceiveCallback {
        tenant: stage.tenant.clone(),
        reference: AttemptRef::new(payout.clone(), attempt),
        inbox: InboxId {
            provider: Provider::Payelata,
            mode: Mode::Test,
            object: ProviderId::parse("cpoi_1").expect("valid"),
            body_sha256: body.to_owned(),
        },
    };
    receive_callback::run(&stage.call("payelata"), store, queue, command)
        .await
        .expect("noted");
}

#[tokio::test]
async fn a_lost_create_answer_pays_exactly_once() {
    for trouble in [Trouble::LostAfter, Trouble::LostBefore] {
        let stage = Stage::new().await;
        stage.provider.trouble(Operation::Create, trouble);
        let id = stage.create_for_sure("L-1", Rail::Standard).await;
        stage.work().await;
        let payout = stage.payout(&id).await;
        assert_eq!(payout.status, PayoutStatus::Processing);
        assert_eq!(payout.progress, Some(Progress::OutcomeUnknown));
        stage.advance(3_600).await;
        books::paid_exactly_once(&stage, &id).await;
        assert_eq!(
            stage.payout(&id).await.attempts,
            1,
            "the same reference all along"
        );
    }
}

#[tokio::test]
async fn a_lost_process_answer_pays_exactly_once() {
    for trouble in [Trouble::LostAfter, Trouble::LostBefore] {
        let stage = Stage::new().await;
        stage.provider.trouble(Operation::Process, trouble);
        let id = stage.create_for_sure("L-1", Rail::Instant).await;
        stage.advance(3_600).await;
        books::paid_exactly_once(&stage, &id).await;
    }
}

#[tokio::test]
async fn a_create_that_never_left_is_sent_again_without_a_query() {
    let stage = Stage::new().await;
    stage.provider.trouble(Operation::Create, Trouble::NotSent);
    let id = stage.create_for_sure("L-1", Rail::Standard).await;
    stage.advance(600).await;
    books::paid_exactly_once(&stage, &id).await;
    assert!(!stage.events(&id).await.contains(&"unknown"));
}

#[tokio::test]
async fn refused_input_fails_the_payout_and_gives_the_money_back() {
    let stage = Stage::new().await;
    stage
        .provider
        .trouble(Operation::Create, Trouble::Refused(Refusal::Input));
    let id = stage.create_for_sure("L-1", Rail::Standard).await;
    stage.advance(3_600).await;
    assert_eq!(stage.payout(&id).await.status, PayoutStatus::Failed);
    assert_eq!(stage.provider.paid(), 0);
    books::balance(&stage);
}

#[tokio::test]
async fn refused_credentials_stop_the_route_until_a_probe_goes_through() {
    let stage = Stage::new().await;
    for _ in 0..2 {
        stage
            .provider
            .trouble(Operation::Create, Trouble::Refused(Refusal::Credentials));
    }
    let first = stage.create_for_sure("L-1", Rail::Standard).await;
    stage.work().await;
    stage.put_load("L-2").await;
    stage
        .create("L-2", Rail::Standard, "key-2")
        .await
        .expect("accepted while the route is stopped");
    stage.work().await;
    assert_eq!(stage.provider.calls().0, 0, "nothing was created");
    stage.advance(3_600).await;
    assert_eq!(stage.payout(&first).await.status, PayoutStatus::Completed);
    assert_eq!(stage.provider.paid(), 2);
    assert_eq!(
        stage.payout(&first).await.counted,
        1,
        "no attempt was burnt"
    );
    books::balance(&stage);
}

#[tokio::test]
async fn an_integration_defect_keeps_payouts_waiting_and_cancelable() {
    let stage = Stage::new().await;
    stage
        .provider
        .trouble(Operation::Create, Trouble::Refused(Refusal::Integration));
    stage.create_for_sure("L-1", Rail::Standard).await;
    stage.work().await;
    stage.put_load("L-2").await;
    stage
        .create("L-2", Rail::Instant, "key-2")
        .await
        .expect("accepted");
    stage.advance(7_200).await;
    let waiting = stage.memory.dump();
    let queued = waiting.records.iter().any(|record| match record {
        app::record::Record::Payout(payout) => payout.status == PayoutStatus::Queued,
        _ => false,
    });
    assert!(
        queued,
        "the instant payout left its unsent attempt after the grace"
    );
    books::balance(&stage);
}

#[tokio::test]
async fn every_callback_lost_still_completes() {
    let stage = Stage::new().await;
    stage.provider.end_with(Ending::InFlight);
    let id = stage.create_for_sure("L-1", Rail::Standard).await;
    stage.advance(86_400).await;
    assert_eq!(stage.payout(&id).await.status, PayoutStatus::Processing);
    stage.provider.end(&format!("{id}-a01"), Ending::Paid);
    stage.advance(86_400).await;
    books::paid_exactly_once(&stage, &id).await;
}

#[tokio::test]
async fn callbacks_twice_early_and_late_change_nothing() {
    let stage = Stage::new().await;
    let id = stage.create_for_sure("L-1", Rail::Standard).await;
    stage.work().await;
    ring(&stage, &id, 1, "same").await;
    ring(&stage, &id, 1, "same").await;
    stage.work().await;
    ring(&stage, &id, 1, "same").await;
    ring(&stage, &id, 1, "later").await;
    stage.advance(3_600).await;
    books::paid_exactly_once(&stage, &id).await;
    let paid = stage
        .events(&id)
        .await
        .iter()
        .filter(|it| **it == "paid")
        .count();
    assert_eq!(paid, 1);
}

#[tokio::test]
async fn every_message_twice_pays_once() {
    let stage = Stage::new().await;
    let id = stage.create_for_sure("L-1", Rail::Standard).await;
    for _ in 0..6 {
        for queue in [QueueName::Dispatch, QueueName::Check] {
            if let Some(message) = stage.take(queue) {
                stage.handle(message.clone()).await;
                stage.handle(message).await;
            }
        }
        stage.advance(60).await;
        ring(&stage, &id, 1, "again").await;
    }
    books::paid_exactly_once(&stage, &id).await;
    assert_eq!(stage.provider.calls(), (1, 1));
}

#[tokio::test]
async fn a_short_payment_goes_to_review_and_no_money_moves() {
    let stage = Stage::new().await;
    stage.provider.end_with(Ending::PaidShort);
    let id = stage.create_for_sure("L-1", Rail::Standard).await;
    stage.advance(3_600).await;
    let payout = stage.payout(&id).await;
    assert_eq!(payout.status, PayoutStatus::Processing);
    assert_eq!(payout.progress, Some(Progress::InReview));
    assert_eq!(payout.reason.as_deref(), Some("processed_amount_differs"));
    assert_eq!(
        stage.balances().await.in_transit.get(),
        crate::stage::AMOUNT
    );
    books::balance(&stage);
}

#[tokio::test]
async fn a_payment_of_a_dead_attempt_is_parked_in_suspense_once() {
    let stage = Stage::new().await;
    stage.provider.end_with(Ending::Failed);
    let id = stage.create_for_sure("L-1", Rail::Standard).await;
    stage.advance(3_600).await;
    assert_eq!(stage.payout(&id).await.status, PayoutStatus::Failed);
    stage.provider.end(&format!("{id}-a01"), Ending::Paid);
    for body in ["first", "second"] {
        ring(&stage, &id, 1, body).await;
        stage.advance(60).await;
    }
    let contradictions = stage.events(&id).await;
    let count = contradictions
        .iter()
        .filter(|it| **it == "contradiction")
        .count();
    assert_eq!(count, 1);
    assert_eq!(stage.payout(&id).await.status, PayoutStatus::Failed);
    books::balance(&stage);
    assert!(stage.payout(&id).await.is_held());
    // An ordinary contradiction stops nobody else.
    stage.provider.end_with(Ending::Paid);
    stage.put_load("L-2").await;
    let next = stage
        .create("L-2", Rail::Standard, "key-2")
        .await
        .expect("accepted");
    let app::request_key::Answered::Fresh { it: next, .. } = next else {
        panic!("fresh");
    };
    stage.advance(3_600).await;
    let next = stage.payout(&next.id).await;
    assert_eq!(next.status, PayoutStatus::Completed);
}

/// A callback that arrives while the receiver may be down: the sender repeats it later, or not at all.
pub(crate) async fn ring_if_up(stage: &Stage, payout: &PayoutId) {
    let (store, queue) = stage.call_store();
    let command = ReceiveCallback {
        tenant: stage.tenant.clone(),
        reference: AttemptRef::new(payout.clone(), 1),
        inbox: InboxId {
            provider: Provider::Payelata,
            mode: Mode::Test,
            object: ProviderId::parse("cpoi_1").expect("valid"),
            body_sha256: "body".to_owned(),
        },
    };
    let noted = receive_callback::run(&stage.call("payelata"), store, queue, command).await;
    if noted.is_err() {
        stage.points.revive();
    }
}
