//! Whole lives of batches: going well, with a crash at every await on a port, and with tasks that come twice, late or
//! out of order.

use app::{
    error::Error,
    memory::{Ending, Operation, Trouble},
    message::{BatchStep, BatchTask, Message, QueueName},
    record::{Key, Record},
};
use domain::{
    batch::{BatchStatus, LineState},
    denied::Denied,
    ids::BatchId,
    load::LoadStatus,
};

use crate::{
    batch_stage::{LINE, wish},
    stage::Stage,
};

/// Two chunks, so that two tallies have to end.
const LINES: usize = 22;

fn cents(lines: usize) -> i64 {
    i64::try_from(lines).expect("few") * LINE
}

#[tokio::test]
async fn the_published_batch_comes_out_to_the_cent() {
    let stage = Stage::new().await;
    let mut loads = Vec::new();
    for number in 1..=3 {
        let load = format!("L-1234{number}");
        stage.put_load_of(&load, 45_000).await;
        loads.push(load);
    }
    let id = stage.batch_for_sure(&loads).await;
    let held = stage.balances().await.pending.get();
    assert_eq!(held, 135_000, "all of it is reserved at once");
    stage.work().await;
    let built = stage.batch(&id).await;
    let (batch, counts) = (&built.batch, &built.counts);
    assert_eq!(batch.status, BatchStatus::Queued);
    assert_eq!(batch.total_amount().get(), 135_000);
    assert_eq!(batch.total_fees().get(), 675);
    assert_eq!((counts.waiting, counts.open), (0, 3));
    assert_eq!(
        stage.provider.paid(),
        0,
        "nothing is paid before its release"
    );
    stage.release(&id).await.expect("released");
    stage.advance(3_600).await;
    let ended = stage.batch(&id).await;
    assert_eq!(ended.batch.status, BatchStatus::Completed);
    assert_eq!(ended.counts.lines(LineState::Paid), 3);
    assert_eq!(stage.provider.paid(), 3);
    stage.spent(135_000).await;
}

async fn paid_life(stage: &Stage) -> BatchId {
    let loads = stage.put_loads(LINES).await;
    let id = stage.batch_for_sure(&loads).await;
    stage.work().await;
    stage.for_sure(|| stage.release(&id)).await;
    stage.advance(6 * 3_600).await;
    id
}

#[tokio::test]
async fn a_batch_survives_a_crash_at_every_point_and_pays_every_line_once() {
    let stage = Stage::new().await;
    paid_life(&stage).await;
    let points = stage.points.names().len();
    assert!(points > 200, "{points}");
    // Every point of the batch's own steps; of the payouts, which have tests of their own, every seventh.
    for point in (0..90).chain((90..points).step_by(7)) {
        let stage = Stage::new().await;
        stage.points.crash_at(point);
        let id = paid_life(&stage).await;
        let ended = stage.batch(&id).await;
        let name = &stage.points.names()[point];
        assert_eq!(ended.batch.status, BatchStatus::Completed, "{name}");
        assert_eq!(ended.counts.ever_paid(), 22, "{name}");
        assert_eq!(
            (ended.counts.left, stage.provider.paid()),
            (0, LINES),
            "{name}"
        );
        stage.spent(cents(LINES)).await;
    }
}

#[tokio::test]
async fn a_canceled_batch_gives_everything_back_whatever_point_it_crashes_at() {
    for (built, points) in [(true, 60), (false, 40)] {
        for point in 0..points {
            let stage = Stage::new().await;
            let loads = stage.put_loads(LINES).await;
            let id = stage.batch_for_sure(&loads).await;
            if built {
                stage.work().await;
            }
            stage.points.crash_at(stage.points.names().len() + point);
            stage.for_sure(|| stage.cancel_batch(&id)).await;
            stage.advance(3 * 3_600).await;
            let ended = stage.batch(&id).await;
            assert_eq!(ended.batch.status, BatchStatus::Canceled);
            assert_eq!(ended.counts.lines(LineState::Canceled), 22, "{point}");
            assert_eq!(stage.load("B-1").await.status, LoadStatus::Open);
            stage.spent(0).await;
        }
    }
}

