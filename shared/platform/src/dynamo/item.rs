//! Records as items: short attribute names, no empty attributes, under one write unit where possible.

use std::collections::HashMap;

use app::{
    port::Unreachable,
    record::{Key, Record},
};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::ledger::Account;
use serde::{Serialize, de::DeserializeOwned};
use serde_dynamo::aws_sdk_dynamodb_1::{from_item, to_item};

use super::keys::{self, Address};

pub(crate) type Attributes = HashMap<String, AttributeValue>;

/// The version that a replacement is conditioned on.
pub(crate) const VERSION: &str = "v";
/// When the store may delete the item by itself, in Unix seconds.
pub(crate) const EXPIRY: &str = "ttl";
pub(crate) const STATUS: &str = "st";
pub(crate) const METHOD: &str = "me";
pub(crate) const HOLDER: &str = "ho";
pub(crate) const UPDATED_AT: &str = "ua";
pub(crate) const EXPIRES_AT: &str = "ea";
pub(crate) const TX_ID: &str = "tx";
/// How many lines of a tally are held.
pub(crate) const HELD: &str = "held";
/// How many lines of a tally the batch waits for.
pub(crate) const LEFT: &str = "lf";
/// What the making of a batch's lines depends on.
pub(crate) const GATE: &str = "ga";
pub(crate) const PAYOUTS: &str = "po";
pub(crate) const PENDING_PAYOUTS: &str = "pp";
pub(crate) const TOTAL_PAID: &str = "tp";
/// A driver's figures: added to, never replaced.
pub(crate) const FIGURES: [&str; 3] = [PAYOUTS, PENDING_PAYOUTS, TOTAL_PAID];

/// Field of a record, and the name it is stored under. Both must be unique, and stay as they are once
/// data exists. Every byte of a name is paid for in every item.
const NAMES: [(&str, &str); 57] = [
    ("version", VERSION),
    ("status", STATUS),
    ("method", METHOD),
    ("holder", HOLDER),
    ("updated_at", UPDATED_AT),
    ("expires_at", EXPIRES_AT),
    ("tx_id", TX_ID),
    ("tenant", "t"),
    ("payout", "p"),
    ("driver", "d"),
    ("driver_name", "dn"),
    ("amount", "am"),
    ("quote", "q"),
    ("currency", "cu"),
    ("progress", "pr"),
    ("description", "de"),
    ("requested_by", "rb"),
    ("dispatch_seq", "ds"),
    ("live_attempt", "la"),
    ("settled_attempt", "sa"),
    ("attempts", "an"),
    ("counted", "co"),
    ("run_counted", "rc"),
    ("tried", "tr"),
    ("shard", "sh"),
    ("reason", "re"),
    ("requested_at", "ra"),
    ("changed_at", "ca"),
    ("completed_at", "da"),
    ("created_at", "cr"),
    ("next_at", "na"),
    ("outbox", "ob"),
    ("reference", "rf"),
    ("provider", "pv"),
    ("object", "o"),
    ("object_updated", "ou"),
    ("last_status", "ls"),
    ("reprocesses", "rp"),
    ("processed", "pd"),
    ("lease_until", "lu"),
    ("sent_at", "se"),
    ("process_sent_at", "ps"),
    ("watched_at", "wa"),
    ("checked_at", "ck"),
    ("prev_hash", "ph"),
    ("payouts", PAYOUTS),
    ("pending_payouts", PENDING_PAYOUTS),
    ("total_paid", TOTAL_PAID),
    ("left", LEFT),
    ("gate", GATE),
    ("reviewed_at", "rv"),
    ("evidence", "ev"),
    ("decisions", "dc"),
    ("opened_at", "op"),
    ("closing", "cl"),
    ("told", "tl"),
    ("looks", "lk"),
];

/// An item that does not hold what its key promises.
#[derive(Debug, thiserror::Error)]
#[error("unreadable item {pk} / {sk}: {cause}")]
pub(crate) struct Unreadable {
    pk: String,
    sk: String,
    cause: serde_dynamo::Error,
}

