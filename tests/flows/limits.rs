//! Lists at their limits: more than can be read, counted or skipped.

use std::time::Duration;

use app::{
    changes::Changes,
    error::Error,
    list::Range,
    list_payouts::FILTERED_MAX,
    page::{COUNTED_MAX, Page, Start},
    port::Store,
    record::Record,
};
use domain::{
    fee::Rail,
    ids::PayoutId,
    payout::{Payout, PayoutStatus},
    time::Timestamp,
};

use crate::{
    lists::{Filter, page},
    stage::Stage,
};

/// Stores so many more payouts of the stage's driver, one in each millisecond.
async fn fill(stage: &Stage, count: i64) {
    let id = stage.create_for_sure("L-1", Rail::Standard).await;
    let sample = stage.payout(&id).await;
    let start = sample.requested_at.millis();
    for chunk in 0..(count + 99) / 100 {
        let numbers = chunk * 100 + 1..=(chunk * 100 + 100).min(count);
        let changes = Changes::new("fill", format!("fill {chunk}"));
        let changes = numbers.fold(changes, |changes, number| {
            changes.insert(Record::Payout(Box::new(Payout {
                id: PayoutId::parse(&format!("pay_{number:06}")).expect("valid"),
                requested_at: Timestamp::from_millis(start + number),
                ..sample.clone()
            })))
        });
        stage.memory.commit(changes).await.expect("stored");
    }
}

fn named(refused: Result<Page<Payout>, Error>) -> String {
    match refused {
        Err(Error::Invalid(problems)) => problems[0].path.clone(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_driver_with_more_payouts_than_can_be_read_asks_for_a_range() {
    let stage = Stage::new().await;
    fill(&stage, i64::from(FILTERED_MAX)).await;
    let from = |from| Filter {
        status: Some(PayoutStatus::Validated),
        driver: Some(stage.driver.clone()),
        range: Range { from, to: None },
        ..Filter::default()
    };
    let first = (Start::Page(1), 10);
    let refused = page(&stage, &from(None), first.clone()).await;
    assert_eq!(named(refused), "from");
    let second = stage.clock.now().plus(Duration::from_millis(1));
    let found = page(&stage, &from(Some(second)), first).await;
    assert_eq!(found.expect("a page").total, u64::from(FILTERED_MAX));
}

#[tokio::test]
async fn more_than_can_be_counted_asks_for_a_narrower_range() {
    let stage = Stage::new().await;
    fill(&stage, i64::from(COUNTED_MAX)).await;
    let now = stage.clock.now();
    let within = |from, status| Filter {
        status,
        range: Range {
            from: Some(from),
            to: None,
        },
        ..Filter::default()
    };
    for status in [None, Some(PayoutStatus::Validated)] {
        let first = (Start::Page(1), 10);
        let refused = page(&stage, &within(now, status), first.clone()).await;
        assert_eq!(named(refused), "from");
        let later = now.plus(Duration::from_millis(1));
        stage.clock.advance_ms(60_000);
        let found = page(&stage, &within(later, status), first).await;
        assert_eq!(found.expect("a page").total, u64::from(COUNTED_MAX));
    }
}

#[tokio::test]
async fn a_page_too_deep_is_refused_by_its_name_and_a_cursor_goes_on() {
    let stage = Stage::new().await;
    stage.create_for_sure("L-1", Rail::Standard).await;
    let refused = page(&stage, &Filter::default(), (Start::Page(1_001), 100)).await;
    assert_eq!(named(refused), "page");
    let deepest = page(&stage, &Filter::default(), (Start::Page(1_000), 100)).await;
    assert_eq!(deepest.expect("a page").total, 1);
}
