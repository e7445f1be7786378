//! How the OwlPay twin does what the control API orders: ends, reviews, forms of answers, and faults.

use serde_json::{Value, json};

use super::bench::OwlBench;

#[tokio::test]
async fn an_ordered_outcome_is_how_the_next_or_the_named_order_ends() {
    let owl = OwlBench::open().await;
    owl.vendor("drv_1").await;
    owl.outcome("owlpay.payout_failed", None).await;
    owl.outcome("bank.in_process", Some("pay_2")).await;
    let two = owl.pay("pay_2").await;
    let one = owl.pay("pay_1").await;
    let three = owl.pay("pay_3").await;
    assert_eq!(owl.status(&two).await, "bank.in_process");
    assert_eq!(owl.status(&one).await, "owlpay.payout_failed");
    assert_eq!(owl.status(&three).await, "owlpay.payout_succeed");
    let paid: Vec<bool> = owl.money().await.into_iter().map(|row| row.1).collect();
    assert_eq!(paid, [false, false, true]);
    assert!(owl.outcome("owlpay.payout_succeed", Some("pay_2")).await);
    assert!(owl.money().await[0].1);
    let order = json!({"provider": "owlpay", "status": "processed"});
    let refused = owl.bench.post("/_control/outcomes", &order).await;
    assert_eq!(refused.status, 400);
    let complaint = refused.body["error"].as_str().unwrap();
    assert!(complaint.contains("owlpay.payout_failed"), "{complaint}");
}

#[tokio::test]
async fn the_end_of_a_transfer_says_whether_it_is_paid_only_when_it_is_ordered_to() {
    let owl = OwlBench::open().await;
    owl.vendor("drv_1").await;
    for (word, is_paid, reconciliation, paid) in [
        ("bank.transfer_end", Value::Null, "settled", false),
        (
            "bank.transfer_end:is_paid",
            json!(true),
            "payout_finish",
            true,
        ),
        ("bank.transfer_end:not_paid", json!(false), "settled", false),
        (
            "bank.transfer_end:payout_finish",
            Value::Null,
            "payout_finish",
            true,
        ),
        ("owlpay.order_settled", Value::Null, "settled", false),
        ("dest_bank.validated", Value::Null, "payout_finish", true),
    ] {
        owl.outcome(word, Some(word)).await;
        let uuid = owl.pay(word).await;
        let order = owl.read(&uuid).await;
        assert_eq!(order["is_paid"], is_paid, "{word}");
        let path = format!(
            "/orders_reconciliation/{}",
            order["order_transfer_uuid"].as_str().unwrap()
        );
        let status = owl.get(&path).await.body["data"]["status"].clone();
        assert_eq!(status, reconciliation, "{word}");
        let row = owl
            .bench
            .get(&format!("/_control/payments?reference={word}"))
            .await;
        assert_eq!(row.body[0]["paid"], paid, "{word}");
    }
}

#[tokio::test]
async fn a_rejected_order_can_be_applied_for_again_or_cancelled() {
    let owl = OwlBench::open().await;
    owl.vendor("drv_1").await;
    for serial in ["pay_1", "pay_2"] {
        owl.outcome("owlpay.order_rejected", Some(serial)).await;
        let uuid = owl.pay(serial).await;
        let order = owl.read(&uuid).await;
        assert_eq!(order["status"], "owlpay.order_rejected");
        assert_eq!(order["is_rejected"], true);
        assert!(order["last_reject_transfer_reason"].is_string());
        assert_eq!(order["is_allow_close"], true);
    }
    let rejected = owl.get("/orders?is_rejected=1").await;
    assert_eq!(rejected.body["pagination"]["total"], 2);
    assert_eq!(owl.reconcile("pay_1").await.status, 200);
    let cancel = json!({"application_order_serials": ["pay_2"]});
    assert_eq!(owl.put("/orders/cancel", &cancel).await.status, 200);
    let paid: Vec<bool> = owl.money().await.into_iter().map(|row| row.1).collect();
    assert_eq!(paid, [true, false]);

    owl.outcome("owlpay.order_confirmed:rejected", None).await;
    let uuid = owl.pay("pay_3").await;
    let order = owl.read(&uuid).await;
    assert_eq!(
        (&order["status"], &order["is_rejected"]),
        (&json!("owlpay.order_confirmed"), &json!(true))
    );
}

