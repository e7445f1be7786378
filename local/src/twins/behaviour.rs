//! How the Payelata twin behaves over real HTTP: paying, refusing, and remembering.

use reqwest::Method;
use serde_json::{Value, json};

use super::Books;
use super::bench::{API, Bench, PUBLIC_API};
use super::payelata::{PUBLIC_KEY_LIVE, PUBLIC_KEY_TEST};
use crate::clock::MovableClock;

#[tokio::test]
async fn a_processed_invoice_is_paid_though_the_answer_still_says_created() {
    let bench = Bench::open().await;
    let id = bench.create("pay_1").await;
    assert_eq!(bench.payments().await[0]["paid"], false);

    let answer = bench.process(&id).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body["data"]["attributes"]["status"], "created");
    let now = bench.read(&id).await;
    assert_eq!(now["status"], "processed");
    assert_eq!(now["processed_amount"].to_string(), "447.5");
    assert_eq!(now["fields"]["card_number"], "512381******0000");
    let row = json!({
        "provider": "payelata", "id": id, "reference": "pay_1", "amountMinor": 44750,
        "currency": "USD", "direction": "out", "status": "processed", "paid": true,
    });
    assert_eq!(bench.payments().await, [row]);
}

#[tokio::test]
async fn processing_again_pays_nothing_again() {
    let bench = Bench::open().await;
    let id = bench.pay("pay_1").await;
    let again = bench.process(&id).await;
    assert_eq!(again.status, 200);
    assert_eq!(again.body["data"]["attributes"]["status"], "processed");
    assert_eq!(bench.payments().await.len(), 1);
    bench.sandbox.deliver_due().await;
    assert_eq!(bench.inbox.take().len(), 1);
}

#[tokio::test]
async fn a_reference_that_is_taken_gives_a_conflict_with_the_earlier_invoice() {
    let bench = Bench::open().await;
    let id = bench.pay("pay_1").await;
    let mut other = bench.card_invoice("pay_1");
    other["amount"] = json!(9);
    let reply = bench.try_create(&other).await;
    assert_eq!(reply.status, 409);
    assert_eq!(
        reply.body["errors"],
        json!([{"status": "Conflict", "code": "409"}])
    );
    assert_eq!(reply.body["data"]["id"], id);
    assert_eq!(
        reply.body["data"]["attributes"]["amount"].to_string(),
        "447.5"
    );
    assert_eq!(bench.payments().await.len(), 1);
}

#[tokio::test]
async fn every_wrong_attribute_is_named_at_once_and_nothing_is_created() {
    let bench = Bench::open().await;
    let reply = bench
        .try_create(&json!({
            "service": "bank_transfer_usd", "currency": "EUR", "amount": 0,
            "fields": {"account_number": "12", "routing_number": 5},
            "customer": {"name": "John"}, "callback_url": "nowhere",
            "options": {"auto_process": "yes"}, "test_mode": "yes", "metadata": 5,
        }))
        .await;
    assert_eq!(reply.status, 422);
    let named: Vec<&String> = reply.body["errors"].as_object().unwrap().keys().collect();
    let expected = [
        "amount",
        "callback_url",
        "currency",
        "customer.reference_id",
        "fields.account_holder",
        "fields.account_number",
        "fields.routing_number",
        "metadata",
        "options.auto_process",
        "reference_id",
        "test_mode",
    ];
    assert_eq!(named, expected);
    assert_eq!(
        reply.body["errors"]["amount"],
        "This value should be greater than 0."
    );
    let inactive = json!({"service": "swift_jpy", "currency": "GBP", "amount": 1, "fields": {}, "reference_id": "x"});
    assert_eq!(bench.try_create(&inactive).await.status, 422);
    assert!(bench.payments().await.is_empty());
}

