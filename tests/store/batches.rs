//! Batches: the gate, money on hold, manifests that come to stay, lists by public status, and the dump.

use std::collections::BTreeMap;

use app::{
    changes::{Changes, Counted, CounterKey, Subject, Write},
    list::{List, Span, list_shard},
    port::{CommitError, Lists, Refused, Store},
    record::{Balances, Key, Record},
};
use domain::{
    batch::{Batch, BatchEvent, BatchStatus, LineState, Manifest},
    ledger::Account::{self, Available, CashFunding, Hold, Pending},
    money::Cents,
};
use local::engine::{Engine, TABLE};

use crate::{
    fixtures::*,
    lists::ids,
    stores::{AnyStore, on_every_store, over},
};

fn unit(tx_id: &str) -> Changes {
    Changes::new("test", tx_id.to_owned())
}

fn refused(subject: Subject, found: Option<Record>) -> Refused {
    Refused { subject, found }
}

fn subjects(outcome: Result<(), CommitError>) -> Vec<Subject> {
    refusals(outcome).iter().map(|it| it.subject).collect()
}

fn figures(available: i64, pending: i64) -> Result<Balances, app::port::Unreachable> {
    Ok(Balances {
        available: Cents::new(available),
        pending: Cents::new(pending),
        in_transit: Cents::ZERO,
    })
}

/// The batch after an event.
fn moved(batch: &Batch, event: BatchEvent) -> Batch {
    let moved = batch.apply(event, NOW).expect("allowed");
    moved.expect("it had not happened")
}

fn through_gate(tx_id: &str, number: u32, gate: u32) -> Changes {
    unit(tx_id).insert(chunk(number)).write(Write::Gate {
        tenant: tenant(),
        batch: batch_id("1"),
        gate,
    })
}

#[tokio::test]
async fn lines_are_made_under_the_gate_they_were_planned_for_and_no_other() {
    on_every_store(|store| async move {
        let absent = store.commit(through_gate("0", 0, 0)).await;
        assert_eq!(refusals(absent), [refused(Subject::Batch, None)]);

        let building = batch("1");
        insert(&store, batch_record(&building)).await;
        assert_eq!(store.commit(through_gate("1", 0, 0)).await, Ok(()));
        let key = Key::Batch(tenant(), batch_id("1"));
        let found = stored(&store, key.clone()).await;
        assert_eq!(found, Some(batch_record(&building)), "only looked at");

        let released = moved(&building, BatchEvent::Release);
        let release = unit("2").replace(batch_record(&released), building.version);
        assert_eq!(store.commit(release).await, Ok(()));
        let late = store.commit(through_gate("3", 1, 0)).await;
        let found = Some(batch_record(&released));
        assert_eq!(refusals(late), [refused(Subject::Batch, found.clone())]);
        let not_made = stored(&store, chunk(1).key()).await;
        assert_eq!(not_made, None, "nothing of a refused unit");
        let twice = store.commit(through_gate("4", 0, 0)).await;
        let both = [
            refused(Subject::Chunk, Some(chunk(0))),
            refused(Subject::Batch, found),
        ];
        assert_eq!(refusals(twice), both);
        assert_eq!(store.commit(through_gate("5", 1, 1)).await, Ok(()));
    })
    .await;
}

#[tokio::test]
async fn money_on_hold_is_pending_and_goes_down_to_zero_and_not_below() {
    on_every_store(|store| async move {
        enrol(&store).await;
        fund(&store, 100_000).await;
        let over = store.commit(holding("1", 100_001)).await;
        assert_eq!(refusals(over), [refused(Subject::Available, None)]);
        assert_eq!(store.commit(holding("2", 60_000)).await, Ok(()));
        assert_eq!(store.balances(&tenant()).await, figures(40_000, 60_000));
        let over = store.commit(holding("3", -60_001)).await;
        assert_eq!(refusals(over), [refused(Subject::Balance, None)]);

        // A line becomes a payout: its money stays pending, and is no longer on hold.
        insert(&store, tally_record(&tally(LineState::Waiting, 1))).await;
        let (payout, created) = line_payout("1", "t1");
        let made = unit("t1").record(&payout, created);
        assert_eq!(store.commit(made).await, Ok(()));
        assert_eq!(store.balances(&tenant()).await, figures(40_000, 60_000));
        let over = store.commit(holding("4", -15_001)).await;
        assert_eq!(subjects(over), [Subject::Balance]);
        assert_eq!(store.commit(holding("5", -15_000)).await, Ok(()));
        assert_eq!(store.balances(&tenant()).await, figures(55_000, 45_000));
        let twice = store.commit(holding("6", -1)).await;
        assert_eq!(subjects(twice), [Subject::Balance]);
        let other = store.balances(&other_tenant()).await;
        assert_eq!(other, figures(0, 0));
    })
    .await;
}

