//! How the Payelata twin sends callbacks: signed, repeated until acknowledged, and spoiled when told to.

use serde_json::{Value, json};

use super::bench::{Bench, Inbox};

const MINUTE_MS: i64 = 60_000;

/// The references of the callbacks that arrived, in order.
fn arrived(inbox: &Inbox) -> Vec<String> {
    inbox
        .take()
        .iter()
        .map(super::bench::Arrived::reference)
        .collect()
}

#[tokio::test]
async fn a_callback_is_the_private_read_signed_with_the_key_of_its_mode() {
    let bench = Bench::open().await;
    let id = bench.pay("pay_1").await;
    bench.sandbox.deliver_due().await;
    let told = bench.inbox.take();
    assert_eq!(told.len(), 1);
    assert!(told[0].is_signed_for_test());
    assert_eq!(told[0].header("retry-count"), "1");
    assert_eq!(told[0].header("user-agent"), "Webhook-Client");
    assert_eq!(told[0].body()["data"]["attributes"], bench.read(&id).await);
    assert_eq!(bench.sandbox.next_due_ms(), None);

    let mut live = bench.card_invoice("pay_2");
    live["test_mode"] = json!(false);
    let reply = bench.try_create(&live).await;
    bench
        .process(reply.body["data"]["id"].as_str().unwrap())
        .await;
    bench.sandbox.deliver_due().await;
    assert!(!bench.inbox.take()[0].is_signed_for_test());
}

#[tokio::test]
async fn only_status_200_acknowledges_and_each_retry_waits_a_minute_more() {
    let bench = Bench::open().await;
    bench.inbox.answers(&[204, 500]);
    bench.pay("pay_1").await;
    bench.sandbox.deliver_due().await;
    assert_eq!(bench.inbox.take().len(), 1);
    let wait_ms = bench.sandbox.next_due_ms().unwrap() - bench.sandbox.clock().now_ms();
    assert!(
        (MINUTE_MS - 5000..=MINUTE_MS).contains(&wait_ms),
        "{wait_ms}"
    );

    bench.sandbox.deliver_due().await;
    assert!(bench.inbox.take().is_empty(), "not yet due");
    bench.forward(60);
    bench.sandbox.deliver_due().await;
    assert_eq!(bench.inbox.take()[0].header("retry-count"), "2");
    let wait_ms = bench.sandbox.next_due_ms().unwrap() - bench.sandbox.clock().now_ms();
    assert!(
        (2 * MINUTE_MS - 5000..=2 * MINUTE_MS).contains(&wait_ms),
        "{wait_ms}"
    );

    bench.forward(120);
    bench.sandbox.deliver_due().await;
    assert_eq!(bench.inbox.take()[0].header("retry-count"), "3");
    assert_eq!(bench.sandbox.next_due_ms(), None);
}

#[tokio::test]
async fn a_lost_callback_never_comes() {
    let bench = Bench::open().await;
    bench.fault("callback", "lose").await;
    bench.pay("pay_1").await;
    bench.sandbox.deliver_due().await;
    assert!(bench.inbox.take().is_empty());
    assert_eq!(bench.sandbox.next_due_ms(), None);
}

#[tokio::test]
async fn a_duplicated_callback_comes_twice() {
    let bench = Bench::open().await;
    bench.fault("callback", "duplicate").await;
    bench.pay("pay_1").await;
    bench.sandbox.deliver_due().await;
    assert_eq!(arrived(&bench.inbox), ["pay_1", "pay_1"]);
    assert_eq!(bench.sandbox.next_due_ms(), None);
}

#[tokio::test]
async fn a_reordered_callback_comes_after_the_next_one() {
    let bench = Bench::open().await;
    bench.fault("callback", "reorder").await;
    bench.pay("pay_1").await;
    bench.sandbox.deliver_due().await;
    assert!(bench.inbox.take().is_empty());
    assert_eq!(
        bench.sandbox.next_due_ms(),
        None,
        "it waits for a callback, not for a time"
    );
    bench.pay("pay_2").await;
    bench.sandbox.deliver_due().await;
    assert_eq!(arrived(&bench.inbox), ["pay_2", "pay_1"]);
}

#[tokio::test]
async fn a_reset_lets_a_held_callback_go() {
    let bench = Bench::open().await;
    bench.fault("callback", "reorder").await;
    bench.pay("pay_1").await;
    bench.sandbox.deliver_due().await;
    bench.post("/_control/reset", &Value::Null).await;
    bench.sandbox.deliver_due().await;
    assert_eq!(arrived(&bench.inbox), ["pay_1"]);
}

#[tokio::test]
async fn a_badly_signed_callback_is_followed_by_a_good_one_when_it_is_refused() {
    let bench = Bench::open().await;
    bench.fault("callback", "bad_signature").await;
    bench.inbox.answers(&[401]);
    bench.pay("pay_1").await;
    bench.sandbox.deliver_due().await;
    assert!(!bench.inbox.take()[0].is_signed_for_test());
    bench.forward(60);
    bench.sandbox.deliver_due().await;
    assert!(bench.inbox.take()[0].is_signed_for_test());
}

#[tokio::test]
async fn addresses_beyond_this_computer_are_taken_but_never_called() {
    let bench = Bench::open().await;
    let mut attributes = bench.card_invoice("pay_1");
    attributes["callback_url"] = json!("https://webhook.site/1192f6ef");
    let reply = bench.try_create(&attributes).await;
    assert_eq!(reply.status, 201);
    bench
        .process(reply.body["data"]["id"].as_str().unwrap())
        .await;
    assert_eq!(bench.sandbox.next_due_ms(), None);
}

#[tokio::test]
async fn a_running_sandbox_sends_new_and_due_callbacks_by_itself() {
    let mut bench = Bench::open().await;
    bench.run();
    bench.inbox.answers(&[500]);
    let wait_for_one = async |inbox: &Inbox| {
        for _ in 0..500 {
            let names = arrived(inbox);
            if !names.is_empty() {
                return names;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        Vec::new()
    };
    bench.pay("pay_1").await;
    assert_eq!(wait_for_one(&bench.inbox).await, ["pay_1"]);
    while bench.sandbox.clock().next_wake_ms().is_none() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    bench.forward(60);
    assert_eq!(wait_for_one(&bench.inbox).await, ["pay_1"]);
}

#[tokio::test]
async fn deliveries_under_way_keep_the_clock_busy() {
    let mut bench = Bench::open().await;
    bench.run();
    for n in 0..20 {
        bench.pay(&format!("pay_{n}")).await;
    }
    bench.sandbox.deliver_due().await;
    bench.sandbox.clock().quiet().await;
    assert_eq!(arrived(&bench.inbox).len(), 20);
}
