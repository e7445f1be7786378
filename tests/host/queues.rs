//! Each provider has a queue and workers of its own: one that does not answer holds up nobody else's payouts.

use serde_json::{Value, json};

use crate::stage::Stage;

/// More than the workers of one queue.
const MANY: usize = 24;
const BANK: &str = "BANK-1";

async fn driver(stage: &Stage, id: &str, method: &Value) {
    let body = json!({"ovnDriverId": id, "name": "Ana Ruiz", "email": "ana@example.com", "phone": "+15551234567"});
    stage.data("POST", "/api/v1/drivers", Some(&body)).await;
    let path = format!("/api/v1/drivers/{id}/payout-method");
    stage.data("PUT", &path, Some(method)).await;
}

/// A payout of a new load of this driver.
async fn payout(stage: &Stage, driver: &str, number: usize) -> String {
    let load = format!("{driver}-{number}");
    let body = json!({"driverId": driver, "amount": 10_000});
    let path = format!("/api/v1/loads/{load}");
    stage.data("PUT", &path, Some(&body)).await;
    stage.create(&load).await
}

async fn count(stage: &Stage, ids: &[String], status: &str) -> usize {
    let mut found = 0;
    for id in ids {
        found += usize::from(stage.payout(id).await["status"] == status);
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn while_one_provider_does_not_answer_the_others_pay() {
    let stage = Stage::new().await;
    let bank = json!({"type": "bank_account", "accountNumber": "000123456789",
        "routingNumber": "021000021", "holder": "Ana Ruiz"});
    driver(&stage, BANK, &bank).await;
    // OwlPay hears of the driver and approves the account.
    stage.advance(1_800).await;
    let prepaid = json!({"type": "prepaid_card", "accountId": "6000000000000001"});
    driver(&stage, "CARD-1", &prepaid).await;
    let approve = json!({"decision": "approve", "reason": "seen"});
    let path = "/api/v1/drivers/CARD-1/verification";
    stage.data("POST", path, Some(&approve)).await;

    // Every create at Payelata hangs for longer than its call may take.
    stage.fault("create", "delay:90", 1_000).await;
    let mut slow = Vec::new();
    for number in 0..MANY {
        slow.push(payout(&stage, "OVN-DRIVER-789", number).await);
    }
    let mut others = Vec::new();
    for number in 0..3 {
        others.push(payout(&stage, BANK, number).await);
    }
    others.push(payout(&stage, "CARD-1", 0).await);

    // Not one call to Payelata has come to an end by now.
    stage.advance(10).await;
    assert_eq!(count(&stage, &slow, "completed").await, 0);
    stage.advance(10).await;
    let paid = stage.paid().await;
    let of = |provider: &str| paid.iter().filter(|it| it["provider"] == provider).count();
    assert_eq!(
        (of("owlpay"), of("paywizard"), of("payelata")),
        (3, 1, 0),
        "{paid:?}"
    );

    stage.control("/_control/reset", &json!({})).await;
    stage.advance(86_400).await;
    assert_eq!(count(&stage, &slow, "completed").await, MANY);
    assert_eq!(count(&stage, &others, "completed").await, 4);
    assert_eq!(stage.paid().await.len(), MANY + 4);
    stage.assert_books().await;
}
