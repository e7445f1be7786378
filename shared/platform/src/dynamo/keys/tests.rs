//! Spelling of keys, and reading them back.

use std::collections::HashSet;

use app::{changes::BalanceKey, record::InboxId};
use domain::{batch::BatchStatus, ids::LoadId, review::ReviewStatus};

use super::*;

fn keys() -> Vec<Key> {
    let tenant: TenantId = "acme~test".parse().expect("valid");
    let payout: PayoutId = "pay_1".parse().expect("valid");
    let reference = AttemptRef::new(payout.clone(), 1);
    let driver: DriverId = "drv_1".parse().expect("valid");
    let object: domain::ids::ProviderId = "cpoi_1".parse().expect("valid");
    let load: LoadId = "L-1".parse().expect("valid");
    let keys = vec![
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
        Key::CardLock(Provider::Paywizard, Mode::Test, "00ff".to_owned()),
        Key::Reference(Provider::Payelata, Mode::Test, reference.to_string()),
        Key::Object(Provider::Payelata, Mode::Test, object.clone()),
        Key::Inbox(InboxId {
            provider: Provider::Payelata,
            mode: Mode::Live,
            object,
            body_sha256: "ab".to_owned(),
        }),
        Key::Outbox("09#01J".to_owned()),
        Key::AuditEvent("acme~test".parse().expect("valid"), "aud_1".to_owned()),
    ];
    let charge: ChargeId = "chg_1".parse().expect("valid");
    let tenant: TenantId = "acme~test".parse().expect("valid");
    let keys_of_charges = vec![
        Key::Charge(tenant.clone(), charge.clone()),
        Key::Funding(tenant, charge, 1),
    ];
    [keys, keys_of_batches(), keys_of_charges].concat()
}

fn keys_of_batches() -> Vec<Key> {
    let tenant: TenantId = "acme~test".parse().expect("valid");
    let batch: BatchId = "batch_1".parse().expect("valid");
    vec![
        Key::Batch(tenant.clone(), batch.clone()),
        Key::Manifest(tenant.clone(), batch.clone(), 7),
        Key::Chunk(tenant.clone(), batch.clone(), 123),
        Key::Tally(tenant.clone(), batch.clone(), 3),
        Key::Journal(tenant.clone(), batch.clone(), "create".to_owned()),
        Key::Journal(tenant.clone(), batch, "chunk-0123".to_owned()),
        Key::BatchFile(tenant.clone(), "00ff".to_owned()),
        Key::Settings(tenant.clone()),
        Key::Review(tenant, "pay_1-a02".parse().expect("valid")),
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
            "PL#paywizard#test#00ff / LOCK",
            "PR#payelata#test#pay_1-a01 / REF",
            "PI#payelata#test#cpoi_1 / REF",
            "CB#payelata#live#cpoi_1 / ab",
            "OB#09 / 01J",
            "T#acme~test#U#aud_1 / AUD",
            "T#acme~test#B#batch_1 / META",
            "T#acme~test#B#batch_1#M#07 / MAN",
            "T#acme~test#B#batch_1#C#0123 / CHK",
            "T#acme~test#B#batch_1#N#03 / TAL",
            "T#acme~test#B#batch_1#J#create / X#000001",
            "T#acme~test#B#batch_1#J#chunk-0123 / X#000001",
            "T#acme~test#F#00ff / FILE",
            "T#acme~test#S / SET",
            "T#acme~test#P#pay_1 / R#02",
            "T#acme~test#C#chg_1 / META",
            "T#acme~test#C#chg_1 / X#000001",
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
    let expected = ["AVAIL", "HOLD", "SUSP", "CASH", "LOSS", "S03"];
    let expected = expected.map(|it| format!("T#acme~live#W#USD#{it}"));
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
fn every_record_of_the_books_or_of_a_list_is_found_again_by_its_address() {
    for key in keys() {
        let listed = matches!(
            key,
            Key::Payout(..)
                | Key::Attempt(..)
                | Key::Transition(..)
                | Key::Load(..)
                | Key::Driver(..)
                | Key::Deposit(..)
                | Key::Charge(..)
                | Key::Funding(..)
                | Key::ApiKey(_)
                | Key::KeyRing(_)
                | Key::AuditEvent(..)
                | Key::Batch(..)
                | Key::Manifest(..)
                | Key::Chunk(..)
                | Key::Tally(..)
                | Key::Journal(..)
                | Key::BatchFile(..)
                | Key::Settings(_)
                | Key::Review(..)
        );
        assert_eq!(record_key(&address(&key)), listed.then_some(key));
    }
}

#[test]
fn what_does_not_belong_to_a_batch_is_none_of_its_records() {
    for pk in [
        "T#acme~test#B#b1",
        "T#acme~test#B#batch_1#M",
        "T#acme~test#B#batch_1#M#x",
        "T#acme~test#B#batch_1#N#256",
        "T#acme~test#B#batch_1#Q#01",
    ] {
        let address = Address::new(pk.to_owned(), "META");
        assert_eq!(record_key(&address), None, "{pk}");
    }
}

#[test]
fn a_due_entry_reads_back_as_the_key_it_was_written_for() {
    for key in keys() {
        let entry = due_entry(&address(&key), "0000000001000#id");
        let can_be_due = matches!(
            key,
            Key::Payout(..) | Key::Attempt(..) | Key::Batch(..) | Key::Driver(..) | Key::Charge(..)
        );
        let at = Timestamp::from_millis(1000);
        let expected = can_be_due.then_some(app::record::DueEntry { at, key });
        assert_eq!(entry, expected);
    }
}

#[test]
fn drivers_are_due_in_a_shard_of_their_own() {
    let shards = |prefix: &str| -> HashSet<u8> {
        (0..1_000)
            .map(|number| due_shard(&format!("{prefix}{number}")))
            .collect()
    };
    assert_eq!(shards("drv_"), HashSet::from([DUE_SHARDS - 1]));
    assert_eq!(shards("pay_"), (0..DUE_SHARDS - 1).collect());
}

#[test]
fn batches_and_reviews_are_counted_and_listed_beside_the_others() {
    let tenant: TenantId = "acme~test".parse().expect("valid");
    for list in Counted::ALL {
        let key = CounterKey {
            tenant: tenant.clone(),
            list,
            shard: 2,
        };
        assert_eq!(counter_key(&counter_address(&key)), Some(key));
    }
    let all = shelf(&List::Batches(tenant.clone()));
    assert_eq!(
        (all.index, all.partition.as_str()),
        ("list", "T#acme~test#B")
    );
    for status in BatchStatus::PUBLIC {
        let shelf = shelf(&List::BatchesOfStatus(tenant.clone(), status));
        let partition = format!("T#acme~test#B#{status}");
        assert_eq!((shelf.index, shelf.partition), ("status", partition));
    }
    let all = shelf(&List::Reviews(tenant.clone()));
    assert_eq!(
        (all.index, all.partition.as_str()),
        ("list", "T#acme~test#R")
    );
    for status in ReviewStatus::ALL {
        let shelf = shelf(&List::ReviewsOfStatus(tenant.clone(), status));
        let partition = format!("T#acme~test#R#{}", status.name());
        assert_eq!((shelf.index, shelf.partition), ("status", partition));
    }
}
