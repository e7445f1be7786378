//! Lists: order, ranges, places, counts, and what they cost.

use std::sync::Arc;

use app::{
    changes::{ALL, Changes, Counted, CounterKey},
    list::{Count, List, Place, Range, Span, list_shard},
    page::{self, Paging, Parts, Start, Total},
    port::{Lists, Store},
    record::{Key, Record},
};
use domain::{
    driver::DriverStatus,
    load::Load,
    payout::{Change, Note, Outcome, Payout, PayoutStatus},
    time::Timestamp,
    transition::Actor,
};
use local::engine::Engine;
use platform::dynamo::{Meter, Step};

use crate::figures::report;
use crate::{
    fixtures::*,
    stores::{AnyStore, on_every_store, over},
};

/// A payout made so many milliseconds after the start, stored with its first transition.
async fn made(store: &AnyStore, name: &str, millis: i64) -> Payout {
    let (booked, created) = booked(name, name);
    let payout = Payout {
        requested_at: at(millis),
        ..booked
    };
    let unit = Changes::new("create", name.to_owned())
        .insert(Record::Payout(Box::new(payout.clone())))
        .record(&payout, created);
    assert_eq!(store.commit(unit).await, Ok(()));
    payout
}

async fn canceled(store: &AnyStore, payout: &Payout) {
    let tx_id = format!("cancel {}", payout.id);
    let note = Note {
        actor: &Actor::Key("k1".to_owned()),
        at: at(50),
        tx_id: &tx_id,
        attempt: None,
        reason: None,
    };
    let Ok(Outcome::Moved(canceled, transition)) = payout.apply(Change::Cancel, &note) else {
        panic!("a validated payout can be canceled");
    };
    let unit = Changes::new("cancel", tx_id.clone())
        .record(payout, *transition)
        .replace(Record::Payout(canceled), payout.version);
    assert_eq!(store.commit(unit).await, Ok(()));
}

pub(crate) async fn ids(store: &AnyStore, list: &List, span: &Span, limit: u32) -> Vec<String> {
    let entries = store.entries(list, span, limit).await.expect("reachable");
    entries.into_iter().map(|entry| entry.place.id).collect()
}

fn range(from: Option<i64>, to: Option<i64>) -> Range {
    Range {
        from: from.map(at),
        to: to.map(at),
    }
}

#[tokio::test]
async fn a_list_runs_from_the_newest_to_the_oldest_and_by_id_within_a_millisecond() {
    on_every_store(|store| async move {
        fund(&store, 1_000_000).await;
        enrol(&store).await;
        for (name, millis) in [("b", 10), ("a", 10), ("c", 20), ("d", 5)] {
            made(&store, name, millis).await;
        }
        let list = List::Payouts(tenant());
        let all = ids(&store, &list, &Span::default(), 10).await;
        assert_eq!(all, ["pay_c", "pay_b", "pay_a", "pay_d"]);
        let two = ids(&store, &list, &Span::default(), 2).await;
        assert_eq!(two, all[..2]);
        let of_driver = List::PayoutsOfDriver(tenant(), driver_id());
        assert_eq!(ids(&store, &of_driver, &Span::default(), 10).await, all);
        assert_eq!(store.oldest(&list).await, Ok(Some(at(5))));
        let other = List::Payouts(other_tenant());
        assert!(ids(&store, &other, &Span::default(), 10).await.is_empty());
        assert_eq!(store.oldest(&other).await, Ok(None));
    })
    .await;
}

#[tokio::test]
async fn a_range_takes_its_first_moment_and_leaves_its_last() {
    on_every_store(|store| async move {
        fund(&store, 1_000_000).await;
        enrol(&store).await;
        for (name, millis) in [("a", 9), ("b", 10), ("c", 19), ("d", 20)] {
            made(&store, name, millis).await;
        }
        let list = List::Payouts(tenant());
        let within = range(Some(10), Some(20));
        let span = Span {
            range: within,
            after: None,
        };
        assert_eq!(ids(&store, &list, &span, 10).await, ["pay_c", "pay_b"]);
        let counted = |range, limit| {
            let (store, list) = (store.clone(), list.clone());
            async move { store.count(&list, range, limit).await.expect("reachable") }
        };
        assert_eq!(counted(within, 10).await.entries, 2);
        assert_eq!(counted(range(Some(11), None), 10).await.entries, 2);
        assert_eq!(counted(range(None, Some(10)), 10).await.entries, 1);
        assert_eq!(counted(range(Some(20), Some(10)), 10).await.entries, 0);
        assert_eq!(counted(range(Some(10), Some(10)), 10).await.entries, 0);
        let cut = counted(Range::default(), 3).await;
        let place = Place {
            at: at(10),
            id: "pay_b".to_owned(),
        };
        let expected = Count {
            entries: 3,
            cut_at: Some(place.clone()),
        };
        assert_eq!(cut, expected);
        let rest = Span {
            range: Range::default(),
            after: Some(place),
        };
        assert_eq!(ids(&store, &list, &rest, 10).await, ["pay_a"]);
    })
    .await;
}

