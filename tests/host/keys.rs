//! API keys over HTTP: made, used, rotated, revoked, and never more than what they were given.

use app::scope;
use local::{
    engine::TABLE,
    host::{Host, Options, Place},
};
use serde_json::{Value, json};

use crate::{
    operators::operator,
    stage::{Answer, Call, Stage, http_client},
};

const KEYS: &str = "/api/v1/keys";

/// Makes a key with the key `by`; its answer's data.
async fn made(stage: &Stage, by: &str, scopes: &[&str]) -> Value {
    let body = json!({"name": "TMS", "scopes": scopes});
    let mut answer = stage
        .call(Call::new("POST", KEYS).key(by).json(&body))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.body["data"].take()
}

pub(crate) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} of {value}"))
}

pub(crate) async fn get(stage: &Stage, key: &str, path: &str) -> Answer {
    stage.call(Call::new("GET", path).key(key)).await
}

pub(crate) async fn rotate(stage: &Stage, by: &str, (id, grace): (&str, u64)) -> Answer {
    let path = format!("{KEYS}/{id}/rotate");
    let body = json!({"gracePeriodSeconds": grace});
    stage
        .call(Call::new("POST", &path).key(by).json(&body))
        .await
}

pub(crate) async fn revoke(stage: &Stage, by: &str, id: &str) -> Answer {
    let path = format!("{KEYS}/{id}");
    stage.call(Call::new("DELETE", &path).key(by)).await
}

/// Status, code and details of a refusal.
pub(crate) fn refusal(answer: &Answer) -> (u16, &str, Value) {
    let error = &answer.body["error"];
    (answer.status, text(error, "code"), error["details"].clone())
}

