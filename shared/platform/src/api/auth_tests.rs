//! Keys: their text, what they open, and when the table is asked.

use std::sync::atomic::{AtomicUsize, Ordering};

use app::{
    api_key::{Grant, Minted, Minting, mint},
    changes::Changes,
    port::{CommitError, Unreachable},
    record::{Balances, DueEntry, OutboxEntry, PreviousSecret},
};
use domain::{
    ids::{PayoutId, TenantId},
    rate::RateLimit,
    transition::Transition,
};

use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_000_000);
const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A table that holds keys and counts how often it is read.
#[derive(Clone, Default)]
struct Table {
    keys: Vec<ApiKey>,
    reads: Arc<AtomicUsize>,
    is_down: bool,
}

impl Store for Table {
    async fn fetch(&self, keys: &[Key]) -> Result<Vec<Option<Record>>, Unreachable> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        if self.is_down {
            return Err(Unreachable("down".to_owned()));
        }
        let find = |key: &Key| {
            let found = self
                .keys
                .iter()
                .find(|it| Key::ApiKey(it.id.clone()) == *key);
            found.map(|it| Record::ApiKey(Box::new(it.clone())))
        };
        Ok(keys.iter().map(find).collect())
    }

    async fn commit(&self, _: Changes) -> Result<(), CommitError> {
        Err(CommitError::Contended)
    }

    async fn transitions(
        &self,
        _: &TenantId,
        _: &PayoutId,
    ) -> Result<Vec<Transition>, Unreachable> {
        Ok(Vec::new())
    }

    async fn balances(&self, _: &TenantId) -> Result<Balances, Unreachable> {
        Ok(Balances::default())
    }

    async fn due(&self, _: u8, _: Timestamp, _: u32) -> Result<Vec<DueEntry>, Unreachable> {
        Ok(Vec::new())
    }

    async fn outbox(&self, _: u8, _: Timestamp, _: u32) -> Result<Vec<OutboxEntry>, Unreachable> {
        Ok(Vec::new())
    }
}

fn seal() -> Seal {
    Seal::new([7; 32])
}

fn minted(tenant: &str) -> Minted {
    let grant = Grant {
        tenant: tenant.parse().expect("valid"),
        name: "ERP".to_owned(),
        owner: "erp@acme".to_owned(),
        operator: false,
        limit: RateLimit::STANDARD,
        scopes: vec!["payouts:read".to_owned()],
        expires_at: None,
    };
    let minting = Minting {
        seal: &seal(),
        random: &[9; 32],
    };
    mint(grant, minting, NOW)
}

fn bearer(text: &str) -> Headers {
    Headers::new([("Authorization".to_owned(), format!("Bearer {text}"))])
}

async fn ask(text: &str, table: &Table, cache: &KeyCache, now: Timestamp) -> Result<Caller, Error> {
    let seal = seal();
    let keys = Keys {
        seal: &seal,
        cache,
        now,
    };
    identify(&bearer(text), table, &keys).await
}

#[test]
fn a_key_text_says_its_mode_and_a_plain_one_is_live() {
    let rest = format!("abcdefgh0123{SECRET}");
    for (text, mode) in [
        (format!("psk_test_{rest}"), Mode::Test),
        (format!("psk_live_{rest}"), Mode::Live),
        (format!("psk_{rest}"), Mode::Live),
    ] {
        let presented = Presented::parse(&text).expect("a key");
        assert_eq!(presented.mode, mode);
        assert_eq!(presented.key_id, "abcdefgh0123");
        assert_eq!(presented.secret, SECRET);
    }
}

#[test]
fn anything_else_is_no_key_text() {
    let long = format!("psk_test_abcdefgh0123{}", "x".repeat(SECRET_MAX + 1));
    for text in [
        "",
        "psk_",
        "psk_test_",
        "psk_test_abcdefgh0123",
        "psk_test_abcdefgh01230123456789abcdef0123456789abcde",
        "psk_test_ABCDEFGH01230123456789abcdef0123456789abcdef",
        "psk_sand_abcdefgh01230123456789abcdef0123456789abcdef",
        "psk_test_abcdefgh01230123456789abcdef0123456789abcde!",
        "psk_test_abcdefgh01230123456789abcdef0123456789abcde ",
        "psk_test_abcdefgh012\u{e9}0123456789abcdef0123456789abcdef",
        "PSK_test_abcdefgh01230123456789abcdef0123456789abcdef",
        "ovn_test_abcdefgh01230123456789abcdef0123456789abcdef",
        long.as_str(),
    ] {
        assert!(Presented::parse(text).is_none(), "{text}");
    }
}

