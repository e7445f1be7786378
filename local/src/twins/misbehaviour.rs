//! How the Payelata twin misbehaves when the control API tells it to.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::bench::{API, Bench, PUBLIC_API};
use super::payelata::{ACCOUNT_ID, API_KEY, PUBLIC_KEY_TEST};

/// What a client that speaks plain TCP gets for a create call: bytes, or nothing when the twin hung up.
async fn raw_create(bench: &Bench, reference: &str) -> usize {
    let attributes = bench.card_invoice(reference);
    let body = json!({"data": {"type": "payout-invoice", "attributes": attributes}}).to_string();
    let credentials = STANDARD.encode(format!("{ACCOUNT_ID}:{API_KEY}"));
    let request = format!(
        "POST {API}/payout-invoices HTTP/1.1\r\nHost: sandbox\r\nAuthorization: Basic {credentials}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(&bench.address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = [0; 4096];
    let read = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut answer)).await;
    read.expect("the twin answers or hangs up at once")
        .unwrap_or(0)
}

#[tokio::test]
async fn a_dropped_call_leaves_without_a_single_byte() {
    let bench = Bench::open().await;
    assert!(raw_create(&bench, "pay_0").await > 0);
    bench.fault("create", "drop_before").await;
    assert_eq!(raw_create(&bench, "pay_1").await, 0);
    assert_eq!(bench.payments().await.len(), 1, "nothing was done");
    bench.fault("create", "drop_after").await;
    assert_eq!(raw_create(&bench, "pay_2").await, 0);
    assert_eq!(bench.payments().await.len(), 2, "the work was done");
}

#[tokio::test]
async fn a_status_fault_works_or_not_as_ordered() {
    let bench = Bench::open().await;
    bench.fault("create", "status:504_before").await;
    bench.fault("create", "status:500_after").await;
    let first = bench.try_create(&bench.card_invoice("pay_1")).await;
    assert_eq!((first.status, bench.payments().await.len()), (504, 0));
    assert_eq!(first.body["errors"][0]["code"], "504");
    let second = bench.try_create(&bench.card_invoice("pay_1")).await;
    assert_eq!((second.status, bench.payments().await.len()), (500, 1));
    let title = json!([{"status": "internal_error", "code": "500", "title": "internal_error", "detail": "Internal server error."}]);
    assert_eq!(second.body["errors"], title);
    assert_eq!(
        bench.try_create(&bench.card_invoice("pay_1")).await.status,
        409
    );
}

#[tokio::test]
async fn garbage_comes_after_the_work() {
    let bench = Bench::open().await;
    bench.fault("*", "garbage_after").await;
    let reply = bench.try_create(&bench.card_invoice("pay_1")).await;
    assert_eq!((reply.status, reply.body), (201, Value::Null));
    assert_eq!(bench.payments().await.len(), 1);
}

#[tokio::test]
async fn a_delayed_answer_waits_for_the_clock_while_its_caller_does_not_count_as_busy() {
    let bench = Bench::open().await;
    let clock = bench.sandbox.clock().clone();
    bench.fault("create", "delay:3600").await;
    let caller = clock.busy();
    let attributes = bench.card_invoice("pay_1");
    let answer = bench.try_create(&attributes);
    let moved = async {
        clock.quiet().await;
        let wake_ms = clock.next_wake_ms().unwrap();
        clock.move_to(wake_ms).unwrap();
    };
    let (reply, ()) = tokio::join!(answer, moved);
    drop(caller);
    assert_eq!(reply.status, 201);
}

#[tokio::test]
async fn faults_are_used_in_order_by_the_calls_they_name() {
    let bench = Bench::open().await;
    let order = json!({"provider": "payelata", "operation": "query", "fault": "status:503_before", "times": 2, "reference": "pay_2"});
    assert_eq!(bench.post("/_control/faults", &order).await.status, 200);
    bench.fault("list", "status:502_before").await;
    let (one, two) = (bench.create("pay_1").await, bench.create("pay_2").await);
    let invoices = format!("{API}/payout-invoices");
    let public = format!("{PUBLIC_API}/payout-invoices/{two}?public_key={PUBLIC_KEY_TEST}");
    assert_eq!(bench.get(&format!("{invoices}/{one}")).await.status, 200);
    assert_eq!(
        bench
            .get(&format!("{invoices}?filter[reference_id]=pay_2"))
            .await
            .status,
        503
    );
    assert_eq!(bench.get(&public).await.status, 503);
    assert_eq!(bench.get(&public).await.status, 200);
    assert_eq!(bench.get(&invoices).await.status, 502);
    bench.fault("*", "status:502_before").await;
    assert_eq!(
        bench.post("/_control/reset", &Value::Null).await.status,
        200
    );
    assert_eq!(bench.get(&invoices).await.status, 200);
    let wrong = bench
        .post(
            "/_control/faults",
            &json!({"provider": "payelata", "operation": "void", "fault": "lose"}),
        )
        .await;
    assert_eq!(wrong.status, 400);
    assert!(
        wrong.body["error"]
            .as_str()
            .unwrap()
            .contains("operation void")
    );
}