#[tokio::test]
async fn callers_and_paths_nobody_knows_get_the_list_form_of_errors() {
    let bench = Bench::open().await;
    let invoices = format!("{API}/payout-invoices");
    let stranger = bench
        .strange_request(Method::GET, &invoices)
        .basic_auth("coma_OTHER", Some("x"));
    let response = stranger.send().await.unwrap();
    assert_eq!(response.status(), 401);
    let body: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
    assert_eq!(
        body,
        json!({"errors": [{"status": "Unauthorized", "code": "401"}]})
    );
    for (method, path, status, name) in [
        (
            Method::GET,
            format!("{invoices}/cpoi_NONE"),
            404,
            "Not Found",
        ),
        (Method::GET, format!("{API}/nothing"), 404, "Not Found"),
        (
            Method::GET,
            "/payelata/nothing".to_owned(),
            404,
            "Not Found",
        ),
        (Method::DELETE, invoices, 405, "Method Not Allowed"),
        (
            Method::GET,
            format!("{PUBLIC_API}/payout-invoices/x"),
            401,
            "Unauthorized",
        ),
    ] {
        let response = bench.request(method, &path).send().await.unwrap();
        assert_eq!(response.status(), status, "{path}");
        let body: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
        let expected = json!({"errors": [{"status": name, "code": status.to_string()}]});
        assert_eq!(body, expected, "{path}");
    }
    assert_eq!(
        bench
            .post(&format!("{API}/payout-invoices"), &json!([]))
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn an_ordered_outcome_is_how_the_next_or_the_named_payment_ends() {
    let bench = Bench::open().await;
    bench.outcome("process_failed", None).await;
    bench.outcome("strange_word", Some("pay_2")).await;
    let two = bench.pay("pay_2").await;
    let one = bench.pay("pay_1").await;
    let three = bench.pay("pay_3").await;
    let status = async |id| bench.read(id).await["status"].as_str().unwrap().to_owned();
    assert_eq!(status(&two).await, "strange_word");
    assert_eq!(status(&one).await, "process_failed");
    assert_eq!(status(&three).await, "processed");
    let paid: Vec<Value> = bench
        .payments()
        .await
        .iter()
        .map(|row| row["paid"].clone())
        .collect();
    assert_eq!(paid, [false, false, true]);
    assert_eq!(bench.read(&one).await["resolution"], "declined_error");
    assert_eq!(bench.read(&one).await["processed"], Value::Null);
}

#[tokio::test]
async fn a_processed_payment_can_be_taken_back_and_the_money_returns_once() {
    let bench = Bench::open().await;
    let id = bench.pay("pay_1").await;
    let before = bench.read(&id).await["updated"].as_i64().unwrap();
    assert_eq!(
        bench.outcome("canceled", Some("pay_1")).await["applied"],
        true
    );
    let after = bench.read(&id).await;
    assert_eq!(after["status"], "canceled");
    assert!(after["updated"].as_i64().unwrap() > before);
    let rows: Vec<(Value, Value)> = bench
        .payments()
        .await
        .iter()
        .map(|row| (row["direction"].clone(), row["paid"].clone()))
        .collect();
    assert_eq!(
        rows,
        [(json!("out"), json!(true)), (json!("in"), json!(true))]
    );
    bench.sandbox.deliver_due().await;
    let told = bench.inbox.take();
    let statuses: Vec<Value> = told
        .iter()
        .map(|one| one.body()["data"]["attributes"]["status"].clone())
        .collect();
    assert_eq!(statuses.len(), 2);
    assert!(statuses.contains(&json!("processed")) && statuses.contains(&json!("canceled")));
    bench.outcome("refunded", Some("pay_1")).await;
    assert_eq!(bench.payments().await.len(), 2);
}

#[tokio::test]
async fn the_test_service_ends_as_its_control_fields_wish() {
    let bench = Bench::open().await;
    let wish = async |reference: &str, fields: Value| {
        let attributes = json!({
            "reference_id": reference, "service": "test_usd", "currency": "USD", "amount": 10,
            "test_mode": true, "fields": fields, "options": {"auto_process": true},
        });
        let reply = bench.try_create(&attributes).await;
        assert_eq!(
            (reply.status, &reply.body["data"]["attributes"]["status"]),
            (201, &json!("created"))
        );
        let now = bench.read(reply.body["data"]["id"].as_str().unwrap()).await;
        (
            now["status"].clone(),
            now["resolution"].clone(),
            now["metadata"].clone(),
        )
    };
    let expect = |status: &str, resolution: &str| (json!(status), json!(resolution), json!([]));
    assert_eq!(
        wish("a", json!({"account": "12345"})).await,
        expect("processed", "ok")
    );
    let fields = json!({"account": "1", "test_details_payout_status": "PROCESS-FAILED", "test_details_payout_resolution": "insufficient funds"});
    assert_eq!(
        wish("b", fields).await,
        expect("process_failed", "insufficient_funds")
    );
    let fields = json!({"account": "1", "test_details_payout_status": "partially processed"});
    assert_eq!(wish("c", fields).await, expect("partially_processed", "ok"));
    let fields = json!({"account": "1", "test_details_success_rate": "0"});
    assert_eq!(
        wish("d", fields).await,
        expect("process_failed", "declined_error")
    );
    let fields = json!({"account": "1", "test_details_success_rate": "100"});
    assert_eq!(wish("e", fields).await, expect("processed", "ok"));
}

#[tokio::test]
async fn the_list_is_walked_in_both_directions_by_cursors() {
    let bench = Bench::open().await;
    for n in 1..=5 {
        bench.create(&format!("pay_{n}")).await;
    }
    let page = async |query: &str| {
        let reply = bench
            .get(&format!("{API}/payout-invoices?page[size]=2{query}"))
            .await;
        assert_eq!(reply.status, 200);
        let rows = reply.body["data"].as_array().unwrap().iter();
        let names = rows.map(|row| {
            row["attributes"]["reference_id"]
                .as_str()
                .unwrap()
                .to_owned()
        });
        (names.collect::<Vec<_>>().join(" "), reply.body)
    };
    let (first, body) = page("").await;
    assert_eq!(
        (first.as_str(), &body["links"]["prev"]),
        ("pay_5 pay_4", &json!(""))
    );
    let before = body["meta"]["before"].as_str().unwrap();
    let (second, body) = page(&format!("&page[before]={before}")).await;
    assert_eq!(second, "pay_3 pay_2");
    let (last, end) = page(&format!(
        "&page[before]={}",
        body["meta"]["before"].as_str().unwrap()
    ))
    .await;
    assert_eq!(
        (last.as_str(), &end["links"]["next"]),
        ("pay_1", &json!(""))
    );
    let (back, _) = page(&format!(
        "&page[after]={}",
        body["meta"]["after"].as_str().unwrap()
    ))
    .await;
    assert_eq!(back, "pay_5 pay_4");
    assert_eq!(
        bench
            .get(&format!("{API}/payout-invoices?page[before]=x"))
            .await
            .status,
        422
    );
}

#[tokio::test]
async fn the_live_public_key_does_not_see_test_invoices() {
    let bench = Bench::open().await;
    let id = bench.create("pay_1").await;
    let path = |key| format!("{PUBLIC_API}/payout-invoices/{id}?public_key={key}");
    assert_eq!(bench.get(&path(PUBLIC_KEY_TEST)).await.status, 200);
    assert_eq!(bench.get(&path(PUBLIC_KEY_LIVE)).await.status, 404);
}

#[tokio::test]
async fn the_books_survive_their_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("twins.sqlite");
    let id = {
        let bench = Bench::on(Books::on_file(&path).unwrap(), MovableClock::in_memory()).await;
        bench.fault("query", "status:500_before").await;
        bench.outcome("process_pending", Some("pay_2")).await;
        // It ends here as if killed: the file is never closed, the callback is still to be sent.
        std::mem::forget(bench.sandbox.clone());
        bench.pay("pay_1").await
    };
    let bench = Bench::on(Books::on_file(&path).unwrap(), MovableClock::in_memory()).await;
    assert_eq!(
        bench
            .get(&format!("{API}/payout-invoices/{id}"))
            .await
            .status,
        500
    );
    assert_eq!(bench.read(&id).await["status"], "processed");
    let two = bench.pay("pay_2").await;
    assert_eq!(bench.read(&two).await["status"], "process_pending");
    assert!(bench.sandbox.next_due_ms().unwrap() <= bench.sandbox.clock().now_ms());
}
