//! How the PayWizard twin behaves over real HTTP: who may call, what moves, and what it remembers.

use reqwest::Method;
use serde_json::{Value, json};

use super::bench::{LOYALTY, QUERY_ORDER, holder, on, over, with};
use super::{
    CARD_FAIL, CARD_OK, CARD_PENDING_FAIL, CARD_PENDING_OK, CLIENT_ID, JWT_TOKEN, PENDING_MS,
    SETTLED_AFTER_MS,
};
use crate::clock::MovableClock;
use crate::twins::Books;
use crate::twins::bench::{Bench, Reply};

const FRESH: &str = "6000123412341299";
const INACTIVE: &str = "6009123412341299";

fn row(
    reference: &str,
    amount: i64,
    direction: &str,
    status: &str,
) -> (String, i64, String, String, bool) {
    let paid = matches!(status, "success" | "voided");
    let text = str::to_owned;
    (text(reference), amount, text(direction), text(status), paid)
}

fn pass(bench: &Bench, ms: i64) {
    bench.forward(ms / 1000);
}

#[tokio::test]
async fn a_payment_takes_money_from_the_card_and_a_top_up_puts_it_there() {
    let bench = Bench::open().await;
    let paid = bench.charge("10.50", CARD_OK, "20250401123534801").await;
    assert_eq!(
        (&paid["result"], &paid["amount"]),
        (&json!(0), &json!("10.50"))
    );
    assert_eq!(bench.dollars(CARD_OK).await, "9989.50");
    let filled = bench.fill("447.5", FRESH, "20250401123534802").await;
    assert_eq!(
        (&filled["result"], &filled["amount"]),
        (&json!(0), &json!("447.50"))
    );
    assert_eq!(bench.dollars(FRESH).await, "547.50");
    assert_eq!(
        bench.movements().await,
        [
            row("20250401123534801", 1050, "in", "success"),
            row("20250401123534802", 44750, "out", "success"),
        ]
    );
    let one = bench
        .get("/_control/payments?reference=20250401123534802")
        .await;
    let expected = json!([{
        "provider": "paywizard", "id": filled["checkoutId"], "reference": "20250401123534802",
        "amountMinor": 44750, "currency": "USD", "direction": "out", "status": "success", "paid": true,
    }]);
    assert_eq!(one.body, expected);
}

#[tokio::test]
async fn the_card_says_how_its_calls_end() {
    let bench = Bench::open().await;
    let result = async |card: &str, order_no: &str| {
        bench.charge("1", card, order_no).await["result"].clone()
    };
    assert_eq!(result(CARD_FAIL, "failing").await, 1);
    assert_eq!(result(CARD_PENDING_OK, "late-ok").await, 2);
    assert_eq!(result(CARD_PENDING_FAIL, "late-fail").await, 2);
    assert_eq!(result("5123817234060000", "unknown").await, 1);
    assert_eq!(bench.dollars(CARD_PENDING_OK).await, "10000.00");

    pass(&bench, PENDING_MS);
    assert_eq!(
        bench.movements().await,
        [
            row("failing", 100, "in", "failure"),
            row("late-ok", 100, "in", "success"),
            row("late-fail", 100, "in", "failure"),
            row("unknown", 100, "in", "failure"),
        ]
    );
    assert_eq!(bench.dollars(CARD_FAIL).await, "10000.00");
    assert_eq!(bench.dollars(CARD_PENDING_OK).await, "9999.00");
    assert_eq!(bench.dollars(CARD_PENDING_FAIL).await, "10000.00");
}

#[tokio::test]
async fn a_card_never_pays_more_than_it_holds_pending_debits_included() {
    let bench = Bench::open().await;
    let fresh_pending = "6000123412341203";
    assert_eq!(bench.charge("60", fresh_pending, "a").await["result"], 2);
    assert_eq!(bench.charge("60", fresh_pending, "b").await["result"], 1);
    assert_eq!(bench.charge("100.01", FRESH, "c").await["result"], 1);
    assert_eq!(bench.dollars(FRESH).await, "100.00");

    let part = with(over("150", FRESH, "d"), json!({"nsfAllowed": true}));
    let paid = bench.loyalty("giftTransaction", &part).await;
    assert_eq!(
        (&paid["result"], &paid["amount"]),
        (&json!(0), &json!("100.00"))
    );
    assert_eq!(bench.dollars(FRESH).await, "0.00");
    let nothing = with(over("1", FRESH, "e"), json!({"nsfAllowed": true}));
    assert_eq!(
        bench.loyalty("giftTransaction", &nothing).await["result"],
        1
    );
}