#[test]
fn the_header_must_be_one_bearer_header() {
    let text = format!("psk_test_abcdefgh0123{SECRET}");
    let header = |value: &str| ("authorization".to_owned(), value.to_owned());
    let good = [format!("Bearer {text}"), format!("bearer  {text}")];
    for value in good {
        assert!(Presented::of_headers(&Headers::new([header(&value)])).is_some());
    }
    for value in ["", "Bearer", text.as_str(), &format!("Basic {text}")] {
        assert!(Presented::of_headers(&Headers::new([header(value)])).is_none());
    }
    let value = format!("Bearer {text}");
    let twice = Headers::new([header(&value), header(&value)]);
    assert!(Presented::of_headers(&twice).is_none());
    assert!(Presented::of_headers(&Headers::default()).is_none());
}

#[tokio::test]
async fn a_minted_key_opens_as_its_tenant_with_its_scopes() {
    let Minted { text, key } = minted("acme~test");
    assert!(text.starts_with("psk_test_"));
    let table = Table {
        keys: vec![key.clone()],
        ..Table::default()
    };
    let caller = ask(&text, &table, &KeyCache::default(), NOW).await;
    let caller = caller.expect("valid");
    assert_eq!(caller.tenant, key.tenant);
    assert_eq!(caller.key_id, key.id);
    assert!(caller.may("payouts:read") && !caller.may("payouts:write"));
    assert_eq!((caller.owner, caller.operator), (key.owner, false));
    assert_eq!(caller.limit, key.limit);
}

#[test]
fn minting_twice_from_the_same_bytes_gives_the_same_key() {
    assert_eq!(minted("acme~test").text, minted("acme~test").text);
    assert_eq!(minted("acme~live").text.len(), "psk_live_".len() + 12 + 48);
}

#[tokio::test]
async fn a_wrong_revoked_expired_or_foreign_mode_key_is_refused_like_an_unknown_one() {
    let Minted { text, key } = minted("acme~test");
    let earlier = Timestamp::from_millis(NOW.millis() - 1);
    let revoked = ApiKey {
        revoked_at: Some(earlier),
        ..key.clone()
    };
    let expired = ApiKey {
        expires_at: Some(NOW),
        ..key.clone()
    };
    let wrong = format!("{}0", &text[..text.len() - 1]);
    let live = text.replace("psk_test_", "psk_live_");
    let plain = text.replace("psk_test_", "psk_");
    for (text, held) in [
        (&text, vec![]),
        (&text, vec![revoked]),
        (&text, vec![expired]),
        (&wrong, vec![key.clone()]),
        (&live, vec![key.clone()]),
        (&plain, vec![key]),
    ] {
        let table = Table {
            keys: held,
            ..Table::default()
        };
        let refused = ask(text, &table, &KeyCache::default(), NOW).await;
        assert_eq!(refused, Err(Error::Unauthenticated));
    }
}

#[tokio::test]
async fn a_known_key_is_read_once_a_minute_and_an_unknown_one_each_time() {
    let Minted { text, key } = minted("acme~test");
    let mut table = Table {
        keys: vec![key],
        ..Table::default()
    };
    let cache = KeyCache::default();
    let reads = Arc::clone(&table.reads);
    for (at, expected) in [(0, 1), (59_999, 1), (60_000, 2), (60_001, 2)] {
        assert!(ask(&text, &table, &cache, after(at)).await.is_ok());
        assert_eq!(reads.load(Ordering::SeqCst), expected, "{at}");
    }
    table.keys.clear();
    let unknown = format!("psk_test_abcdefgh0123{SECRET}");
    for expected in 3..6 {
        assert!(ask(&unknown, &table, &cache, NOW).await.is_err());
        assert_eq!(reads.load(Ordering::SeqCst), expected);
    }
}

#[tokio::test]
async fn a_cached_key_still_needs_its_secret_and_its_time() {
    let Minted { text, mut key } = minted("acme~test");
    key.expires_at = Some(Timestamp::from_millis(NOW.millis() + 10));
    let table = Table {
        keys: vec![key],
        ..Table::default()
    };
    let cache = KeyCache::default();
    assert!(ask(&text, &table, &cache, NOW).await.is_ok());
    let wrong = format!("{}0", &text[..text.len() - 1]);
    assert!(ask(&wrong, &table, &cache, NOW).await.is_err());
    let late = Timestamp::from_millis(NOW.millis() + 10);
    assert!(ask(&text, &table, &cache, late).await.is_err());
}

