//! The log of what keys changed.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::stage::Stage;

const LOG: &str = "/api/v1/audit-events";

/// Items of the whole log, newest first.
async fn items(stage: &Stage) -> Vec<Value> {
    let page = stage.data("GET", &format!("{LOG}?limit=100"), None).await;
    page["items"].as_array().cloned().expect("items")
}

/// What the full key did, oldest first.
async fn actions(stage: &Stage) -> Vec<String> {
    let by_key = |it: &Value| it["keyId"].is_string().then(|| it["action"].clone());
    let mut actions: Vec<_> = items(stage).await.iter().filter_map(by_key).collect();
    actions.reverse();
    let texts = actions.iter().filter_map(Value::as_str);
    texts.map(str::to_owned).collect()
}

async fn step(stage: &Stage, (method, path): (&str, &str), body: &Value) {
    stage.data(method, path, Some(body)).await;
    // So that the order of the log is that of the steps.
    stage.advance(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_by_a_key_is_logged_once_and_nothing_else_is() {
    let stage = Stage::new().await;
    let register = json!({
        "ovnDriverId": "OVN-1", "name": "Ann", "email": "ann@example.com", "phone": "+15551234567"
    });
    let method = json!({"type": "card", "cardNumber": "5123817234060000"});
    let verify = json!({"decision": "approve", "reason": "documents checked"});
    let load = json!({"driverId": "OVN-1", "amount": 45_000});
    let dearer = json!({"driverId": "OVN-1", "amount": 46_000});
    let deposit = json!({"amount": 100, "reference": "wire 7"});
    let payout = json!({"loadId": "L-9"});
    for (path, body) in [
        (("POST", "/api/v1/drivers"), &register),
        (("POST", "/api/v1/drivers"), &register),
        (("PUT", "/api/v1/drivers/OVN-1/payout-method"), &method),
        (("POST", "/api/v1/drivers/OVN-1/verification"), &verify),
        (("POST", "/api/v1/drivers/OVN-1/verification"), &verify),
        (("PUT", "/api/v1/loads/L-9"), &load),
        (("PUT", "/api/v1/loads/L-9"), &load),
        (("PUT", "/api/v1/loads/L-9"), &dearer),
        (("POST", "/api/v1/wallet/deposits"), &deposit),
        (("POST", "/api/v1/wallet/deposits"), &deposit),
        (("POST", "/api/v1/payouts"), &payout),
    ] {
        step(&stage, path, body).await;
    }
    let key = json!({"name": "TMS", "scopes": ["balance:read"]});
    let key = stage.data("POST", "/api/v1/keys", Some(&key)).await;
    let path = format!("/api/v1/keys/{}", key["id"].as_str().expect("an id"));
    stage.advance(1).await;
    step(&stage, ("POST", &format!("{path}/rotate")), &json!({})).await;
    step(&stage, ("DELETE", &path), &json!({})).await;
    step(&stage, ("DELETE", &path), &json!({})).await;
    assert_eq!(
        actions(&stage).await,
        [
            "driver.register",
            "driver.payout_method",
            "driver.verify",
            "load.create",
            "load.update",
            "deposit.post",
            "payout.create",
            "key.create",
            "key.rotate",
            "key.revoke",
        ]
    );
    let log = items(&stage).await;
    let of = |action: &str| {
        let found = log
            .iter()
            .find(|it| it["action"] == action && it["keyId"].is_string());
        found.cloned().expect("logged")
    };
    let amount = json!([{"field": "amount", "before": "45000", "after": "46000"}]);
    assert_eq!(of("load.update")["changes"], amount);
    assert_eq!(
        of("load.update")["subject"],
        json!({"type": "load", "id": "L-9"})
    );
    let status = json!([{"field": "status", "after": "validated"}]);
    assert_eq!(of("payout.create")["changes"], status);
    let method = of("driver.payout_method");
    assert_eq!(
        method["changes"][1],
        json!({"field": "masked", "after": "****0000"})
    );
    let actor = of("key.create")["actor"].clone();
    let own: String = stage.key()["psk_test_".len()..].chars().take(12).collect();
    assert_eq!(actor, format!("key:{own}"));
    let all = json!(log).to_string();
    let secret = key["secret"].as_str().expect("shown");
    for secret in ["5123817234060000", secret] {
        assert!(!all.contains(secret));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_read_in_parts_that_meet_and_within_a_time() {
    let stage = Stage::new().await;
    for number in 0..7 {
        let path = format!("/api/v1/loads/A-{number}");
        let body = json!({"driverId": "OVN-DRIVER-789", "amount": 100});
        step(&stage, ("PUT", &path), &body).await;
    }
    let all = items(&stage).await;
    let (mut met, mut path) = (Vec::new(), format!("{LOG}?limit=3"));
    loop {
        let page = stage.data("GET", &path, None).await;
        met.extend(page["items"].as_array().cloned().expect("items"));
        assert_eq!(
            page["hasNextPage"].as_bool(),
            Some(page["nextCursor"].is_string())
        );
        assert!(page.get("total").is_none() && page.get("page").is_none());
        let Some(cursor) = page["nextCursor"].as_str() else {
            break;
        };
        path = format!("{LOG}?limit=3&cursor={cursor}");
    }
    assert_eq!(met, all);
    let ids: BTreeSet<_> = met.iter().map(|it| it["id"].to_string()).collect();
    assert_eq!(ids.len(), met.len());
    assert!(met.is_sorted_by(|newer, older| newer["at"].as_str() >= older["at"].as_str()));

    let (from, to) = (all[4]["at"].as_str(), all[1]["at"].as_str());
    let (from, to) = (from.expect("a time"), to.expect("a time"));
    let within = stage
        .data("GET", &format!("{LOG}?from={from}&to={to}"), None)
        .await;
    let expected: Vec<_> = all
        .iter()
        .filter(|it| it["at"].as_str().is_some_and(|at| from <= at && at < to))
        .cloned()
        .collect();
    assert!(!expected.is_empty());
    // Times are shown in whole seconds and kept in milliseconds.
    assert_eq!(
        within["items"].as_array().map(Vec::len),
        Some(expected.len())
    );
    for bad in ["page=1", "limit=101", "cursor=x", "from=today", "status=x"] {
        let answer = stage.as_full("GET", &format!("{LOG}?{bad}"), None).await;
        assert_eq!(answer.status, 400, "{bad}: {}", answer.text);
    }
}