/// The item of a record, keys and index entry included.
pub(crate) fn write(record: &Record) -> Attributes {
    let mut item = fields(record);
    item.extend(key_of(&keys::address(&record.key())));
    if let Some(Address { pk, sk }) = keys::due_address(record) {
        item.insert(keys::DUE_PK.to_owned(), AttributeValue::S(pk));
        item.insert(keys::DUE_SK.to_owned(), AttributeValue::S(sk));
    }
    if let Some(listed) = record.listed() {
        let place = AttributeValue::S(keys::place_text(&listed.place));
        item.insert(keys::PLACE.to_owned(), place);
        for shelf in listed.lists.iter().map(keys::shelf) {
            let partition = AttributeValue::S(shelf.partition);
            item.insert(shelf.attribute.to_owned(), partition);
        }
    }
    if let Some(at) = record.forgotten_at() {
        let seconds = AttributeValue::N(at.seconds().to_string());
        item.insert(EXPIRY.to_owned(), seconds);
    }
    item
}

/// The attributes of a record that have no value, so that an update in place must remove them; those of the due
/// index, where nothing is due, among them.
pub(crate) fn absent(record: &Record) -> Vec<String> {
    let mut item = all_fields(record);
    item.retain(|_, value| value.is_null());
    let undue = match record.due() {
        Some(_) => &[][..],
        None => &[keys::DUE_PK, keys::DUE_SK][..],
    };
    let undue = undue.iter().map(|name| (*name).to_owned());
    item.into_keys().chain(undue).collect()
}

/// The attribute of a wallet's item that holds an account's cents.
pub(crate) const fn balance_name(account: Account) -> &'static str {
    match account {
        Account::Available
        | Account::Hold
        | Account::Suspense
        | Account::CashFunding
        | Account::Losses => "c",
        Account::Pending => "pe",
        Account::InTransit => "tr",
        Account::ClearingPayelata => "cp",
        Account::ClearingOwlpay => "co",
        Account::ClearingPaywizard => "cw",
        Account::Fees => "fe",
    }
}

/// The attribute that counts a list's entries under `name`.
pub(crate) fn count_name(name: &str) -> String {
    format!("n_{name}")
}

/// A whole number of an item; 0 when it is not there.
///
/// # Errors
/// The attribute is no whole number.
pub(crate) fn whole(item: &Attributes, name: &str) -> Result<i64, Unreachable> {
    let Some(value) = item.get(name) else {
        return Ok(0);
    };
    let number = value.as_n().ok().and_then(|text| text.parse().ok());
    number.ok_or_else(|| Unreachable(format!("{name} is no whole number")))
}

/// The key attributes of an item.
pub(crate) fn key_of(address: &Address) -> Attributes {
    [(keys::PK, &address.pk), (keys::SK, &address.sk)]
        .into_iter()
        .map(|(name, text)| (name.to_owned(), AttributeValue::S(text.clone())))
        .collect()
}

/// Where an item says that it is.
pub(crate) fn address_of(item: &Attributes) -> Option<Address> {
    Some(Address {
        pk: text(item, keys::PK)?.to_owned(),
        sk: text(item, keys::SK)?.to_owned(),
    })
}

pub(crate) fn text<'a>(item: &'a Attributes, name: &str) -> Option<&'a str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