#[tokio::test]
async fn an_inactive_card_takes_no_call_until_it_is_activated() {
    let bench = Bench::open().await;
    assert_eq!(bench.fill("5", INACTIVE, "a").await["result"], 1);
    let ask = with(
        on(INACTIVE),
        json!({"activating": "N", "customerInfo": holder()}),
    );
    bench.loyalty("giftActivate", &ask).await;
    assert_eq!(bench.fill("5", INACTIVE, "b").await["result"], 1);
    let ask = with(
        on(INACTIVE),
        json!({"activating": "Y", "customerInfo": holder()}),
    );
    let shown = bench.loyalty("giftActivate", &ask).await;
    assert_eq!(shown["customerInfo"], holder());
    assert_eq!(bench.fill("5", INACTIVE, "c").await["result"], 0);
    assert_eq!(bench.dollars(INACTIVE).await, "5.00");

    let other = "6009123412341200";
    let body = with(over("7", other, "d"), json!({"activating": "Y"}));
    assert_eq!(bench.loyalty("giftIssuance", &body).await["result"], 0);
    assert_eq!(bench.dollars(other).await, "7.00");
}

#[tokio::test]
async fn a_void_takes_a_transaction_back_once_and_only_before_it_is_settled() {
    let bench = Bench::open().await;
    let paid = bench.charge("10.50", CARD_OK, "pay").await;
    let void = bench.undo(&paid, "void").await;
    assert_eq!(void["result"], 0);
    assert_eq!(void["oriCheckoutId"], paid["checkoutId"]);
    assert_eq!(void["oriTransIndexCode"], paid["transIndexCode"]);
    assert_eq!(bench.dollars(CARD_OK).await, "10000.00");
    assert_eq!(bench.undo(&paid, "again").await["result"], 1);
    assert_eq!(bench.undo(&void, "of-void").await["result"], 1);
    let late = bench.fill("2", CARD_OK, "topup").await;
    assert_eq!(bench.state("checkoutId", &late["checkoutId"]).await, 2);
    pass(&bench, SETTLED_AFTER_MS);
    assert_eq!(bench.undo(&late, "late").await["result"], 1);
    assert_eq!(bench.dollars(CARD_OK).await, "10002.00");
    assert_eq!(
        bench.movements().await,
        [
            row("pay", 1050, "in", "voided"),
            row("void", 1050, "out", "success"),
            row("again", 1050, "out", "failure"),
            row("of-void", 1050, "in", "failure"),
            row("topup", 200, "out", "success"),
            row("late", 200, "in", "failure"),
        ]
    );
}

#[tokio::test]
async fn a_pending_void_holds_the_money_and_is_the_only_one() {
    let bench = Bench::open().await;
    let card = "6000123412341203";
    bench.order("outcomes", json!({"status": "success"})).await;
    let filled = bench.fill("50", card, "topup").await;
    assert_eq!(filled["result"], 0);
    assert_eq!(bench.undo(&filled, "void").await["result"], 2);
    assert_eq!(bench.undo(&filled, "second").await["result"], 1);
    assert_eq!(bench.charge("101", card, "too-much").await["result"], 1);
    assert_eq!(bench.state("checkoutId", &filled["checkoutId"]).await, 2);
    pass(&bench, PENDING_MS);
    assert_eq!(bench.state("checkoutId", &filled["checkoutId"]).await, 3);
    assert_eq!(bench.dollars(card).await, "100.00");
    let pending = bench.charge("1", card, "pending").await;
    assert_eq!(bench.undo(&pending, "early").await["result"], 1);
}

#[tokio::test]
async fn a_void_that_failed_can_be_tried_again() {
    let bench = Bench::open().await;
    let paid = bench.charge("10", CARD_OK, "pay").await;
    let fails = json!({"status": "pending_failure", "reference": "void-1"});
    bench.order("outcomes", fails).await;
    assert_eq!(bench.undo(&paid, "void-1").await["result"], 2);
    pass(&bench, PENDING_MS);
    assert_eq!(bench.undo(&paid, "void-2").await["result"], 0);
    assert_eq!(bench.dollars(CARD_OK).await, "10000.00");
    let none =
        json!({"clientId": CLIENT_ID, "tranOrderNo": "v", "oriOrderNo": "930000000000000001"});
    let refused = bench.refused(&format!("{LOYALTY}/giftVoid"), &none).await;
    assert_eq!(refused, (404, "original order not found".to_owned()));
}

