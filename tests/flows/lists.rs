//! Lists of payouts: every filter alone and with every other, at the ends of months, and under change.

use std::time::Duration;

use app::{
    error::Error,
    list::Range,
    list_driver_payouts,
    list_payouts::{self, ListPayouts},
    memory::{Operation, Trouble},
    page::{Page, Paging, Start},
    record::Record,
};
use domain::{
    answer::Refusal,
    fee::Rail,
    ids::{DriverId, LoadId, PayoutId},
    payout::{Payout, PayoutStatus},
    time::Timestamp,
};

use crate::{books, lives::cancel, stage::Stage};

const WEEK: i64 = 7 * 86_400;

/// A question about payouts, without its page.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) status: Option<PayoutStatus>,
    pub(crate) driver: Option<DriverId>,
    pub(crate) load: Option<LoadId>,
    pub(crate) range: Range,
}

impl Filter {
    fn holds(&self, payout: &Payout) -> bool {
        self.status.is_none_or(|it| it == payout.status)
            && self.driver.as_ref().is_none_or(|it| *it == payout.driver)
            && (self.load.is_none() || self.load == payout.load)
            && self.range.holds(payout.requested_at)
    }
}

pub(crate) async fn page(
    stage: &Stage,
    filter: &Filter,
    (start, size): (Start, u32),
) -> Result<Page<Payout>, Error> {
    let command = ListPayouts {
        tenant: &stage.tenant,
        status: filter.status,
        driver: filter.driver.clone(),
        load: filter.load.clone(),
        range: filter.range,
        paging: Paging { start, size },
        now: stage.clock.now(),
    };
    list_payouts::run(&stage.memory, &command).await
}

fn ids(page: &Page<Payout>) -> Vec<PayoutId> {
    page.items.iter().map(|it| it.id.clone()).collect()
}

fn after(page: &Page<Payout>) -> Option<Start> {
    let place = page.next.clone()?;
    Some(Start::After {
        page: page.page + 1,
        place,
    })
}

/// Every payout that is stored and meant, newest first.
fn expected(stage: &Stage, filter: &Filter) -> Vec<PayoutId> {
    let records = stage.memory.dump().records.into_iter();
    let payouts = records.filter_map(|record| match record {
        Record::Payout(payout) if filter.holds(&payout) => Some(*payout),
        _ => None,
    });
    let mut places: Vec<_> = payouts.map(|it| (it.requested_at, it.id)).collect();
    places.sort();
    places.into_iter().rev().map(|(_, id)| id).collect()
}

/// Payouts of two drivers over a quarter: completed, failed, canceled, and two that wait.
async fn a_quarter() -> (Stage, Vec<DriverId>) {
    let mut stage = Stage::new().await;
    let mut drivers = vec![stage.driver.clone()];
    for number in 0..15 {
        if number == 7 {
            stage.switch_driver("OVN-2").await;
            drivers.push(stage.driver.clone());
        }
        // The last three take loads whose first payout was canceled.
        let load = match number {
            0..12 => format!("L-{number}"),
            later => format!("L-{}", (later - 12) * 4),
        };
        if number < 12 {
            stage.put_load(&load).await;
        }
        if number % 4 == 1 {
            let refused = Trouble::Refused(Refusal::Input);
            stage.provider.trouble(Operation::Create, refused);
        }
        stage
            .create(&load, Rail::Standard, &format!("k{number}"))
            .await
            .expect("created");
        if number % 4 == 0 {
            let newest = expected(&stage, &Filter::default()).remove(0);
            cancel(&stage, &newest).await.expect("canceled");
        }
        if number < 12 {
            stage.advance(WEEK).await;
        } else {
            stage.clock.advance_ms(1);
        }
    }
    (stage, drivers)
}