pub(crate) fn forbidden(details: Value) -> (u16, &'static str, Value) {
    (403, "FORBIDDEN", details)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_opens_what_it_was_given_until_it_is_revoked() {
    let stage = Stage::new().await;
    let key = made(&stage, stage.key(), &["drivers:read", "balance:read"]).await;
    let (id, secret) = (text(&key, "id"), text(&key, "secret"));
    assert_eq!(text(&key, "mode"), "test");
    assert_eq!(text(&key, "prefix"), format!("psk_test_{id}"));
    assert!(secret.starts_with(text(&key, "prefix")));
    assert_eq!(key["scopes"], json!(["drivers:read", "balance:read"]));
    assert_eq!(key.get("expiresAt"), None);

    let driver = "/api/v1/drivers/OVN-DRIVER-789";
    assert_eq!(get(&stage, secret, driver).await.status, 200);
    let refused = get(&stage, secret, KEYS).await;
    assert_eq!(refusal(&refused), forbidden(json!({"scope": "keys:read"})));

    let revoked = revoke(&stage, stage.key(), id).await;
    assert_eq!(revoked.status, 200, "{}", revoked.text);
    let again = revoke(&stage, stage.key(), id).await;
    assert_eq!(again.body["data"], revoked.body["data"]);
    stage.advance(61).await;
    assert_eq!(get(&stage, secret, driver).await.status, 401);
    let unusable = rotate(&stage, stage.key(), (id, 0)).await;
    let conflict = (409, "CONFLICT", json!({"reason": "key_not_usable"}));
    assert_eq!(refusal(&unusable), conflict);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_listed_newest_first_without_their_secrets() {
    let stage = Stage::new().await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        stage.advance(1).await;
        let key = made(&stage, stage.key(), &["balance:read"]).await;
        ids.insert(0, text(&key, "id").to_owned());
    }
    revoke(&stage, stage.key(), &ids[0]).await;
    let page = stage.data("GET", &format!("{KEYS}?pageSize=2"), None).await;
    assert_eq!(page["total"], 6, "three start keys of the tenant: {page}");
    assert_eq!(text(&page["items"][0], "id"), ids[0]);
    assert!(page["items"][0]["revokedAt"].is_string());
    assert_eq!(text(&page["items"][1], "id"), ids[1]);
    assert_eq!(page["items"][1].get("revokedAt"), None);
    let path = format!("{KEYS}?pageSize=2&cursor={}", text(&page, "nextCursor"));
    let next = stage.data("GET", &path, None).await;
    assert_eq!(text(&next["items"][0], "id"), ids[2]);
    for secret in ["secret", "digest"] {
        assert!(!page.to_string().contains(secret), "{page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_key_opens_with_its_new_secret_and_with_the_old_one_while_that_is_wanted() {
    let stage = Stage::new().await;
    let key = made(&stage, stage.key(), &["balance:read"]).await;
    let (id, first) = (text(&key, "id"), text(&key, "secret"));
    let balance = "/api/v1/balance";
    assert_eq!(get(&stage, first, balance).await.status, 200);

    let mut rotated = rotate(&stage, stage.key(), (id, 0)).await;
    assert_eq!(rotated.status, 200, "{}", rotated.text);
    let rotated = rotated.body["data"].take();
    let second = text(&rotated, "secret");
    assert_eq!(text(&rotated, "id"), id);
    assert_ne!(second, first);
    assert_eq!(get(&stage, second, balance).await.status, 200);
    assert_eq!(get(&stage, first, balance).await.status, 401);

    let mut rotated = rotate(&stage, stage.key(), (id, 3_600)).await;
    let rotated = rotated.body["data"].take();
    let third = text(&rotated, "secret");
    for secret in [third, second, third] {
        assert_eq!(get(&stage, secret, balance).await.status, 200);
    }
    stage.advance(3_601).await;
    assert_eq!(get(&stage, second, balance).await.status, 401);
    assert_eq!(get(&stage, third, balance).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_ends_opens_nothing_afterwards() {
    let stage = Stage::new().await;
    let soon = stage.host.world.backend.clock.now();
    let soon = soon.plus(std::time::Duration::from_secs(600)).to_string();
    let body = json!({"name": "short", "scopes": ["balance:read"], "expiresAt": soon});
    let key = stage.data("POST", KEYS, Some(&body)).await;
    assert_eq!(text(&key, "expiresAt"), soon);
    let secret = text(&key, "secret");
    assert_eq!(get(&stage, secret, "/api/v1/balance").await.status, 200);
    stage.advance(601).await;
    assert_eq!(get(&stage, secret, "/api/v1/balance").await.status, 401);
}

/// Everything the table holds, as its API shows it.
async fn stored(aws: &str) -> String {
    // The engine wants the parts of a signature and does not check it.
    let signed = "AWS4-HMAC-SHA256 Credential=local/20260131/us-east-1/dynamodb/aws4_request, \
        SignedHeaders=host;x-amz-date, Signature=00";
    let answer = http_client()
        .post(aws)
        .header("x-amz-target", "DynamoDB_20120810.Scan")
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-date", "20260131T120000Z")
        .header("authorization", signed)
        .body(json!({"TableName": TABLE}).to_string())
        .send()
        .await
        .expect("an answer");
    let text = answer.text().await.expect("a text");
    let page: Value = serde_json::from_str(&text).expect("JSON");
    assert!(page["Count"].as_u64() > Some(10), "{text}");
    assert_eq!(page.get("LastEvaluatedKey"), None, "one page");
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_stored_nowhere_and_shown_again_for_ten_minutes_to_who_asked() {
    let host = Host::start(Options {
        port: 0,
        sandbox_port: 0,
        aws_port: Some(0),
        place: Place::Memory,
    });
    let stage = Stage::of(host.await.expect("the host starts"));
    let scopes = ["keys:write", "keys:read", "balance:read"];
    let colleague = made(&stage, stage.key(), &scopes).await;
    let colleague = text(&colleague, "secret");

    let body = json!({"name": "TMS", "scopes": ["balance:read"]});
    let create = |key: &str| {
        Call::new("POST", KEYS)
            .key(key)
            .header("idempotency-key", "key-1")
            .json(&body)
    };
    let first = stage.call(create(stage.key())).await;
    let id = text(&first.body["data"], "id").to_owned();
    let path = format!("{KEYS}/{id}/rotate");
    let rotate = || {
        Call::new("POST", &path)
            .key(stage.key())
            .header("idempotency-key", "key-1")
            .json(&json!({"gracePeriodSeconds": 60}))
    };
    let rotated = stage.call(rotate()).await;
    let aws = stage.host.ready.aws.clone().expect("served");
    for answer in [&first, &rotated] {
        let secret = text(&answer.body["data"], "secret");
        let secret = secret
            .strip_prefix(&format!("psk_test_{id}"))
            .expect("its prefix");
        assert!(!stored(&aws).await.contains(secret));
    }

    let again = stage.call(create(stage.key())).await;
    assert_eq!((again.replayed, &again.text), (true, &first.text));
    let again = stage.call(rotate()).await;
    assert_eq!((again.replayed, &again.text), (true, &rotated.text));
    let theirs = stage.call(create(colleague)).await;
    assert_eq!((theirs.status, theirs.replayed), (200, true));
    assert_eq!(theirs.body, without_secret(&first));

    stage.advance(601).await;
    let later = stage.call(create(stage.key())).await;
    assert_eq!((later.status, later.replayed), (200, true));
    assert_eq!(later.body, without_secret(&first));
    let later = stage.call(rotate()).await;
    assert_eq!(later.body, without_secret(&rotated));
}

fn without_secret(answer: &Answer) -> Value {
    let mut body = answer.body.clone();
    let data = body["data"].as_object_mut().expect("data");
    assert!(data.remove("secret").is_some(), "{}", answer.text);
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_makes_or_takes_a_key_that_is_stronger_than_their_own() {
    let stage = Stage::new().await;
    let weak = made(&stage, stage.key(), &["keys:write", "payouts:read"]).await;
    let weak = text(&weak, "secret");
    let strong = made(&stage, stage.key(), &["payouts:write"]).await;
    let strong = text(&strong, "id");
    let operators: String = stage.key()["psk_test_".len()..].chars().take(12).collect();

    let grant = |scopes: Value| json!({"name": "more", "scopes": scopes});
    let ask = |key: &str, scopes: Value| Call::new("POST", KEYS).key(key).json(&grant(scopes));
    let refused = stage
        .call(ask(weak, json!(["payouts:read", "payouts:write"])))
        .await;
    assert_eq!(
        refusal(&refused),
        forbidden(json!({"scope": "payouts:write"}))
    );
    for key in [weak, stage.key()] {
        for scope in scope::OPERATOR_ONLY {
            let refused = stage.call(ask(key, json!(["payouts:read", scope]))).await;
            let details = json!({"reason": "operator_only", "scope": scope});
            assert_eq!(refusal(&refused), forbidden(details));
        }
    }
    let lacks = forbidden(json!({"scope": "payouts:write"}));
    assert_eq!(refusal(&rotate(&stage, weak, (strong, 0)).await), lacks);
    assert_eq!(refusal(&revoke(&stage, weak, strong).await), lacks);
    let not_theirs = forbidden(json!({"reason": "operator_key"}));
    let rotated = rotate(&stage, weak, (&operators, 0)).await;
    assert_eq!(refusal(&rotated), not_theirs);
    assert_eq!(refusal(&revoke(&stage, weak, &operators).await), not_theirs);
    assert_eq!(
        get(&stage, stage.key(), "/api/v1/balance").await.status,
        200
    );

    // What it holds it may give, and its own kind it may change.
    let equal = made(&stage, weak, &["keys:write", "payouts:read"]).await;
    let equal = text(&equal, "id");
    assert_eq!(rotate(&stage, weak, (equal, 0)).await.status, 200);
    assert_eq!(revoke(&stage, weak, equal).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keys_of_another_tenant_or_mode_are_as_good_as_absent() {
    let stage = Stage::new().await;
    let key = made(&stage, stage.key(), &["balance:read"]).await;
    let live = operator(&stage, "acme~live", "ann").await;
    let strangers = [stage.host.ready.keys.other.clone(), live];
    for stranger in &strangers {
        for id in [text(&key, "id"), "no0such0key0", "not-an-id", "..."] {
            for answer in [
                rotate(&stage, stranger, (id, 0)).await,
                revoke(&stage, stranger, id).await,
            ] {
                let expected = (404, "NOT_FOUND", json!({"resource": "key"}));
                assert_eq!(refusal(&answer), expected, "{id}");
                assert_eq!(answer.body["error"]["message"], "key not found");
            }
        }
        let page = get(&stage, stranger, KEYS).await;
        assert_eq!(page.body["data"]["total"], 1, "their own: {}", page.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_fields_of_keys_are_named_and_nothing_is_made() {
    let stage = Stage::new().await;
    let paths = |answer: &Answer| -> Vec<String> {
        assert_eq!(answer.status, 400, "{}", answer.text);
        let fields = answer.body["error"]["details"]["fields"].as_array();
        let fields = fields.expect("fields").iter();
        fields.map(|it| text(it, "path").to_owned()).collect()
    };
    let cases = [
        (json!({}), vec!["name", "scopes"]),
        (json!({"name": "n", "scopes": []}), vec!["scopes"]),
        (
            json!({"name": "n", "scopes": ["payouts:read", "all", "payouts:read"]}),
            vec!["scopes[1]"],
        ),
        (
            json!({"name": "n", "scopes": ["payouts:read", "payouts:read"]}),
            vec!["scopes[1]"],
        ),
        (
            json!({"name": "n", "scopes": ["payouts:read"], "expiresAt": "2020-01-31T12:00:00Z"}),
            vec!["expiresAt"],
        ),
        (
            json!({"name": "n", "scopes": ["payouts:read"], "owner": "me", "operator": true}),
            vec!["operator", "owner"],
        ),
    ];
    for (body, expected) in cases {
        assert_eq!(
            paths(&stage.as_full("POST", KEYS, Some(&body)).await),
            expected
        );
    }
    let key = made(&stage, stage.key(), &["balance:read"]).await;
    let path = format!("{KEYS}/{}/rotate", text(&key, "id"));
    for grace in [json!(-1), json!(604_801), json!("60"), json!(1.5)] {
        let body = json!({"gracePeriodSeconds": grace});
        let answer = stage.as_full("POST", &path, Some(&body)).await;
        assert_eq!(paths(&answer), ["gracePeriodSeconds"]);
    }
    let path = format!("{KEYS}/{}", text(&key, "id"));
    let answer = stage
        .as_full("DELETE", &path, Some(&json!({"why": "x"})))
        .await;
    assert_eq!(paths(&answer), ["why"]);
    let page = stage.data("GET", KEYS, None).await;
    assert_eq!(page["total"], 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_ends_gives_no_key_that_outlives_it() {
    let stage = Stage::new().await;
    let make = |by: String, until: Option<String>| {
        let stage = &stage;
        async move {
            let scopes = ["keys:write", "payouts:read"];
            let body = json!({"name": "TMS", "scopes": scopes, "expiresAt": until});
            let call = Call::new("POST", KEYS).key(&by).json(&body);
            stage.call(call).await
        }
    };
    let at = |seconds: u64| {
        let later = std::time::Duration::from_secs(seconds);
        Some(stage.host.world.backend.clock.now().plus(later).to_string())
    };
    let mother = make(stage.key().to_owned(), at(3_600)).await;
    let mother = text(&mother.body["data"], "secret").to_owned();
    for until in [None, at(7_200)] {
        let refused = make(mother.clone(), until).await;
        assert_eq!(refused.status, 400, "{}", refused.text);
        let fields = &refused.body["error"]["details"]["fields"];
        assert_eq!(fields[0]["path"], "expiresAt");
    }
    let child = make(mother, at(1_800)).await;
    assert_eq!(child.status, 200, "{}", child.text);
}
