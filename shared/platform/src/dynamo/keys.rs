//! The only place that spells a partition or sort key.
//!
//! | item | pk | sk | read by |
//! |---|---|---|---|
//! | payout | `T#t#P#p` | `META` | id |
//! | attempt | `T#t#P#p` | `A#01` | reference |
//! | transition | `T#t#P#p` | `X#0000007` | payout, in order |
//! | load | `T#t#L#load` | `LOAD` | id |
//! | driver | `T#t#D#drv` | `META` | id |
//! | method version | `T#t#D#drv` | `M#0001` | driver and version |
//! | wallet: an account kept whole | `T#t#W#USD#AVAIL` | `BAL` | tenant, with its shards |
//! | wallet: a shard of the others, and its payouts by status | `T#t#W#USD#S02` | `BAL` | tenant |
//! | counts of a list | `T#t#N#drivers#02` | `CNT` | tenant and list, all shards |
//! | audit event | `T#t#U#aud` | `AUD` | id |
//! | deposit | `T#t#J#dep` | `X#000001` | id |
//! | deposit that waits for a second operator | `T#t#J#dep` | `PROPOSAL` | id |
//! | card charge | `T#t#C#chg` | `META` | id |
//! | money of a card charge | `T#t#C#chg` | `X#000001` | id |
//! | request record | `T#t#I#digest` | `IDEM` | digest |
//! | part of a large answer | `T#t#I#digest#01` | `PART` | digest and number |
//! | API key | `K#id` | `KEY` | id |
//! | usable keys and number of keys | `T#t#K` | `RING` | tenant |
//! | rate limit of a key | `RL#id` | `RATE` | id |
//! | route switch | `SW#provider#mode` | `SW` | provider and mode |
//! | lock of a prepaid card | `PL#provider#mode#digest` | `LOCK` | digest |
//! | provider reference | `PR#provider#mode#ref` | `REF` | reference |
//! | provider object | `PI#provider#mode#object` | `REF` | object |
//! | batch | `T#t#B#b` | `META` | id |
//! | lines of a batch | `T#t#B#b#M#07` | `MAN` | batch and number |
//! | chunk of lines | `T#t#B#b#C#0123` | `CHK` | batch and number |
//! | tally of a batch | `T#t#B#b#N#03` | `TAL` | batch, with all its tallies |
//! | journal of a batch's money | `T#t#B#b#J#create` | `X#000001` | batch and name |
//! | batch of a file | `T#t#F#digest` | `FILE` | digest |
//! | settings of a tenant | `T#t#S` | `SET` | tenant |
//! | reconciliation of a day | `T#t#R#2026-01-31` | `META` | day |
//! | rows of it | `T#t#R#2026-01-31#0003#01` | `PART` | day, set and number |
//! | review of an attempt | `T#t#P#p` | `R#01` | reference |
//! | callback inbox | `CB#provider#mode#object` | SHA-256 of the body | both |
//! | outbox entry | `OB#09` | ULID | shard, oldest first |
//!
//! `t` is `<tenant>~<mode>`. Payouts, attempts, batches, charges and drivers with a due time are also in the sparse index
//! `due`, under `DUE#<shard>` / `<millis>#<payout, batch, charge or driver>`, read by shard, earliest first. Drivers have
//! the last shard for themselves.
//!
//! Lists are read newest first, by `<millis made>#<id>` under one of three sparse indexes:
//!
//! | index | entries | partition |
//! |---|---|---|
//! | `list` | payouts, drivers, loads, batches, reviews, API keys, audit of a tenant; tenants of a mode, by their rings | `T#t#P`, `T#t#D`, `T#t#L`, `T#t#B`, `T#t#R`, `T#t#K`, `T#t#U`, `TENANTS#test` |
//! | `driver` | payouts of a driver | `T#t#D#drv#P` |
//! | `status` | payouts of a status made in a month; drivers, batches and reviews of a status | `T#t#P#completed#2026-11`, `T#t#D#active`, `T#t#B#queued`, `T#t#R#open` |
//!
//! All hold keys only. Keys of the first two never change, so a status change rewrites one entry.
//!
//! No id can contain `#`, so no part can pose as another.

