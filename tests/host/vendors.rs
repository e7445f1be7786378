//! Drivers who are changed and deleted here, or at OwlPay, over HTTP: what OwlPay's twin has of them afterwards.

use domain::time::Timestamp;
use local::twins::owlpay::{
    WEBHOOK_PATH, WEBHOOK_SECRET_TEST,
    webhook::{SIGNATURE_HEADER, signature},
};
use serde_json::{Value, json};

use crate::{
    rails::{bank_driver, fault},
    stage::{Call, Stage, http_client, send},
};

const DAY: u32 = 24 * 3_600;
const DRIVER: &str = "/api/v1/drivers/RAIL-1";
const VENDORS: &str = "/owlpay/api/v1/platform/tunnel/vendors";

/// A call to OwlPay's own API.
async fn owlpay(stage: &Stage, method: &str, path: &str) -> (u16, Value) {
    let key = "Bearer pk_test_owlpay_local_sandbox_only";
    let call = Call::new(method, path).header("authorization", key);
    let answer = send(&http_client(), &stage.host.ready.sandbox, call).await;
    (answer.status, answer.body)
}

/// The vendors OwlPay has of the driver, as its list shows them.
async fn vendors(stage: &Stage) -> Vec<Value> {
    let known = stage.data("GET", DRIVER, None).await;
    let (status, body) = owlpay(stage, "GET", &format!("{VENDORS}?limit=100")).await;
    assert_eq!(status, 200, "{body}");
    let rows = body["data"].as_array().expect("a list").iter();
    let ours = rows.filter(|row| row["application_vendor_uuid"] == known["id"]);
    ours.cloned().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_changes_and_a_driver_who_is_deleted_reach_owlpay_whatever_is_lost() {
    for trouble in [
        None,
        Some("drop_before"),
        Some("drop_after"),
        Some("status:500_before"),
        Some("status:500_after"),
        Some("garbage_after"),
    ] {
        let stage = Stage::new().await;
        bank_driver(&stage).await;
        if let Some(trouble) = trouble {
            fault(&stage, "owlpay", "vendors", trouble).await;
        }
        let body = json!({"name": "Ana Maria Ruiz", "email": "maria@example.com"});
        stage.data("PUT", DRIVER, Some(&body)).await;
        stage.advance(600).await;
        let known = vendors(&stage).await;
        assert_eq!(known.len(), 1, "{trouble:?}");
        assert_eq!(known[0]["name"], "Ana Maria Ruiz", "{trouble:?}");
        assert_eq!(known[0]["email"], "maria@example.com", "{trouble:?}");
        assert_eq!(known[0]["status"], "approved", "{trouble:?}");

        if let Some(trouble) = trouble {
            fault(&stage, "owlpay", "vendors", trouble).await;
        }
        let deleted = stage.as_full("DELETE", DRIVER, None).await;
        assert!(deleted.status < 300, "{}", deleted.text);
        stage.advance(600).await;
        assert_eq!(vendors(&stage).await.len(), 0, "{trouble:?}");

        // Back again, they are another vendor.
        let body = json!({"status": "active"});
        stage.data("PUT", DRIVER, Some(&body)).await;
        stage.advance(1_800).await;
        let again = vendors(&stage).await;
        assert_eq!(again.len(), 1, "{trouble:?}");
        assert_eq!(again[0]["status"], "approved", "{trouble:?}");
        assert_ne!(again[0]["uuid"], known[0]["uuid"], "{trouble:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_who_was_deleted_at_owlpay_is_not_sent_there_any_more() {
    let stage = Stage::new().await;
    bank_driver(&stage).await;
    let vendor = vendors(&stage).await.remove(0);
    let path = format!("{VENDORS}/{}", vendor["uuid"].as_str().expect("an id"));
    assert_eq!(owlpay(&stage, "DELETE", &path).await.0, 200);
    stage.advance(DAY + 6 * 3_600 + 120).await;
    let known = stage.data("GET", DRIVER, None).await;
    assert_eq!(known["kycStatus"], "rejected", "{known}");

    // Our own people say who they are, and another provider pays them.
    let body = json!({"decision": "approve", "reason": "seen"});
    let verification = format!("{DRIVER}/verification");
    stage.data("POST", &verification, Some(&body)).await;
    let id = stage.create("RAIL-L").await;
    stage.advance(3_600).await;
    assert_eq!(stage.payout(&id).await["status"], "completed");
    assert_eq!(stage.paid().await[0]["provider"], "payelata");
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_about_a_vendor_has_owlpay_asked_at_once_when_its_signature_is_genuine() {
    let stage = Stage::new().await;
    bank_driver(&stage).await;
    let vendor = vendors(&stage).await.remove(0);
    let uuid = vendor["uuid"].as_str().expect("an id");
    let path = format!("{VENDORS}/{uuid}");
    assert_eq!(owlpay(&stage, "DELETE", &path).await.0, 200);

    let body = json!({"uuid": "att_vendor1", "api_version": "1.0.0", "is_test": 1,
        "observation": "vendor.deleted", "data": {"vendor": {"uuid": uuid}}});
    for (secret, status, kyc) in [
        ("whs_of_somebody", 401, "verified"),
        (WEBHOOK_SECRET_TEST, 200, "rejected"),
        (WEBHOOK_SECRET_TEST, 200, "rejected"),
    ] {
        let health = stage.data("GET", "/api/v1/health", None).await;
        let now = health["timestamp"]
            .as_str()
            .expect("a time")
            .parse::<Timestamp>();
        let sent = now.expect("a time").seconds();
        let header = signature(secret, sent, body.to_string().as_bytes());
        let call = Call::new("POST", WEBHOOK_PATH)
            .header(SIGNATURE_HEADER, header)
            .json(&body);
        let answer = stage.call(call).await;
        assert_eq!(answer.status, status, "{}", answer.text);
        stage.advance(120).await;
        let known = stage.data("GET", DRIVER, None).await;
        assert_eq!(known["kycStatus"], kyc, "{secret}");
    }
    stage.assert_books().await;
}
