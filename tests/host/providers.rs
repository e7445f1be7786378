//! Operators pause and resume a provider over HTTP, and the breaker spares one that does not answer.

use serde_json::{Value, json};

use crate::{
    operators::operator,
    stage::{Answer, Call, Stage},
};

const PROVIDERS: &str = "/api/v1/providers";
const PAUSE: &str = "/api/v1/providers/payelata/pause";
const RESUME: &str = "/api/v1/providers/payelata/resume";

async fn payelata(stage: &Stage) -> Value {
    let mut listed = stage.data("GET", PROVIDERS, None).await;
    let items = listed["items"].as_array_mut().expect("a list");
    let found = items.iter_mut().find(|it| it["name"] == "payelata");
    found.expect("every provider is listed").take()
}

async fn turn(stage: &Stage, path: &str, reason: &str) -> Value {
    let body = json!({"reason": reason});
    stage.data("POST", path, Some(&body)).await
}

async fn keyed(stage: &Stage, path: &str, body: &Value) -> Answer {
    let call = Call::new("POST", path).key(stage.key());
    let call = call.header("idempotency-key", "desk-1");
    stage.call(call.json(body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn payouts_wait_for_a_paused_provider_and_go_on_when_it_is_resumed() {
    let stage = Stage::new().await;
    let open = payelata(&stage).await;
    assert_eq!(
        (&open["state"], &open["mode"]),
        (&json!("open"), &json!("test"))
    );
    let card = json!({"method": "card", "rail": "instant"});
    let serves = open["serves"].as_array().expect("a list");
    assert!(serves.contains(&card), "{open}");
    for absent in ["reason", "since", "probeAt", "recentCalls"] {
        assert_eq!(open.get(absent), None);
    }

    let paused = turn(&stage, PAUSE, "maintenance tonight").await;
    assert_eq!(paused["state"], "paused");
    assert_eq!(paused["reason"], "maintenance tonight");
    assert!(paused["since"].is_string(), "{paused}");
    assert_eq!(paused.get("probeAt"), None);
    let standard = stage.create("L-12345").await;
    let instant = json!({"loadId": "L-12346", "requestedBy": "desk"});
    let instant = stage
        .data("POST", "/api/v1/payouts/instant", Some(&instant))
        .await;
    let instant = instant["id"].as_str().expect("an id").to_owned();
    stage.advance(3_600).await;
    assert!(
        ["validated", "queued"].contains(
            &stage.payout(&standard).await["status"]
                .as_str()
                .expect("a status")
        )
    );
    assert_eq!(stage.payout(&instant).await["status"], "queued");
    assert!(stage.payments().await.is_empty(), "nothing was sent");

    let resumed = turn(&stage, RESUME, "maintenance is over").await;
    assert_eq!(resumed, open);
    stage.advance(180).await;
    for id in [&standard, &instant] {
        assert_eq!(stage.payout(id).await["status"], "completed");
    }
    assert_eq!(stage.paid().await.len(), 2);
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payout_that_waits_for_a_paused_provider_can_be_canceled() {
    let stage = Stage::new().await;
    turn(&stage, PAUSE, "maintenance").await;
    let id = stage.create("L-12345").await;
    stage.advance(600).await;
    let path = format!("/api/v1/payouts/{id}/cancel");
    stage.data("POST", &path, Some(&json!({}))).await;
    turn(&stage, RESUME, "over").await;
    stage.advance(3_600).await;
    assert_eq!(stage.payout(&id).await["status"], "canceled");
    assert!(stage.payments().await.is_empty());
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn turning_a_provider_twice_is_turning_it_once() {
    let stage = Stage::new().await;
    let paused = turn(&stage, PAUSE, "the first reason").await;
    assert_eq!(turn(&stage, PAUSE, "another reason").await, paused);
    assert_eq!(payelata(&stage).await, paused);
    let resumed = turn(&stage, RESUME, "over").await;
    assert_eq!(turn(&stage, RESUME, "over again").await, resumed);

    let body = json!({"reason": "with a key"});
    let first = keyed(&stage, PAUSE, &body).await;
    turn(&stage, RESUME, "over").await;
    let again = keyed(&stage, PAUSE, &body).await;
    assert!(again.replayed);
    assert_eq!(again.body["data"], first.body["data"]);
    assert_eq!(payelata(&stage).await["state"], "open");
    let other = keyed(&stage, PAUSE, &json!({"reason": "another"})).await;
    assert_eq!(other.status, 422, "{}", other.text);

    let log = stage.data("GET", "/api/v1/audit-events", None).await;
    let events = log["items"].as_array().expect("a list").iter();
    let turns: Vec<_> = events
        .filter(|it| it["subject"] == json!({"type": "provider", "id": "payelata"}))
        .collect();
    let actions: Vec<_> = turns.iter().map(|it| it["action"].clone()).collect();
    let (pause, resume) = ("provider.pause", "provider.resume");
    assert_eq!(actions, [resume, pause, resume, pause]);
    let state = json!({"field": "state", "before": "open", "after": "paused"});
    let reason = json!({"field": "reason", "after": "the first reason"});
    assert_eq!(turns[3]["changes"], json!([state, reason]));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_operators_key_turns_a_provider_and_only_in_its_mode() {
    let stage = Stage::new().await;
    let body = json!({"name": "desk", "scopes": ["providers:manage"]});
    let granted = stage.as_full("POST", "/api/v1/keys", Some(&body)).await;
    assert_eq!(granted.status, 403, "{}", granted.text);
    for (method, path) in [("GET", PROVIDERS), ("POST", PAUSE), ("POST", RESUME)] {
        let mut call = Call::new(method, path).key(&stage.host.ready.keys.read);
        if method == "POST" {
            call = call.json(&json!({"reason": "maintenance"}));
        }
        assert_eq!(stage.call(call).await.status, 403, "{method} {path}");
    }
    let live = operator(&stage, "acme~live", "ann").await;
    let call = Call::new("POST", PAUSE).key(&live);
    let paused = stage.call(call.json(&json!({"reason": "live only"}))).await;
    assert_eq!(paused.body["data"]["mode"], "live", "{}", paused.text);
    assert_eq!(payelata(&stage).await["state"], "open");
    let id = stage.create("L-12345").await;
    stage.advance(60).await;
    assert_eq!(stage.payout(&id).await["status"], "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_survives_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = local::host::Place::Folder(folder.path().to_owned());
    let stage = Stage::at(place.clone()).await;
    turn(&stage, PAUSE, "maintenance").await;
    drop(stage);
    let stage = Stage::at(place).await;
    assert_eq!(payelata(&stage).await["state"], "paused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_defect_waits_for_an_operator_who_resumes_the_provider() {
    let stage = Stage::new().await;
    stage.fault("create", "status:405_before", 1).await;
    let failed = stage.create("L-12345").await;
    stage.advance(5).await;
    assert_eq!(stage.payout(&failed).await["status"], "failed");
    let stopped = payelata(&stage).await;
    assert_eq!(stopped["state"], "stopped");
    assert_eq!(stopped["reason"], "integration_defect");
    assert_eq!(stopped.get("probeAt"), None);
    let waiting = stage.create("L-12346").await;
    stage.advance(3_600).await;
    assert_ne!(stage.payout(&waiting).await["status"], "completed");
    turn(&stage, RESUME, "the new release is out").await;
    stage.advance(180).await;
    assert_eq!(stage.payout(&waiting).await["status"], "completed");
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_does_not_answer_is_spared_and_tried_again() {
    let stage = Stage::new().await;
    let loads: Vec<_> = (0..22).map(|number| format!("B-{number}")).collect();
    for load in &loads {
        let body = json!({"driverId": "OVN-DRIVER-789", "amount": 45_000});
        let path = format!("/api/v1/loads/{load}");
        stage.data("PUT", &path, Some(&body)).await;
    }
    stage.fault("create", "status:500_before", 20).await;
    let mut ids = Vec::new();
    for load in &loads[..20] {
        ids.push(stage.create(load).await);
    }
    stage.host.pump.settle().await;
    let stopped = payelata(&stage).await;
    assert_eq!(stopped["reason"], "unclear", "{stopped}");
    assert!(stopped["probeAt"].is_string(), "{stopped}");
    let create = json!({"operation": "create", "calls": 20, "unclear": 20});
    assert_eq!(stopped["recentCalls"], json!([create]));
    for load in &loads[20..] {
        ids.push(stage.create(load).await);
    }
    stage.host.pump.settle().await;
    for id in &ids[20..] {
        assert_ne!(stage.payout(id).await["status"], "failed");
    }
    stage.advance(86_400).await;
    assert_eq!(payelata(&stage).await["state"], "open");
    for id in &ids {
        assert_eq!(stage.payout(id).await["status"], "completed");
    }
    assert_eq!(stage.paid().await.len(), 22);
    stage.assert_books().await;
}
