//! Drivers who are changed and deleted, as the ERP and the portal do it.

use app::message::QueueName;
use serde_json::{Value, json};

use crate::stage::{Answer, Call, Stage};

const DRIVER: &str = "/api/v1/drivers/OVN-DRIVER-789";

async fn put(stage: &Stage, body: &Value) -> Answer {
    stage.as_full("PUT", DRIVER, Some(body)).await
}

fn reason(answer: &Answer) -> (u16, &str) {
    let reason = &answer.body["error"]["details"]["reason"];
    (answer.status, reason.as_str().unwrap_or_default())
}

fn fields(answer: &Answer) -> Vec<&str> {
    assert_eq!(answer.status, 400, "{}", answer.text);
    let fields = answer.body["error"]["details"]["fields"].as_array();
    let fields = fields.expect("fields").iter();
    fields.filter_map(|field| field["path"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_changes_what_it_names_and_answers_as_get() {
    let stage = Stage::new().await;
    let before = stage.data("GET", DRIVER, None).await;
    let body = json!({"name": "Jane Smith", "email": "jane@example.com"});
    let answered = stage.data("PUT", DRIVER, Some(&body)).await;
    assert_eq!(answered, stage.data("GET", DRIVER, None).await);
    assert_eq!(answered["name"], "Jane Smith");
    assert_eq!(answered["email"], "jane@example.com");
    for unchanged in ["id", "ovnDriverId", "phone", "status", "kycStatus"] {
        assert_eq!(answered[unchanged], before[unchanged], "{unchanged}");
    }
    let by_our_id = format!("/api/v1/drivers/{}", before["id"].as_str().expect("an id"));
    assert_eq!(stage.data("GET", &by_our_id, None).await, answered);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_is_replayed_under_its_key_and_refused_with_another_body() {
    let stage = Stage::new().await;
    let send = |body: Value| {
        let call = Call::new("PUT", DRIVER).key(stage.key());
        let call = call.header("idempotency-key", "u-1").json(&body);
        stage.call(call)
    };
    let first = send(json!({"status": "suspended"})).await;
    let again = send(json!({"status": "suspended"})).await;
    assert_eq!((first.status, first.replayed), (200, false));
    assert_eq!((again.status, again.replayed), (200, true));
    assert_eq!(first.text, again.text);
    assert_eq!(send(json!({"status": "active"})).await.status, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_that_cannot_be_used_is_refused_by_the_names_of_its_fields() {
    let stage = Stage::new().await;
    for (body, names) in [
        (json!({}), vec![""]),
        (json!({"name": null}), vec![""]),
        (json!({"status": "invited"}), vec!["status"]),
        (json!({"name": " ", "phone": "911"}), vec!["name", "phone"]),
        (json!({"email": "john"}), vec!["email"]),
        (
            json!({"name": "Jane", "ovnDriverId": "X"}),
            vec!["ovnDriverId"],
        ),
    ] {
        assert_eq!(fields(&put(&stage, &body).await), names, "{body}");
    }
    let nobody = "/api/v1/drivers/OVN-NOBODY";
    let body = json!({"name": "Jane"});
    for (method, body) in [("PUT", Some(&body)), ("DELETE", None)] {
        let answer = stage.as_full(method, nobody, body).await;
        assert_eq!(answer.status, 404, "{method}");
    }
    let key = &stage.host.ready.keys.read;
    for call in [
        Call::new("PUT", DRIVER).key(key).json(&body),
        Call::new("DELETE", DRIVER).key(key),
    ] {
        assert_eq!(stage.call(call).await.status, 403);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_driver_gets_no_payout_until_they_are_active_again() {
    let stage = Stage::new().await;
    let suspended = put(&stage, &json!({"status": "suspended"})).await;
    assert_eq!(suspended.body["data"]["status"], "suspended");
    let load = json!({"loadId": "L-12345"});
    let refused = stage.as_full("POST", "/api/v1/payouts", Some(&load)).await;
    assert_eq!(reason(&refused), (409, "driver_not_active"));
    put(&stage, &json!({"status": "active"})).await;
    let id = stage.create("L-12345").await;
    stage.advance(3_600).await;
    assert_eq!(stage.payout(&id).await["status"], "completed");
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_driver_is_deleted_only_when_no_payout_is_under_way() {
    let stage = Stage::new().await;
    let held = stage.host.pump.hold(QueueName::Dispatch).await;
    let id = stage.create("L-12345").await;
    let deleted = stage.as_full("DELETE", DRIVER, None).await;
    assert_eq!(reason(&deleted), (409, "driver_has_payouts"));
    let inactive = put(&stage, &json!({"status": "inactive"})).await;
    assert_eq!(reason(&inactive), (409, "driver_has_payouts"));
    drop(held);
    stage.advance(3_600).await;
    assert_eq!(stage.payout(&id).await["status"], "completed");

    let first = stage.data("DELETE", DRIVER, None).await;
    assert_eq!(first["status"], "inactive");
    let again = stage.data("DELETE", DRIVER, Some(&json!({}))).await;
    assert_eq!(again, first);
    assert_eq!(stage.data("GET", DRIVER, None).await, first);
    let listed = stage
        .data("GET", "/api/v1/drivers?status=inactive", None)
        .await;
    assert_eq!(
        (&listed["total"], &listed["items"][0]["id"]),
        (&json!(1), &first["id"])
    );
    let payouts = stage.data("GET", &format!("{DRIVER}/payouts"), None).await;
    assert_eq!(payouts["total"], 1);
    let load = json!({"loadId": "L-12346"});
    let refused = stage.as_full("POST", "/api/v1/payouts", Some(&load)).await;
    assert_eq!(reason(&refused), (409, "driver_not_active"));
    let suspended = put(&stage, &json!({"status": "suspended"})).await;
    assert_eq!(reason(&suspended), (409, "driver_state"));

    let back = put(&stage, &json!({"status": "active"})).await;
    assert_eq!(back.body["data"]["status"], "active");
    stage.create("L-12346").await;
    stage.advance(3_600).await;
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_driver_who_could_not_be_paid_does_not_become_active() {
    let stage = Stage::new().await;
    let body = json!({
        "ovnDriverId": "OVN-2", "name": "Jane", "email": "jane@example.com", "phone": "+15551234567"
    });
    stage.data("POST", "/api/v1/drivers", Some(&body)).await;
    let activate = json!({"status": "active"});
    let path = "/api/v1/drivers/OVN-2";
    let refused = stage.as_full("PUT", path, Some(&activate)).await;
    assert_eq!(reason(&refused), (409, "kyc_not_verified"));
    let verified = json!({"decision": "approve", "reason": "checked"});
    stage
        .data("POST", &format!("{path}/verification"), Some(&verified))
        .await;
    let refused = stage.as_full("PUT", path, Some(&activate)).await;
    assert_eq!(reason(&refused), (409, "payout_method_missing"));
    let method = stage
        .as_full("GET", &format!("{path}/payout-method"), None)
        .await;
    assert_eq!(method.status, 404);
    assert_eq!(method.body["error"]["details"]["resource"], "payout_method");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payout_method_is_read_as_it_was_answered() {
    let stage = Stage::new().await;
    let path = format!("{DRIVER}/payout-method");
    let card = json!({"type": "card", "cardNumber": "5123817234061234"});
    let saved = stage.data("PUT", &path, Some(&card)).await;
    let read = stage.data("GET", &path, None).await;
    assert_eq!(read, saved);
    assert_eq!(
        (&read["type"], &read["masked"], &read["version"]),
        (&json!("card"), &json!("****1234"), &json!(2))
    );
}
