//! Reads: order, absence, limits, and no way into another tenant.

use app::{
    changes::Changes,
    port::{DUE_SHARDS, Store},
    record::{Balances, DueEntry, Key, OUTBOX_SHARDS, Record, due_shard},
};
use domain::{batch::Batch, ids::AttemptRef, ledger::Posting, payout::Payout, time::Timestamp};

use crate::{
    fixtures::*,
    stores::{AnyStore, on_every_store},
};

#[tokio::test]
async fn records_come_in_the_order_of_their_keys_with_gaps_where_nothing_is() {
    on_every_store(|store| async move {
        for id in ["k1", "k2", "k3"] {
            insert(&store, api_key(id, 1)).await;
        }
        let keys = ["k3", "none", "k1", "k3", "k2"].map(|id| Key::ApiKey(id.to_owned()));
        let found = store.fetch(&keys).await.expect("reachable");
        let expected = [Some("k3"), None, Some("k1"), Some("k3"), Some("k2")];
        assert_eq!(found, expected.map(|id| id.map(|id| api_key(id, 1))));
        assert_eq!(store.fetch(&[]).await, Ok(vec![]));
        assert_eq!(store.fetch(&keys[1..2]).await, Ok(vec![None]));
    })
    .await;
}

#[tokio::test]
async fn a_hundred_records_are_read_at_once() {
    on_every_store(|store| async move {
        let keys: Vec<_> = (0..100).map(|n| format!("k{n}")).collect();
        let records = keys.iter().map(|id| api_key(id, 1)).collect();
        assert_eq!(store.commit(inserting("t1", records)).await, Ok(()));
        let wanted: Vec<_> = keys.iter().cloned().map(Key::ApiKey).collect();
        let found = store.fetch(&wanted).await.expect("reachable");
        let expected: Vec<_> = keys.iter().map(|id| Some(api_key(id, 1))).collect();
        assert_eq!(found, expected);
    })
    .await;
}

#[tokio::test]
async fn transitions_come_oldest_first_and_only_those_of_the_payout() {
    on_every_store(|store| async move {
        let record = |name: &str, seq| {
            let unit = Changes::new("record", format!("{name}-{seq}"));
            unit.record(&payout(name), transition(name, seq, Posting::none()))
        };
        for seq in [10, 2, 100, 1, 9, 11] {
            assert_eq!(store.commit(record("1", seq)).await, Ok(()));
            assert_eq!(store.commit(record("10", seq)).await, Ok(()));
        }
        insert(&store, Record::Payout(Box::new(payout("1")))).await;
        insert(&store, Record::Attempt(Box::new(attempt("1", None)))).await;
        let found = store.transitions(&tenant(), &payout_id("1")).await;
        let expected: Vec<_> = [1, 2, 9, 10, 11, 100]
            .map(|seq| transition("1", seq, Posting::none()))
            .into();
        assert_eq!(found, Ok(expected));
    })
    .await;
}

/// Everything due at `until`, of all shards.
async fn all_due(store: &AnyStore, until: Timestamp) -> Vec<DueEntry> {
    let mut all = Vec::new();
    for shard in 0..DUE_SHARDS {
        all.extend(store.due(shard, until, 100).await.expect("reachable"));
    }
    all
}

fn due_payout(name: &str, next_at: Option<Timestamp>) -> Payout {
    Payout {
        next_at,
        ..payout(name)
    }
}

#[tokio::test]
async fn payouts_and_attempts_are_due_in_their_shard_from_their_time_on() {
    on_every_store(|store| async move {
        let waiting = due_payout("1", Some(at(50)));
        insert(&store, Record::Payout(Box::new(waiting))).await;
        insert(
            &store,
            Record::Attempt(Box::new(attempt("2", Some(at(51))))),
        )
        .await;
        insert(&store, Record::Payout(Box::new(due_payout("3", None)))).await;
        let first = DueEntry {
            at: at(50),
            key: Key::Payout(tenant(), payout_id("1")),
        };
        let second = DueEntry {
            at: at(51),
            key: Key::Attempt(tenant(), AttemptRef::new(payout_id("2"), 1)),
        };
        assert_eq!(all_due(&store, at(49)).await, []);
        assert_eq!(all_due(&store, at(50)).await, std::slice::from_ref(&first));
        let both = all_due(&store, at(51)).await;
        assert!(both.contains(&first) && both.contains(&second) && both.len() == 2);
        let shard = due_shard(payout_id("2").as_str());
        let found = store.due(shard, at(51), 100).await.expect("reachable");
        assert!(found.contains(&second));
    })
    .await;
}

