//! Late news about lines of batches: what keeps a batch going, what draws attention to an ended one, and its figures
//! after the decision.

use serde_json::{Value, json};

use crate::{
    batch_stage::{WALLET, counts, path},
    late_stage::{DAY, GROSS, HOUR, first, plain, says},
    rails::bank_driver,
    stage::Stage,
};

/// The payout of a line of the batch, by its load.
async fn payout_of(stage: &Stage, batch: &str, load: &str) -> String {
    let lines = stage.lines(batch).await;
    let line = lines.iter().find(|line| line["loadId"] == load);
    let line = line.unwrap_or_else(|| panic!("{load}: {lines:?}"));
    let payout = line["id"].as_str().or(line["payoutId"].as_str());
    payout.expect("a payout").to_owned()
}

async fn released(stage: &Stage, loads: &[&str]) -> String {
    let batch = stage.make_batch("Weekly", loads).await;
    stage.release(&batch).await;
    stage.advance(HOUR).await;
    batch
}

/// A batch of a payout that failed and one that was paid; the batch and the failed one.
async fn half_failed(stage: &Stage) -> (String, String) {
    stage.ends_with("payelata", "process_failed").await;
    let batch = released(stage, &["L-12345", "L-12346"]).await;
    assert_eq!(stage.batch(&batch).await["status"], "completed");
    let mut failed = Vec::new();
    for load in ["L-12345", "L-12346"] {
        let payout = payout_of(stage, &batch, load).await;
        if stage.standing(&payout).await.0 == "failed" {
            failed.push(payout);
        }
    }
    assert_eq!(failed.len(), 1);
    (batch, failed.remove(0))
}

async fn assert_held(stage: &Stage, batch: &str, (held, status): (u32, &str)) {
    let shown = stage.batch(batch).await;
    assert_eq!(
        (&shown["heldCount"], &shown["attention"], &shown["status"]),
        (&json!(held), &json!(held > 0), &json!(status)),
        "{shown}"
    );
}