#[tokio::test]
async fn a_wallet_takes_back_from_the_hold_no_more_than_it_may_hold() {
    on_every_store(|store| async move {
        fund(&store, 100).await;
        assert_eq!(store.commit(holding("1", 100)).await, Ok(()));
        let most = Cents::WALLET_MAX.get();
        let full = moving("2", &[(CashFunding, -most), (Available, most)]);
        assert_eq!(store.commit(full).await, Ok(()));
        let over = store.commit(holding("3", -1)).await;
        assert_eq!(subjects(over), [Subject::Available]);
        let released = moving("4", &[(Hold, -100), (Pending, 100)]);
        assert_eq!(store.commit(released).await, Ok(()));
        assert_eq!(store.balances(&tenant()).await, figures(most, 100));
    })
    .await;
}

#[tokio::test]
async fn a_journal_is_written_once_and_recognised_by_its_unit() {
    on_every_store(|store| async move {
        fund(&store, 1_000).await;
        let pairs = [(Available, -400), (Hold, 400)];
        let unit = |tx_id: &str, label| {
            Changes::new(label, tx_id.to_owned()).journal(journal("create", tx_id, &pairs))
        };
        for label in ["create", "create", "create-again"] {
            assert_eq!(store.commit(unit("t1", label)).await, Ok(()), "{label}");
            assert_eq!(store.balances(&tenant()).await, figures(600, 400));
        }
        let ours = Record::Journal(Box::new(journal("create", "t1", &pairs)));
        let stranger = store.commit(unit("t2", "create")).await;
        assert_eq!(refusals(stranger), [refused(Subject::Other, Some(ours))]);
        assert_eq!(store.commit(holding("chunk-0000", -100)).await, Ok(()));
        assert_eq!(store.balances(&tenant()).await, figures(700, 300));
    })
    .await;
}

fn manifest_record(manifest: &Manifest) -> Record {
    Record::Manifest(Box::new(manifest.clone()))
}

/// The manifest as its batch keeps it.
fn kept() -> Manifest {
    Manifest {
        version: 2,
        ..manifest(None)
    }
}

#[tokio::test]
async fn a_manifest_expires_until_its_batch_exists_and_then_stays() {
    on_every_store(|store| async move {
        let draft = manifest_record(&manifest(Some(at(1_000))));
        insert(&store, draft.clone()).await;
        let found = stored(&store, manifest_key()).await.expect("stored");
        assert_eq!(found, draft);
        assert_eq!(found.forgotten_at(), Some(at(1_000)));

        let keep = |tx_id: &str| unit(tx_id).replace(manifest_record(&kept()), 1);
        assert_eq!(store.commit(keep("1")).await, Ok(()));
        let found = stored(&store, manifest_key()).await.expect("stored");
        assert_eq!(found, manifest_record(&kept()));
        assert_eq!(found.forgotten_at(), None);
        let stale = store.commit(keep("2")).await;
        assert_eq!(refusals(stale), [refused(Subject::Other, Some(found))]);

        let gone = unit("3").forget(Some(manifest_key()));
        assert_eq!(store.commit(gone).await, Ok(()));
        let absent = store.commit(keep("4")).await;
        assert_eq!(refusals(absent), [refused(Subject::Other, None)]);
    })
    .await;
}