#[tokio::test]
async fn every_combination_of_filters_finds_exactly_what_it_means() {
    let (stage, drivers) = a_quarter().await;
    for status in [
        PayoutStatus::Validated,
        PayoutStatus::Completed,
        PayoutStatus::Failed,
        PayoutStatus::Canceled,
    ] {
        let filter = Filter {
            status: Some(status),
            ..Filter::default()
        };
        assert!(expected(&stage, &filter).len() > 1, "{}", status.name());
    }
    let start = Timestamp::from_millis(1_769_860_800_000);
    let weeks = |count: u64| start.plus(Duration::from_secs(count * 604_800));
    let range = |from, to| Range { from, to };
    let ranges = [
        Range::default(),
        range(Some(weeks(2)), None),
        range(None, Some(weeks(6))),
        range(Some(weeks(2)), Some(weeks(9))),
        range(Some(weeks(100)), None),
    ];
    let unknown = DriverId::parse("drv_nobody").expect("valid");
    let drivers = drivers.into_iter().chain([unknown]).map(Some);
    let drivers: Vec<_> = [None].into_iter().chain(drivers).collect();
    let load = |text| Some(LoadId::parse(text).expect("valid"));
    let statuses = PayoutStatus::ALL.map(Some);
    let mut asked = 0;
    for status in [None].into_iter().chain(statuses) {
        for driver in &drivers {
            for load in [None, load("L-0"), load("L-11"), load("L-none")] {
                for range in ranges {
                    let filter = Filter {
                        status,
                        driver: driver.clone(),
                        load: load.clone(),
                        range,
                    };
                    finds_exactly(&stage, &filter).await;
                    asked += 1;
                }
            }
        }
    }
    println!("lists: {asked} combinations of filters, each by number and by cursor");
    books::balance(&stage);
}

/// By pages of three with their numbers, and by pages of two with cursors.
async fn finds_exactly(stage: &Stage, filter: &Filter) {
    let expected = expected(stage, filter);
    let total = u64::try_from(expected.len()).expect("few");
    let mut numbered = Vec::new();
    for number in 1..=u32::try_from(expected.len() / 3 + 2).expect("few") {
        let page = page(stage, filter, (Start::Page(number), 3)).await;
        let page = page.expect("a page");
        assert_eq!((page.total, page.page), (total, number), "{filter:?}");
        let is_last = u64::from(number) * 3 >= total;
        assert_eq!(page.has_next(), !is_last, "{filter:?}");
        numbered.extend(ids(&page));
    }
    assert_eq!(numbered, expected, "{filter:?}");

    let mut followed = Vec::new();
    let mut start = Some(Start::Page(1));
    while let Some(here) = start {
        let page = page(stage, filter, (here, 2)).await.expect("a page");
        assert_eq!(page.total, total, "{filter:?}");
        followed.extend(ids(&page));
        start = after(&page);
    }
    assert_eq!(followed, expected, "{filter:?}");
}

#[tokio::test]
async fn the_payouts_of_one_driver_are_theirs_alone_and_an_unknown_driver_is_not_found() {
    let (stage, drivers) = a_quarter().await;
    let command = |status| ListPayouts {
        tenant: &stage.tenant,
        status,
        driver: None,
        load: None,
        range: Range::default(),
        paging: Paging {
            start: Start::Page(1),
            size: 100,
        },
        now: stage.clock.now(),
    };
    for driver in &drivers {
        for status in [None, Some(PayoutStatus::Completed)] {
            let filter = Filter {
                status,
                driver: Some(driver.clone()),
                ..Filter::default()
            };
            let page = list_driver_payouts::run(&stage.memory, &command(status), driver).await;
            let page = page.expect("a page");
            let expected = expected(&stage, &filter);
            assert_eq!(page.total, u64::try_from(expected.len()).expect("few"));
            assert_eq!(ids(&page), expected);
        }
    }
    let unknown = DriverId::parse("drv_nobody").expect("valid");
    let refused = list_driver_payouts::run(&stage.memory, &command(None), &unknown).await;
    assert_eq!(refused, Err(Error::NotFound("driver")));
}

