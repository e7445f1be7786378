//! Whole payouts over HTTP at the providers beside Payelata: OwlPay's bank payments and PayWizard's prepaid cards.

use serde_json::{Value, json};

use crate::stage::{Call, Stage};

const NET: i64 = 44_750;

/// A driver with this payout method, whom our own people verified when `verified`, and a load.
pub(crate) async fn driver(stage: &Stage, method: &Value, verified: bool) {
    let body = json!({"ovnDriverId": "RAIL-1", "name": "Ana Ruiz", "email": "ana@example.com",
        "phone": "+15551234567"});
    stage.data("POST", "/api/v1/drivers", Some(&body)).await;
    let path = "/api/v1/drivers/RAIL-1/payout-method";
    stage.data("PUT", path, Some(method)).await;
    if verified {
        let body = json!({"decision": "approve", "reason": "seen"});
        let path = "/api/v1/drivers/RAIL-1/verification";
        stage.data("POST", path, Some(&body)).await;
    }
    let load = json!({"driverId": "RAIL-1", "amount": 45_000});
    stage.data("PUT", "/api/v1/loads/RAIL-L", Some(&load)).await;
}

/// OwlPay hears of the driver and approves the account; that makes the driver payable.
pub(crate) async fn bank_driver(stage: &Stage) {
    let method = json!({"type": "bank_account", "accountNumber": "000123456789",
        "routingNumber": "021000021", "holder": "Ana Ruiz"});
    driver(stage, &method, false).await;
    stage.advance(1_800).await;
    let known = stage.data("GET", "/api/v1/drivers/RAIL-1", None).await;
    assert_eq!(
        (&known["kycStatus"], &known["status"]),
        (&json!("verified"), &json!("active"))
    );
}

async fn card_driver(stage: &Stage, account: &str) {
    driver(
        stage,
        &json!({"type": "prepaid_card", "accountId": account}),
        true,
    )
    .await;
}

pub(crate) async fn fault(stage: &Stage, provider: &str, operation: &str, fault: &str) {
    let body = json!({"provider": provider, "operation": operation, "fault": fault});
    stage.control("/_control/faults", &body).await;
}