#[tokio::test]
async fn what_follows_a_place_stays_the_same_when_newer_ones_come() {
    on_every_store(|store| async move {
        fund(&store, 1_000_000).await;
        enrol(&store).await;
        for number in 0..5 {
            made(&store, &format!("{number}"), number).await;
        }
        let parts = Parts {
            lists: vec![List::Payouts(tenant())],
            range: Range::default(),
        };
        let first = Paging {
            start: Start::Page(1),
            size: 2,
        };
        let page = page::read(&store, &parts, (&first, Total::Counted)).await;
        let page = page.expect("a page");
        assert_eq!((page.total, page.items.len()), (5, 2));
        made(&store, "9", 9).await;
        let mut place = page.next;
        let mut seen = Vec::new();
        while let Some(after) = place {
            let next = Paging {
                start: Start::After {
                    page: 2,
                    place: after,
                },
                size: 2,
            };
            let page = page::read(&store, &parts, (&next, Total::Counted)).await;
            let page = page.expect("a page");
            assert_eq!(page.total, 6);
            seen.extend(page.items.iter().map(Record::key));
            place = page.next;
        }
        let expected = ["2", "1", "0"].map(|name| Key::Payout(tenant(), payout_id(name)));
        assert_eq!(seen, expected);
    })
    .await;
}

#[tokio::test]
async fn a_payout_moves_between_the_lists_and_counts_of_its_statuses() {
    on_every_store(|store| async move {
        fund(&store, 1_000_000).await;
        enrol(&store).await;
        let payout = made(&store, "a", 0).await;
        made(&store, "b", 1).await;
        canceled(&store, &payout).await;
        let of = |status| List::PayoutsOfStatus(tenant(), status, NOW.month());
        let canceled = ids(&store, &of(PayoutStatus::Canceled), &Span::default(), 9).await;
        assert_eq!(canceled, ["pay_a"]);
        let validated = ids(&store, &of(PayoutStatus::Validated), &Span::default(), 9).await;
        assert_eq!(validated, ["pay_b"]);
        let counts = store.payout_counts(&tenant()).await.expect("reachable");
        let counts: Vec<_> = counts.into_iter().filter(|(_, count)| *count > 0).collect();
        assert_eq!(
            counts,
            [(PayoutStatus::Validated, 1), (PayoutStatus::Canceled, 1)]
        );
        let Some(Record::Driver(driver)) = stored(&store, Key::Driver(tenant(), driver_id())).await
        else {
            panic!("the driver is there");
        };
        assert_eq!((driver.payouts, driver.pending_payouts), (2, 1));
        // The cancellation was caused by a key: it stands in the audit list, the rest does not.
        let audit = ids(&store, &List::Audit(tenant()), &Span::default(), 9).await;
        assert_eq!(audit, ["pay_a.0000002"]);
    })
    .await;
}

#[tokio::test]
async fn a_changed_driver_keeps_figures_that_payouts_added_meanwhile() {
    on_every_store(|store| async move {
        fund(&store, 1_000_000).await;
        enrol(&store).await;
        made(&store, "a", 0).await;
        let before = driver();
        let renamed = domain::driver::Driver {
            version: 2,
            name: "Jane Smith".to_owned(),
            kyc_reason: None,
            kyc_by_owlpay: false,
            vendor: Some(domain::driver::Vendor {
                id: "ven_X1abcd".parse().expect("valid"),
                standing: domain::driver::VendorStanding::Approved,
                told_method: Some(1),
                told_details: Some(domain::driver::Details::of(&before)),
                approved_at: Some(NOW),
                leaving: false,
            }),
            vendor_next_at: None,
            vendor_tries: 0,
            status: DriverStatus::Suspended,
            ..before.clone()
        };
        let unit = Changes::new("revise", "r1".to_owned());
        let unit = unit.replace(Record::Driver(Box::new(renamed.clone())), before.version);
        assert_eq!(store.commit(unit).await, Ok(()));
        let expected = domain::driver::Driver {
            payouts: 1,
            pending_payouts: 1,
            ..renamed
        };
        let key = Key::Driver(tenant(), driver_id());
        let found = stored(&store, key.clone()).await;
        assert_eq!(found, Some(Record::Driver(Box::new(expected.clone()))));
        let suspended = List::DriversOfStatus(tenant(), DriverStatus::Suspended);
        assert_eq!(
            ids(&store, &suspended, &Span::default(), 9).await,
            ["drv_1"]
        );
        let active = List::DriversOfStatus(tenant(), DriverStatus::Active);
        assert!(ids(&store, &active, &Span::default(), 9).await.is_empty());

        // With a payout pending the driver cannot be retired; without a method and a vendor their attributes are gone.
        let inactive = domain::driver::Driver {
            version: 3,
            method: None,
            vendor: None,
            status: DriverStatus::Inactive,
            ..expected
        };
        let retire = |tx_id: &str| {
            Changes::new("retire", tx_id.to_owned()).write(app::changes::Write::Retire {
                driver: Box::new(inactive.clone()),
                version: 2,
            })
        };
        assert_eq!(refusals(store.commit(retire("r2")).await).len(), 1);
        canceled(&store, &made_again(&store).await).await;
        assert_eq!(store.commit(retire("r3")).await, Ok(()));
        let Some(Record::Driver(found)) = stored(&store, key).await else {
            panic!("the driver is there");
        };
        assert_eq!((found.status, found.method), (DriverStatus::Inactive, None));
        assert_eq!(found.vendor, None);
    })
    .await;
}