#[tokio::test]
async fn a_status_is_listed_across_the_ends_of_months_and_empty_months() {
    let stage = Stage::new().await;
    let february = 1_769_904_000_000;
    let june = 1_780_272_000_000;
    let mut made = Vec::new();
    for (load, at) in [("L-1", february - 1), ("L-2", february), ("L-3", june)] {
        stage.clock.advance_ms(at - stage.clock.now().millis());
        stage.put_load(load).await;
        stage
            .create(load, Rail::Standard, load)
            .await
            .expect("created");
        made.push(expected(&stage, &Filter::default()).remove(0));
    }
    let of = |from: Option<i64>, to: Option<i64>| Filter {
        status: Some(PayoutStatus::Validated),
        range: Range {
            from: from.map(Timestamp::from_millis),
            to: to.map(Timestamp::from_millis),
        },
        ..Filter::default()
    };
    let rows = [
        (of(None, None), vec![2, 1, 0]),
        (of(Some(february), None), vec![2, 1]),
        (of(None, Some(february)), vec![0]),
        (of(Some(february - 1), Some(february + 1)), vec![1, 0]),
        (of(Some(february + 1), Some(june)), vec![]),
    ];
    for (filter, numbers) in rows {
        let wanted: Vec<_> = numbers.into_iter().map(|it: usize| &made[it]).collect();
        let found = expected(&stage, &filter);
        assert_eq!(found.iter().collect::<Vec<_>>(), wanted);
        finds_exactly(&stage, &filter).await;
    }
}

#[tokio::test]
async fn a_payout_that_changes_between_two_pages_neither_repeats_nor_hides_another() {
    let stage = Stage::new().await;
    for number in 0..6 {
        let load = format!("L-{number}");
        stage.put_load(&load).await;
        stage
            .create(&load, Rail::Standard, &load)
            .await
            .expect("created");
        stage.clock.advance_ms(1);
    }
    let waiting = Filter {
        status: Some(PayoutStatus::Validated),
        ..Filter::default()
    };
    let all = expected(&stage, &waiting);
    let first = page(&stage, &waiting, (Start::Page(1), 2))
        .await
        .expect("a page");
    assert_eq!((ids(&first), first.total), (all[..2].to_vec(), 6));
    // One that was shown leaves the list, and so does one that would come next.
    for number in [0, 2] {
        cancel(&stage, &all[number]).await.expect("canceled");
    }
    let follows = after(&first).expect("more");
    let second = page(&stage, &waiting, (follows, 2)).await.expect("a page");
    assert_eq!((ids(&second), second.total), (all[3..5].to_vec(), 4));
    let follows = after(&second).expect("more");
    let third = page(&stage, &waiting, (follows, 2)).await.expect("a page");
    assert_eq!((ids(&third), third.next), (all[5..].to_vec(), None));
    let left = Filter {
        status: Some(PayoutStatus::Canceled),
        ..Filter::default()
    };
    finds_exactly(&stage, &left).await;
}

#[tokio::test]
async fn a_load_lists_all_payouts_that_ever_had_it() {
    let stage = Stage::new().await;
    let first = stage.create_for_sure("L-1", Rail::Standard).await;
    cancel(&stage, &first).await.expect("canceled");
    stage.clock.advance_ms(1);
    stage
        .create("L-1", Rail::Standard, "key-2")
        .await
        .expect("created");
    stage.advance(3_600).await;
    let of_load = |status| Filter {
        status,
        load: Some(LoadId::parse("L-1").expect("valid")),
        ..Filter::default()
    };
    let both = page(&stage, &of_load(None), (Start::Page(1), 50)).await;
    let both = both.expect("a page");
    let statuses: Vec<_> = both.items.iter().map(|it| it.status).collect();
    assert_eq!(statuses, [PayoutStatus::Completed, PayoutStatus::Canceled]);
    assert_eq!(both.total, 2);
    for status in [
        None,
        Some(PayoutStatus::Completed),
        Some(PayoutStatus::Failed),
    ] {
        finds_exactly(&stage, &of_load(status)).await;
    }
}
