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
//! | balance | `T#t#W#USD#PEND#02` | `BAL` | tenant: available, pending and in transit together |
//! | deposit | `T#t#J#dep` | `X#000001` | id |
//! | request record | `T#t#I#digest` | `IDEM` | digest |
//! | API key | `K#id` | `KEY` | id |
//! | rate limit of a key | `RL#id` | `RATE` | id |
//! | route switch | `SW#provider#mode` | `SW` | provider and mode |
//! | provider reference | `PR#provider#mode#ref` | `REF` | reference |
//! | provider object | `PI#provider#mode#object` | `REF` | object |
//! | contradiction | `PC#provider#mode#object` | `REF` | object |
//! | callback inbox | `CB#provider#mode#object` | SHA-256 of the body | both |
//! | outbox entry | `OB#09` | ULID | shard, oldest first |
//!
//! `t` is `<tenant>~<mode>`. Payouts and attempts with a due time are also in the sparse index `due`,
//! under `DUE#<shard>` / `<millis>#<payout>`, read by shard, earliest first.
//!
//! No id can contain `#`, so no part can pose as another.

use app::{
    changes::BalanceKey,
    port::DUE_SHARDS,
    record::{Key, OutboxEntry, Record, due_shard},
};
use domain::{
    ids::{AttemptRef, DriverId, Mode, PayoutId, TenantId},
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
        Key::Request(tenant, digest) => Address::new(format!("T#{tenant}#I#{digest}"), "IDEM"),
        Key::ApiKey(id) => Address::new(format!("K#{id}"), "KEY"),
        // Not in the key's own partition: functions that may write this must not write keys.
        Key::Bucket(id) => Address::new(format!("RL#{id}"), "RATE"),
        Key::Switch(provider, mode) => Address::new(route("SW", *provider, *mode), "SW"),
        Key::Reference(provider, mode, reference) => Address::new(
            format!("{}#{reference}", route("PR", *provider, *mode)),
            "REF",
        ),
        Key::Object(provider, mode, object) => {
            Address::new(format!("{}#{object}", route("PI", *provider, *mode)), "REF")
        }
        Key::Contradiction(provider, mode, object) => {
            Address::new(format!("{}#{object}", route("PC", *provider, *mode)), "REF")
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
    }
}

pub(crate) fn payout_pk(tenant: &TenantId, payout: &PayoutId) -> String {
    format!("T#{tenant}#P#{payout}")
}

fn driver_pk(tenant: &TenantId, driver: &DriverId) -> String {
    format!("T#{tenant}#D#{driver}")
}

fn route(kind: &str, provider: Provider, mode: Mode) -> String {
    format!("{kind}#{}#{}", provider.name(), mode.name())
}

pub(crate) fn balance_address(balance: &BalanceKey) -> Address {
    let account = match balance.account {
        Account::Available => "AVAIL",
        Account::Pending => "PEND",
        Account::InTransit => "TRAN",
        Account::ClearingPayelata => "CLR.PAYELATA",
        Account::Fees => "FEES",
        Account::Suspense => "SUSP",
        Account::CashFunding => "CASH",
    };
    let wallet = format!("T#{}#W#{}#{account}", balance.tenant, Currency::Usd.code());
    let pk = if balance.account.is_sharded() {
        format!("{wallet}#{:02}", balance.shard)
    } else {
        wallet
    };
    Address::new(pk, "BAL")
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
    record.due().map(|(at, payout)| {
        Address::new(
            due_pk(due_shard(payout)),
            format!("{}#{payout}", due_sk(at)),
        )
    })
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
    let (tenant, payout) = address.pk.strip_prefix("T#")?.split_once("#P#")?;
    let tenant: TenantId = tenant.parse().ok()?;
    let payout: PayoutId = payout.parse().ok()?;
    let key = match address.sk.strip_prefix("A#") {
        Some(number) => Key::Attempt(tenant, AttemptRef::new(payout, number.parse().ok()?)),
        None if address.sk == "META" => Key::Payout(tenant, payout),
        None => return None,
    };
    let (millis, _) = due_sk.split_once('#')?;
    Some(app::record::DueEntry {
        at: Timestamp::from_millis(millis.parse().ok()?),
        key,
    })
}

/// The record of the books at an address: a payout, an attempt, a transition, a load or a deposit. None
/// for everything an audit does not look at.
pub(crate) fn book_key(address: &Address) -> Option<Key> {
    let (tenant, rest) = address.pk.strip_prefix("T#")?.split_once('#')?;
    let tenant: TenantId = tenant.parse().ok()?;
    let (kind, id) = rest.split_once('#')?;
    match (kind, address.sk.split_once('#')) {
        ("P", None) => Some(Key::Payout(tenant, id.parse().ok()?)),
        ("P", Some(("A", number))) => {
            let reference = AttemptRef::new(id.parse().ok()?, number.parse().ok()?);
            Some(Key::Attempt(tenant, reference))
        }
        ("P", Some(("X", number))) => Some(Key::Transition(
            tenant,
            id.parse().ok()?,
            number.parse().ok()?,
        )),
        ("L", None) => Some(Key::Load(tenant, id.parse().ok()?)),
        ("J", Some(_)) => Some(Key::Deposit(tenant, id.parse().ok()?)),
        _ => None,
    }
}