#[tokio::test]
async fn batches_are_due_beside_payouts_in_the_shard_of_their_own_id() {
    on_every_store(|store| async move {
        let building = Batch {
            next_at: Some(at(60)),
            ..batch("1")
        };
        insert(&store, batch_record(&building)).await;
        // A payout of the same shard, so that one look finds both.
        let shard = due_shard(building.id.as_str());
        let name = (0..100)
            .map(|n| format!("{n}"))
            .find(|name| due_shard(payout_id(name).as_str()) == shard)
            .expect("every shard is used");
        let waiting = due_payout(&name, Some(at(50)));
        insert(&store, Record::Payout(Box::new(waiting))).await;
        let resting = Batch {
            next_at: None,
            ..batch("2")
        };
        insert(&store, batch_record(&resting)).await;
        let payout = DueEntry {
            at: at(50),
            key: Key::Payout(tenant(), payout_id(&name)),
        };
        let batch_at = |millis| DueEntry {
            at: at(millis),
            key: Key::Batch(tenant(), batch_id("1")),
        };
        let both = vec![payout.clone(), batch_at(60)];
        assert_eq!(store.due(shard, at(59), 9).await, Ok(vec![payout.clone()]));
        assert_eq!(store.due(shard, at(60), 9).await, Ok(both.clone()));
        assert_eq!(all_due(&store, at(60)).await, both);

        let woken = Batch {
            next_at: Some(at(90)),
            ..building.woken(at(60))
        };
        let wake = Changes::new("wake", "t1".to_owned());
        let wake = wake.replace(batch_record(&woken), building.version);
        assert_eq!(store.commit(wake).await, Ok(()));
        assert_eq!(all_due(&store, at(89)).await, std::slice::from_ref(&payout));
        assert_eq!(
            all_due(&store, at(90)).await,
            [payout.clone(), batch_at(90)]
        );
        let rest = Changes::new("rest", "t2".to_owned());
        let rest = rest.replace(batch_record(&woken.at_rest()), woken.version);
        assert_eq!(store.commit(rest).await, Ok(()));
        assert_eq!(all_due(&store, at(1_000)).await, [payout]);
    })
    .await;
}

#[tokio::test]
async fn what_is_due_moves_with_its_record_and_leaves_with_its_time() {
    on_every_store(|store| async move {
        let key = Key::Payout(tenant(), payout_id("1"));
        insert(
            &store,
            Record::Payout(Box::new(due_payout("1", Some(at(10))))),
        )
        .await;
        for (version, next_at) in [(1, Some(at(90))), (2, Some(at(90))), (3, None)] {
            let next = Payout {
                version: version + 1,
                ..due_payout("1", next_at)
            };
            let unit = Changes::new("touch", format!("t{version}"))
                .replace(Record::Payout(Box::new(next)), version);
            assert_eq!(store.commit(unit).await, Ok(()));
            let due: Vec<_> = next_at
                .map(|at| DueEntry {
                    at,
                    key: key.clone(),
                })
                .into_iter()
                .collect();
            assert_eq!(all_due(&store, at(89)).await, []);
            assert_eq!(all_due(&store, at(90)).await, due);
        }
        insert(
            &store,
            Record::Attempt(Box::new(attempt("2", Some(at(10))))),
        )
        .await;
        let gone = Key::Attempt(tenant(), AttemptRef::new(payout_id("2"), 1));
        let unit = Changes::new("forget", "t9".to_owned()).forget(Some(gone));
        assert_eq!(store.commit(unit).await, Ok(()));
        assert_eq!(all_due(&store, at(1_000)).await, []);
    })
    .await;
}