async fn assert_paid_once(stage: &Stage, provider: &str, what: &str) {
    let paid = stage.paid().await;
    assert_eq!(paid.len(), 1, "{what}: {paid:?}");
    assert_eq!(paid[0]["provider"], provider, "{what}");
    assert_eq!(paid[0]["amountMinor"], NET, "{what}");
    assert_eq!(stage.balance().await, (5_000_000 - 45_000, 0, 0), "{what}");
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_payout_of_a_driver_whom_owlpay_approved_is_paid_by_owlpay() {
    let stage = Stage::new().await;
    bank_driver(&stage).await;
    let id = stage.create("RAIL-L").await;
    stage.advance(300).await;
    let payout = stage.payout(&id).await;
    assert_eq!(payout["status"], "completed", "{payout}");
    assert_paid_once(&stage, "owlpay", "no fault").await;
    let timeline = format!("/api/v1/payouts/{id}/timeline");
    let timeline = stage.data("GET", &timeline, None).await;
    let legs = timeline["items"].to_string();
    assert!(legs.contains("clearing.owlpay"), "{legs}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instant_payout_to_a_bank_account_goes_by_the_standard_rail_where_that_will_do() {
    let stage = Stage::new().await;
    bank_driver(&stage).await;
    let path = "/api/v1/payouts/instant";
    let keyed = |body: Value| {
        let call = Call::new("POST", path).key(stage.key());
        call.header("idempotency-key", "cash-out").json(&body)
    };
    let plain = json!({"loadId": "RAIL-L", "requestedBy": "Ana Ruiz"});
    let refused = stage.call(keyed(plain.clone())).await;
    let reason = &refused.body["error"]["details"]["reason"];
    assert_eq!(
        (refused.status, reason),
        (409, &json!("instant_not_available"))
    );

    let either = json!({"loadId": "RAIL-L", "requestedBy": "Ana Ruiz", "railFallback": "standard"});
    let asked = stage.call(keyed(either)).await;
    assert_eq!(asked.status, 200, "{}", asked.text);
    let asked_for = &asked.body["data"];
    assert_eq!(
        (&asked_for["status"], &asked_for["rail"], &asked_for["fee"]),
        (&json!("processing"), &json!("instant"), &json!(450))
    );
    let other = stage.call(keyed(plain)).await;
    assert_eq!(other.status, 422, "the same key without the word");

    stage.advance(300).await;
    let id = asked_for["id"].as_str().expect("an id");
    let payout = stage.payout(id).await;
    assert_eq!(
        (
            &payout["status"],
            &payout["rail"],
            &payout["fee"],
            &payout["netAmount"]
        ),
        (
            &json!("completed"),
            &json!("standard"),
            &json!(450),
            &json!(44_550)
        )
    );
    let paid = stage.paid().await;
    assert_eq!(paid.len(), 1, "{paid:?}");
    assert_eq!(paid[0]["provider"], "owlpay");
    assert_eq!(paid[0]["amountMinor"], 44_550);
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_trouble_of_owlpay_ends_in_exactly_one_payment() {
    for operation in ["create", "process", "query", "callback"] {
        let faults: &[&str] = match operation {
            "callback" => &["lose", "duplicate", "bad_signature"],
            _ => &[
                "drop_before",
                "drop_after",
                "status:401_before",
                "status:429_before",
                "status:500_after",
                "body_status:500_before",
                "body_status:500_after",
                "garbage_after",
            ],
        };
        for trouble in faults {
            let stage = Stage::new().await;
            bank_driver(&stage).await;
            fault(&stage, "owlpay", operation, trouble).await;
            let id = stage.create("RAIL-L").await;
            stage.advance(6 * 3_600).await;
            let what = format!("{operation} {trouble}");
            let payout = stage.payout(&id).await;
            assert_eq!(payout["status"], "completed", "{what}: {payout}");
            assert_paid_once(&stage, "owlpay", &what).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payout_that_owlpay_refused_is_paid_by_the_next_provider() {
    let stage = Stage::new().await;
    bank_driver(&stage).await;
    fault(&stage, "owlpay", "create", "status:400_before").await;
    let id = stage.create("RAIL-L").await;
    stage.advance(3_600).await;
    let payout = stage.payout(&id).await;
    assert_eq!(payout["status"], "completed", "{payout}");
    assert_paid_once(&stage, "payelata", "400 at owlpay").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_order_waits_for_two_people_and_nobody_else_pays() {
    let stage = Stage::new().await;
    bank_driver(&stage).await;
    let body = json!({"provider": "owlpay", "status": "owlpay.payout_failed"});
    stage.control("/_control/outcomes", &body).await;
    let id = stage.create("RAIL-L").await;
    stage.advance(24 * 3_600).await;
    let payout = stage.payout(&id).await;
    assert_eq!(payout["status"], "processing", "{payout}");
    assert_eq!(payout["statusReason"], "in_review", "{payout}");
    assert_eq!(stage.paid().await.len(), 0);
    let reviews = stage.data("GET", "/api/v1/reviews?status=open", None).await;
    assert_eq!(reviews["items"][0]["payoutId"], id, "{reviews}");
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_order_is_canceled_and_paid_by_the_next_provider_whatever_is_lost() {
    for word in ["owlpay.order_rejected", "owlpay.order_confirmed:rejected"] {
        for trouble in [
            None,
            Some("drop_before"),
            Some("drop_after"),
            Some("status:500_after"),
            Some("status:401_before"),
            Some("garbage_after"),
        ] {
            let stage = Stage::new().await;
            bank_driver(&stage).await;
            let body = json!({"provider": "owlpay", "status": word});
            stage.control("/_control/outcomes", &body).await;
            if let Some(trouble) = trouble {
                fault(&stage, "owlpay", "cancel", trouble).await;
            }
            let id = stage.create("RAIL-L").await;
            stage.advance(24 * 3_600).await;
            let what = format!("{word} {trouble:?}");
            let payout = stage.payout(&id).await;
            assert_eq!(payout["status"], "completed", "{what}: {payout}");
            assert_paid_once(&stage, "payelata", &what).await;
            let rows = stage.payments().await;
            let order = rows.iter().find(|row| row["provider"] == "owlpay");
            let status = &order.expect("an order")["status"];
            assert_eq!(status, "platform.order_cancelled", "{what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_order_that_owlpay_does_not_cancel_waits_for_two_people() {
    let stage = Stage::new().await;
    bank_driver(&stage).await;
    let body = json!({"provider": "owlpay", "status": "owlpay.order_rejected"});
    stage.control("/_control/outcomes", &body).await;
    fault(&stage, "owlpay", "cancel", "status:402_before").await;
    let id = stage.create("RAIL-L").await;
    stage.advance(24 * 3_600).await;
    let payout = stage.payout(&id).await;
    assert_eq!(payout["statusReason"], "in_review", "{payout}");
    assert_eq!(stage.paid().await.len(), 0);
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instant_payout_to_a_prepaid_card_is_a_top_up() {
    let stage = Stage::new().await;
    card_driver(&stage, "6000000000001234").await;
    let body = json!({"loadId": "RAIL-L", "requestedBy": "driver-portal"});
    let payout = stage
        .data("POST", "/api/v1/payouts/instant", Some(&body))
        .await;
    stage.advance(120).await;
    let payout = stage.payout(payout["id"].as_str().expect("an id")).await;
    assert_eq!(payout["status"], "completed", "{payout}");
    let paid = stage.paid().await;
    assert_eq!(paid.len(), 1, "{paid:?}");
    assert_eq!(
        (&paid[0]["provider"], &paid[0]["amountMinor"]),
        (&json!("paywizard"), &json!(44_550))
    );
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unclear_top_up_is_never_repeated_and_waits_for_two_people() {
    for (account, trouble) in [
        ("6000000000001205", None),
        ("6000000000001204", None),
        ("6000000000001234", Some("drop_after")),
        ("6000000000001234", Some("status:500_after")),
        ("6000000000001234", Some("status:500_before")),
        ("6000000000001234", Some("code:500_after")),
        ("6000000000001234", Some("garbage_after")),
    ] {
        let stage = Stage::new().await;
        card_driver(&stage, account).await;
        if let Some(trouble) = trouble {
            fault(&stage, "paywizard", "topup", trouble).await;
        }
        let id = stage.create("RAIL-L").await;
        stage.advance(3 * 24 * 3_600).await;
        let payout = stage.payout(&id).await;
        let what = format!("{account} {trouble:?}: {payout}");
        assert_eq!(payout["status"], "processing", "{what}");
        assert_eq!(payout["statusReason"], "in_review", "{what}");
        let rows = stage.payments().await;
        let made = rows
            .iter()
            .filter(|row| row["provider"] == "paywizard")
            .count();
        assert!(made <= 1, "{what}: {rows:?}");
        stage.assert_books().await;
    }
}

/// The order query says more of a pending top-up than its answer did; what is no payment of exactly the net amount is
/// shown to whoever decides, and ends nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_top_up_in_review_shows_what_the_order_query_says_of_it() {
    for (word, status, reported) in [
        ("amount_differs", "order_completed", json!(NET + 1)),
        ("order_state_1", "order_pending", Value::Null),
        ("order_state_3", "order_revoked", Value::Null),
        ("order_state_5", "order_closed", Value::Null),
        ("order_state_6", "order_partly_refunded", Value::Null),
        (
            "order_state_9",
            "order_pre_auth_partly_revoked",
            Value::Null,
        ),
        ("query_off", "pending", Value::Null),
    ] {
        let stage = Stage::new().await;
        card_driver(&stage, "6000000000001203").await;
        let order = json!({"provider": "paywizard", "status": word});
        stage.control("/_control/outcomes", &order).await;
        let id = stage.create("RAIL-L").await;
        // Asked about within minutes, not only after an hour.
        stage.advance(180).await;
        let payout = stage.payout(&id).await;
        assert_eq!(payout["statusReason"], "in_review", "{word}: {payout}");
        let review = format!("/api/v1/reviews/rev_{}-a01", &id["pay_".len()..]);
        let evidence = &stage.data("GET", &review, None).await["evidence"];
        assert_eq!(evidence["providerStatus"], status, "{word}: {evidence}");
        assert_eq!(evidence["reportedAmount"], reported, "{word}: {evidence}");
        let checkout_id = stage.payments().await[0]["id"].clone();
        assert_eq!(evidence["providerReference"], checkout_id, "{word}");
        stage.advance(2 * 3_600).await;
        assert_eq!(stage.payout(&id).await["statusReason"], "in_review");
        stage.assert_books().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_top_up_fails_the_payout_and_the_money_is_back() {
    let stage = Stage::new().await;
    card_driver(&stage, "6000000000001202").await;
    let id = stage.create("RAIL-L").await;
    stage.advance(3_600).await;
    let payout = stage.payout(&id).await;
    assert_eq!(payout["status"], "failed", "{payout}");
    assert_eq!(stage.balance().await, (5_000_000, 0, 0));
    assert_eq!(stage.paid().await.len(), 0);
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pending_top_up_that_is_shown_paid_completes_before_people_decide() {
    let stage = Stage::new().await;
    card_driver(&stage, "6000000000001203").await;
    let id = stage.create("RAIL-L").await;
    stage.advance(180).await;
    let payout = stage.payout(&id).await;
    assert_eq!(payout["status"], "completed", "{payout}");
    let review = format!("/api/v1/reviews/rev_{}-a01", &id["pay_".len()..]);
    let review = stage.data("GET", &review, None).await;
    assert_eq!(review["closedBy"], "provider", "{review}");
    assert_paid_once(&stage, "paywizard", "pending").await;
}
