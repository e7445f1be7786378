//! Operators: their keys, and what takes two of them.

use app::{
    api_key::Minting,
    create_operator_key::{self, CreateOperatorKey},
    scope,
};
use domain::{ids::TenantId, transition::Actor};
use serde_json::json;

use crate::{
    keys::{forbidden, get, refusal, revoke, rotate, text},
    stage::{Call, Stage},
};

/// The text of an operator's key, made as the directly called function makes it.
pub(crate) async fn operator(stage: &Stage, tenant: &str, owner: &str) -> String {
    let backend = &stage.host.world.backend;
    let tenant: TenantId = tenant.parse().expect("a tenant");
    let command = CreateOperatorKey {
        tenant,
        name: format!("console of {owner}"),
        owner: owner.to_owned(),
        scopes: scope::ALL.to_vec(),
        minting: Minting {
            seal: &backend.seal,
            random: &backend.random(),
        },
    };
    let call = backend.call(Actor::System("create-operator-key".to_owned()));
    let shown = create_operator_key::run(&call, &backend.store, command).await;
    shown.expect("a key").secret.expect("shown")
}

#[tokio::test(flavor = "multi_thread")]
async fn money_enters_a_live_wallet_when_two_operators_say_the_same() {
    let stage = Stage::new().await;
    let ann = operator(&stage, "acme~live", "ann").await;
    let anns_second = operator(&stage, "acme~live", "ann").await;
    let bob = operator(&stage, "acme~live", "bob").await;
    let deposit = async |key: &str, amount: u64| {
        let body = json!({"amount": amount, "reference": "wire 7"});
        let call = Call::new("POST", "/api/v1/wallet/deposits").key(key);
        stage.call(call.json(&body)).await
    };
    let available = async || {
        let balance = get(&stage, &ann, "/api/v1/balance").await;
        balance.body["data"]["available"].clone()
    };
    let proposed = deposit(&ann, 500_000).await;
    assert_eq!(proposed.status, 200, "{}", proposed.text);
    assert_eq!(text(&proposed.body["data"], "status"), "awaiting_approval");
    for key in [&ann, &anns_second] {
        let again = deposit(key, 500_000).await;
        assert_eq!(again.body["data"], proposed.body["data"]);
    }
    assert_eq!(available().await, 0);
    assert_eq!(deposit(&bob, 500_001).await.status, 409);
    assert_eq!(available().await, 0);

    let posted = deposit(&bob, 500_000).await;
    assert_eq!(text(&posted.body["data"], "status"), "posted");
    assert_eq!(posted.body["data"]["id"], proposed.body["data"]["id"]);
    for key in [&ann, &bob] {
        assert_eq!(
            deposit(key, 500_000).await.body["data"],
            posted.body["data"]
        );
    }
    assert_eq!(available().await, 500_000);
    assert_eq!(deposit(&ann, 1).await.status, 409);

    let log = get(&stage, &ann, "/api/v1/audit-events?limit=2").await;
    let items = log.body["data"]["items"].as_array().expect("items");
    let steps: Vec<_> = items
        .iter()
        .map(|it| (text(it, "action"), text(it, "keyId")))
        .collect();
    let id_of = |key: &str| key["psk_live_".len()..][..12].to_owned();
    let (ann, bob) = (id_of(&ann), id_of(&bob));
    assert_eq!(steps.len(), 2);
    assert!(steps.contains(&("deposit.propose", &ann)), "{steps:?}");
    assert!(steps.contains(&("deposit.post", &bob)), "{steps:?}");
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_cannot_become_a_second_one_by_rotating_their_key() {
    let stage = Stage::new().await;
    let ann = operator(&stage, "acme~live", "ann").await;
    let bob = operator(&stage, "acme~live", "bob").await;
    let bobs: String = bob["psk_live_".len()..].chars().take(12).collect();
    let refused = rotate(&stage, &ann, (&bobs, 0)).await;
    assert_eq!(
        refusal(&refused),
        forbidden(json!({"reason": "other_owner"}))
    );
    assert_eq!(rotate(&stage, &bob, (&bobs, 0)).await.status, 200);
    // Stopping a colleague's key is another matter.
    assert_eq!(revoke(&stage, &ann, &bobs).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ready_line_has_a_key_of_a_second_owner_who_may_do_all_the_first_may() {
    let stage = Stage::new().await;
    let line = serde_json::to_value(&stage.host.ready).expect("JSON");
    let names: Vec<_> = line["keys"].as_object().expect("keys").keys().collect();
    assert_eq!(names, ["full", "other", "read", "second"]);
    assert_eq!(line["keys"]["second"], stage.second());

    let shown = get(&stage, stage.second(), "/api/v1/keys").await;
    let items = shown.body["data"]["items"].as_array().expect("items");
    let held = |name: &str| items.iter().find(|it| text(it, "name") == name);
    let (full, second) = (held("full").expect("full"), held("second").expect("second"));
    assert_eq!(full["scopes"], second["scopes"]);
    assert_eq!(second["operator"], true);
    assert_ne!(text(full, "owner"), text(second, "owner"));
}