/// The one payout as it is stored.
async fn made_again(store: &AnyStore) -> Payout {
    let key = Key::Payout(tenant(), payout_id("a"));
    let Some(Record::Payout(payout)) = stored(store, key).await else {
        panic!("the payout is there");
    };
    *payout
}

#[tokio::test]
async fn counts_of_a_list_are_summed_over_their_shards() {
    on_every_store(|store| async move {
        for number in 0..9 {
            let load = Load {
                id: format!("L-{number}").parse().expect("valid"),
                ..load()
            };
            let counter = CounterKey {
                tenant: tenant(),
                list: Counted::Loads,
                shard: list_shard(load.id.as_str()),
            };
            let unit = Changes::new("put-load", format!("l{number}"))
                .insert(Record::Load(Box::new(load)))
                .count(counter, ALL, 1);
            assert_eq!(store.commit(unit).await, Ok(()));
        }
        let counts = store.counts(&tenant(), Counted::Loads).await;
        assert_eq!(counts.expect("reachable").get(ALL), Some(&9));
        let list = List::Loads(tenant());
        assert_eq!(ids(&store, &list, &Span::default(), 100).await.len(), 9);
    })
    .await;
}

/// The hundredth page of a hundred among 100,000 payouts: the reads are counted, and bounded by what is
/// skipped, not by what is stored.
#[tokio::test]
async fn a_deep_page_costs_few_reads_and_a_cursor_always_the_same() {
    let engine = Engine::in_memory().expect("opens");
    let meter = Arc::new(Meter::default());
    let store = over(&engine).metered(Arc::clone(&meter));
    let (payout, _) = booked("x", "x");
    for chunk in 0..1_000_i64 {
        let records = (0..100).map(|number| {
            let index = chunk * 100 + number;
            Record::Payout(Box::new(Payout {
                id: payout_id(&format!("{index:06}")),
                requested_at: at(index),
                next_at: None,
                ..payout.clone()
            }))
        });
        let unit = inserting(&format!("c{chunk}"), records.collect());
        assert_eq!(store.commit(unit).await, Ok(()));
    }
    let parts = Parts {
        lists: vec![List::Payouts(tenant())],
        range: Range::default(),
    };
    let calls = |paging: Paging| {
        let (store, meter, parts) = (&store, &meter, &parts);
        async move {
            meter.reset();
            let page = page::read(store, parts, (&paging, Total::Known(100_000))).await;
            let calls: u64 = meter.costs().values().map(|cost| cost.calls).sum();
            (page.expect("a page"), calls)
        }
    };
    let numbered = |page| Paging {
        start: Start::Page(page),
        size: 100,
    };
    let (first, first_calls) = calls(numbered(1)).await;
    let (deep, deep_calls) = calls(numbered(100)).await;
    let (deepest, deepest_calls) = calls(numbered(1_000)).await;
    let (after, after_calls) = calls(Paging {
        start: Start::After {
            page: 101,
            place: deep.next.clone().expect("more"),
        },
        size: 100,
    })
    .await;
    report(&format!(
        "paging: 100,000 payouts, table calls for page 1 {first_calls}, page 100 {deep_calls}, \
         page 1,000 {deepest_calls}, after a cursor {after_calls}, and one for the total"
    ));
    let newest = |page: &page::Page<Record>| page.items.first().map(Record::key);
    let key = |index: i64| Some(Key::Payout(tenant(), payout_id(&format!("{index:06}"))));
    assert_eq!(newest(&first), key(99_999));
    assert_eq!(newest(&deep), key(99_999 - 9_900));
    assert_eq!(newest(&after), key(99_999 - 10_000));
    assert_eq!(newest(&deepest), key(99));
    assert_eq!((deepest.items.len(), deepest.next.is_none()), (100, true));
    // One query for the page and one read of its records, and one query for each 8,000 skipped.
    assert_eq!((first_calls, after_calls), (2, 2));
    assert!(deep_calls <= 2 + 2, "{deep_calls}");
    assert!(deepest_calls <= 2 + 13, "{deepest_calls}");
    let step = Step {
        operation: "BatchGetItem",
        label: "fetch",
    };
    assert_eq!(meter.costs().get(&step).map(|cost| cost.calls), Some(1));
}

/// A moment outside the calendar is no reason to fail.
#[tokio::test]
async fn a_range_at_the_ends_of_time_is_empty() {
    on_every_store(|store| async move {
        let list = List::Payouts(tenant());
        let ends = Range {
            from: Some(Timestamp::from_millis(i64::MAX)),
            to: Some(Timestamp::from_millis(i64::MIN)),
        };
        assert_eq!(store.count(&list, ends, 10).await, Ok(Count::default()));
    })
    .await;
}
