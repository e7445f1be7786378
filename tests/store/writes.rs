//! Every kind of write: when it happens, when it is refused, and what the refusal shows.

use app::{
    changes::{Changes, Subject, Write},
    port::{Refused, Store},
    record::{Key, Record},
};
use domain::{
    denied::NotPayable,
    driver::{Driver, DriverStatus, KycStatus, MethodKind},
    fee::Rail,
    ids::PayoutId,
    ledger::Account,
    load::{Load, LoadStatus},
    payout::Payout,
};

use crate::{fixtures::*, stores::on_every_store};

fn unit(tx_id: &str) -> Changes {
    Changes::new("test", tx_id.to_owned())
}

fn refused(subject: Subject, found: Option<Record>) -> Vec<Refused> {
    vec![Refused { subject, found }]
}

#[tokio::test]
async fn a_record_is_inserted_once_and_the_refusal_shows_what_is_there() {
    on_every_store(|store| async move {
        insert(&store, api_key("k1", 1)).await;
        let again = store.commit(unit("2").insert(api_key("k1", 2))).await;
        let found = Some(api_key("k1", 1));
        assert_eq!(refusals(again), refused(Subject::Other, found.clone()));
        assert_eq!(stored(&store, Key::ApiKey("k1".to_owned())).await, found);
    })
    .await;
}

#[tokio::test]
async fn a_record_is_replaced_only_at_the_version_it_was_read_at() {
    on_every_store(|store| async move {
        let absent = store.commit(unit("0").replace(api_key("k1", 2), 1)).await;
        assert_eq!(refusals(absent), refused(Subject::Other, None));
        insert(&store, api_key("k1", 1)).await;
        let first = store.commit(unit("1").replace(api_key("k1", 2), 1)).await;
        assert_eq!(first, Ok(()));
        let stale = store.commit(unit("2").replace(api_key("k1", 2), 1)).await;
        let found = Some(api_key("k1", 2));
        assert_eq!(refusals(stale), refused(Subject::Other, found.clone()));
        assert_eq!(stored(&store, Key::ApiKey("k1".to_owned())).await, found);
    })
    .await;
}

#[tokio::test]
async fn a_request_record_is_kept_until_it_has_expired() {
    on_every_store(|store| async move {
        let remember = |tx_id: &str, body: &str, now| {
            unit(tx_id).write(Write::Remember {
                record: request(body, at(1_000)),
                now,
            })
        };
        let first = store.commit(remember("1", "first", NOW)).await;
        assert_eq!(first, Ok(()));
        let found = Some(request("first", at(1_000)));
        for now in [NOW, at(1_000)] {
            let second = store.commit(remember("2", "second", now)).await;
            assert_eq!(refusals(second), refused(Subject::Request, found.clone()));
        }
        let third = store.commit(remember("3", "third", at(1_001))).await;
        assert_eq!(third, Ok(()));
        let key = Key::Request(tenant(), "d1".to_owned());
        let found = Some(request("third", at(1_000)));
        assert_eq!(stored(&store, key).await, found);
    })
    .await;
}

#[tokio::test]
async fn forgetting_deletes_whether_or_not_the_record_is_there() {
    on_every_store(|store| async move {
        insert(&store, api_key("k1", 1)).await;
        let key = Key::ApiKey("k1".to_owned());
        for tx_id in ["1", "2"] {
            let outcome = store.commit(unit(tx_id).forget(Some(key.clone()))).await;
            assert_eq!(outcome, Ok(()));
            assert_eq!(stored(&store, key.clone()).await, None);
        }
    })
    .await;
}

#[tokio::test]
async fn a_driver_is_payable_exactly_when_the_domain_says_so_and_the_refusal_shows_the_driver() {
    let without_method = Driver {
        method: None,
        ..driver()
    };
    let by_bank = driver().with_method(method(MethodKind::BankAccount));
    let unverified = Driver {
        kyc: KycStatus::Pending,
        ..driver()
    };
    let suspended = Driver {
        status: DriverStatus::Suspended,
        ..driver()
    };
    let cases = [
        (driver(), Rail::Instant, None),
        (driver(), Rail::Standard, None),
        (by_bank.clone(), Rail::Standard, None),
        (
            by_bank,
            Rail::Instant,
            Some(NotPayable::InstantNotAvailable),
        ),
        (without_method, Rail::Standard, Some(NotPayable::NoMethod)),
        (unverified, Rail::Standard, Some(NotPayable::NotVerified)),
        (suspended, Rail::Standard, Some(NotPayable::NotActive)),
    ];
    for (driver, rail, reason) in cases {
        on_every_store(|store| {
            let driver = driver.clone();
            async move {
                let require = |tx_id: &str| {
                    unit(tx_id).require_payable(&Payout {
                        rail,
                        ..payout("1")
                    })
                };
                let unknown = store.commit(require("0")).await;
                assert_eq!(refusals(unknown), refused(Subject::Driver, None));
                insert(&store, Record::Driver(Box::new(driver.clone()))).await;
                let outcome = store.commit(require("1")).await;
                assert_eq!(driver.require_payable(rail).err(), reason);
                if reason.is_none() {
                    assert_eq!(outcome, Ok(()));
                } else {
                    let found = Some(Record::Driver(Box::new(driver)));
                    assert_eq!(refusals(outcome), refused(Subject::Driver, found));
                }
            }
        })
        .await;
    }
}

