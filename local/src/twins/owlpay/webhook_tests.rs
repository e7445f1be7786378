//! How the OwlPay twin sends webhooks: signed, repeated until acknowledged, and spoiled when told to.

use serde_json::json;

use super::bench::{OwlBench, is_signed};
use super::{WEBHOOK_PATH, WEBHOOK_SECRET_TEST, webhook};
use crate::clock::MovableClock;
use crate::twins::Books;
use crate::twins::bench::Bench;

fn line(event: &str, status: &str) -> (String, String) {
    (event.to_owned(), status.to_owned())
}

#[tokio::test]
async fn a_webhook_tells_of_a_paid_order_and_is_signed_over_its_time() {
    let owl = OwlBench::open().await;
    owl.vendor("drv_1").await;
    let uuid = owl.pay("pay_1").await;
    owl.bench.sandbox.deliver_due().await;
    let told = owl.bench.inbox.take();
    assert_eq!(told.len(), 1);
    assert!(is_signed(&told[0]));
    let body = told[0].body();
    assert_eq!(
        (&body["is_test"], &body["api_version"]),
        (&json!(1), &json!("1.0.0"))
    );
    assert!(body["uuid"].as_str().unwrap().starts_with("att_"));
    assert_eq!(body["observation"], "order.payout.succeed");
    assert_eq!(body["data"]["order"], owl.read(&uuid).await);
    assert_eq!(WEBHOOK_PATH, "/callbacks/owlpay");
    assert_eq!(owl.bench.sandbox.next_due_ms(), None);
}

#[tokio::test]
async fn each_kind_of_end_has_its_event() {
    let owl = OwlBench::open().await;
    owl.vendor("drv_1").await;
    for (word, event) in [
        ("owlpay.payout_failed", "accounting.payout.failed"),
        ("owlpay.order_rejected", "order.updated"),
        ("bank.transfer_start", "order.updated"),
    ] {
        owl.outcome(word, Some(word)).await;
        owl.pay(word).await;
        assert_eq!(owl.told().await, [line(event, word)]);
    }
    let cancel = json!({"application_order_serials": ["owlpay.order_rejected"]});
    assert_eq!(owl.put("/orders/cancel", &cancel).await.status, 200);
    let cancelled = line("order.cancelled", "platform.order_cancelled");
    assert_eq!(owl.told().await, [cancelled]);
}

#[tokio::test]
async fn a_webhook_is_repeated_until_it_is_acknowledged_with_its_id_and_a_new_time() {
    let owl = OwlBench::open().await;
    owl.vendor("drv_1").await;
    owl.bench.inbox.answers(&[500]);
    owl.pay("pay_1").await;
    owl.bench.sandbox.deliver_due().await;
    let first = owl.bench.inbox.take();
    owl.bench.sandbox.deliver_due().await;
    assert!(owl.bench.inbox.take().is_empty(), "not yet due");
    owl.bench.forward(60);
    owl.bench.sandbox.deliver_due().await;
    let second = owl.bench.inbox.take();
    assert_eq!(first[0].raw, second[0].raw);
    let header = |n: &crate::twins::bench::Arrived| n.header(webhook::SIGNATURE_HEADER).to_owned();
    assert_ne!(header(&first[0]), header(&second[0]));
    assert!(is_signed(&second[0]));
    assert_eq!(owl.bench.sandbox.next_due_ms(), None);
}

#[tokio::test]
async fn webhooks_get_lost_come_twice_and_come_late_as_ordered() {
    let owl = OwlBench::open().await;
    owl.vendor("drv_1").await;
    let paid = line("order.payout.succeed", "owlpay.payout_succeed");
    owl.fault("callback", "lose").await;
    owl.pay("pay_1").await;
    assert_eq!(owl.told().await, []);
    owl.fault("callback", "duplicate").await;
    owl.pay("pay_2").await;
    assert_eq!(owl.told().await, [paid.clone(), paid.clone()]);
    owl.fault("callback", "reorder").await;
    owl.pay("pay_3").await;
    assert_eq!(owl.told().await, []);
    owl.pay("pay_4").await;
    assert_eq!(owl.told().await, [paid.clone(), paid]);
}

#[tokio::test]
async fn a_badly_signed_webhook_is_followed_by_a_good_one_when_it_is_refused() {
    let owl = OwlBench::open().await;
    owl.vendor("drv_1").await;
    owl.fault("callback", "bad_signature").await;
    owl.bench.inbox.answers(&[401]);
    owl.pay("pay_1").await;
    owl.bench.sandbox.deliver_due().await;
    assert!(!is_signed(&owl.bench.inbox.take()[0]));
    owl.bench.forward(60);
    owl.bench.sandbox.deliver_due().await;
    assert!(is_signed(&owl.bench.inbox.take()[0]));
}

#[tokio::test]
async fn without_an_address_nothing_is_sent() {
    let bench = Bench::on(Books::in_memory().unwrap(), MovableClock::in_memory()).await;
    let owl = OwlBench { bench };
    owl.vendor("drv_1").await;
    owl.pay("pay_1").await;
    assert_eq!(owl.told().await, []);
    assert_eq!(owl.bench.sandbox.next_due_ms(), None);
    assert!(WEBHOOK_SECRET_TEST.starts_with("whs_"));
}