async fn retry_failed(stage: &Stage, batch: &str) -> Value {
    stage
        .data("POST", &path(batch, "/retry-failed"), None)
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queued_line_that_is_held_keeps_its_batch_processing_until_it_is_decided() {
    for outcome in ["paid", "not_paid"] {
        let stage = Stage::new().await;
        bank_driver(&stage).await;
        stage.switch("payelata", "pause").await;
        stage.ends_with("owlpay", "owlpay.order_rejected").await;
        let batch = released(&stage, &["RAIL-L"]).await;
        let line = payout_of(&stage, &batch, "RAIL-L").await;
        stage
            .show(("owlpay", "owlpay.payout_succeed"), &first(&line))
            .await;
        stage.switch("payelata", "resume").await;
        stage.advance(2 * DAY).await;
        assert_held(&stage, &batch, (1, "processing")).await;
        assert_eq!(counts(&stage.batch(&batch).await), [0, 1, 0, 0, 0, 0]);
        let retried = retry_failed(&stage, &batch).await;
        assert_eq!(retried["retrying"], 0, "{retried}");
        let net = stage.net(&line).await;
        assert_eq!(stage.out().await, net);
        stage.assert_invariants().await;
        if outcome == "not_paid" {
            let back = ("owlpay", "platform.order_cancelled");
            stage.show_moved(back, (&first(&line), net)).await;
        }
        stage.agree(&first(&line), &plain(outcome)).await;
        stage.advance(HOUR).await;
        assert_held(&stage, &batch, (0, "completed")).await;
        let ended = stage.batch(&batch).await;
        assert_eq!(counts(&ended), [0, 0, 1, 0, 0, 0], "{ended}");
        assert_eq!(ended["amounts"]["paid"], GROSS, "{ended}");
        assert_eq!(stage.out().await, net, "{outcome}");
        assert_eq!(stage.balance().await, (WALLET - GROSS, 0, 0));
        stage.assert_invariants().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_line_that_is_held_draws_attention_to_an_ended_batch_and_is_skipped_by_its_retry()
{
    for outcome in ["paid", "not_paid"] {
        let stage = Stage::new().await;
        let (batch, line) = half_failed(&stage).await;
        let net = stage.net(&line).await;
        stage.show(("payelata", "processed"), &first(&line)).await;
        assert_held(&stage, &batch, (1, "completed")).await;
        assert_eq!(counts(&stage.batch(&batch).await), [0, 0, 1, 1, 0, 0]);
        let retried = retry_failed(&stage, &batch).await;
        assert_eq!(retried["retrying"], 0, "{retried}");
        let held = retried["untouched"]["held"].as_array().expect("a list");
        assert_eq!(held.len(), 1, "{retried}");
        assert_eq!(held[0]["payoutId"], line.as_str(), "{retried}");
        assert!(
            held[0]["line"].as_u64().is_some_and(|it| it > 0),
            "{retried}"
        );
        stage.advance(DAY).await;
        stage
            .assert_standing(&line, ("failed", "contradicted"))
            .await;
        if outcome == "not_paid" {
            stage.show(("payelata", "canceled"), &first(&line)).await;
        }
        stage.agree(&first(&line), &plain(outcome)).await;
        assert_held(&stage, &batch, (0, "completed")).await;
        let (paid, failed) = if outcome == "paid" { (2, 0) } else { (1, 1) };
        let ended = stage.batch(&batch).await;
        assert_eq!(counts(&ended), [0, 0, paid, failed, 0, 0], "{ended}");
        assert_eq!(ended["amounts"]["paid"], paid * GROSS, "{ended}");
        assert_eq!(ended["amounts"]["failed"], failed * GROSS, "{ended}");
        assert_eq!(stage.balance().await, (WALLET - paid * GROSS, 0, 0));
        assert_eq!(stage.out().await, paid * net);
        stage.assert_invariants().await;
        if outcome == "not_paid" {
            assert_eq!(retry_failed(&stage, &batch).await["retrying"], 1);
            stage.advance(HOUR).await;
            assert_held(&stage, &batch, (0, "completed")).await;
            assert_eq!(counts(&stage.batch(&batch).await), [0, 0, 2, 0, 0, 0]);
            assert_eq!(stage.out().await, 2 * net);
            stage.assert_invariants().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canceled_line_that_is_held_draws_attention_and_an_ended_batch_never_opens_again() {
    let stage = Stage::new().await;
    stage.ends_with("payelata", "process_failed").await;
    let batch = released(&stage, &["L-12345"]).await;
    let line = payout_of(&stage, &batch, "L-12345").await;
    assert_held(&stage, &batch, (0, "failed")).await;
    let cancel = format!("/api/v1/payouts/{line}/cancel");
    stage.data("POST", &cancel, None).await;
    assert_eq!(counts(&stage.batch(&batch).await), [0, 0, 0, 0, 1, 0]);
    stage.show(("payelata", "processed"), &first(&line)).await;
    assert_held(&stage, &batch, (1, "failed")).await;
    assert_eq!(stage.load_status("L-12345").await, "held");
    stage.agree(&first(&line), &plain("paid")).await;
    stage.advance(HOUR).await;
    assert_held(&stage, &batch, (0, "failed")).await;
    let ended = stage.batch(&batch).await;
    assert_eq!(counts(&ended), [0, 0, 1, 0, 0, 0], "{ended}");
    assert_eq!(ended["amounts"]["paid"], GROSS, "{ended}");
    assert_eq!(stage.load_status("L-12345").await, "paid");
    assert_eq!(stage.balance().await, (WALLET - GROSS, 0, 0));
    stage.assert_invariants().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_canceled_with_a_held_line_ends_once_the_line_is_decided() {
    for outcome in ["paid", "not_paid"] {
        let stage = Stage::new().await;
        stage.ends_with("payelata", "process_failed").await;
        let old = stage.create("L-12345").await;
        stage.advance(HOUR).await;
        let cancel = format!("/api/v1/payouts/{old}/cancel");
        stage.data("POST", &cancel, None).await;
        let batch = stage.make_batch("Weekly", &["L-12345", "L-12346"]).await;
        stage.show(("payelata", "processed"), &first(&old)).await;
        assert_held(&stage, &batch, (1, "queued")).await;
        stage.data("POST", &path(&batch, "/cancel"), None).await;
        stage.advance(HOUR).await;
        let line = payout_of(&stage, &batch, "L-12345").await;
        let standing = stage.standing(&line).await;
        assert_eq!(standing.1, "contradicted", "{standing:?}");
        assert_held(&stage, &batch, (1, "canceled")).await;
        stage.assert_invariants().await;
        if outcome == "not_paid" {
            stage.show(("payelata", "canceled"), &first(&old)).await;
        }
        stage.agree(&first(&old), &plain(outcome)).await;
        stage.advance(HOUR).await;
        assert_held(&stage, &batch, (0, "canceled")).await;
        let ended = stage.batch(&batch).await;
        assert_eq!(counts(&ended), [0, 0, 0, 0, 2, 0], "{outcome}: {ended}");
        let spent = if outcome == "paid" { GROSS } else { 0 };
        assert_eq!(stage.balance().await, (WALLET - spent, 0, 0), "{outcome}");
        stage.assert_invariants().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_comes_back_in_parts_moves_the_figures_of_its_batch_and_not_its_end() {
    let stage = Stage::new().await;
    let batch = released(&stage, &["L-12345", "L-12346"]).await;
    let line = payout_of(&stage, &batch, "L-12345").await;
    let net = stage.net(&line).await;
    let mut back = 0;
    for part in [4_750, net - 4_750] {
        let shown = ("payelata", "partially_refunded");
        stage.show_moved(shown, (&first(&line), part)).await;
        assert_held(&stage, &batch, (1, "completed")).await;
        let said = says("returned", &json!({"amount": part}));
        stage.agree(&first(&line), &said).await;
        back += part;
        assert_held(&stage, &batch, (0, "completed")).await;
        let after = stage.batch(&batch).await;
        assert_eq!(counts(&after), [0, 0, 2, 0, 0, 0], "{after}");
        let whole = u32::from(back == net);
        assert_eq!(after["returnedCount"], whole, "{after}");
        // Sums of lines are what was asked for: once all of it came back, that is the whole line.
        let returned = if back == net { GROSS } else { back };
        assert_eq!(after["amounts"]["returned"], returned, "{after}");
        assert_eq!(stage.balance().await, (WALLET - 2 * GROSS + back, 0, 0));
        stage.assert_invariants().await;
    }
    assert_eq!(stage.standing(&line).await.0, "returned");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_was_settled_as_a_part_comes_back_with_its_rest() {
    let stage = Stage::new().await;
    stage.put_load("PART", 10_000).await;
    stage.ends_with("payelata", "partially_processed").await;
    let batch = released(&stage, &["PART"]).await;
    let line = payout_of(&stage, &batch, "PART").await;
    let shown = &stage.review(&first(&line)).await["evidence"]["reportedAmount"];
    let part = says("partial", &json!({"paidAmount": shown}));
    stage.agree(&first(&line), &part).await;
    stage.advance(HOUR).await;
    let paid = stage.batch(&batch).await;
    assert_eq!(counts(&paid), [0, 0, 1, 0, 0, 0], "{paid}");
    assert_eq!(paid["status"], "completed", "{paid}");
    let rest = says("rest_returned", &json!({"amount": 875}));
    stage.agree(&first(&line), &rest).await;
    assert_eq!(stage.balance().await, (WALLET - 10_000 + 875, 0, 0));
    stage.assert_invariants().await;
    stage.show(("payelata", "refunded"), &first(&line)).await;
    assert_eq!(stage.standing(&line).await.0, "returned");
    let after = stage.batch(&batch).await;
    assert_eq!(after["returnedCount"], 1, "{after}");
    assert_eq!(counts(&after), [0, 0, 1, 0, 0, 0], "{after}");
    assert_eq!(stage.balance().await, (WALLET, 0, 0));
    stage.assert_books().await;
}