#[tokio::test]
async fn a_repeated_order_number_gets_the_stored_answer_and_moves_nothing() {
    let bench = Bench::open().await;
    let first = bench.charge("10.50", CARD_OK, "one").await;
    assert_eq!(bench.charge("99", CARD_OK, "one").await, first);
    assert_eq!(bench.movements().await.len(), 1);
    assert_eq!(bench.dollars(CARD_OK).await, "9989.50");

    let path = format!("{LOYALTY}/giftIssuance");
    let other = bench.refused(&path, &over("10.50", CARD_OK, "one")).await;
    assert_eq!(other, (409, "duplicate tranOrderNo".to_owned()));
    let order = json!({"status": "duplicate_error", "reference": "one"});
    assert_eq!(bench.order("outcomes", order).await["applied"], true);
    let path = format!("{LOYALTY}/giftTransaction");
    let refused = bench.refused(&path, &over("10.50", CARD_OK, "one")).await;
    assert_eq!(refused.0, 409);
    assert_eq!(bench.movements().await.len(), 1);
}

#[tokio::test]
async fn an_order_is_found_by_what_the_platform_gave_and_by_our_number_only_when_that_is_ordered() {
    let bench = Bench::open().await;
    let paid = bench.charge("10", CARD_OK, "one").await;
    assert_eq!(bench.state("checkoutId", &paid["checkoutId"]).await, 2);
    assert_eq!(
        bench.state("transIndexCode", &paid["transIndexCode"]).await,
        2
    );
    let by_number = json!({"clientId": CLIENT_ID, "transIndexCode": "one"});
    let refused = bench.refused(QUERY_ORDER, &by_number).await;
    assert_eq!(refused, (404, "order not found".to_owned()));
    let order = json!({"status": "query_by_order_no", "reference": "one"});
    bench.order("outcomes", order).await;
    assert_eq!(bench.state("transIndexCode", &json!("one")).await, 2);

    let failed = bench.charge("10", CARD_FAIL, "two").await;
    assert_eq!(bench.state("checkoutId", &failed["checkoutId"]).await, 5);
    let pending = bench.charge("10", CARD_PENDING_OK, "three").await;
    assert_eq!(bench.state("checkoutId", &pending["checkoutId"]).await, 1);
    bench.undo(&paid, "four").await;
    assert_eq!(bench.state("checkoutId", &paid["checkoutId"]).await, 3);
    let nothing = bench
        .refused(QUERY_ORDER, &json!({"clientId": CLIENT_ID}))
        .await;
    assert_eq!(nothing.0, 400);
}

#[tokio::test]
async fn an_ordered_outcome_is_how_the_next_or_the_named_call_ends() {
    let bench = Bench::open().await;
    bench.order("outcomes", json!({"status": "failure"})).await;
    bench
        .order("outcomes", json!({"status": "pending", "reference": "two"}))
        .await;
    assert_eq!(bench.charge("1", CARD_OK, "two").await["result"], 2);
    assert_eq!(bench.charge("1", CARD_OK, "one").await["result"], 1);
    assert_eq!(bench.charge("1", CARD_OK, "three").await["result"], 0);
    pass(&bench, 90 * 24 * 3_600_000);
    assert_eq!(bench.movements().await[0], row("two", 100, "in", "pending"));
    let order = json!({"status": "success", "reference": "two"});
    assert_eq!(
        bench.order("outcomes", order.clone()).await["applied"],
        true
    );
    assert_eq!(bench.movements().await[0], row("two", 100, "in", "success"));
    assert_eq!(bench.dollars(CARD_OK).await, "9998.00");
    assert_eq!(
        bench.order("outcomes", order).await["applied"],
        false,
        "it is final"
    );

    let order = json!({"status": "amount_in_minor_units", "reference": "four"});
    bench.order("outcomes", order).await;
    assert_eq!(
        bench.charge("10.50", CARD_OK, "four").await["amount"],
        "1050"
    );
    let order = json!({"status": "amount_differs", "reference": "five"});
    bench.order("outcomes", order).await;
    assert_eq!(
        bench.charge("10.50", CARD_OK, "five").await["amount"],
        "10.51"
    );
    let wrong = json!({"provider": "paywizard", "status": "processed"});
    assert_eq!(bench.post("/_control/outcomes", &wrong).await.status, 400);
}

