//! Keys over HTTP: what they may do, how often, and what happens when they change.

use app::{
    api_key::{Grant, Minted, Minting, mint},
    changes::Changes,
    port::Store,
    record::{ApiKey, Key, PreviousSecret, Record},
};
use domain::{ids::TenantId, rate::RateLimit};
use serde_json::json;

use crate::stage::{Answer, Call, Stage};

/// Slow enough that a test does not see a token come back by itself.
const LIMIT: RateLimit = RateLimit {
    per_minute: 1,
    burst: 3,
};

/// A new key of the first tenant.
async fn minted(stage: &Stage, scopes: &[&str]) -> Minted {
    let backend = &stage.host.world.backend;
    let grant = Grant {
        tenant: "acme~test".parse::<TenantId>().expect("valid"),
        name: "ERP".to_owned(),
        owner: "erp".to_owned(),
        operator: false,
        scopes: scopes.iter().map(ToString::to_string).collect(),
        limit: LIMIT,
        expires_at: None,
    };
    let minting = Minting {
        seal: &backend.seal,
        random: &[9; 32],
    };
    let minted = mint(grant, minting, backend.clock.now());
    let record = Record::ApiKey(Box::new(minted.key.clone()));
    let changes = Changes::new("key", "key".to_owned()).insert(record);
    backend.store.commit(changes).await.expect("stored");
    minted
}

async fn get(stage: &Stage, path: &str, key: &str) -> Answer {
    stage.call(Call::new("GET", path).key(key)).await
}

fn remaining(answer: &Answer) -> &str {
    answer.header("x-ratelimit-remaining")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_to_a_key_counts_down_and_after_the_burst_it_is_a_429_until_the_refill() {
    let stage = Stage::new().await;
    let key = minted(&stage, &["payouts:read", "payouts:write"])
        .await
        .text;

    let fine = get(&stage, "/api/v1/health", &key).await;
    assert_eq!((fine.status, remaining(&fine)), (200, "2"));
    assert_eq!(fine.header("x-ratelimit-limit"), "1");
    let absent = get(&stage, "/api/v1/payouts/pay_none", &key).await;
    assert_eq!((absent.status, remaining(&absent)), (404, "1"));
    let forbidden = get(&stage, "/api/v1/balance", &key).await;
    assert_eq!((forbidden.status, remaining(&forbidden)), (403, "0"));
    assert_eq!(
        forbidden.body["error"]["details"],
        json!({"scope": "balance:read"})
    );

    let rubbish = Call::new("POST", "/api/v1/payouts").key(&key).raw("{");
    let limited = stage.call(rubbish.clone()).await;
    assert_eq!((limited.status, remaining(&limited)), (429, "0"));
    assert_eq!(limited.body["error"]["code"], "RATE_LIMIT_ERROR");
    let wait: u32 = limited.header("retry-after").parse().expect("seconds");
    assert!((1..=60).contains(&wait), "{wait}");
    let reset: i64 = limited.header("x-ratelimit-reset").parse().expect("a time");
    let now = stage.host.world.backend.clock.now().seconds();
    assert!((now + 120..=now + 181).contains(&reset), "{reset} at {now}");

    stage.advance(wait).await;
    assert_eq!(stage.call(rubbish).await.status, 400);
    assert_eq!(get(&stage, "/api/v1/health", &key).await.status, 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_without_a_key_learns_of_limits_and_health_needs_none() {
    let stage = Stage::new().await;
    for path in ["/api/v1/health", "/api/v1/balance"] {
        let answer = stage.call(Call::new("GET", path)).await;
        assert_eq!((answer.status, remaining(&answer)), (401, ""), "{path}");
    }
    for _ in 0..5 {
        let answer = stage.call(Call::new("GET", "/health")).await;
        assert_eq!((answer.status, remaining(&answer)), (200, ""));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_key_works_at_once_and_its_old_secret_for_a_while() {
    let stage = Stage::new().await;
    let Minted { text, key } = minted(&stage, &[]).await;
    assert_eq!(get(&stage, "/api/v1/health", &text).await.status, 200);

    let backend = &stage.host.world.backend;
    let secret = "f".repeat(48);
    let rotated = ApiKey {
        version: 2,
        digest: backend.seal.api_key(&secret),
        previous: Some(PreviousSecret {
            digest: key.digest.clone(),
            until: key.created_at.plus(std::time::Duration::from_secs(600)),
        }),
        ..key.clone()
    };
    let changes = Changes::new("rotate", "rotate".to_owned());
    let changes = changes.replace(Record::ApiKey(Box::new(rotated)), 1);
    backend.store.commit(changes).await.expect("stored");
    stage.advance(1).await;

    let new = format!("psk_test_{}{secret}", key.id);
    assert_eq!(get(&stage, "/api/v1/health", &new).await.status, 200);
    assert_eq!(get(&stage, "/api/v1/health", &text).await.status, 200);
    stage.advance(600).await;
    assert_eq!(get(&stage, "/api/v1/health", &text).await.status, 401);
    assert_eq!(get(&stage, "/api/v1/health", &new).await.status, 200);
    let bucket = Key::Bucket(key.id.clone());
    let found = backend.store.fetch(&[bucket]).await.expect("reachable");
    assert!(matches!(found.as_slice(), [Some(Record::Bucket(_))]));
}
