//! The second pair of eyes on a batch: who may approve what, for how long, and what goes without it.

use serde_json::{Value, json};

use crate::{
    batch_stage::{DRIVER, WALLET, path, reason, wish},
    keys::{forbidden, refusal, text},
    operators::operator,
    stage::{Answer, Call, Stage},
};

const SETTINGS: &str = "/api/v1/settings";

/// Wants two people for every batch of the tenant, and makes the key of the second.
async fn second_key(stage: &Stage, minutes: u32) -> String {
    let body = json!({"batchApproval": true, "approvalMinutes": minutes});
    let settings = stage.data("PUT", SETTINGS, Some(&body)).await;
    assert_eq!(settings, body);
    assert_eq!(stage.data("GET", SETTINGS, None).await, body);
    let body = json!({"name": "finance", "scopes": ["batches:read", "batches:approve"]});
    let key = stage.data("POST", "/api/v1/keys", Some(&body)).await;
    key["secret"].as_str().expect("a secret").to_owned()
}

async fn approve(stage: &Stage, key: &str, batch: &str) -> Answer {
    let plan = stage.batch(batch).await["planHash"].clone();
    let path = path(batch, "/approve");
    let call = Call::new("POST", &path).key(key);
    stage.call(call.json(&json!({"planHash": plan}))).await
}

async fn release(stage: &Stage, batch: &str) -> Answer {
    stage.post(&path(batch, "/release"), &json!({})).await
}

