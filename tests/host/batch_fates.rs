//! What becomes of lines that cannot be paid: rejected, given back, retried; never in the way of the others.

use app::message::QueueName;
use serde_json::json;

use crate::{
    batch_stage::{BATCHES, WALLET, counts, id, path, reason, sums, wish},
    stage::{Call, Stage},
};

const SEED: [&str; 3] = ["L-12345", "L-12346", "L-12347"];

#[tokio::test(flavor = "multi_thread")]
async fn lines_that_cannot_be_paid_are_rejected_where_the_client_wants_the_others() {
    let stage = Stage::new().await;
    stage.create("L-12346").await;
    stage.advance(3_600).await;
    let loads = ["L-12345", "L-12346", "L-NONE", "L-12347", "L-12345"];
    let mut wish = wish("Weekly", &loads);
    wish["onInvalid"] = json!("rejectLines");
    let made = stage.make_of(&wish).await;
    let batch = stage.batch(&made).await;
    assert_eq!(counts(&batch), [0, 2, 0, 0, 0, 3], "{batch}");
    assert_eq!(sums(&batch), [90_000, 450, 89_550]);
    assert_eq!(batch["payoutCount"], 5);
    let lines = stage.lines(&made).await;
    let reasons: Vec<_> = lines.iter().map(|it| it["statusReason"].as_str()).collect();
    let expected = [
        None,
        Some("load_paid"),
        Some("load_not_found"),
        None,
        Some("duplicate_line"),
    ];
    assert_eq!(reasons, expected);
    stage.release(&made).await;
    stage.advance(3_600).await;
    let batch = stage.batch(&made).await;
    assert_eq!(counts(&batch), [0, 0, 2, 0, 0, 3], "{batch}");
    assert_eq!(batch["status"], "completed");
    assert_eq!(stage.paid().await.len(), 3);
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_that_changes_while_the_batch_is_built_is_not_paid_and_its_money_comes_back() {
    let stage = Stage::new().await;
    let held = stage.host.pump.hold(QueueName::Batch).await;
    let made = stage
        .data("POST", BATCHES, Some(&wish("Weekly", &SEED)))
        .await;
    let id = id(&made);
    stage.put_load("L-12346", 45_001).await;
    stage.release(&id).await;
    drop(held);
    stage.advance(3_600).await;
    let batch = stage.batch(&id).await;
    assert_eq!(counts(&batch), [0, 0, 2, 0, 0, 1], "{batch}");
    assert_eq!(stage.lines(&id).await[1]["statusReason"], "load_changed");
    assert_eq!(stage.paid().await.len(), 2);
    assert_eq!(stage.balance().await, (WALLET - 90_000, 0, 0));
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_payouts_get_another_run_and_those_that_may_be_paid_do_not() {
    let stage = Stage::new().await;
    let outcome = |status: &str| json!({"provider": "payelata", "status": status});
    for status in ["process_failed", "process_pending"] {
        stage.control("/_control/outcomes", &outcome(status)).await;
    }
    let made = stage.make_batch("Weekly", &SEED).await;
    let early = stage
        .idle_post(&path(&made, "/retry-failed"), &json!({}))
        .await;
    assert_eq!(reason(&early), (409, "wrong_state"));
    stage.release(&made).await;
    stage.advance(3_600).await;
    assert_eq!(counts(&stage.batch(&made).await), [0, 1, 1, 1, 0, 0]);
    let before = stage.paid().await.len();
    let call = Call::new("POST", "").key(stage.key());
    let retry_path = path(&made, "/retry-failed");
    let retry = Call {
        path: &retry_path,
        ..call
    }
    .header("idempotency-key", "retry");
    let retried = stage.call(retry.clone()).await;
    assert_eq!(retried.body["data"]["retrying"], 1, "{}", retried.text);
    let untouched = &retried.body["data"]["untouched"];
    let left = ["outcomeUnknown", "inReview", "open"].map(|name| untouched[name].as_i64());
    assert_eq!(left.into_iter().flatten().sum::<i64>(), 1, "{untouched}");
    let again = stage.call(retry).await;
    assert!(again.replayed);
    assert_eq!(again.text, retried.text);
    stage.advance(3_600).await;
    let batch = stage.batch(&made).await;
    assert_eq!(batch["failedCount"], 0, "{batch}");
    assert_eq!(stage.paid().await.len(), before + 1);
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_of_which_nothing_was_paid_has_failed_and_may_be_retried() {
    let stage = Stage::new().await;
    let failed = json!({"provider": "payelata", "status": "process_failed"});
    stage.control("/_control/outcomes", &failed).await;
    let batch = stage.make_batch("Weekly", &["L-12345"]).await;
    stage.release(&batch).await;
    stage.advance(3_600).await;
    assert_eq!(stage.batch(&batch).await["status"], "failed");
    stage
        .data("POST", &path(&batch, "/retry-failed"), None)
        .await;
    stage.advance(3_600).await;
    let paid = stage.batch(&batch).await;
    assert_eq!(counts(&paid), [0, 0, 1, 0, 0, 0]);
    assert_eq!(stage.balance().await, (WALLET - 45_000, 0, 0));
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_driver_who_is_suspended_while_the_batch_is_built_is_not_paid() {
    let stage = Stage::new().await;
    let held = stage.host.pump.hold(QueueName::Batch).await;
    let made = stage
        .data("POST", BATCHES, Some(&wish("Weekly", &SEED)))
        .await;
    let id = id(&made);
    let driver = "/api/v1/drivers/OVN-DRIVER-789";
    let suspend = json!({"status": "suspended"});
    stage.data("PUT", driver, Some(&suspend)).await;
    drop(held);
    stage.host.pump.settle().await;
    let batch = stage.batch(&id).await;
    assert_eq!(counts(&batch), [0, 0, 0, 0, 0, 3], "{batch}");
    assert_eq!(
        stage.lines(&id).await[0]["statusReason"],
        "driver_not_active"
    );
    assert_eq!(stage.balance().await, (WALLET, 0, 0));
    for load_id in SEED {
        let load = stage
            .data("GET", &format!("/api/v1/loads/{load_id}"), None)
            .await;
        assert_eq!(load["status"], "open");
    }
    stage.release(&id).await;
    stage.advance(60).await;
    assert_eq!(stage.batch(&id).await["status"], "failed");
    stage.assert_books().await;
}