use app::{
    changes::{Counted, CounterKey, WalletKey, WalletPart},
    list::{List, Place, Range},
    port::DUE_SHARDS,
    record::{Key, OutboxEntry, Record, due_shard},
};
use domain::{
    ids::{AttemptRef, BatchId, ChargeId, DriverId, Mode, PayoutId, TenantId},
    ledger::Account,
    money::Currency,
    routing::Provider,
    time::Timestamp,
};

pub(crate) const PK: &str = "pk";
pub(crate) const SK: &str = "sk";
pub(crate) const DUE_INDEX: &str = "due";
pub(crate) const DUE_PK: &str = "g1p";
pub(crate) const DUE_SK: &str = "g1s";
/// Where an item stands in every list it is in.
pub(crate) const PLACE: &str = "gs";
/// How the sort key of every transition begins.
pub(crate) const TRANSITIONS: &str = "X#";

/// Where an item is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Address {
    pub(crate) pk: String,
    pub(crate) sk: String,
}

impl Address {
    fn new(pk: String, sk: impl Into<String>) -> Self {
        Self { pk, sk: sk.into() }
    }
}

pub(crate) fn address(key: &Key) -> Address {
    match key {
        Key::Payout(tenant, payout) => Address::new(payout_pk(tenant, payout), "META"),
        Key::Attempt(tenant, reference) => Address::new(
            payout_pk(tenant, &reference.payout),
            format!("A#{:02}", reference.number),
        ),
        Key::Transition(tenant, payout, seq) => {
            Address::new(payout_pk(tenant, payout), format!("{TRANSITIONS}{seq:07}"))
        }
        Key::Load(tenant, load) => Address::new(format!("T#{tenant}#L#{load}"), "LOAD"),
        Key::Driver(tenant, driver) => Address::new(driver_pk(tenant, driver), "META"),
        Key::Method(tenant, driver, version) => {
            Address::new(driver_pk(tenant, driver), format!("M#{version:04}"))
        }
        Key::Deposit(tenant, deposit) => {
            Address::new(format!("T#{tenant}#J#{deposit}"), "X#000001")
        }
        Key::Proposal(tenant, deposit) => {
            Address::new(format!("T#{tenant}#J#{deposit}"), "PROPOSAL")
        }
        Key::Charge(tenant, charge) => Address::new(charge_pk(tenant, charge), "META"),
        Key::Funding(tenant, charge, number) => {
            Address::new(charge_pk(tenant, charge), format!("X#{number:06}"))
        }
        Key::Request(tenant, digest) => Address::new(format!("T#{tenant}#I#{digest}"), "IDEM"),
        // Not in the record's own partition: parts are large, and are written all at once.
        Key::AnswerPart(tenant, digest, number) => {
            Address::new(format!("T#{tenant}#I#{digest}#{number:02}"), "PART")
        }
        Key::ApiKey(id) => Address::new(format!("K#{id}"), "KEY"),
        Key::KeyRing(tenant) => Address::new(format!("T#{tenant}#K"), "RING"),
        // Not in the key's own partition: functions that may write this must not write keys.
        Key::Bucket(id) => Address::new(format!("RL#{id}"), "RATE"),
        Key::Switch(provider, mode) => Address::new(route("SW", *provider, *mode), "SW"),
        Key::CardLock(provider, mode, card) => {
            Address::new(format!("{}#{card}", route("PL", *provider, *mode)), "LOCK")
        }
        Key::Reference(provider, mode, reference) => Address::new(
            format!("{}#{reference}", route("PR", *provider, *mode)),
            "REF",
        ),
        Key::Object(provider, mode, object) => {
            Address::new(format!("{}#{object}", route("PI", *provider, *mode)), "REF")
        }
        Key::Inbox(id) => Address::new(
            format!("{}#{}", route("CB", id.provider, id.mode), id.object),
            id.body_sha256.clone(),
        ),
        Key::Outbox(id) => {
            let shard = OutboxEntry::shard_of(id);
            let rest = id.split_once('#').map_or("", |(_, rest)| rest);
            Address::new(format!("OB#{shard}"), rest)
        }
        Key::AuditEvent(tenant, id) => Address::new(format!("T#{tenant}#U#{id}"), "AUD"),
        Key::Batch(tenant, batch) => Address::new(batch_pk(tenant, batch), "META"),
        Key::Manifest(tenant, batch, number) => {
            Address::new(format!("{}#M#{number:02}", batch_pk(tenant, batch)), "MAN")
        }
        Key::Chunk(tenant, batch, number) => {
            Address::new(format!("{}#C#{number:04}", batch_pk(tenant, batch)), "CHK")
        }
        Key::Tally(tenant, batch, number) => {
            Address::new(format!("{}#N#{number:02}", batch_pk(tenant, batch)), "TAL")
        }
        Key::Journal(tenant, batch, name) => {
            Address::new(format!("{}#J#{name}", batch_pk(tenant, batch)), "X#000001")
        }
        Key::BatchFile(tenant, digest) => Address::new(format!("T#{tenant}#F#{digest}"), "FILE"),
        Key::Settings(tenant) => Address::new(format!("T#{tenant}#S"), "SET"),
        Key::Reconciliation(tenant, day) => Address::new(format!("T#{tenant}#R#{day}"), "META"),
        // Not in the partition of the day: parts are large, and are written all at once.
        Key::ReconciliationPart(tenant, day, set, number) => {
            Address::new(format!("T#{tenant}#R#{day}#{set:04}#{number:02}"), "PART")
        }
        Key::Review(tenant, reference) => Address::new(
            payout_pk(tenant, &reference.payout),
            format!("R#{:02}", reference.number),
        ),
    }
}

