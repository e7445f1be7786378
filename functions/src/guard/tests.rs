//! The order of refusals, and what every answer tells about the rate limit.

use std::sync::atomic::{AtomicU64, Ordering};

use app::{
    api_key::{Grant, Minted, Minting, mint},
    call::Clock,
    changes::Changes,
    memory::MemoryStore,
    record::{ApiKey, Record},
    scope,
    seal::Seal,
};
use domain::{rate::RateLimit, time::Timestamp};
use platform::api::{auth::KeyCache, rate::Limiter, request::Headers};

use super::*;
use crate::table::FUNCTIONS;

const NOW: Timestamp = Timestamp::from_millis(1_769_860_800_000);
const LIMIT: RateLimit = RateLimit {
    per_minute: 60,
    burst: 2,
};

/// A new number each time: two writes are never taken for one.
fn entropy() -> u128 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    u128::from(NEXT.fetch_add(1, Ordering::SeqCst))
}

fn backend() -> Backend<MemoryStore> {
    Backend {
        store: MemoryStore::new(),
        seal: Seal::new([7; 32]),
        clock: Clock::standing_at(NOW),
        keys: KeyCache::default(),
        limiter: Limiter::default(),
        entropy,
        version: "test",
    }
}

/// A backend that knows one key of a tenant, and the key's text.
async fn with_key(scopes: &[&str]) -> (Backend<MemoryStore>, String) {
    let backend = backend();
    let grant = Grant {
        tenant: "acme~test".parse().expect("valid"),
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
    let Minted { text, key } = mint(grant, minting, NOW);
    put(&backend, key).await;
    (backend, text)
}

async fn put(backend: &Backend<MemoryStore>, key: ApiKey) {
    let changes = Changes::new("key", "key".to_owned()).insert(Record::ApiKey(Box::new(key)));
    backend.store.commit(changes).await.expect("stored");
}

fn request(route: &'static str, key: &str) -> Request {
    let header = ("authorization".to_owned(), format!("Bearer {key}"));
    Request {
        method: "GET".to_owned(),
        route,
        path: route.to_owned(),
        params: Vec::new(),
        query: Vec::new(),
        headers: Headers::new([header]),
        body: Vec::new(),
        id: "req-1".to_owned(),
        received_at: NOW,
        caller: None,
    }
}

/// A handler that finds fault with everything, and names the caller.
async fn refusing(request: Request) -> Reply {
    let name = request.caller().map(|it| it.owner.clone());
    let message = name.unwrap_or_else(|_| "nobody".to_owned());
    Reply::error(&Error::invalid("amount", &message), &request.meta())
}

async fn ask(backend: &Backend<MemoryStore>, scopes: &[&'static str], key: &str) -> Reply {
    let request = request("/api/v1/payouts/{id}", key);
    answer(backend, scopes, request, refusing).await
}

fn header<'a>(reply: &'a Reply, name: &str) -> Option<&'a str> {
    let found = reply.headers.iter().find(|(held, _)| *held == name);
    found.map(|(_, value)| value.as_str())
}

/// Limit, remaining and reset, as sent.
fn standing(reply: &Reply) -> [Option<&str>; 3] {
    ["limit", "remaining", "reset"].map(|name| header(reply, &format!("x-ratelimit-{name}")))
}

#[tokio::test]
async fn a_request_without_a_valid_key_is_a_401_that_tells_nothing_of_limits() {
    let (backend, _) = with_key(&["payouts:read"]).await;
    let reply = ask(&backend, &["payouts:read"], "no key").await;
    assert_eq!(reply.status, 401);
    assert_eq!(standing(&reply), [None; 3]);
}

#[tokio::test]
async fn the_handler_gets_the_caller_and_its_refusal_carries_the_headers() {
    let (backend, key) = with_key(&["payouts:read"]).await;
    let reply = ask(&backend, &["payouts:read"], &key).await;
    assert_eq!(reply.status, 400);
    assert!(reply.body.contains("\"erp\""), "{}", reply.body);
    let reset = (NOW.seconds() + 1).to_string();
    assert_eq!(standing(&reply), [Some("60"), Some("1"), Some(&reset)]);
}

#[tokio::test]
async fn a_key_without_the_scope_is_a_403_that_names_the_first_one_and_costs_a_token() {
    let (backend, key) = with_key(&["payouts:read"]).await;
    let scopes = ["payouts:instant", "payouts:write"];
    let reply = ask(&backend, &scopes, &key).await;
    assert_eq!(reply.status, 403);
    assert!(reply.body.contains(r#""scope":"payouts:instant""#));
    assert_eq!(header(&reply, "x-ratelimit-remaining"), Some("1"));
}

#[tokio::test]
async fn either_of_two_scopes_opens_and_without_scopes_any_key_does() {
    let (backend, key) = with_key(&["payouts:write"]).await;
    let scopes = ["payouts:instant", "payouts:write"];
    assert_eq!(ask(&backend, &scopes, &key).await.status, 400);
    assert_eq!(ask(&backend, &[], &key).await.status, 400);
}

#[tokio::test]
async fn too_many_requests_are_a_429_before_anything_else_is_judged() {
    let (backend, key) = with_key(&["payouts:read"]).await;
    for _ in 0..LIMIT.burst {
        ask(&backend, &[], &key).await;
    }
    let reply = ask(&backend, &["payouts:write"], &key).await;
    assert_eq!(reply.status, 429);
    assert!(reply.body.contains("RATE_LIMIT_ERROR"));
    assert_eq!(header(&reply, "retry-after"), Some("1"));
    let reset = (NOW.seconds() + 2).to_string();
    assert_eq!(standing(&reply), [Some("60"), Some("0"), Some(&reset)]);
    backend.clock.advance_ms(999);
    assert_eq!(ask(&backend, &[], &key).await.status, 429);
    backend.clock.advance_ms(1);
    assert_eq!(ask(&backend, &[], &key).await.status, 400);
}

#[tokio::test]
async fn a_scope_of_operators_opens_nothing_on_another_key() {
    let (backend, key) = with_key(&scope::OPERATOR_ONLY).await;
    let reply = ask(&backend, &["wallet:write"], &key).await;
    assert_eq!(reply.status, 403);
}

#[tokio::test]
async fn a_route_outside_of_the_api_needs_no_key() {
    let backend = backend();
    let request = request("/health", "no key");
    let reply = answer(&backend, &["payouts:read"], request, refusing).await;
    assert_eq!(reply.status, 400);
    assert!(reply.body.contains("nobody"));
    assert_eq!(standing(&reply), [None; 3]);
}

#[test]
fn the_table_names_scopes_that_exist_and_only_health_opens_to_every_key() {
    for function in &FUNCTIONS {
        let Some(http) = function.http() else {
            continue;
        };
        for name in http.scopes {
            assert!(scope::ALL.contains(name), "{}: {name}", function.name);
        }
        let is_keyed = http.routes.iter().any(|route| route.starts_with(KEYED));
        let is_open = is_keyed && http.scopes.is_empty();
        assert_eq!(is_open, function.name == "health", "{}", function.name);
    }
}