async fn add(stage: &Stage, batch: &str) -> Answer {
    let body = json!({"loadIds": ["L-12346"], "version": 1});
    stage.post(&path(batch, "/lines"), &body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_goes_when_a_second_key_has_approved_it() {
    let stage = Stage::new().await;
    let finance = second_key(&stage, 60).await;
    let batch = stage.make_batch("Weekly", &["L-12345"]).await;
    let alone = stage.idle_post(&path(&batch, "/release"), &json!({})).await;
    assert_eq!(reason(&alone), (409, "approval_missing"));
    let own = approve(&stage, stage.key(), &batch).await;
    assert_eq!(refusal(&own), forbidden(json!({"reason": "own_batch"})));
    let approved = approve(&stage, &finance, &batch).await;
    assert_eq!(approved.status, 200, "{}", approved.text);
    let approval = stage.batch(&batch).await["approval"].clone();
    assert_eq!(approved.body["data"]["approval"], approval);
    let key = approval["keyId"].as_str().expect("a key");
    assert!(finance.contains(key), "{approval}");
    assert_eq!(release(&stage, &batch).await.status, 200);
    stage.advance(3_600).await;
    assert_eq!(stage.batch(&batch).await["status"], "completed");
    let late = approve(&stage, &finance, &batch).await;
    assert_eq!(reason(&late), (409, "wrong_state"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_holds_for_one_plan_and_for_a_while() {
    let stage = Stage::new().await;
    let finance = second_key(&stage, 1).await;
    let batch = stage.make_batch("Weekly", &["L-12345"]).await;
    let other = json!({"planHash": "0".repeat(64)});
    let approve_path = path(&batch, "/approve");
    let wrong = Call::new("POST", &approve_path).key(&finance).json(&other);
    assert_eq!(reason(&stage.idle(wrong).await), (409, "plan_changed"));

    assert_eq!(approve(&stage, &finance, &batch).await.status, 200);
    assert_eq!(add(&stage, &batch).await.status, 200);
    assert_eq!(stage.batch(&batch).await.get("approval"), None);
    assert_eq!(
        reason(&release(&stage, &batch).await),
        (409, "approval_missing")
    );

    assert_eq!(approve(&stage, &finance, &batch).await.status, 200);
    stage.advance(60).await;
    assert_eq!(
        reason(&release(&stage, &batch).await),
        (409, "approval_lapsed")
    );
    assert_eq!(approve(&stage, &finance, &batch).await.status, 200);
    stage.advance(50).await;
    assert_eq!(release(&stage, &batch).await.status, 200);
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduled_batch_waits_for_its_approval() {
    let stage = Stage::new().await;
    let finance = second_key(&stage, 600).await;
    let mut wish = wish("Weekly", &["L-12345"]);
    wish["scheduledFor"] = json!(stage.in_seconds(600));
    let batch = stage.make_of(&wish).await;
    stage.advance(3_600).await;
    assert_eq!(stage.batch(&batch).await["status"], "queued");
    assert_eq!(stage.paid().await, [Value::Null; 0]);
    assert_eq!(approve(&stage, &finance, &batch).await.status, 200);
    stage.advance(7_200).await;
    let gone = stage.batch(&batch).await;
    assert_eq!(gone["status"], "completed", "{gone}");
    assert_eq!(stage.paid().await.len(), 1);
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_edits_a_batch_cannot_approve_it() {
    let stage = Stage::new().await;
    second_key(&stage, 60).await;
    let scopes = json!(["batches:read", "batches:write", "batches:approve"]);
    let body = json!({"name": "editor", "scopes": scopes});
    let key = stage.data("POST", "/api/v1/keys", Some(&body)).await;
    let editor = key["secret"].as_str().expect("a secret");
    let batch = stage.make_batch("Weekly", &["L-12345", "L-12346"]).await;
    let path = path(&batch, "/lines/L-12346?version=1");
    let edited = stage.call(Call::new("DELETE", &path).key(editor)).await;
    assert_eq!(edited.status, 200, "{}", edited.text);
    let own = approve(&stage, editor, &batch).await;
    assert_eq!(refusal(&own), forbidden(json!({"reason": "own_batch"})));
    let reader = stage.host.ready.keys.read.clone();
    let refused = approve(&stage, &reader, &batch).await;
    assert_eq!(
        refusal(&refused),
        forbidden(json!({"scope": "batches:approve"}))
    );
    let settings = Call::new("PUT", SETTINGS).key(editor);
    let settings = settings.json(&json!({"batchApproval": false}));
    assert_eq!(stage.idle(settings).await.status, 403);
}

/// `data` of what the key asks for.
async fn data(stage: &Stage, key: &str, (method, path, body): (&str, &str, &Value)) -> Value {
    let mut answer = stage
        .call(Call::new(method, path).key(key).json(body))
        .await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer.body["data"].take()
}

#[tokio::test(flavor = "multi_thread")]
async fn where_money_is_real_a_second_key_is_no_second_person() {
    let stage = Stage::new().await;
    let ann = operator(&stage, "acme~live", "ann").await;
    let anns_second = operator(&stage, "acme~live", "Ann").await;
    let bob = operator(&stage, "acme~live", "bob").await;
    let deposit = json!({"amount": WALLET, "reference": "wire"});
    for key in [&ann, &bob] {
        data(&stage, key, ("POST", "/api/v1/wallet/deposits", &deposit)).await;
    }
    let settings = json!({"batchApproval": true, "approvalMinutes": 60});
    data(&stage, &ann, ("PUT", SETTINGS, &settings)).await;
    let driver =
        json!({"ovnDriverId": DRIVER, "name": "Ana", "email": "a@b.co", "phone": "+15551234567"});
    data(&stage, &ann, ("POST", "/api/v1/drivers", &driver)).await;
    let of_driver = |rest: &str| format!("/api/v1/drivers/{DRIVER}{rest}");
    let card = json!({"type": "card", "cardNumber": "5123817234060000"});
    data(&stage, &ann, ("PUT", &of_driver("/payout-method"), &card)).await;
    let verify = json!({"decision": "approve", "reason": "documents"});
    data(&stage, &bob, ("POST", &of_driver("/verification"), &verify)).await;
    for load in ["L-1", "L-12346"] {
        let body = json!({"driverId": DRIVER, "amount": 45_000});
        let path = format!("/api/v1/loads/{load}");
        data(&stage, &ann, ("PUT", &path, &body)).await;
    }
    let made = data(
        &stage,
        &ann,
        ("POST", "/api/v1/batches", &wish("Weekly", &["L-1"])),
    )
    .await;
    stage.host.pump.settle().await;
    let batch = text(&made, "id");
    let batch_path = path(batch, "");
    let plan =
        async || data(&stage, &bob, ("GET", &batch_path, &json!({}))).await["planHash"].clone();
    let approve_path = path(batch, "/approve");
    let approve = async |key: &str| {
        let body = json!({"planHash": plan().await});
        stage
            .call(Call::new("POST", &approve_path).key(key).json(&body))
            .await
    };
    let own = forbidden(json!({"reason": "own_batch"}));
    for key in [&ann, &anns_second] {
        assert_eq!(refusal(&approve(key).await), own);
    }
    assert_eq!(approve(&bob).await.status, 200);
    // Who changes it takes part in it.
    let lines = json!({"loadIds": ["L-12346"], "version": 1});
    data(&stage, &bob, ("POST", &path(batch, "/lines"), &lines)).await;
    for key in [&ann, &bob] {
        assert_eq!(refusal(&approve(key).await), own);
    }
    let eve = operator(&stage, "acme~live", "eve").await;
    assert_eq!(approve(&eve).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_tells_who_did_what_to_a_batch() {
    let stage = Stage::new().await;
    let finance = second_key(&stage, 60).await;
    let batch = stage.make_batch("Weekly", &["L-12345", "L-12347"]).await;
    assert_eq!(add(&stage, &batch).await.status, 200);
    let remove = path(&batch, "/lines/L-12347?version=2");
    stage.data("DELETE", &remove, None).await;
    assert_eq!(approve(&stage, &finance, &batch).await.status, 200);
    assert_eq!(release(&stage, &batch).await.status, 200);
    stage.advance(3_600).await;
    let other = stage.make_batch("Weekly", &["L-12347"]).await;
    stage.data("POST", &path(&other, "/cancel"), None).await;
    let log = stage
        .data("GET", "/api/v1/audit-events?limit=20", None)
        .await;
    let items = log["items"].as_array().expect("items");
    let of = |id: &str| -> Vec<_> {
        let items = items.iter().rev().filter(|it| it["subject"]["id"] == id);
        items.map(|it| text(it, "action").to_owned()).collect()
    };
    let steps = [
        "batch.create",
        "batch.add_lines",
        "batch.remove_line",
        "batch.approve",
        "batch.release",
    ];
    assert_eq!(of(&batch), steps, "{log}");
    assert_eq!(of(&other), ["batch.create", "batch.cancel"]);
    let approved = items.iter().find(|it| it["action"] == "batch.approve");
    let key = text(approved.expect("an approval"), "keyId");
    assert!(finance.contains(key), "{approved:?}");
}
