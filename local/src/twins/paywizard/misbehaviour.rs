//! How the PayWizard twin misbehaves: when the control API tells it to, and on the card that is never answered.

use serde_json::{Value, json};

use super::bench::{LOYALTY, QUERY_ORDER, on, over};
use super::{CARD_OK, CARD_UNANSWERED, CLIENT_ID};
use crate::twins::bench::{Bench, Reply};

const PAY: &str = "giftTransaction";

async fn fault(bench: &Bench, operation: &str, fault: &str) {
    let order = json!({"operation": operation, "fault": fault});
    bench.order("faults", order).await;
}

/// Whether the call got an answer at all.
async fn is_answered(bench: &Bench, operation: &str, body: &Value) -> bool {
    let request = bench.signed(&format!("{LOYALTY}/{operation}"), &body.to_string());
    request.send().await.is_ok()
}

async fn charged(bench: &Bench, order_no: &str) -> Reply {
    let path = format!("{LOYALTY}/{PAY}");
    bench.wizard(&path, &over("1", CARD_OK, order_no)).await
}

#[tokio::test]
async fn the_unanswered_card_is_charged_and_its_caller_is_never_told() {
    let bench = Bench::open().await;
    let body = over("1", CARD_UNANSWERED, "one");
    assert!(!is_answered(&bench, PAY, &body).await);
    assert_eq!(bench.dollars(CARD_UNANSWERED).await, "9999.00");
    assert_eq!(
        bench.loyalty(PAY, &body).await["result"],
        0,
        "a repeat is told"
    );
    assert_eq!(bench.movements().await.len(), 1);
}

#[tokio::test]
async fn a_dropped_call_is_carried_out_or_not_as_ordered() {
    let bench = Bench::open().await;
    fault(&bench, "pay", "drop_before").await;
    assert!(!is_answered(&bench, PAY, &over("1", CARD_OK, "one")).await);
    assert!(bench.movements().await.is_empty());
    fault(&bench, "topup", "drop_after").await;
    assert!(is_answered(&bench, PAY, &over("1", CARD_OK, "two")).await);
    assert!(!is_answered(&bench, "giftIssuance", &over("1", CARD_OK, "three")).await);
    assert_eq!(bench.movements().await.len(), 2);
}

#[tokio::test]
async fn an_http_status_or_a_body_code_comes_before_or_after_the_work() {
    let bench = Bench::open().await;
    for (fault, status, code, done) in [
        ("status:503_before", 503, 503, 0),
        ("code:500_before", 200, 500, 0),
        ("status:504_after", 504, 504, 1),
        ("code:500_after", 200, 500, 2),
    ] {
        let order =
            json!({"operation": "pay", "fault": fault, "reference": fault.replace(':', "-")});
        bench.order("faults", order).await;
        let reply = charged(&bench, &fault.replace(':', "-")).await;
        assert_eq!(
            (reply.status, &reply.body["code"]),
            (status, &json!(code)),
            "{fault}"
        );
        assert_eq!(reply.body["data"], Value::Null);
        assert_eq!(bench.movements().await.len(), done, "{fault}");
    }
}

#[tokio::test]
async fn garbage_comes_after_the_work() {
    let bench = Bench::open().await;
    fault(&bench, "*", "garbage_after").await;
    let reply = charged(&bench, "one").await;
    assert_eq!((reply.status, reply.body), (200, Value::Null));
    assert_eq!(bench.movements().await.len(), 1);
}

#[tokio::test]
async fn each_operation_has_its_faults_and_its_reference() {
    let bench = Bench::open().await;
    let paid = bench.charge("1", CARD_OK, "one").await;
    let order = |operation: &str, reference: &str| json!({"operation": operation, "fault": "status:502_before", "reference": reference});
    let inquiry = format!("{LOYALTY}/giftInquiry");
    bench.order("faults", order("query", CARD_OK)).await;
    assert_eq!(
        bench.wizard(&inquiry, &on("6000123412341299")).await.status,
        200
    );
    assert_eq!(bench.wizard(&inquiry, &on(CARD_OK)).await.status, 502);
    bench.order("faults", order("query", "one")).await;
    let by_id = json!({"clientId": CLIENT_ID, "checkoutId": paid["checkoutId"]});
    assert_eq!(bench.wizard(QUERY_ORDER, &by_id).await.status, 502);
    bench.order("faults", order("activate", CARD_OK)).await;
    let activate = format!("{LOYALTY}/giftActivate");
    assert_eq!(bench.wizard(&activate, &on(CARD_OK)).await.status, 502);
    bench.order("faults", order("void", "back")).await;
    let void =
        json!({"clientId": CLIENT_ID, "tranOrderNo": "back", "oriOrderNo": paid["checkoutId"]});
    assert_eq!(
        bench
            .wizard(&format!("{LOYALTY}/giftVoid"), &void)
            .await
            .status,
        502
    );
    assert_eq!(bench.undo(&paid, "back").await["result"], 0);
    let wrong = json!({"provider": "paywizard", "operation": "create", "fault": "drop_after"});
    assert_eq!(bench.post("/_control/faults", &wrong).await.status, 400);
}

#[tokio::test]
async fn a_stranger_uses_up_no_fault() {
    let bench = Bench::open().await;
    fault(&bench, "pay", "status:502_before").await;
    let path = format!("{LOYALTY}/{PAY}");
    let stranger = bench.signed(&path, "{}").body("{ }");
    assert_eq!(Reply::of(stranger).await.body["code"], 403);
    assert_eq!(charged(&bench, "one").await.status, 502);
}
