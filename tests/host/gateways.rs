//! Answers that say nothing of any payment: a gateway that answers 404 for a while, an account that needs an operator.

use serde_json::{Value, json};

use crate::{rails::bank_driver, stage::Stage};

const PAGES: [&str; 3] = ["gateway:404", "gateway_json:404", "gateway_empty:404"];

async fn assert_completed(stage: &Stage, payouts: &[String], what: &str) {
    for id in payouts {
        let payout = stage.payout(id).await;
        assert_eq!(payout["status"], "completed", "{what}: {payout}");
        assert_eq!(payout["statusReason"], Value::Null, "{what}: {payout}");
    }
    assert_eq!(stage.paid().await.len(), payouts.len(), "{what}");
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn payouts_on_their_way_and_paid_ones_outlive_a_gateway_that_answers_404() {
    let stage = Stage::new().await;
    bank_driver(&stage).await;
    let paid = vec![stage.create("L-12345").await];
    stage.advance(600).await;
    assert_completed(&stage, &paid, "before").await;
    // Paid at the provider, and nobody has read it yet.
    for provider in ["payelata", "owlpay"] {
        let lose =
            json!({"provider": provider, "operation": "callback", "fault": "lose", "times": 10});
        stage.control("/_control/faults", &lose).await;
        let astray = json!({"provider": provider, "operation": "query",
            "fault": "gateway:404_before", "share": 100});
        stage.control("/_control/faults", &astray).await;
    }
    let under_way = [stage.create("L-12346").await, stage.create("RAIL-L").await];
    // Long enough for the paid one to be read again on a business day.
    stage.advance(4 * 24 * 3_600).await;
    for id in &under_way {
        assert_eq!(stage.payout(id).await["status"], "processing");
    }
    let known = stage.payout(&paid[0]).await;
    assert_eq!(known["status"], "completed", "{known}");
    stage.control("/_control/reset", &Value::Null).await;
    stage.advance(24 * 3_600).await;
    let all = [paid, under_way.to_vec()].concat();
    assert_completed(&stage, &all, "after").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_or_a_release_behind_a_gateway_that_answers_404_ends_in_exactly_one_payment() {
    for (provider, load) in [("payelata", "L-12345"), ("owlpay", "RAIL-L")] {
        for operation in ["create", "process"] {
            for when in ["before", "after"] {
                for page in PAGES {
                    let stage = Stage::new().await;
                    if provider == "owlpay" {
                        bank_driver(&stage).await;
                    }
                    let fault = format!("{page}_{when}");
                    let body =
                        json!({"provider": provider, "operation": operation, "fault": fault});
                    stage.control("/_control/faults", &body).await;
                    let id = stage.create(load).await;
                    stage.advance(6 * 3_600).await;
                    let what = format!("{provider} {operation} {fault}");
                    assert_completed(&stage, &[id], &what).await;
                    assert_eq!(stage.paid().await[0]["provider"], provider, "{what}");
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancellation_behind_a_gateway_that_answers_404_is_asked_for_again() {
    let stage = Stage::new().await;
    bank_driver(&stage).await;
    let body = json!({"provider": "owlpay", "status": "owlpay.order_rejected"});
    stage.control("/_control/outcomes", &body).await;
    let fault = json!({"provider": "owlpay", "operation": "cancel", "fault": "gateway:404_before"});
    stage.control("/_control/faults", &fault).await;
    let id = stage.create("RAIL-L").await;
    stage.advance(24 * 3_600).await;
    assert_completed(&stage, &[id], "canceled in the end").await;
    assert_eq!(stage.paid().await[0]["provider"], "payelata");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owlpay_account_that_needs_an_operator_keeps_its_payouts_until_it_is_put_right() {
    for kind in [
        "2fa_error",
        "2fa_recovery_code_exist",
        "2fa_recovery_code_incorrect",
    ] {
        let stage = Stage::new().await;
        bank_driver(&stage).await;
        let fault = format!("error:{kind}:400_before");
        let body = json!({"provider": "owlpay", "operation": "create", "fault": fault});
        stage.control("/_control/faults", &body).await;
        let id = stage.create("RAIL-L").await;
        stage.advance(12 * 3_600).await;
        assert_completed(&stage, &[id], kind).await;
        assert_eq!(stage.paid().await[0]["provider"], "owlpay", "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_two_factor_error_or_a_lock_ends_neither_a_release_nor_a_cancellation() {
    for kind in ["2fa_error", "data_is_lock"] {
        for (operation, provider) in [("process", "owlpay"), ("cancel", "payelata")] {
            let stage = Stage::new().await;
            bank_driver(&stage).await;
            if operation == "cancel" {
                let body = json!({"provider": "owlpay", "status": "owlpay.order_rejected"});
                stage.control("/_control/outcomes", &body).await;
            }
            let fault = format!("error:{kind}:402_before");
            let body = json!({"provider": "owlpay", "operation": operation, "fault": fault});
            stage.control("/_control/faults", &body).await;
            let id = stage.create("RAIL-L").await;
            stage.advance(24 * 3_600).await;
            let what = format!("{kind} {operation}");
            assert_completed(&stage, &[id], &what).await;
            assert_eq!(stage.paid().await[0]["provider"], provider, "{what}");
        }
    }
}
