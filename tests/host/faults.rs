//! What the provider does to us, and what our books say afterwards.

use serde_json::{Value, json};

use crate::stage::{Call, Stage};

const START: i64 = 5_000_000;

/// One payout of `L-12345` under one fault, and an hour on the clock.
async fn survives(operation: &str, fault: &str) {
    let stage = Stage::new().await;
    stage.fault(operation, fault, 1).await;
    let id = stage.create("L-12345").await;
    stage.advance(7_200).await;
    let payout = stage.payout(&id).await;
    assert_eq!(
        payout["status"], "completed",
        "{operation} {fault}: {payout}"
    );
    let paid = stage.paid().await;
    assert_eq!(
        paid.len(),
        1,
        "{operation} {fault}: exactly one paid movement"
    );
    assert_eq!(paid[0]["reference"], format!("{id}-a01"));
    assert_eq!(paid[0]["amountMinor"], 44_750);
    assert_eq!(stage.balance().await, (START - 45_000, 0, 0));
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_create_answer_ends_in_exactly_one_payment() {
    survives("create", "drop_after").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_process_answer_ends_in_exactly_one_payment() {
    survives("process", "drop_after").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_documented_trouble_of_create_ends_in_exactly_one_payment() {
    for fault in [
        "drop_before",
        "status:400_before",
        "status:401_before",
        "status:404_before",
        "status:429_before",
        "status:500_before",
        "status:503_after",
        "garbage_after",
        "delay:60",
    ] {
        survives("create", fault).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_documented_trouble_of_process_ends_in_exactly_one_payment() {
    for fault in [
        "drop_before",
        "status:401_before",
        "status:409_after",
        "status:422_before",
        "status:500_after",
        "garbage_after",
        "delay:60",
    ] {
        survives("process", fault).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_documented_trouble_of_a_read_ends_in_exactly_one_payment() {
    for fault in [
        "drop_after",
        "status:404_before",
        "status:500_before",
        "garbage_after",
    ] {
        let stage = Stage::new().await;
        stage.fault("query", fault, 1).await;
        // The callback's read waits for the dispatcher: a read that the dispatcher overtakes is made again,
        // and the fault would be spent on it.
        let checks = stage.host.pump.hold(app::message::QueueName::Check).await;
        let id = stage.create("L-12345").await;
        stage.host.pump.settle().await;
        drop(checks);
        stage.advance(7_200).await;
        let payout = stage.payout(&id).await;
        let paid = stage.paid().await.len();
        assert_eq!(paid, 1, "{fault}");
        // One 404 is no disappearance, even from the provider itself: the next read resolves it like everything else.
        assert_eq!(
            (&payout["status"], &payout["statusReason"]),
            (&json!("completed"), &Value::Null),
            "{fault}"
        );
        stage.assert_books().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payout_completes_although_every_callback_is_lost() {
    let stage = Stage::new().await;
    stage.fault("callback", "lose", 1_000).await;
    let standard = stage.create("L-12345").await;
    let body = json!({"loadId": "L-12346", "requestedBy": "driver-789"});
    let instant = stage
        .data("POST", "/api/v1/payouts/instant", Some(&body))
        .await;
    let instant = instant["id"].as_str().expect("an id").to_owned();
    stage.advance(30).await;
    assert_eq!(stage.payout(&instant).await["status"], "completed");
    stage.advance(3_600).await;
    assert_eq!(stage.payout(&standard).await["status"], "completed");
    assert_eq!(stage.paid().await.len(), 2);
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn callbacks_in_duplicate_out_of_order_or_badly_signed_change_nothing() {
    for fault in ["duplicate", "reorder", "bad_signature"] {
        let stage = Stage::new().await;
        stage.fault("callback", fault, 3).await;
        let id = stage.create("L-12345").await;
        stage.advance(7_200).await;
        assert_eq!(stage.payout(&id).await["status"], "completed", "{fault}");
        assert_eq!(stage.paid().await.len(), 1, "{fault}");
        stage.assert_books().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_payout_fails_gives_the_money_back_and_pays_on_retry() {
    let stage = Stage::new().await;
    let outcome = json!({"provider": "payelata", "status": "process_failed"});
    stage.control("/_control/outcomes", &outcome).await;
    let id = stage.create("L-12345").await;
    stage.advance(3_600).await;
    let failed = stage.payout(&id).await;
    assert_eq!(failed["status"], "failed");
    assert_eq!(stage.balance().await, (START, 0, 0));
    assert_eq!(stage.paid().await.len(), 0);
    let retried = stage
        .data("POST", &format!("/api/v1/payouts/{id}/retry"), None)
        .await;
    assert_eq!(retried["status"], "queued");
    stage.advance(3_600).await;
    assert_eq!(stage.payout(&id).await["status"], "completed");
    assert_eq!(stage.paid().await.len(), 1);
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_is_refunded_later_returns_to_the_wallet() {
    let stage = Stage::new().await;
    let id = stage.create("L-12345").await;
    stage.advance(3_600).await;
    let reference = format!("{id}-a01");
    let outcome = json!({"provider": "payelata", "status": "refunded", "reference": reference});
    stage.control("/_control/outcomes", &outcome).await;
    stage.advance(60).await;
    assert_eq!(stage.payout(&id).await["status"], "returned");
    assert_eq!(stage.balance().await, (START, 0, 0));
    let load = stage.data("GET", "/api/v1/loads/L-12345", None).await;
    assert_eq!(load["status"], "open");
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn statuses_that_prove_nothing_keep_the_money_in_transit() {
    for (status, reason) in [
        ("processing", Value::Null),
        ("process_pending", Value::Null),
        ("some_new_word", Value::Null),
        ("partially_processed", json!("in_review")),
    ] {
        let stage = Stage::new().await;
        let outcome = json!({"provider": "payelata", "status": status});
        stage.control("/_control/outcomes", &outcome).await;
        let id = stage.create("L-12345").await;
        stage.advance(7 * 24 * 3_600).await;
        let payout = stage.payout(&id).await;
        assert_eq!(payout["status"], "processing", "{status}");
        assert_eq!(payout["statusReason"], reason, "{status}");
        assert_eq!(
            stage.balance().await,
            (START - 45_000, 0, 45_000),
            "{status}"
        );
        stage.assert_books().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_and_replayed_callbacks_move_no_money() {
    let stage = Stage::new().await;
    let id = stage.create("L-12345").await;
    stage.advance(3_600).await;
    let before = stage.balance().await;
    let body = json!({"data": {"type": "payout-invoices", "id": "cpoi_AAAAbbbbCCCCdddd"}});
    let forged = stage
        .call(Call::new("POST", "/callbacks/payelata/no-such-token").json(&body))
        .await;
    assert_eq!(forged.status, 404, "{}", forged.text);
    let token = stage.host.world.backend.seal.callback_token(
        &"acme~test".parse().expect("valid"),
        &format!("{id}-a01").parse().expect("valid"),
    );
    let path = format!("/callbacks/payelata/{token}");
    let unsigned = stage.call(Call::new("POST", &path).json(&body)).await;
    assert_eq!(unsigned.status, 401, "{}", unsigned.text);
    let text = body.to_string();
    let signature = local::twins::payelata::callback::signature(
        local::twins::payelata::CALLBACK_KEY_TEST,
        text.as_bytes(),
    );
    for _ in 0..3 {
        let signed = Call::new("POST", &path)
            .raw(text.clone())
            .header("x-signature", signature.clone());
        assert_eq!(
            stage.call(signed).await.status,
            200,
            "rings, and proves nothing"
        );
    }
    stage.advance(60).await;
    assert_eq!(stage.balance().await, before);
    assert_eq!(stage.payout(&id).await["status"], "completed");
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_clients_with_one_key_make_one_payout_and_get_one_answer() {
    let stage = std::sync::Arc::new(Stage::new().await);
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let stage = std::sync::Arc::clone(&stage);
        clients.spawn(async move {
            let call = Call::new("POST", "/api/v1/payouts")
                .key(stage.key())
                .header("idempotency-key", "one-key")
                .json(&json!({"loadId": "L-12345"}));
            stage.call(call).await
        });
    }
    let answers = clients.join_all().await;
    for answer in &answers {
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.text, answers[0].text);
    }
    assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1);
    stage.advance(3_600).await;
    assert_eq!(stage.paid().await.len(), 1);
    stage.assert_books().await;
}
