//! How the twins change their mind about payments that had ended: late contradictions, and what they do to the money.

use serde_json::{Value, json};

use super::bench::{API, Bench};
use super::owlpay::bench::OwlBench;

/// Orders an outcome that the payment takes at once, with so much money moved if it is told.
async fn now(bench: &Bench, (provider, status): (&str, &str), amount: Option<i64>) {
    let order = json!({"provider": provider, "status": status, "reference": "pay_1", "now": true, "amount": amount});
    let reply = bench.post("/_control/outcomes", &order).await;
    assert_eq!(reply.status, 200, "{order}: {}", reply.body);
    assert_eq!(reply.body, json!({"ok": true, "applied": true}), "{order}");
}

/// Each row of the payment: what moved, back with a minus; nothing for a row that is not paid.
async fn moved(bench: &Bench) -> Vec<i64> {
    let amount = |row: &Value| {
        let amount = row["amountMinor"].as_i64().unwrap();
        match (row["paid"].as_bool().unwrap(), &row["direction"]) {
            (false, _) => 0,
            (true, way) if way == "in" => -amount,
            (true, _) => amount,
        }
    };
    bench.payments().await.iter().map(amount).collect()
}

#[tokio::test]
async fn an_invoice_that_failed_or_was_canceled_can_be_processed_later() {
    for dead in ["process_failed", "expired", "terminated", "canceled"] {
        let bench = Bench::open().await;
        bench.outcome(dead, None).await;
        let id = bench.pay("pay_1").await;
        let before = bench.read(&id).await;
        assert_eq!(
            (moved(&bench).await, &before["status"]),
            (vec![0], &json!(dead))
        );
        now(&bench, ("payelata", "processed"), None).await;
        let after = bench.read(&id).await;
        assert_eq!(after["status"], "processed");
        assert_eq!(after["processed_amount"].to_string(), "447.5");
        assert!(after["updated"].as_i64() > before["updated"].as_i64());
        assert_eq!(moved(&bench).await, [44_750], "{dead}");
        bench.sandbox.deliver_due().await;
        let told = bench.inbox.take();
        assert_eq!(told.len(), 2, "{dead}: each change is told");
    }
}

#[tokio::test]
async fn a_processed_invoice_can_be_taken_back_in_parts_or_whole_and_be_paid_again() {
    let bench = Bench::open().await;
    let id = bench.pay("pay_1").await;
    let payelata = |status| ("payelata", status);
    now(&bench, payelata("partially_refunded"), Some(750)).await;
    now(&bench, payelata("refund_failed"), None).await;
    now(&bench, payelata("process_failed"), None).await;
    assert_eq!(moved(&bench).await, [44_750, -750]);
    now(&bench, payelata("refunded"), None).await;
    assert_eq!(moved(&bench).await, [44_750, -750, -44_000]);
    now(&bench, payelata("processed"), None).await;
    assert_eq!(moved(&bench).await, [44_750, -750, -44_000, 44_750]);
    assert_eq!(bench.read(&id).await["status"], "processed");
}

#[tokio::test]
async fn an_invoice_that_was_never_started_is_paid_when_that_is_ordered_and_then_only_once() {
    let bench = Bench::open().await;
    let id = bench.create("pay_1").await;
    now(&bench, ("payelata", "processed"), Some(100)).await;
    assert_eq!(moved(&bench).await, [100]);
    assert_eq!(bench.process(&id).await.status, 200);
    assert_eq!(moved(&bench).await, [100]);
}

#[tokio::test]
async fn what_cannot_happen_now_is_said_and_not_kept_for_later() {
    let bench = Bench::open().await;
    for (provider, status) in [("payelata", "refunded"), ("owlpay", "owlpay.payout_failed")] {
        let order =
            json!({"provider": provider, "status": status, "reference": "pay_1", "now": true});
        let reply = bench.post("/_control/outcomes", &order).await;
        assert_eq!(reply.status, 404, "{}", reply.body);
    }
    let id = bench.pay("pay_1").await;
    assert_eq!(bench.read(&id).await["status"], "processed");
    let path = format!("{API}/payout-invoices/{id}");
    assert_eq!(bench.get(&path).await.status, 200);
}

#[tokio::test]
async fn an_order_that_was_rejected_failed_or_cancelled_can_be_paid_later() {
    for dead in [
        "owlpay.order_rejected",
        "owlpay.payout_failed",
        "platform.order_cancelled",
    ] {
        for paid in ["owlpay.payout_succeed", "dest_bank.validated"] {
            let owl = OwlBench::open().await;
            owl.vendor("drv_1").await;
            owl.outcome(dead, None).await;
            let uuid = owl.pay("pay_1").await;
            let before = owl.read(&uuid).await;
            assert_eq!(moved(&owl.bench).await, [0], "{dead}");
            now(&owl.bench, ("owlpay", paid), None).await;
            let after = owl.read(&uuid).await;
            assert_eq!(after["status"], paid);
            assert!(after["updated_at"].as_str() > before["updated_at"].as_str());
            assert_eq!(moved(&owl.bench).await, [44_750], "{dead} {paid}");
            let told = owl.told().await;
            assert!(told.iter().any(|line| line.1 == paid), "{told:?}");
        }
    }
}

#[tokio::test]
async fn an_order_cancelled_before_its_reconciliation_can_be_paid_later_too() {
    let owl = OwlBench::open().await;
    owl.vendor("drv_1").await;
    let uuid = owl.create("pay_1").await;
    let cancel = json!({"order_uuids": [uuid]});
    assert_eq!(owl.put("/orders/cancel", &cancel).await.status, 200);
    now(&owl.bench, ("owlpay", "owlpay.payout_succeed"), None).await;
    assert_eq!(owl.status(&uuid).await, "owlpay.payout_succeed");
    assert_eq!(moved(&owl.bench).await, [44_750]);
}

#[tokio::test]
async fn a_paid_order_fails_or_is_cancelled_later_and_brings_back_what_is_ordered() {
    let owl = OwlBench::open().await;
    owl.vendor("drv_1").await;
    owl.pay("pay_1").await;
    now(&owl.bench, ("owlpay", "platform.order_cancelled"), None).await;
    assert_eq!(
        moved(&owl.bench).await,
        [44_750],
        "a contradiction moves nothing"
    );
    now(
        &owl.bench,
        ("owlpay", "platform.order_cancelled:is_paid"),
        None,
    )
    .await;
    assert_eq!(moved(&owl.bench).await, [44_750]);
    now(
        &owl.bench,
        ("owlpay", "platform.order_cancelled"),
        Some(750),
    )
    .await;
    assert_eq!(moved(&owl.bench).await, [44_750, -750]);
    now(&owl.bench, ("owlpay", "owlpay.payout_failed"), None).await;
    assert_eq!(moved(&owl.bench).await, [44_750, -750, -44_000]);
}