#[tokio::test]
async fn only_what_expires_takes_the_place_of_what_has_expired() {
    on_every_store(|store| async move {
        let draft = manifest_record(&manifest(Some(at(10))));
        insert(&store, draft.clone()).await;
        let remember = |tx_id: &str, expires_at| {
            unit(tx_id).write(Write::Remember {
                record: manifest_record(&manifest(expires_at)),
                now: at(20),
            })
        };
        let for_ever = store.commit(remember("1", None)).await;
        let expected = [refused(Subject::Other, Some(draft))];
        assert_eq!(refusals(for_ever), expected);
        let again = store.commit(remember("2", Some(at(30)))).await;
        assert_eq!(again, Ok(()));
        let keep = unit("3").replace(manifest_record(&kept()), 1);
        assert_eq!(store.commit(keep).await, Ok(()));
        let late = store.commit(remember("4", Some(at(40)))).await;
        let expected = [refused(Subject::Other, Some(manifest_record(&kept())))];
        assert_eq!(refusals(late), expected);
    })
    .await;
}

/// Whether the table would delete the stored manifest by itself.
async fn expires(engine: &Engine) -> bool {
    let text = |it: &str| aws_sdk_dynamodb::types::AttributeValue::S(it.to_owned());
    let output = engine
        .client()
        .get_item()
        .table_name(TABLE)
        .key("pk", text("T#acme~test#B#batch_1#M#01"))
        .key("sk", text("MAN"))
        .send()
        .await
        .expect("reachable");
    output.item.expect("stored").contains_key("ttl")
}

#[tokio::test]
async fn the_table_deletes_no_manifest_that_is_kept() {
    let engine = Engine::in_memory().expect("opens");
    let store = over(&engine);
    insert(&store, manifest_record(&manifest(Some(at(1_000))))).await;
    assert!(expires(&engine).await);
    let keep = unit("1").replace(manifest_record(&kept()), 1);
    assert_eq!(store.commit(keep).await, Ok(()));
    assert!(!expires(&engine).await);
}

fn counter(batch: &Batch) -> CounterKey {
    CounterKey {
        tenant: batch.tenant.clone(),
        list: Counted::Batches,
        shard: list_shard(batch.id.as_str()),
    }
}

async fn made(store: &AnyStore, name: &str, millis: i64) -> Batch {
    let batch = Batch {
        created_at: at(millis),
        ..batch(name)
    };
    let unit = unit(name)
        .insert(batch_record(&batch))
        .count(counter(&batch), "queued", 1);
    assert_eq!(store.commit(unit).await, Ok(()));
    batch
}

async fn becomes(store: &AnyStore, batch: &Batch, event: BatchEvent) -> Batch {
    let next = moved(batch, event);
    let (from, to) = (batch.status.public().name(), next.status.public().name());
    let unit = unit(&format!("{} {to} {}", batch.id, batch.version))
        .replace(batch_record(&next), batch.version)
        .count(counter(batch), from, -1)
        .count(counter(batch), to, 1);
    assert_eq!(store.commit(unit).await, Ok(()));
    next
}

async fn listed(store: &AnyStore, status: BatchStatus) -> Vec<String> {
    let list = List::BatchesOfStatus(tenant(), status);
    ids(store, &list, &Span::default(), 9).await
}

async fn counted(store: &AnyStore) -> BTreeMap<String, u64> {
    let counts = store.counts(&tenant(), Counted::Batches).await;
    counts.expect("reachable")
}

fn counts(pairs: &[(&str, u64)]) -> BTreeMap<String, u64> {
    let owned = pairs
        .iter()
        .map(|(name, count)| ((*name).to_owned(), *count));
    owned.collect()
}

