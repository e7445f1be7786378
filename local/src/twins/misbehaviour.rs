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

/// The statuses of so many creates, each under a reference of its own.
async fn creates(bench: &Bench, name: &str, count: usize) -> Vec<u16> {
    let mut statuses = Vec::with_capacity(count);
    for number in 0..count {
        let invoice = bench.card_invoice(&format!("{name}_{number}"));
        statuses.push(bench.try_create(&invoice).await.status);
    }
    statuses
}

#[tokio::test]
async fn a_share_of_all_calls_misbehaves_until_the_reset_and_a_seed_repeats_which() {
    let bench = Bench::open().await;
    let share = |seed: u32| {
        json!({"provider": "payelata", "operation": "create", "share": 20, "seed": seed,
            "faults": ["status:500_before", "status:429_before", "status:503_after"]})
    };
    let mut runs = Vec::new();
    for (seed, name) in [(1, "a"), (1, "b"), (2, "c")] {
        let ordered = bench.post("/_control/faults", &share(seed)).await;
        assert_eq!(ordered.status, 200, "{}", ordered.body);
        let statuses = creates(&bench, name, 100).await;
        let wrong = statuses.iter().filter(|status| **status != 201).count();
        assert!((10..=30).contains(&wrong), "{wrong} of 100");
        let met = bench.get("/_control/faults").await.body;
        assert_eq!(
            (&met[0]["calls"], &met[0]["misbehaved"]),
            (&json!(100), &json!(wrong))
        );
        assert_eq!(
            bench.post("/_control/reset", &Value::Null).await.status,
            200
        );
        assert_eq!(bench.get("/_control/faults").await.body, json!([]));
        runs.push(statuses);
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
    for status in [500, 429, 503] {
        assert!(runs.concat().contains(&status), "{status} came up");
    }
    assert!(creates(&bench, "d", 20).await.iter().all(|it| *it == 201));
}

#[tokio::test]
async fn a_fault_for_one_call_goes_before_a_share_and_is_not_counted_in_it() {
    let bench = Bench::open().await;
    let share = json!({"provider": "payelata", "operation": "*", "share": 100, "fault": "status:500_before"});
    assert_eq!(bench.post("/_control/faults", &share).await.status, 200);
    bench.fault("create", "status:429_before").await;
    assert_eq!(creates(&bench, "pay", 3).await, [429, 500, 500]);
    let met = bench.get("/_control/faults").await.body;
    let expected = json!([{"provider": "payelata", "operation": "*", "reference": null, "share": 100, "seed": 0,
        "faults": ["status:500_before"], "calls": 2, "misbehaved": 2}]);
    assert_eq!(met, expected);
}

#[tokio::test]
async fn a_gateway_answers_in_no_shape_of_the_providers_and_the_provider_in_its_own() {
    let bench = Bench::open().await;
    let id = bench.pay("pay_1").await;
    let path = format!("{API}/payout-invoices/{id}");
    let text = async || {
        let request = bench.request(reqwest::Method::GET, &path);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    };
    for (fault, body) in [
        (
            "gateway:404_before",
            "<html><body><h1>404 Not Found</h1></body></html>",
        ),
        ("gateway_json:404_after", r#"{"message":"not found"}"#),
        ("gateway_empty:404_before", ""),
        (
            "status:404_before",
            r#"{"errors":[{"code":"404","status":"Not Found"}]}"#,
        ),
    ] {
        bench.fault("query", fault).await;
        assert_eq!(text().await, (404, body.to_owned()), "{fault}");
    }
    bench.fault("create", "gateway:404_after").await;
    bench.fault("create", "gateway:404_before").await;
    for (reference, made) in [("pay_2", 2), ("pay_3", 2)] {
        let reply = bench.try_create(&bench.card_invoice(reference)).await;
        assert_eq!((reply.status, reply.body), (404, Value::Null));
        assert_eq!(bench.payments().await.len(), made, "{reference}");
    }
}