pub(crate) fn payout_pk(tenant: &TenantId, payout: &PayoutId) -> String {
    format!("T#{tenant}#P#{payout}")
}

fn charge_pk(tenant: &TenantId, charge: &ChargeId) -> String {
    format!("T#{tenant}#C#{charge}")
}

fn batch_pk(tenant: &TenantId, batch: &BatchId) -> String {
    format!("T#{tenant}#B#{batch}")
}

fn driver_pk(tenant: &TenantId, driver: &DriverId) -> String {
    format!("T#{tenant}#D#{driver}")
}

fn route(kind: &str, provider: Provider, mode: Mode) -> String {
    format!("{kind}#{}#{}", provider.name(), mode.name())
}

pub(crate) fn wallet_address(wallet: &WalletKey) -> Address {
    let part = match wallet.part {
        WalletPart::Whole(account) => account_name(account).to_owned(),
        WalletPart::Shard(shard) => format!("S{shard:02}"),
    };
    let pk = format!("T#{}#W#{}#{part}", wallet.tenant, Currency::Usd.code());
    Address::new(pk, "BAL")
}

const fn account_name(account: Account) -> &'static str {
    match account {
        Account::Available => "AVAIL",
        Account::Pending => "PEND",
        Account::Hold => "HOLD",
        Account::InTransit => "TRAN",
        Account::ClearingPayelata => "CLR.PAYELATA",
        Account::ClearingOwlpay => "CLR.OWLPAY",
        Account::ClearingPaywizard => "CLR.PAYWIZARD",
        Account::Fees => "FEES",
        Account::Suspense => "SUSP",
        Account::CashFunding => "CASH",
        Account::Losses => "LOSS",
    }
}

pub(crate) fn counter_address(counter: &CounterKey) -> Address {
    let CounterKey {
        tenant,
        list,
        shard,
    } = counter;
    Address::new(
        format!("T#{tenant}#N#{}#{shard:02}", list_name(*list)),
        "CNT",
    )
}

const fn list_name(list: Counted) -> &'static str {
    match list {
        Counted::Drivers => "drivers",
        Counted::Loads => "loads",
        Counted::Batches => "batches",
        Counted::Reviews => "reviews",
    }
}

/// An index, and the partition of it that holds a list.
pub(crate) struct Shelf {
    pub(crate) index: &'static str,
    /// The attribute that holds the partition.
    pub(crate) attribute: &'static str,
    pub(crate) partition: String,
}