fn settle(payout: PayoutId, status: LoadStatus) -> Write {
    Write::SettleLoad {
        tenant: tenant(),
        load: load_id(),
        payout,
        status,
        at: at(7),
    }
}

#[tokio::test]
async fn a_load_is_settled_only_by_the_payout_that_holds_it() {
    on_every_store(|store| async move {
        let held = load().held_by(&payout_id("1"), NOW).expect("open");
        let by = |name: &str, status| unit(name).write(settle(payout_id(name), status));
        let absent = store.commit(by("1", LoadStatus::Paid)).await;
        assert_eq!(refusals(absent), refused(Subject::Load, None));

        insert(&store, Record::Load(Box::new(held.clone()))).await;
        let stranger = store.commit(by("2", LoadStatus::Open)).await;
        let found = Some(Record::Load(Box::new(held.clone())));
        assert_eq!(refusals(stranger), refused(Subject::Load, found));

        assert_eq!(store.commit(by("1", LoadStatus::Paid)).await, Ok(()));
        let paid = Load {
            version: 3,
            status: LoadStatus::Paid,
            updated_at: at(7),
            ..held
        };
        let key = Key::Load(tenant(), load_id());
        let found = stored(&store, key.clone()).await;
        assert_eq!(found, Some(Record::Load(Box::new(paid.clone()))));

        let open = unit("3").write(settle(payout_id("1"), LoadStatus::Open));
        assert_eq!(store.commit(open).await, Ok(()));
        let open = Load {
            version: 4,
            status: LoadStatus::Open,
            holder: None,
            ..paid
        };
        let open = Record::Load(Box::new(open));
        assert_eq!(stored(&store, key).await, Some(open.clone()));
        let again = unit("4").write(settle(payout_id("1"), LoadStatus::Open));
        let again = store.commit(again).await;
        assert_eq!(refusals(again), refused(Subject::Load, Some(open)));
    })
    .await;
}

#[tokio::test]
async fn refusals_come_in_the_order_of_the_writes_and_nothing_of_the_unit_is_written() {
    on_every_store(|store| async move {
        fund(&store, 44_999).await;
        let taken = load().held_by(&payout_id("9"), NOW).expect("open");
        let invited = Driver {
            status: DriverStatus::Invited,
            ..driver()
        };
        insert(&store, request("first", at(1_000))).await;
        insert(&store, Record::Load(Box::new(taken.clone()))).await;
        insert(&store, Record::Driver(Box::new(invited.clone()))).await;

        let (payout, created) = booked("1", "create-1");
        let held = load().held_by(&payout.id, NOW).expect("open");
        let entry = outbox_entry(1, NOW);
        let key = Key::Outbox(entry.id.clone());
        let unit = Changes::new("create", "create-1".to_owned())
            .write(Write::Remember {
                record: request("second", at(1_000)),
                now: NOW,
            })
            .insert(Record::Payout(Box::new(payout.clone())))
            .replace(Record::Load(Box::new(held)), 1)
            .require_payable(&payout)
            .insert(Record::Outbox(Box::new(entry)))
            .record(&payout, created);
        let outcome = store.commit(unit).await;
        let expected = [
            (Subject::Request, Some(request("first", at(1_000)))),
            (Subject::Load, Some(Record::Load(Box::new(taken)))),
            (Subject::Driver, Some(Record::Driver(Box::new(invited)))),
            (Subject::Available, None),
        ]
        .map(|(subject, found)| Refused { subject, found });
        let error = outcome.clone().expect_err("refused");
        assert_eq!(error.refused(Subject::Load), Some(&expected[1]));
        assert_eq!(refusals(outcome), expected);

        let keys = [Key::Payout(tenant(), payout.id.clone()), key];
        assert_eq!(store.fetch(&keys).await, Ok(vec![None, None]));
        assert_eq!(store.transitions(&tenant(), &payout.id).await, Ok(vec![]));
        let balances = store.balances(&tenant()).await.expect("reachable");
        assert_eq!(balances.available.get(), 44_999);
        assert_eq!(balances.pending.get(), 0);
    })
    .await;
}

#[tokio::test]
#[should_panic(expected = "writes no item twice")]
async fn two_writes_on_one_item_are_a_programming_error() {
    let unit = unit("1")
        .insert(api_key("k1", 1))
        .forget(Some(Key::ApiKey("k1".to_owned())))
        .record(
            &payout("1"),
            transition("1", 1, legs(&[(Account::Suspense, -1), (Account::Fees, 1)])),
        );
    let _ = unit.into_writes();
}
