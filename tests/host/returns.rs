//! Payments that the provider takes back while every callback is lost: they are read again.

use serde_json::{Value, json};

use crate::{
    batch_stage::{WALLET, counts},
    stage::Stage,
};

const DAY: u32 = 24 * 3_600;

/// A stage on a Monday morning, so that business days are days; it hears no callback.
async fn deaf_stage() -> Stage {
    let stage = Stage::new().await;
    stage.fault("callback", "lose", 1_000).await;
    let now = stage.host.world.backend.clock.now().seconds();
    // The epoch began on a Thursday.
    let since_monday = (now + 3 * i64::from(DAY)).rem_euclid(7 * i64::from(DAY));
    let left = 7 * i64::from(DAY) + 8 * 3_600 - since_monday;
    stage
        .advance(u32::try_from(left).expect("within two weeks"))
        .await;
    stage
}

async fn take_back(stage: &Stage, payout: &str) {
    let reference = format!("{payout}-a01");
    let order = json!({"provider": "payelata", "status": "refunded", "reference": reference});
    let done = stage.control("/_control/outcomes", &order).await;
    assert_eq!(done["applied"], true, "{done}");
}

/// What the driver was paid in all, less what came back.
async fn total_paid(stage: &Stage) -> Value {
    let mut page = stage.data("GET", "/api/v1/drivers", None).await;
    page["items"][0]["totalPaid"].take()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_nobody_told_us_about_is_found_and_credited() {
    let stage = deaf_stage().await;
    let id = stage.create("L-12345").await;
    stage.advance(3_600).await;
    assert_eq!(stage.payout(&id).await["status"], "completed");
    assert_eq!(total_paid(&stage).await, 44_750);
    take_back(&stage, &id).await;
    stage.advance(2 * DAY).await;

    let payout = stage.payout(&id).await;
    assert_eq!(payout["status"], "returned", "{payout}");
    assert_eq!(stage.balance().await, (WALLET, 0, 0));
    let rows = stage.payments().await;
    let directions: Vec<_> = rows.iter().map(|row| row["direction"].as_str()).collect();
    assert_eq!(directions, [Some("out"), Some("in")]);
    let load = stage.data("GET", "/api/v1/loads/L-12345", None).await;
    assert_eq!(
        (&load["status"], &load["payoutId"]),
        (&json!("open"), &Value::Null)
    );
    assert_eq!(total_paid(&stage).await, 0);
    stage.assert_books().await;

    // The load is open: it can be paid again, by another payout.
    let again = stage.create("L-12345").await;
    stage.advance(3_600).await;
    assert_eq!(stage.payout(&again).await["status"], "completed");
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_after_the_last_read_is_not_looked_for() {
    let stage = deaf_stage().await;
    let id = stage.create("L-12345").await;
    stage.advance(15 * DAY).await;
    take_back(&stage, &id).await;
    stage.advance(30 * DAY).await;
    assert_eq!(stage.payout(&id).await["status"], "completed");
    // The twin took the money back and nobody heard of it: that is what this scenario is about.
    stage.assert_invariants().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_a_batch_that_comes_back_is_counted_as_returned() {
    let stage = deaf_stage().await;
    let batch = stage.make_batch("Weekly", &["L-12345", "L-12346"]).await;
    stage.release(&batch).await;
    stage.advance(3_600).await;
    assert_eq!(stage.batch(&batch).await["status"], "completed");
    let load = stage.data("GET", "/api/v1/loads/L-12345", None).await;
    take_back(&stage, load["payoutId"].as_str().expect("an id")).await;
    stage.advance(2 * DAY).await;

    let after = stage.batch(&batch).await;
    assert_eq!(counts(&after), [0, 0, 2, 0, 0, 0], "{after}");
    assert_eq!(after["returnedCount"], 1, "{after}");
    assert_eq!(after["status"], "completed");
    assert_eq!(stage.lines(&batch).await[0]["status"], "returned");
    assert_eq!(stage.balance().await, (WALLET - 45_000, 0, 0));
    stage.assert_books().await;
}