pub(crate) fn shelf(list: &List) -> Shelf {
    let (index, attribute, partition) = match list {
        List::Payouts(tenant) => ("list", "g2p", format!("T#{tenant}#P")),
        List::Drivers(tenant) => ("list", "g2p", format!("T#{tenant}#D")),
        List::Loads(tenant) => ("list", "g2p", format!("T#{tenant}#L")),
        List::Batches(tenant) => ("list", "g2p", format!("T#{tenant}#B")),
        List::BatchesOfStatus(tenant, status) => {
            ("status", "g4p", format!("T#{tenant}#B#{}", status.name()))
        }
        List::Reviews(tenant) => ("list", "g2p", format!("T#{tenant}#R")),
        List::ReviewsOfStatus(tenant, status) => {
            ("status", "g4p", format!("T#{tenant}#R#{}", status.name()))
        }
        List::ApiKeys(tenant) => ("list", "g2p", format!("T#{tenant}#K")),
        List::Audit(tenant) => ("list", "g2p", format!("T#{tenant}#U")),
        List::Tenants(mode) => ("list", "g2p", format!("TENANTS#{}", mode.name())),
        List::PayoutsOfDriver(tenant, driver) => {
            ("driver", "g3p", format!("{}#P", driver_pk(tenant, driver)))
        }
        List::PayoutsOfStatus(tenant, status, month) => (
            "status",
            "g4p",
            format!("T#{tenant}#P#{}#{month}", status.name()),
        ),
        List::DriversOfStatus(tenant, status) => {
            ("status", "g4p", format!("T#{tenant}#D#{}", status.name()))
        }
    };
    Shelf {
        index,
        attribute,
        partition,
    }
}

/// How a place in a list is written; texts sort as places do.
pub(crate) fn place_text(place: &Place) -> String {
    format!("{}#{}", due_sk(place.at), place.id)
}

/// The first and the last text of a range; no place is equal to either.
pub(crate) fn range_texts(range: Range) -> (String, String) {
    let from = range.from.map_or_else(|| "0".to_owned(), due_sk);
    // Before every place of that millisecond, because a place goes on with `#`.
    let to = range.to.map_or_else(|| "~".to_owned(), due_sk);
    (from, to)
}

/// The place a text stands for; none for what we did not write.
pub(crate) fn place_of(text: &str) -> Option<Place> {
    let (millis, id) = text.split_once('#')?;
    Some(Place {
        at: Timestamp::from_millis(millis.parse().ok()?),
        id: id.to_owned(),
    })
}

pub(crate) fn outbox_pk(shard: u8) -> String {
    format!("OB#{shard:02}")
}

/// The sort key after the last outbox entry that was made at or before `until`.
pub(crate) fn outbox_end(until: Timestamp) -> String {
    OutboxEntry::first_id_of(after(until))
}

/// Where a record with a due time is listed.
pub(crate) fn due_address(record: &Record) -> Option<Address> {
    record
        .due()
        .map(|(at, id)| Address::new(due_pk(due_shard(id)), format!("{}#{id}", due_sk(at))))
}

pub(crate) fn due_pk(shard: u8) -> String {
    assert!(shard < DUE_SHARDS, "the due index has no shard {shard}");
    format!("DUE#{shard}")
}

/// The sort key after the last entry that is due at or before `until`.
pub(crate) fn due_end(until: Timestamp) -> String {
    due_sk(after(until))
}

fn due_sk(at: Timestamp) -> String {
    format!("{:013}", at.millis().clamp(0, 9_999_999_999_999))
}

fn after(at: Timestamp) -> Timestamp {
    Timestamp::from_millis(at.millis().saturating_add(1))
}

/// What an entry of the due index names, and when it is due; none for what we did not write.
pub(crate) fn due_entry(address: &Address, due_sk: &str) -> Option<app::record::DueEntry> {
    let key = match record_key(address)? {
        key @ (Key::Payout(..)
        | Key::Attempt(..)
        | Key::Batch(..)
        | Key::Charge(..)
        | Key::Driver(..)) => key,
        _ => return None,
    };
    let (millis, _) = due_sk.split_once('#')?;
    Some(app::record::DueEntry {
        at: Timestamp::from_millis(millis.parse().ok()?),
        key,
    })
}