#[tokio::test]
async fn a_table_that_is_down_is_an_outage_and_no_refusal() {
    let table = Table {
        is_down: true,
        ..Table::default()
    };
    let result = ask(&minted("acme~test").text, &table, &KeyCache::default(), NOW).await;
    assert!(matches!(result, Err(Error::Unavailable { .. })));
}

#[test]
fn the_cache_stays_within_its_bound_and_drops_the_oldest() {
    let cache = KeyCache::default();
    let key = minted("acme~test").key;
    for number in 0..=CACHE_MAX {
        let id = format!("{number:012}");
        let at = Timestamp::from_millis(i64::try_from(number).expect("small"));
        let key = ApiKey {
            id: id.clone(),
            ..key.clone()
        };
        cache.learn(&id, Some(Arc::new(key)), at);
    }
    let now = Timestamp::from_millis(2000);
    assert!(cache.get("000000000000", now).is_none());
    assert!(cache.get("000000000001", now).is_some());
    assert_eq!(cache.0.lock().expect("whole").len(), CACHE_MAX);
}

#[test]
fn a_clock_that_went_back_asks_the_table_again() {
    let cache = KeyCache::default();
    let key = minted("acme~test").key;
    let id = key.id.clone();
    cache.learn(&id, Some(Arc::new(key)), NOW);
    assert!(cache.get(&id, NOW).is_some());
    let earlier = Timestamp::from_millis(NOW.millis() - 1);
    assert!(cache.get(&id, earlier).is_none());
}

fn after(millis: i64) -> Timestamp {
    Timestamp::from_millis(NOW.millis() + millis)
}

/// The same key with another secret, the old one valid for five more minutes.
fn rotated(key: &ApiKey) -> Minted {
    let secret = "f".repeat(48);
    Minted {
        text: format!("psk_test_{}{secret}", key.id),
        key: ApiKey {
            version: key.version + 1,
            digest: seal().api_key(&secret),
            previous: Some(PreviousSecret {
                digest: key.digest.clone(),
                until: after(300_000),
            }),
            ..key.clone()
        },
    }
}

#[tokio::test]
async fn a_rotated_key_works_at_once_where_the_old_one_is_remembered() {
    let old = minted("acme~test");
    let new = rotated(&old.key);
    let mut table = Table {
        keys: vec![old.key],
        ..Table::default()
    };
    let cache = KeyCache::default();
    assert!(ask(&old.text, &table, &cache, NOW).await.is_ok());
    table.keys = vec![new.key];
    assert!(ask(&new.text, &table, &cache, after(1_000)).await.is_ok());
    assert!(ask(&old.text, &table, &cache, after(1_001)).await.is_ok());
    assert_eq!(table.reads.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn the_secret_before_a_rotation_opens_until_its_time_has_come() {
    let old = minted("acme~test");
    let table = Table {
        keys: vec![rotated(&old.key).key],
        ..Table::default()
    };
    let cache = KeyCache::default();
    assert!(ask(&old.text, &table, &cache, after(299_999)).await.is_ok());
    let refused = ask(&old.text, &table, &cache, after(300_000)).await;
    assert_eq!(refused, Err(Error::Unauthenticated));
}

#[tokio::test]
async fn guessing_the_secret_of_a_known_key_reads_the_table_once_a_second() {
    let Minted { text, key } = minted("acme~test");
    let table = Table {
        keys: vec![key],
        ..Table::default()
    };
    let cache = KeyCache::default();
    assert!(ask(&text, &table, &cache, NOW).await.is_ok());
    let wrong = format!("{}0", &text[..text.len() - 1]);
    for (at, reads) in [(0, 1), (999, 1), (1_000, 2), (1_500, 2), (2_000, 3)] {
        for _ in 0..10 {
            let refused = ask(&wrong, &table, &cache, after(at)).await;
            assert_eq!(refused, Err(Error::Unauthenticated));
        }
        assert_eq!(table.reads.load(Ordering::SeqCst), reads, "{at}");
    }
    assert!(ask(&text, &table, &cache, after(2_000)).await.is_ok());
    assert_eq!(table.reads.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_key_that_is_gone_is_forgotten_when_it_is_read_again() {
    let Minted { text, key } = minted("acme~test");
    let mut table = Table {
        keys: vec![key],
        ..Table::default()
    };
    let cache = KeyCache::default();
    assert!(ask(&text, &table, &cache, NOW).await.is_ok());
    table.keys.clear();
    let wrong = format!("{}0", &text[..text.len() - 1]);
    assert!(ask(&wrong, &table, &cache, after(1_000)).await.is_err());
    assert!(ask(&text, &table, &cache, after(1_000)).await.is_err());
}
