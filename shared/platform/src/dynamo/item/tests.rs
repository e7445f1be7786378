//! Every kind of record: it reads back as it was written, and costs one unit unless it grows with a batch.

use std::collections::BTreeSet;

use domain::{
    batch::{
        Batch, LINES_MAX, Line, MANIFEST_LINES, MANIFESTS_MAX, REMOVED_MAX, Rejection, Verdict,
    },
    money::Cents,
    payout::Payout,
};

use super::{
    samples::{self, batches, every_kind, payout},
    *,
};

/// What is billed as one write unit, less a reserve.
const ONE_UNIT: usize = 1000;
/// What the table takes as one item, and in one transaction, less a reserve.
const ITEM_MAX: usize = 390_000;
const TRANSACTION_MAX: usize = 3_900_000;

/// The size that is billed: names and values, with the overhead of lists, maps and numbers.
fn billed(item: &Attributes) -> usize {
    item.iter()
        .map(|(name, value)| name.len() + billed_value(value))
        .sum()
}

fn billed_value(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(digits) => digits.len().div_ceil(2) + 2,
        AttributeValue::Bool(_) | AttributeValue::Null(_) => 1,
        AttributeValue::L(list) => 3 + list.iter().map(|it| 1 + billed_value(it)).sum::<usize>(),
        AttributeValue::M(map) => 3 + map.len() + billed(map),
        other => panic!("records hold no {other:?}"),
    }
}

#[test]
fn every_record_reads_back_as_it_was_written() {
    for record in every_kind() {
        let read = read(&record.key(), write(&record)).expect("our own item");
        assert_eq!(read, record);
    }
}

/// A manifest is 500 lines, and a batch has a mark for each of its manifests. Both are many units and are meant
/// to be: a manifest is written twice in its life, and a batch only when somebody acts on the whole of it. What
/// is written for a line or a chunk of lines is not among them.
fn grows_with_its_lines(record: &Record) -> bool {
    matches!(record, Record::Batch(_) | Record::Manifest(_))
}

#[test]
fn every_record_but_a_batch_and_its_manifests_is_billed_as_one_unit() {
    for record in every_kind() {
        let size = billed(&write(&record));
        println!("{size:5} {:?}", record.key());
        if !grows_with_its_lines(&record) {
            assert!(size < ONE_UNIT, "{size} bytes: {record:?}");
        }
    }
}

#[test]
fn the_largest_batch_and_manifest_fit_an_item_and_all_of_them_one_transaction() {
    let longest = "L".repeat(64);
    let line = Line {
        load: longest.parse().expect("valid"),
        driver: Some(format!("drv_{}", &longest[4..]).parse().expect("valid")),
        amount: Cents::WALLET_MAX,
        fee: Cents::WALLET_MAX,
        verdict: Verdict::Rejected(Rejection::InstantNotAvailable),
    };
    let manifest = Record::Manifest(Box::new(batches::manifest_of(&line)));
    let manifest = billed(&write(&manifest));
    let whole = batches::batch();
    let mark = whole.manifests[0].clone();
    let batch = Record::Batch(Box::new(Batch {
        manifests: vec![mark; MANIFESTS_MAX],
        removed_lines: vec![LINES_MAX; REMOVED_MAX],
        ..whole
    }));
    let batch = billed(&write(&batch));
    println!("manifest {manifest}, batch {batch}");
    assert!(manifest < ITEM_MAX, "{manifest} bytes");
    assert!(batch < ITEM_MAX, "{batch} bytes");
    let manifests = usize::try_from(LINES_MAX / MANIFEST_LINES).expect("small");
    let together = batch + manifests * manifest;
    assert!(together < TRANSACTION_MAX, "{together} bytes");
}

#[test]
fn a_manifest_that_is_kept_has_no_expiry_left() {
    let manifests = every_kind().into_iter().filter_map(|record| match record {
        Record::Manifest(it) => Some(*it),
        _ => None,
    });
    let expiries: Vec<_> = manifests
        .map(|manifest| {
            let item = write(&Record::Manifest(Box::new(manifest)));
            (item.contains_key(EXPIRY), item.contains_key(EXPIRES_AT))
        })
        .collect();
    assert_eq!(expiries, [(true, true), (false, false)]);
}

#[test]
fn no_stored_name_stands_for_two_fields() {
    let longs: BTreeSet<_> = NAMES.iter().map(|(long, _)| long).collect();
    let shorts: BTreeSet<_> = NAMES.iter().map(|(_, short)| short).collect();
    assert_eq!((longs.len(), shorts.len()), (NAMES.len(), NAMES.len()));
    // A short name that is a field of its own would be lost here.
    for record in every_kind() {
        let due = if record.due().is_some() { 2 } else { 0 };
        let listed = record.listed().map_or(0, |it| it.lists.len() + 1);
        let expiry = usize::from(record.forgotten_at().is_some());
        let stored = write(&record).len() - 2 - due - listed - expiry;
        assert_eq!(stored, fields(&record).len(), "{record:?}");
    }
}

#[test]
fn only_what_is_due_is_listed_and_only_what_is_forgotten_expires() {
    let (payout, _) = payout();
    let item = write(&Record::Payout(Box::new(payout.clone())));
    assert!(item.contains_key(keys::DUE_PK) && item.contains_key(keys::DUE_SK));
    let rested = Payout {
        next_at: None,
        ..payout
    };
    let item = write(&Record::Payout(Box::new(rested)));
    assert!(!item.contains_key(keys::DUE_PK) && !item.contains_key(keys::DUE_SK));
    let expiring: Vec<_> = every_kind()
        .iter()
        .map(|record| (write(record).contains_key(EXPIRY), record.forgotten_at()))
        .collect();
    for (has_expiry, forgotten_at) in expiring {
        assert_eq!(has_expiry, forgotten_at.is_some());
    }
}

#[test]
fn an_item_of_another_kind_is_unreadable_and_says_where_it_is() {
    let (payout, _) = payout();
    let item = write(&Record::Payout(Box::new(payout)));
    let error = read(&Key::ApiKey("k1".to_owned()), item).expect_err("no API key");
    assert!(error.to_string().starts_with("unreadable item K#k1 / KEY"));
}

#[test]
fn a_day_full_of_long_differences_fits_in_one_transaction() {
    let difference = samples::reconciliations::difference();
    let rows = app::record::PartRows::Differences(vec![difference; 500]);
    let size = billed(&write(&samples::reconciliations::part(rows)));
    assert!(size <= ITEM_MAX, "{size}");
    let parts = app::reconcile_day::DIFFERENCES_MAX / 500;
    assert!(parts * size <= TRANSACTION_MAX, "{parts} of {size}");
}
