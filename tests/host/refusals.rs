//! Refusals that need a story: what another tenant sees, what a state forbids, and keys that come again.

use serde_json::{Value, json};

use crate::stage::{Call, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn a_key_opens_only_its_own_mode_and_monitors_need_none() {
    let stage = Stage::new().await;
    let (start, end) = stage.key().split_at(stage.key().len() - 1);
    let wrong = format!("{start}{}", if end == "0" { "1" } else { "0" });
    let live = stage.key().replace("_test_", "_live_");
    let without_mode = stage.key().replace("_test_", "_");
    for key in [&wrong, &live, &without_mode] {
        let call = Call::new("GET", "/api/v1/balance").key(key);
        let answer = stage.call(call).await;
        assert_eq!(
            (answer.status, &answer.body["error"]["code"]),
            (401, &json!("AUTHENTICATION_ERROR"))
        );
        assert!(!answer.text.contains(key), "a key is never sent back");
    }
    assert_eq!(stage.call(Call::new("GET", "/health")).await.status, 200);
    let read = stage.host.ready.keys.read.clone();
    let allowed = stage
        .call(Call::new("GET", "/api/v1/balance").key(&read))
        .await;
    assert_eq!(allowed.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenant_sees_nothing_of_ours() {
    let stage = Stage::new().await;
    let other = stage.host.ready.keys.other.clone();
    let id = stage.create("L-12345").await;
    let foreign = stage
        .call(Call::new("GET", &format!("/api/v1/payouts/{id}")).key(&other))
        .await;
    let absent = stage
        .call(Call::new("GET", "/api/v1/payouts/pay_none").key(&other))
        .await;
    assert_eq!(foreign.status, 404);
    assert_eq!(
        foreign.body["error"], absent.body["error"],
        "foreign reads as absent"
    );
    let balance = stage
        .call(Call::new("GET", "/api/v1/balance").key(&other))
        .await;
    assert_eq!(balance.body["data"]["available"], 0);
    let body = json!({"loadId": "L-12345"});
    let create = stage
        .call(Call::new("POST", "/api/v1/payouts").key(&other).json(&body))
        .await;
    assert_eq!(create.status, 404, "{}", create.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn drivers_wallets_and_states_refuse_by_reason() {
    let stage = Stage::new().await;
    let register =
        json!({"ovnDriverId": "D-2", "name": "Ana", "email": "a@b.c", "phone": "+15551234567"});
    stage.data("POST", "/api/v1/drivers", Some(&register)).await;
    let load = json!({"driverId": "D-2", "amount": 1_000});
    stage.data("PUT", "/api/v1/loads/L-2", Some(&load)).await;
    let unverified = stage
        .as_full("POST", "/api/v1/payouts", Some(&json!({"loadId": "L-2"})))
        .await;
    assert_eq!(
        (
            unverified.status,
            &unverified.body["error"]["details"]["reason"]
        ),
        (409, &json!("kyc_not_verified"))
    );

    let dear = json!({"driverId": "OVN-DRIVER-789", "amount": 5_000_001});
    stage.data("PUT", "/api/v1/loads/L-3", Some(&dear)).await;
    let short = stage
        .as_full("POST", "/api/v1/payouts", Some(&json!({"loadId": "L-3"})))
        .await;
    assert_eq!(
        (short.status, &short.body["error"]["code"]),
        (400, &json!("INSUFFICIENT_FUNDS"))
    );

    let cheap = json!({"driverId": "OVN-DRIVER-789", "amount": 250});
    stage.data("PUT", "/api/v1/loads/L-4", Some(&cheap)).await;
    let eaten = stage
        .as_full("POST", "/api/v1/payouts", Some(&json!({"loadId": "L-4"})))
        .await;
    assert_eq!(
        (eaten.status, &eaten.body["error"]["code"]),
        (400, &json!("VALIDATION_ERROR"))
    );

    let id = stage.create("L-12345").await;
    let twice = stage
        .as_full(
            "POST",
            "/api/v1/payouts",
            Some(&json!({"loadId": "L-12345"})),
        )
        .await;
    assert_eq!(
        (twice.status, &twice.body["error"]["details"]["payoutId"]),
        (409, &json!(id))
    );
    stage.advance(3_600).await;
    for action in ["cancel", "retry"] {
        let path = format!("/api/v1/payouts/{id}/{action}");
        let refused = stage.as_full("POST", &path, None).await;
        assert_eq!(
            (refused.status, &refused.body["error"]["details"]["reason"]),
            (409, &json!("wrong_state")),
            "{action}"
        );
    }
    let moved = json!({"driverId": "OVN-DRIVER-789", "amount": 45_001});
    let changed = stage
        .as_full("PUT", "/api/v1/loads/L-12345", Some(&moved))
        .await;
    assert_eq!(
        (changed.status, &changed.body["error"]["details"]["reason"]),
        (409, &json!("load_paid"))
    );
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_key_knows_its_request_in_any_spelling_and_no_other() {
    let stage = Stage::new().await;
    let keyed = |body: Value| {
        let call = Call::new("POST", "/api/v1/payouts").key(stage.key());
        call.header("idempotency-key", "k-1").json(&body)
    };
    let first = stage
        .call(keyed(json!({"loadId": "L-12345", "urgency": "standard"})))
        .await;
    assert_eq!((first.status, first.replayed), (200, false));
    for same in [
        json!({"urgency": "standard", "loadId": "L-12345"}),
        json!({"loadId": "L-12345", "urgency": "standard", "requestedBy": null}),
    ] {
        let again = stage.call(keyed(same)).await;
        assert_eq!(
            (again.status, again.replayed, &again.text),
            (200, true, &first.text)
        );
    }
    let other = stage.call(keyed(json!({"loadId": "L-12346"}))).await;
    assert_eq!(
        (other.status, &other.body["error"]["code"]),
        (422, &json!("IDEMPOTENCY_ERROR"))
    );
}