#[tokio::test]
async fn tasks_that_come_twice_or_too_early_change_nothing() {
    let stage = Stage::new().await;
    let loads = stage.put_loads(LINES).await;
    let id = stage.batch_for_sure(&loads).await;
    let task = |step| {
        Message::Batch(BatchTask {
            tenant: stage.tenant.clone(),
            batch: id.clone(),
            step,
        })
    };
    // Before anything was expanded, and although nobody released or canceled.
    stage.handle(task(BatchStep::Release { manifest: 1 })).await;
    stage.handle(task(BatchStep::Cancel { manifest: 1 })).await;
    stage.handle(task(BatchStep::Expand { manifest: 9 })).await;
    assert_eq!(stage.batch(&id).await.counts.waiting, 22);
    for _ in 0..3 {
        stage.handle(task(BatchStep::Expand { manifest: 1 })).await;
        stage.handle(task(BatchStep::Advance)).await;
    }
    assert_eq!(stage.batch(&id).await.counts.open, 22);
    stage.release(&id).await.expect("released");
    for _ in 0..3 {
        stage.handle(task(BatchStep::Release { manifest: 1 })).await;
    }
    stage.advance(3_600).await;
    stage.handle(task(BatchStep::Cancel { manifest: 1 })).await;
    assert_eq!(stage.batch(&id).await.counts.paid, 22);
    assert_eq!(stage.provider.paid(), LINES);
    stage.spent(cents(LINES)).await;
}

#[tokio::test]
async fn a_batch_that_is_released_while_it_is_built_pays_every_line() {
    let stage = Stage::new().await;
    let loads = stage.put_loads(LINES).await;
    let id = stage.batch_for_sure(&loads).await;
    stage.release(&id).await.expect("released");
    let first = stage.take(QueueName::Batch).expect("the expansion");
    let release = stage.take(QueueName::Batch).expect("the release");
    stage.handle(release).await;
    stage.handle(first).await;
    let events = stage.batch(&id).await;
    assert_eq!((events.counts.waiting, events.counts.open), (0, 22));
    stage.advance(3_600).await;
    assert_eq!(stage.batch(&id).await.batch.status, BatchStatus::Completed);
    stage.spent(cents(LINES)).await;
}

#[tokio::test]
async fn what_goes_wrong_between_plan_and_payout_rejects_its_own_line() {
    let stage = Stage::new().await;
    let loads = stage.put_loads(5).await;
    let id = stage.batch_for_sure(&loads).await;
    stage.put_load_of("B-2", LINE + 1).await;
    let single = stage
        .create("B-4", domain::fee::Rail::Standard, "single")
        .await;
    single.expect("a payout of its own");
    stage.work().await;
    let built = stage.batch(&id).await;
    assert_eq!((built.counts.open, built.counts.rejected), (3, 2));
    let key = Key::Chunk(stage.tenant.clone(), id.clone(), 0);
    let found = app::port::Store::fetch(&stage.memory, &[key]).await;
    let Some(Record::Chunk(chunk)) = found.expect("in memory").remove(0) else {
        panic!("a chunk");
    };
    let reasons: Vec<_> = chunk
        .rejected
        .iter()
        .map(|it| (it.line, it.why.name()))
        .collect();
    assert_eq!(reasons, [(2, "load_changed"), (4, "load_held")]);
    stage.release(&id).await.expect("released");
    stage.advance(3_600).await;
    assert_eq!(stage.batch(&id).await.batch.status, BatchStatus::Completed);
    // Three lines, and the payout of its own.
    stage.spent(4 * LINE).await;
}

#[tokio::test]
async fn a_batch_none_of_whose_lines_is_paid_fails_and_its_money_is_back() {
    let stage = Stage::new().await;
    let loads = stage.put_loads(2).await;
    let id = stage.batch_for_sure(&loads).await;
    for load in &loads {
        stage.put_load_of(load, LINE + 1).await;
    }
    stage.work().await;
    assert_eq!(stage.batch(&id).await.counts.rejected, 2);
    stage.release(&id).await.expect("released");
    stage.advance(3_600).await;
    assert_eq!(stage.batch(&id).await.batch.status, BatchStatus::Failed);
    stage.spent(0).await;
}