#[tokio::test]
async fn the_earliest_due_come_first_and_no_more_than_asked_for() {
    on_every_store(|store| async move {
        let names: Vec<_> = (0..200)
            .map(|n| format!("{n}"))
            .filter(|name| due_shard(payout_id(name).as_str()) == 3)
            .take(12)
            .collect();
        assert_eq!(names.len(), 12, "the shards are used evenly enough");
        for (index, name) in names.iter().enumerate() {
            // 5, 10, 3, 8, 1, 6, 11, 4, 9, 2, 7, 0: not in the order of writing.
            let millis = i64::try_from((index * 5 + 5) % 12).expect("small");
            let due = due_payout(name, Some(at(millis)));
            insert(&store, Record::Payout(Box::new(due))).await;
        }
        let found = store.due(3, at(1_000), 100).await.expect("reachable");
        let times: Vec<_> = found.iter().map(|it| it.at).collect();
        assert_eq!(times, (0..12).map(at).collect::<Vec<_>>());
        let few = store.due(3, at(1_000), 4).await.expect("reachable");
        assert_eq!(few, found[..4]);
        let until = store.due(3, at(7), 100).await.expect("reachable");
        assert_eq!(until, found[..8]);
        assert_eq!(store.due(4, at(1_000), 100).await, Ok(vec![]));
    })
    .await;
}

#[tokio::test]
async fn outbox_entries_come_oldest_first_up_to_a_time_and_a_number() {
    on_every_store(|store| async move {
        // Entropy picks the shard: 5 and 21 share one, 6 is another.
        let sixteen = u128::from(OUTBOX_SHARDS);
        for (entropy, millis) in [(5, 30), (5 + sixteen, 10), (5 + 2 * sixteen, 20), (6, 10)] {
            let entry = outbox_entry(entropy, at(millis));
            insert(&store, Record::Outbox(Box::new(entry))).await;
        }
        let found = store.outbox(5, at(1_000), 100).await.expect("reachable");
        let times: Vec<_> = found.iter().map(|it| it.created_at).collect();
        assert_eq!(times, [at(10), at(20), at(30)]);
        assert_eq!(store.outbox(5, at(1_000), 2).await, Ok(found[..2].to_vec()));
        assert_eq!(store.outbox(5, at(20), 100).await, Ok(found[..2].to_vec()));
        assert_eq!(store.outbox(5, at(9), 100).await, Ok(vec![]));
        let sent = Changes::new("sent", "t1".to_owned());
        let sent = sent.forget(Some(Key::Outbox(found[0].id.clone())));
        assert_eq!(store.commit(sent).await, Ok(()));
        assert_eq!(store.outbox(5, at(20), 100).await, Ok(found[1..2].to_vec()));
    })
    .await;
}

#[tokio::test]
async fn one_tenant_sees_nothing_of_another_nor_test_anything_of_live() {
    on_every_store(|store| async move {
        fund(&store, 100_000).await;
        enrol(&store).await;
        let (payout, created) = booked("1", "t1");
        let unit = Changes::new("create", "t1".to_owned())
            .insert(Record::Payout(Box::new(payout.clone())))
            .insert(Record::Load(Box::new(load())))
            .insert(request("body", at(1)))
            .record(&payout, created);
        assert_eq!(store.commit(unit).await, Ok(()));
        let other = other_tenant();
        let keys = [
            Key::Payout(other.clone(), payout.id.clone()),
            Key::Transition(other.clone(), payout.id.clone(), 1),
            Key::Load(other.clone(), load_id()),
            Key::Driver(other.clone(), driver_id()),
            Key::Request(other.clone(), "d1".to_owned()),
        ];
        assert_eq!(store.fetch(&keys).await, Ok(vec![None; 5]));
        assert_eq!(store.transitions(&other, &payout.id).await, Ok(vec![]));
        assert_eq!(store.balances(&other).await, Ok(Balances::default()));
    })
    .await;
}