/// The balance at an address.
pub(crate) fn balance_key(address: &Address) -> Option<BalanceKey> {
    let (tenant, account) = address.pk.strip_prefix("T#")?.split_once("#W#")?;
    let tenant: TenantId = tenant.parse().ok()?;
    let shards = 0..domain::payout::SHARDS;
    let keys = shards.flat_map(|shard| {
        Account::ALL.map(|account| BalanceKey {
            tenant: tenant.clone(),
            account,
            shard,
        })
    });
    let found = keys
        .into_iter()
        .find(|key| balance_address(key) == *address);
    found.filter(|_| !account.is_empty())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use app::record::InboxId;
    use domain::ids::LoadId;

    use super::*;

    fn keys() -> Vec<Key> {
        let tenant: TenantId = "acme~test".parse().expect("valid");
        let payout: PayoutId = "pay_1".parse().expect("valid");
        let reference = AttemptRef::new(payout.clone(), 1);
        let driver: DriverId = "drv_1".parse().expect("valid");
        let object: domain::ids::ProviderId = "cpoi_1".parse().expect("valid");
        let load: LoadId = "L-1".parse().expect("valid");
        vec![
            Key::Payout(tenant.clone(), payout.clone()),
            Key::Attempt(tenant.clone(), reference.clone()),
            Key::Transition(tenant.clone(), payout, 7),
            Key::Load(tenant.clone(), load),
            Key::Driver(tenant.clone(), driver.clone()),
            Key::Method(tenant.clone(), driver, 1),
            Key::Deposit(tenant.clone(), "dep_1".parse().expect("valid")),
            Key::Request(tenant, "00ff".to_owned()),
            Key::ApiKey("k1".to_owned()),
            Key::Bucket("k1".to_owned()),
            Key::Switch(Provider::Payelata, Mode::Test),
            Key::Reference(Provider::Payelata, Mode::Test, reference),
            Key::Object(Provider::Payelata, Mode::Test, object.clone()),
            Key::Contradiction(Provider::Payelata, Mode::Test, object.clone()),
            Key::Inbox(InboxId {
                provider: Provider::Payelata,
                mode: Mode::Live,
                object,
                body_sha256: "ab".to_owned(),
            }),
            Key::Outbox("09#01J".to_owned()),
        ]
    }

    #[test]
    fn keys_are_spelled_as_documented_and_no_two_collide() {
        let addresses: Vec<_> = keys().iter().map(address).collect();
        let spelled: Vec<_> = addresses
            .iter()
            .map(|it| format!("{} / {}", it.pk, it.sk))
            .collect();
        assert_eq!(
            spelled,
            [
                "T#acme~test#P#pay_1 / META",
                "T#acme~test#P#pay_1 / A#01",
                "T#acme~test#P#pay_1 / X#0000007",
                "T#acme~test#L#L-1 / LOAD",
                "T#acme~test#D#drv_1 / META",
                "T#acme~test#D#drv_1 / M#0001",
                "T#acme~test#J#dep_1 / X#000001",
                "T#acme~test#I#00ff / IDEM",
                "K#k1 / KEY",
                "RL#k1 / RATE",
                "SW#payelata#test / SW",
                "PR#payelata#test#pay_1-a01 / REF",
                "PI#payelata#test#cpoi_1 / REF",
                "PC#payelata#test#cpoi_1 / REF",
                "CB#payelata#live#cpoi_1 / ab",
                "OB#09 / 01J",
            ]
        );
        assert_eq!(
            addresses.iter().collect::<HashSet<_>>().len(),
            spelled.len()
        );
    }

    #[test]
    fn only_sharded_accounts_carry_their_shard() {
        let spelled = Account::ALL.map(|account| {
            balance_address(&BalanceKey {
                tenant: "acme~live".parse().expect("valid"),
                account,
                shard: 3,
            })
            .pk
        });
        assert_eq!(spelled[0], "T#acme~live#W#USD#AVAIL");
        assert_eq!(spelled[1], "T#acme~live#W#USD#PEND#03");
        assert_eq!(spelled[2], "T#acme~live#W#USD#TRAN#03");
        assert_eq!(spelled.iter().collect::<HashSet<_>>().len(), spelled.len());
    }

    #[test]
    fn a_due_entry_reads_back_as_the_key_it_was_written_for() {
        for key in keys().iter().take(2) {
            let entry = due_entry(&address(key), "0000000001000#pay_1").expect("ours");
            assert_eq!(&entry.key, key);
            assert_eq!(entry.at, Timestamp::from_millis(1000));
        }
        assert_eq!(due_entry(&address(&keys()[3]), "0000000001000#pay_1"), None);
    }
}