/// The record at an address, where it belongs to the books or stands in a list: payouts, attempts, reviews,
/// transitions, loads, drivers, deposits, charges with their money, batches with all that belongs to them and their files, API keys and
/// their rings, settings, audit events. None for everything else.
pub(crate) fn record_key(address: &Address) -> Option<Key> {
    if let Some(id) = address.pk.strip_prefix("K#") {
        return (address.sk == "KEY").then(|| Key::ApiKey(id.to_owned()));
    }
    let (tenant, rest) = address.pk.strip_prefix("T#")?.split_once('#')?;
    let tenant: TenantId = tenant.parse().ok()?;
    match rest {
        "K" => return Some(Key::KeyRing(tenant)),
        "S" => return Some(Key::Settings(tenant)),
        _ => {}
    }
    let (kind, id) = rest.split_once('#')?;
    match (kind, address.sk.split_once('#')) {
        ("P", None) => Some(Key::Payout(tenant, id.parse().ok()?)),
        ("P", Some(("A", number))) => {
            let reference = AttemptRef::new(id.parse().ok()?, number.parse().ok()?);
            Some(Key::Attempt(tenant, reference))
        }
        ("P", Some(("R", number))) => {
            let reference = AttemptRef::new(id.parse().ok()?, number.parse().ok()?);
            Some(Key::Review(tenant, reference))
        }
        ("P", Some(("X", number))) => Some(Key::Transition(
            tenant,
            id.parse().ok()?,
            number.parse().ok()?,
        )),
        ("L", None) => Some(Key::Load(tenant, id.parse().ok()?)),
        ("D", None) => Some(Key::Driver(tenant, id.parse().ok()?)),
        ("J", Some(_)) => Some(Key::Deposit(tenant, id.parse().ok()?)),
        ("C", None) => Some(Key::Charge(tenant, id.parse().ok()?)),
        ("C", Some((_, number))) => {
            Some(Key::Funding(tenant, id.parse().ok()?, number.parse().ok()?))
        }
        ("U", None) => Some(Key::AuditEvent(tenant, id.to_owned())),
        ("B", _) => batch_key(tenant, id),
        ("F", None) => Some(Key::BatchFile(tenant, id.to_owned())),
        _ => None,
    }
}

/// What belongs to a batch, by what follows `T#t#B#`.
fn batch_key(tenant: TenantId, rest: &str) -> Option<Key> {
    let Some((id, rest)) = rest.split_once('#') else {
        return Some(Key::Batch(tenant, rest.parse().ok()?));
    };
    let batch: BatchId = id.parse().ok()?;
    let (kind, name) = rest.split_once('#')?;
    match kind {
        "M" => Some(Key::Manifest(tenant, batch, name.parse().ok()?)),
        "C" => Some(Key::Chunk(tenant, batch, name.parse().ok()?)),
        "N" => Some(Key::Tally(tenant, batch, name.parse().ok()?)),
        "J" => Some(Key::Journal(tenant, batch, name.to_owned())),
        _ => None,
    }
}

/// The item of a wallet at an address.
pub(crate) fn wallet_key(address: &Address) -> Option<WalletKey> {
    let (tenant, wallet) = address.pk.strip_prefix("T#")?.split_once("#W#")?;
    let (_, name) = wallet.split_once('#')?;
    let whole = Account::ALL
        .into_iter()
        .find(|account| !account.is_sharded() && account_name(*account) == name)
        .map(WalletPart::Whole);
    let shard = || name.strip_prefix('S')?.parse().ok().map(WalletPart::Shard);
    Some(WalletKey {
        tenant: tenant.parse().ok()?,
        part: whole.or_else(shard)?,
    })
}

/// The counts at an address.
pub(crate) fn counter_key(address: &Address) -> Option<CounterKey> {
    let (tenant, rest) = address.pk.strip_prefix("T#")?.split_once("#N#")?;
    let (name, shard) = rest.split_once('#')?;
    Some(CounterKey {
        tenant: tenant.parse().ok()?,
        list: Counted::ALL
            .into_iter()
            .find(|list| list_name(*list) == name)?,
        shard: shard.parse().ok()?,
    })
}

#[cfg(test)]
mod tests;