#[tokio::test]
async fn failed_lines_are_retried_once_and_an_unknown_outcome_is_left_alone() {
    let stage = Stage::new().await;
    let loads = stage.put_loads(3).await;
    let id = stage.batch_for_sure(&loads).await;
    stage.work().await;
    stage.release(&id).await.expect("released");
    // One create is lost, the others are refused by the provider.
    stage.provider.end_with(Ending::Failed);
    stage
        .provider
        .trouble(Operation::Create, Trouble::LostBefore);
    stage.work().await;
    stage.advance(70).await;
    let now = stage.batch(&id).await;
    assert_eq!((now.counts.failed, now.counts.open), (2, 1));
    stage.provider.end_with(Ending::Paid);
    let retried = stage.retry_batch(&id).await.expect("asked");
    let app::request_key::Answered::Fresh { it, .. } = retried else {
        panic!("it has no request key");
    };
    assert_eq!((it.retrying, it.outcome_unknown), (2, 1));
    let task = stage.take(QueueName::Batch).expect("the retry");
    stage.handle(task.clone()).await;
    stage.handle(task).await;
    stage.advance(4 * 3_600).await;
    let ended = stage.batch(&id).await;
    assert_eq!(ended.batch.status, BatchStatus::Completed);
    assert_eq!((ended.counts.paid, ended.counts.failed), (3, 0));
    assert_eq!(stage.provider.paid(), 3);
    stage.spent(3 * LINE).await;
}

#[tokio::test]
async fn a_scheduled_batch_releases_itself_once_due_and_a_past_time_releases_nothing() {
    for (ahead, expected) in [(true, BatchStatus::Completed), (false, BatchStatus::Queued)] {
        let stage = Stage::new().await;
        let loads = stage.put_loads(3).await;
        let at = if ahead {
            stage.in_seconds(1_800)
        } else {
            stage.clock.now()
        };
        let mut asked = wish(&loads);
        asked.scheduled_for = Some(at);
        let made = stage.create_batch(asked).await.expect("made");
        let app::request_key::Answered::Fresh { it, .. } = made else {
            panic!("it is new");
        };
        stage.work().await;
        assert_eq!(stage.batch(&it.id).await.batch.released_at, None);
        // The timer was down for an hour, and then fires twice.
        stage.clock.advance_ms(3_600_000);
        stage.tick().await;
        stage.tick().await;
        stage.advance(3_600).await;
        let ended = stage.batch(&it.id).await;
        assert_eq!(ended.batch.status, expected);
        assert_eq!(stage.provider.paid(), if ahead { 3 } else { 0 });
    }
}

#[tokio::test]
async fn of_two_editors_with_the_same_version_one_wins() {
    let stage = Stage::new().await;
    let loads = stage.put_loads(6).await;
    let id = stage.batch_for_sure(&loads[..2]).await;
    stage.work().await;
    let (one, other) = tokio::join!(
        stage.add_lines(&id, (&["B-3"], 1)),
        stage.add_lines(&id, (&["B-4"], 1))
    );
    let refused = [one, other].into_iter().filter_map(Result::err);
    let refused: Vec<_> = refused.collect();
    assert_eq!(
        refused,
        [Error::Denied(Denied::StaleVersion { current: 2 })]
    );
    stage.release(&id).await.expect("released");
    stage.advance(3_600).await;
    assert_eq!(stage.batch(&id).await.counts.paid, 3);
    stage.spent(3 * LINE).await;
}

#[tokio::test]
async fn of_a_release_and_a_cancel_at_once_one_wins_and_the_other_is_told() {
    let stage = Stage::new().await;
    let loads = stage.put_loads(LINES).await;
    let id = stage.batch_for_sure(&loads).await;
    stage.work().await;
    let (released, canceled) = tokio::join!(stage.release(&id), stage.cancel_batch(&id));
    assert!(released.is_ok() != canceled.is_ok());
    stage.advance(3_600).await;
    let paid = if released.is_ok() { LINES } else { 0 };
    assert_eq!(stage.provider.paid(), paid);
    stage.spent(cents(paid)).await;
}

#[tokio::test]
async fn a_batch_over_the_wallet_is_refused_and_moves_nothing() {
    let stage = Stage::new().await;
    stage.put_load_of("B-big", 1_000_001).await;
    let refused = stage.create_batch(wish(&["B-big".to_owned()])).await;
    assert!(matches!(
        refused,
        Err(Error::Denied(Denied::InsufficientFunds { .. }))
    ));
    stage.spent(0).await;
}
