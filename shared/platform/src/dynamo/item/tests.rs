//! Every kind of record of a typical payout: it reads back as it was written, and costs one unit.

use std::collections::BTreeSet;

use domain::payout::Payout;

use super::{
    samples::{every_kind, payout},
    *,
};

/// What is billed as one write unit, less a reserve.
const ONE_UNIT: usize = 1000;

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

#[test]
fn every_record_of_a_typical_payout_is_billed_as_one_unit() {
    for record in every_kind() {
        let size = billed(&write(&record));
        println!("{size:5} {:?}", record.key());
        assert!(size < ONE_UNIT, "{size} bytes: {record:?}");
    }
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
