//! Payments that the provider takes back without telling us: they are read again for two weeks.

use app::{
    memory::{Ending, Operation, Trouble},
    port::Store,
    record::{Key, Record},
};
use domain::{
    fee::Rail,
    ids::{Mode, PayoutId},
    load::LoadStatus,
    payout::PayoutStatus,
    review::Question,
    routing::{Provider, StopReason},
    time::Timestamp,
};

use crate::{
    books,
    rare::{attempt_of, suspense},
    review_stage::{assert_reviews, review},
    stage::{AMOUNT, Stage, WALLET},
};

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
/// The stage opens on a Saturday at noon; reads are due about noon. After these hours, always at one in
/// the morning, 0, 1, 2, 3 and 4 of them are past.
const NIGHTS: [i64; 5] = [12, 60, 84, 156, 324];

/// A completed payout; its id, and the time one hour later.
async fn completed(stage: &Stage) -> PayoutId {
    let id = stage.create_for_sure("L-1", Rail::Standard).await;
    stage.advance(HOUR).await;
    assert_eq!(stage.payout(&id).await.status, PayoutStatus::Completed);
    id
}

async fn next_read(stage: &Stage, id: &PayoutId) -> Option<Timestamp> {
    attempt_of(stage, id, 1).await.next_at
}

async fn stop_of(stage: &Stage) -> Option<StopReason> {
    let key = Key::Switch(Provider::Payelata, Mode::Test);
    let found = stage.memory.fetch(&[key]).await.expect("in memory");
    match found.into_iter().next().flatten() {
        Some(Record::Switch(switch)) => switch.stopped.map(|stop| stop.reason),
        _ => None,
    }
}

#[tokio::test]
async fn a_completed_payout_is_read_four_times_more_and_then_left_alone() {
    let stage = Stage::new().await;
    let id = completed(&stage).await;
    let before = stage.provider.reads();
    let mut hours = 0;
    for (reads, until) in (0..).zip(NIGHTS) {
        stage.advance((until - hours) * HOUR).await;
        hours = until;
        assert_eq!(stage.provider.reads() - before, reads, "after {until} h");
        books::balance(&stage);
    }
    assert_eq!(next_read(&stage, &id).await, None);
    stage.advance(60 * DAY).await;
    assert_eq!(stage.provider.reads() - before, 4);
    books::paid_exactly_once(&stage, &id).await;
}

#[tokio::test]
async fn money_taken_back_in_silence_is_found_by_the_next_of_the_four_reads() {
    for (calm, found) in NIGHTS.into_iter().zip(&NIGHTS[1..]) {
        let stage = Stage::new().await;
        let id = completed(&stage).await;
        stage.advance(calm * HOUR).await;
        stage.provider.end(&format!("{id}-a01"), Ending::Reversed);
        stage.advance((found - calm) * HOUR).await;
        let payout = stage.payout(&id).await;
        assert_eq!(payout.status, PayoutStatus::Returned, "after {calm} h");
        assert_eq!(payout.reason.as_deref(), Some("refunded"));
        assert_eq!(stage.balances().await.available.get(), WALLET);
        assert_eq!(stage.load("L-1").await.status, LoadStatus::Open);
        assert_eq!(next_read(&stage, &id).await, None, "and it is left alone");
        let reads = stage.provider.reads();
        stage.advance(30 * DAY).await;
        assert_eq!(stage.provider.reads(), reads);
        books::balance(&stage);
    }
}

#[tokio::test]
async fn money_taken_back_after_the_fourth_read_is_found_only_by_a_callback() {
    let stage = Stage::new().await;
    let id = completed(&stage).await;
    stage.advance(15 * DAY).await;
    stage.provider.end(&format!("{id}-a01"), Ending::Reversed);
    stage.advance(60 * DAY).await;
    assert_eq!(stage.payout(&id).await.status, PayoutStatus::Completed);
    crate::troubles::ring(&stage, &id, 1, "refunded").await;
    stage.advance(60).await;
    assert_eq!(stage.payout(&id).await.status, PayoutStatus::Returned);
    books::balance(&stage);
}