#[tokio::test]
async fn only_a_signed_call_of_the_account_is_handled() {
    let bench = Bench::open().await;
    let path = format!("{LOYALTY}/giftTransaction");
    let body = over("1", CARD_OK, "one").to_string();
    let code = async |request: reqwest::RequestBuilder| {
        let reply = Reply::of(request).await;
        (reply.status, reply.body["code"].as_i64().unwrap())
    };
    let unsigned = |token: &str| {
        let request = bench.strange_request(Method::POST, &path);
        let request = request.header("Content-Type", "application/json");
        request
            .header("jwt-token", token.to_owned())
            .body(body.clone())
    };
    assert_eq!(code(unsigned("X")).await, (200, 401));
    assert_eq!(code(unsigned(JWT_TOKEN)).await, (200, 403));
    let wrong = unsigned(JWT_TOKEN).header(
        "sign",
        "93474342314ec5d753b7601f5fcf46351bf84eaa7973ed2130b92ad169b66331",
    );
    assert_eq!(code(wrong).await, (200, 403));
    let changed = bench
        .signed(&path, &body)
        .body(body.replace("\"1\"", "\"9\""));
    assert_eq!(code(changed).await, (200, 403));
    let strange = with(
        over("1", CARD_OK, "one"),
        json!({"clientId": "825429536610058240"}),
    );
    assert_eq!(bench.refused(&path, &strange).await.0, 403);
    assert_eq!(code(bench.signed(&path, "[1]")).await, (200, 400));
    let plain = bench.signed(&path, &body).build().unwrap();
    let sign = plain.headers()["sign"].clone();
    let plain = bench.strange_request(Method::POST, &path);
    let plain = plain.header("Content-Type", "text/plain");
    let plain = plain.header("jwt-token", JWT_TOKEN).header("sign", sign);
    assert_eq!(code(plain.body(body.clone())).await, (200, 415));
    assert!(
        bench.movements().await.is_empty(),
        "nothing was carried out"
    );
    assert_eq!(code(bench.signed(&path, &body)).await, (200, 200));
}

#[tokio::test]
async fn a_request_that_is_not_complete_is_told_what_is_wrong_and_leaves_nothing() {
    let bench = Bench::open().await;
    let path = format!("{LOYALTY}/giftTransaction");
    for (member, value, msg) in [
        (
            "loyaltyChannel",
            json!("OTHER"),
            "loyaltyChannel must be FACTOR4",
        ),
        ("amount", Value::Null, "amount is required"),
        (
            "tranOrderNo",
            json!("a b"),
            "tranOrderNo must have 1 to 32 letters, digits, _ or -",
        ),
        ("entryType", json!("X"), "entryType must be B, K, M or P"),
    ] {
        let body = with(over("1", CARD_OK, "one"), json!({member: value}));
        assert_eq!(bench.refused(&path, &body).await, (400, msg.to_owned()));
    }
    let no_holder = with(on(CARD_OK), json!({"activating": "Y"}));
    let refused = bench
        .refused(&format!("{LOYALTY}/giftActivate"), &no_holder)
        .await;
    assert_eq!(refused, (400, "customerInfo is required".to_owned()));
    let stranger = on("5123817234060000");
    let refused = bench
        .refused(&format!("{LOYALTY}/giftInquiry"), &stranger)
        .await;
    assert_eq!(refused, (404, "card not found".to_owned()));
    let euro = with(over("1", CARD_OK, "euro"), json!({"tranCurrency": "EUR"}));
    assert_eq!(bench.loyalty("giftTransaction", &euro).await["result"], 1);
    assert_eq!(bench.movements().await.len(), 1);

    let unknown = bench
        .wizard("/paywizard/ovstrade/openLoyaltyPay/giftTip", &on(CARD_OK))
        .await;
    assert_eq!((unknown.status, &unknown.body["code"]), (404, &json!(404)));
    let wrong_method = bench.get(&path).await;
    assert_eq!(
        (wrong_method.status, &wrong_method.body["data"]),
        (405, &Value::Null)
    );
}

#[tokio::test]
async fn the_books_survive_their_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("twins.sqlite");
    let clock = MovableClock::in_memory();
    let first = {
        let bench = Bench::on(Books::on_file(&path).unwrap(), clock.clone()).await;
        std::mem::forget(bench.sandbox.clone());
        bench.charge("1", CARD_PENDING_OK, "late").await;
        bench.charge("10", CARD_OK, "one").await
    };
    let bench = Bench::on(Books::on_file(&path).unwrap(), clock).await;
    assert_eq!(bench.charge("10", CARD_OK, "one").await, first);
    assert_eq!(bench.dollars(CARD_OK).await, "9990.00");
    pass(&bench, PENDING_MS);
    assert_eq!(bench.dollars(CARD_PENDING_OK).await, "9999.00");
}