#[tokio::test]
async fn a_paid_order_that_fails_later_brings_its_money_back_once() {
    let owl = OwlBench::open().await;
    owl.vendor("drv_1").await;
    let uuid = owl.pay("pay_1").await;
    let before = owl.read(&uuid).await["updated_at"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(owl.outcome("owlpay.payout_failed", Some("pay_1")).await);
    let after = owl.read(&uuid).await;
    assert!(after["updated_at"].as_str().unwrap() > before.as_str());
    assert!(owl.outcome("owlpay.payout_failed", Some("pay_1")).await);
    let both = [("out".to_owned(), true), ("in".to_owned(), true)];
    assert_eq!(owl.money().await, both);
}

#[tokio::test]
async fn a_slow_order_walks_through_its_statuses_with_the_clock() {
    let owl = OwlBench::open().await;
    owl.vendor("drv_1").await;
    owl.outcome("owlpay.payout_succeed@400", None).await;
    let uuid = owl.pay("pay_1").await;
    let mut seen = Vec::new();
    for _ in 0..5 {
        seen.push((owl.status(&uuid).await, owl.money().await[0].1));
        owl.bench.forward(101);
    }
    let expected = [
        ("owlpay.order_unconfirmed".to_owned(), false),
        ("owlpay.order_confirmed".to_owned(), false),
        ("bank.wait_execute".to_owned(), false),
        ("bank.in_process".to_owned(), false),
        ("owlpay.payout_succeed".to_owned(), true),
    ];
    assert_eq!(seen, expected);
    let told: Vec<String> = owl.told().await.into_iter().map(|line| line.1).collect();
    let statuses: Vec<String> = expected[1..].iter().map(|row| row.0.clone()).collect();
    assert_eq!(told.len(), 4);
    assert!(
        statuses.iter().all(|status| told.contains(status)),
        "{told:?}"
    );
}

#[tokio::test]
async fn an_outcome_on_the_way_replaces_what_was_to_come() {
    let owl = OwlBench::open().await;
    owl.vendor("drv_1").await;
    owl.outcome("owlpay.payout_succeed@400", None).await;
    let uuid = owl.pay("pay_1").await;
    assert!(owl.outcome("owlpay.order_rejected", Some("pay_1")).await);
    owl.bench.forward(1000);
    assert_eq!(owl.status(&uuid).await, "owlpay.order_rejected");
    let told = owl.told().await;
    assert_eq!(
        told,
        [(
            "order.updated".to_owned(),
            "owlpay.order_rejected".to_owned()
        )]
    );
    assert!(!owl.money().await[0].1);
}

#[tokio::test]
async fn a_reconciliation_is_answered_with_a_list_when_ordered() {
    let owl = OwlBench::open().await;
    owl.vendor("drv_1").await;
    for serial in ["pay_1", "pay_2", "pay_3"] {
        owl.create(serial).await;
    }
    owl.outcome("reconciliation.array", Some("pay_2")).await;
    assert!(owl.reconcile("pay_1").await.body["data"].is_object());
    let list = owl.reconcile("pay_2").await.body["data"].clone();
    assert_eq!(list.as_array().unwrap().len(), 1);
    assert!(owl.reconcile("pay_3").await.body["data"].is_object());
}

#[tokio::test]
async fn an_error_can_hide_in_an_answer_that_is_well_by_its_status() {
    let owl = OwlBench::open().await;
    owl.vendor("drv_1").await;
    owl.fault("create", "body_status:404_before").await;
    owl.fault("create", "body_status:401_after").await;
    let wish = OwlBench::wish("pay_1");
    let first = owl.post("/orders", &wish).await;
    assert_eq!((first.status, &first.body["status"]), (200, &json!(404)));
    assert_eq!(owl.bench.payments().await.len(), 0);
    let second = owl.post("/orders", &wish).await;
    assert_eq!((second.status, &second.body["status"]), (200, &json!(401)));
    assert_eq!(second.body["error"]["type"], "unauthorized");
    assert_eq!(owl.bench.payments().await.len(), 1);
    let elsewhere =
        json!({"provider": "payelata", "operation": "create", "fault": "body_status:404_before"});
    assert_eq!(
        owl.bench.post("/_control/faults", &elsewhere).await.status,
        400
    );
}

#[tokio::test]
async fn faults_meet_the_operation_and_the_serial_they_name() {
    let owl = OwlBench::open().await;
    let vendor = owl.vendor("drv_1").await;
    let (one, two) = (owl.create("pay_1").await, owl.create("pay_2").await);
    let order = json!({"provider": "owlpay", "operation": "query", "fault": "status:503_before", "times": 2, "reference": "pay_2"});
    assert_eq!(owl.bench.post("/_control/faults", &order).await.status, 200);
    owl.fault("list", "status:502_before").await;
    assert_eq!(owl.get(&format!("/orders/{one}")).await.status, 200);
    assert_eq!(
        owl.get("/orders?application_order_serials[]=pay_2")
            .await
            .status,
        503
    );
    assert_eq!(owl.get(&format!("/orders/{two}")).await.status, 503);
    assert_eq!(owl.get(&format!("/orders/{two}")).await.status, 200);
    assert_eq!(owl.get("/orders").await.status, 502);

    owl.fault("process", "status:504_after").await;
    assert_eq!(owl.reconcile("pay_1").await.status, 504);
    assert_eq!(
        owl.status(&one).await,
        "owlpay.payout_succeed",
        "the work was done"
    );
    owl.fault("cancel", "garbage_after").await;
    let cancel = json!({"order_uuids": [two]});
    let garbled = owl.put("/orders/cancel", &cancel).await;
    assert_eq!((garbled.status, garbled.body), (200, Value::Null));
    assert_eq!(owl.status(&two).await, "platform.order_cancelled");
    for (operation, path) in [
        ("vendors", format!("/vendors/{vendor}")),
        ("remit", format!("/vendors/{vendor}/remit_info")),
        ("invite", "/vendor_invite".to_owned()),
    ] {
        owl.fault(operation, "status:429_before").await;
        let reply = owl.get(&path).await;
        assert_eq!(
            (reply.status, &reply.body["error"]["code"]),
            (429, &json!("rate_limit"))
        );
        assert_eq!(owl.get(&path).await.status, 200);
    }
    let wrong = json!({"provider": "owlpay", "operation": "services", "fault": "drop_after"});
    assert_eq!(owl.bench.post("/_control/faults", &wrong).await.status, 400);
}

#[tokio::test]
async fn a_dropped_call_leaves_without_an_answer() {
    let owl = OwlBench::open().await;
    owl.vendor("drv_1").await;
    for (fault, made) in [("drop_before", 0), ("drop_after", 1)] {
        owl.fault("create", fault).await;
        // The twin hangs up, and no client repeats a POST by itself.
        let request = owl.request(reqwest::Method::POST, "/orders");
        let sent = request
            .body(OwlBench::wish("pay_1").to_string())
            .send()
            .await;
        assert!(sent.is_err(), "{fault}");
        assert_eq!(owl.bench.payments().await.len(), made, "{fault}");
    }
}