#[tokio::test]
async fn a_payment_on_its_way_back_is_watched_hourly_until_it_is_decided() {
    for (ending, status) in [
        (Ending::Reversed, PayoutStatus::Returned),
        (Ending::Paid, PayoutStatus::Completed),
    ] {
        let stage = Stage::new().await;
        let id = completed(&stage).await;
        stage.provider.end(&format!("{id}-a01"), Ending::Reversing);
        stage.advance(60 * HOUR).await;
        let reads = stage.provider.reads();
        stage.advance(6 * HOUR).await;
        let hourly = stage.provider.reads() - reads;
        assert!((5..=8).contains(&hourly), "{hourly} reads in 6 hours");
        assert_eq!(stage.payout(&id).await.status, PayoutStatus::Completed);
        stage.provider.end(&format!("{id}-a01"), ending);
        stage.advance(2 * HOUR).await;
        assert_eq!(stage.payout(&id).await.status, status);
        let reads = stage.provider.reads();
        stage.advance(11 * DAY).await;
        let left = match status {
            PayoutStatus::Returned => 0,
            // After 2, 5 and 10 business days, as if nothing had been.
            _ => 3,
        };
        assert_eq!(stage.provider.reads() - reads, left, "{status}");
        books::balance(&stage);
    }
}

#[tokio::test]
async fn a_payment_whose_return_is_never_decided_is_watched_for_90_days() {
    let stage = Stage::new().await;
    let id = completed(&stage).await;
    stage.provider.end(&format!("{id}-a01"), Ending::Reversing);
    stage.advance(95 * DAY).await;
    assert_eq!(next_read(&stage, &id).await, None);
    assert_eq!(stage.payout(&id).await.status, PayoutStatus::Completed);
    // 3 days of hours, then 86 days of quarters.
    assert!(stage.provider.reads() < 500, "{}", stage.provider.reads());
}

#[tokio::test]
async fn a_return_of_a_part_is_for_people_and_moves_no_money_by_itself() {
    let stage = Stage::new().await;
    let id = completed(&stage).await;
    stage.provider.end(&format!("{id}-a01"), Ending::PartlyBack);
    stage.advance(3 * DAY).await;
    let payout = stage.payout(&id).await;
    assert_eq!(payout.status, PayoutStatus::Completed);
    assert!(payout.is_held());
    assert_eq!(stage.events(&id).await.last(), Some(&"contradiction"));
    assert_eq!(stop_of(&stage).await, None, "one return stops no route");
    // Completion has posted what the provider reports as paid.
    assert_eq!(suspense(&stage), 0);
    assert_eq!(stage.balances().await.available.get(), WALLET - AMOUNT);
    assert_reviews(&stage, (1, 0)).await;
    let open = review(&stage, &id).await;
    assert_eq!((open.question, open.round), (Question::Return, 1));
    assert_eq!(open.reason, "partially_refunded");
    let history = stage.events(&id).await.len();
    stage.advance(14 * DAY).await;
    assert_eq!(stage.events(&id).await.len(), history, "it is noted once");
    books::balance(&stage);
}

#[tokio::test]
async fn a_read_that_says_nothing_is_repeated_less_and_less_until_one_does() {
    let stage = Stage::new().await;
    let id = completed(&stage).await;
    for _ in 0..5 {
        stage.provider.trouble(Operation::Read, Trouble::LostBefore);
    }
    stage.provider.end(&format!("{id}-a01"), Ending::Reversed);
    let before = stage.provider.reads();
    // The first is due on Monday after noon; then 15, 30, 60, 120 and 240 minutes later.
    stage.advance(2 * DAY + 8 * HOUR).await;
    assert_eq!(stage.payout(&id).await.status, PayoutStatus::Returned);
    assert_eq!(stage.provider.reads() - before, 6);
    books::balance(&stage);
}