#[tokio::test]
async fn batches_are_listed_and_counted_by_the_status_clients_see() {
    use BatchStatus::{Canceled, Completed, Processing, Queued};
    on_every_store(|store| async move {
        let a = made(&store, "a", 10).await;
        let b = made(&store, "b", 30).await;
        let c = made(&store, "c", 20).await;
        let all = List::Batches(tenant());
        let newest_first = ["batch_b", "batch_c", "batch_a"];
        assert_eq!(ids(&store, &all, &Span::default(), 9).await, newest_first);
        assert_eq!(listed(&store, Queued).await, newest_first);
        assert_eq!(counted(&store).await, counts(&[("queued", 3)]));

        // Built and queued are one for clients.
        let b = becomes(&store, &b, BatchEvent::Expanded).await;
        assert_eq!(listed(&store, Queued).await, newest_first);
        assert_eq!(counted(&store).await, counts(&[("queued", 3)]));

        let a = becomes(&store, &a, BatchEvent::Release).await;
        becomes(&store, &b, BatchEvent::Cancel).await;
        assert_eq!(listed(&store, Queued).await, ["batch_c"]);
        assert_eq!(listed(&store, Processing).await, ["batch_a"]);
        assert_eq!(listed(&store, Canceled).await, ["batch_b"]);
        let expected = counts(&[("queued", 1), ("processing", 1), ("canceled", 1)]);
        assert_eq!(counted(&store).await, expected);

        becomes(&store, &a, BatchEvent::Finish { paid: true }).await;
        becomes(&store, &c, BatchEvent::Release).await;
        assert_eq!(listed(&store, Completed).await, ["batch_a"]);
        assert_eq!(listed(&store, Processing).await, ["batch_c"]);
        // What no batch is in is no part of the counts.
        let expected = counts(&[("processing", 1), ("completed", 1), ("canceled", 1)]);
        assert_eq!(counted(&store).await, expected);
        assert_eq!(ids(&store, &all, &Span::default(), 9).await, newest_first);

        let other = List::Batches(other_tenant());
        assert!(ids(&store, &other, &Span::default(), 9).await.is_empty());
        let other = store.counts(&other_tenant(), Counted::Batches).await;
        assert_eq!(other, Ok(counts(&[])));
    })
    .await;
}

#[tokio::test]
async fn a_dump_brings_back_every_record_of_a_batch_with_its_money_and_its_count() {
    on_every_store(|store| async move {
        let records = every_record_of_a_batch();
        for record in &records {
            insert(&store, record.clone()).await;
            let found = stored(&store, record.key()).await;
            assert_eq!(found.as_ref(), Some(record));
        }
        let money = moving("1", &[(CashFunding, -500), (Available, 200), (Hold, 300)]);
        let money = money.count(counter(&batch("1")), "queued", 1);
        assert_eq!(store.commit(money).await, Ok(()));
        let dump = store.dump().await;
        let of_batch: Vec<_> = dump
            .records
            .iter()
            .filter(|it| !matches!(it, Record::Transition(_)))
            .collect();
        assert_eq!(of_batch, records.iter().collect::<Vec<_>>());
        assert_eq!(dump.journals().count(), 1);
        let balances: Vec<(Account, i64)> = dump
            .balances
            .iter()
            .map(|(key, cents)| (key.account, cents.get()))
            .collect();
        assert_eq!(
            balances,
            [(Available, 200), (Hold, 300), (CashFunding, -500)]
        );
        let counts: Vec<_> = dump
            .counts
            .iter()
            .filter(|(_, count)| **count != 0)
            .collect();
        let expected = (counter(&batch("1")), "queued".to_owned());
        assert_eq!(counts, [(&expected, &1)]);
    })
    .await;
}

#[tokio::test]
async fn a_batch_is_not_there_for_another_tenant() {
    on_every_store(|store| async move {
        for record in every_record_of_a_batch() {
            insert(&store, record).await;
        }
        let other = other_tenant();
        let keys = [
            Key::Batch(other.clone(), batch_id("1")),
            Key::Manifest(other.clone(), batch_id("1"), 1),
            Key::Chunk(other.clone(), batch_id("1"), 0),
            Key::Tally(other.clone(), batch_id("1"), 0),
            Key::Journal(other.clone(), batch_id("1"), "create".to_owned()),
            Key::BatchFile(other.clone(), "00ff".to_owned()),
            Key::Settings(other.clone()),
        ];
        assert_eq!(store.fetch(&keys).await, Ok(vec![None; keys.len()]));
        let foreign = unit("1").write(Write::Gate {
            tenant: other,
            batch: batch_id("1"),
            gate: 0,
        });
        let foreign = store.commit(foreign).await;
        assert_eq!(refusals(foreign), [refused(Subject::Batch, None)]);
    })
    .await;
}