/// Reads the item that is stored under `key`.
///
/// # Errors
/// [`Unreadable`] when it is not the record that belongs there.
pub(crate) fn read(key: &Key, item: Attributes) -> Result<Record, Unreadable> {
    let record = match key {
        Key::Payout(..) => of(item).map(Record::Payout),
        Key::Attempt(..) => of(item).map(Record::Attempt),
        Key::Transition(..) => of(item).map(Record::Transition),
        Key::Load(..) => of(item).map(Record::Load),
        Key::Driver(..) => of(item).map(Record::Driver),
        Key::Method(..) => of(item).map(Record::Method),
        Key::Deposit(..) => of(item).map(Record::Deposit),
        Key::Proposal(..) => of(item).map(Record::Proposal),
        Key::Charge(..) => of(item).map(Record::Charge),
        Key::Funding(..) => of(item).map(Record::Funding),
        Key::Request(..) => of(item).map(Record::Request),
        Key::AnswerPart(..) => of(item).map(Record::AnswerPart),
        Key::ApiKey(_) => of(item).map(Record::ApiKey),
        Key::KeyRing(_) => of(item).map(Record::KeyRing),
        Key::Bucket(_) => of(item).map(Record::Bucket),
        Key::Switch(..) => of(item).map(Record::Switch),
        Key::CardLock(..) => of(item).map(Record::CardLock),
        Key::Reference(..) => of(item).map(Record::Reference),
        Key::Object(..) => of(item).map(Record::Object),
        Key::Inbox(_) => of(item).map(Record::Inbox),
        Key::Outbox(_) => of(item).map(Record::Outbox),
        Key::AuditEvent(..) => of(item).map(Record::AuditEvent),
        Key::Batch(..) => of(item).map(Record::Batch),
        Key::Manifest(..) => of(item).map(Record::Manifest),
        Key::Chunk(..) => of(item).map(Record::Chunk),
        Key::Tally(..) => of(item).map(Record::Tally),
        Key::Journal(..) => of(item).map(Record::Journal),
        Key::BatchFile(..) => of(item).map(Record::BatchFile),
        Key::Settings(..) => of(item).map(Record::Settings),
        Key::Reconciliation(..) => of(item).map(Record::Reconciliation),
        Key::ReconciliationPart(..) => of(item).map(Record::ReconciliationPart),
        Key::Review(..) => of(item).map(Record::Review),
    };
    record.map_err(|cause| {
        let Address { pk, sk } = keys::address(key);
        Unreadable { pk, sk, cause }
    })
}

/// Reads the fields of an item into `T`.
pub(crate) fn of<T: DeserializeOwned>(item: Attributes) -> Result<T, serde_dynamo::Error> {
    from_item(renamed(item, |(long, short)| (short, long)))
}

fn fields(record: &Record) -> Attributes {
    let mut item = all_fields(record);
    item.retain(|_, value| !value.is_null());
    item
}

fn all_fields(record: &Record) -> Attributes {
    match record {
        Record::Payout(it) => plain(it),
        Record::Attempt(it) => plain(it),
        Record::Transition(it) => plain(it),
        Record::Load(it) => plain(it),
        Record::Driver(it) => plain(it),
        Record::Method(it) => plain(it),
        Record::Deposit(it) => plain(it),
        Record::Proposal(it) => plain(it),
        Record::Charge(it) => plain(it),
        Record::Funding(it) => plain(it),
        Record::Request(it) => plain(it),
        Record::AnswerPart(it) => plain(it),
        Record::ApiKey(it) => plain(it),
        Record::KeyRing(it) => plain(it),
        Record::Bucket(it) => plain(it),
        Record::Switch(it) => plain(it),
        Record::CardLock(it) => plain(it),
        Record::Reference(it) => plain(it),
        Record::Object(it) => plain(it),
        Record::Inbox(it) => plain(it),
        Record::Outbox(it) => plain(it),
        Record::AuditEvent(it) => plain(it),
        Record::Batch(it) => plain(it),
        Record::Manifest(it) => plain(it),
        Record::Chunk(it) => plain(it),
        Record::Tally(it) => plain(it),
        Record::Journal(it) => plain(it),
        Record::BatchFile(it) => plain(it),
        Record::Settings(it) => plain(it),
        Record::Reconciliation(it) => plain(it),
        Record::ReconciliationPart(it) => plain(it),
        Record::Review(it) => plain(it),
    }
}

fn plain<T: Serialize>(record: &T) -> Attributes {
    let item: Attributes = to_item(record).expect("a record holds only what an item can hold");
    renamed(item, |pair| pair)
}

fn renamed(
    item: Attributes,
    direction: fn((&'static str, &'static str)) -> (&'static str, &'static str),
) -> Attributes {
    item.into_iter()
        .map(|(name, value)| {
            let to = NAMES
                .into_iter()
                .map(direction)
                .find_map(|(from, to)| (from == name).then_some(to));
            (to.map_or(name, str::to_owned), value)
        })
        .collect()
}

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
