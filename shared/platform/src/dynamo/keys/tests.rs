//! Spelling of keys, and reading them back.

use std::collections::HashSet;

use app::{changes::BalanceKey, record::InboxId};
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
        Key::Request(tenant.clone(), "00ff".to_owned()),
        Key::AnswerPart(tenant, "00ff".to_owned(), 1),
        Key::ApiKey("k1".to_owned()),
        Key::KeyRing("acme~test".parse().expect("valid")),
        Key::Proposal(
            "acme~test".parse().expect("valid"),
            "dep_1".parse().expect("valid"),
        ),
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
        Key::AuditEvent("acme~test".parse().expect("valid"), "aud_1".to_owned()),
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
            "T#acme~test#I#00ff#01 / PART",
            "K#k1 / KEY",
            "T#acme~test#K / RING",
            "T#acme~test#J#dep_1 / PROPOSAL",
            "RL#k1 / RATE",
            "SW#payelata#test / SW",
            "PR#payelata#test#pay_1-a01 / REF",
            "PI#payelata#test#cpoi_1 / REF",
            "PC#payelata#test#cpoi_1 / REF",
            "CB#payelata#live#cpoi_1 / ab",
            "OB#09 / 01J",
            "T#acme~test#U#aud_1 / AUD",
        ]
    );
    assert_eq!(
        addresses.iter().collect::<HashSet<_>>().len(),
        spelled.len()
    );
}

#[test]
fn an_account_kept_whole_has_an_item_and_the_others_share_one_for_each_shard() {
    let tenant: TenantId = "acme~live".parse().expect("valid");
    let wallet = |account| {
        let tenant = tenant.clone();
        let shard = 3;
        BalanceKey {
            tenant,
            account,
            shard,
        }
        .wallet()
    };
    let spelled: HashSet<_> = Account::ALL
        .map(|account| wallet_address(&wallet(account)).pk)
        .into();
    let expected = ["AVAIL", "SUSP", "CASH", "S03"].map(|it| format!("T#acme~live#W#USD#{it}"));
    assert_eq!(spelled, expected.into());
    for account in Account::ALL {
        let key = wallet(account);
        assert_eq!(wallet_key(&wallet_address(&key)), Some(key));
    }
}

#[test]
fn places_sort_as_texts_and_read_back() {
    let place = |millis, id: &str| Place {
        at: Timestamp::from_millis(millis),
        id: id.to_owned(),
    };
    let places = [
        place(9, "pay_9"),
        place(10, "pay_1"),
        place(10, "pay_10"),
        place(11, "a"),
    ];
    let texts: Vec<_> = places.iter().map(place_text).collect();
    assert!(texts.is_sorted());
    for (place, text) in places.iter().zip(&texts) {
        assert_eq!(place_of(text).as_ref(), Some(place));
    }
    let (from, to) = range_texts(Range {
        from: Some(Timestamp::from_millis(10)),
        to: Some(Timestamp::from_millis(11)),
    });
    let within: Vec<_> = texts
        .iter()
        .filter(|it| **it >= from && **it <= to)
        .collect();
    assert_eq!(within, [&texts[1], &texts[2]]);
}

#[test]
fn every_listed_record_is_found_again_by_its_address() {
    for key in keys() {
        let listed = matches!(
            key,
            Key::Payout(..)
                | Key::Attempt(..)
                | Key::Transition(..)
                | Key::Load(..)
                | Key::Driver(..)
                | Key::Deposit(..)
                | Key::ApiKey(_)
                | Key::KeyRing(_)
                | Key::AuditEvent(..)
        );
        assert_eq!(record_key(&address(&key)), listed.then_some(key));
    }
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
