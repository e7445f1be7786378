//! How the OwlPay twin behaves over real HTTP: orders from their creation to their end, refusing, and remembering.

use reqwest::Method;
use serde_json::{Value, json};

use super::bench::{API, OwlBench};
use super::{KEY_LIVE, KEY_TEST};
use crate::twins::Books;
use crate::twins::bench::Reply;

#[tokio::test]
async fn a_reconciled_order_is_paid_though_the_answer_still_shows_it_under_review() {
    let owl = OwlBench::open().await;
    owl.vendor("drv_1").await;
    let uuid = owl.create("pay_1").await;
    let fresh = owl.read(&uuid).await;
    assert_eq!(fresh["status"], "owlpay.received_order");
    assert_eq!(fresh["status_group"], "can_submit");
    assert_eq!(fresh["total"].to_string(), "447.5");
    assert_eq!(owl.money().await, [("out".to_owned(), false)]);

    let answer = owl.reconcile("pay_1").await;
    let data = &answer.body["data"];
    assert_eq!(
        (&data["is_test"], &data["status"]),
        (&json!(true), &json!("unconfirm"))
    );
    assert_eq!(data["orders"][0]["status"], "owlpay.order_unconfirmed");
    let now = owl.read(&uuid).await;
    assert_eq!(now["status"], "owlpay.payout_succeed");
    assert_eq!(now["order_transfer_uuid"], data["uuid"]);
    assert!(now["accounting_uuid"].is_string());
    let path = format!("/orders_reconciliation/{}", data["uuid"].as_str().unwrap());
    assert_eq!(owl.get(&path).await.body["data"]["status"], "payout_finish");
    let row = json!({
        "provider": "owlpay", "id": uuid, "reference": "pay_1", "amountMinor": 44750,
        "currency": "USD", "direction": "out", "status": "owlpay.payout_succeed", "paid": true,
    });
    assert_eq!(owl.bench.payments().await, [row]);

    let again = owl.reconcile("pay_1").await;
    assert_eq!(again.status, 402);
    assert_eq!(again.body["error"]["type"], "order_transfer_error");
    assert_eq!(owl.bench.payments().await.len(), 1);
}

#[tokio::test]
async fn a_used_serial_is_a_conflict_unless_a_second_order_is_forced() {
    let owl = OwlBench::open().await;
    owl.vendor("drv_1").await;
    let first = owl.create("pay_1").await;
    let mut wish = OwlBench::wish("pay_1");
    wish["total"] = json!(5);
    wish["is_force_create"] = json!(false);
    let refused = owl.post("/orders", &wish).await;
    assert_eq!(
        (refused.status, &refused.body["error"]["param"]),
        (409, &json!("order_serial"))
    );
    assert_eq!(owl.bench.payments().await.len(), 1);

    wish["is_force_create"] = json!("True");
    let second = owl.post("/orders", &wish).await;
    assert_eq!(second.status, 200, "{}", second.body);
    assert_ne!(second.body["data"]["uuid"], json!(first));
    let found = owl.get("/orders?application_order_serials[]=pay_1").await;
    assert_eq!(found.body["pagination"]["total"], 2);
    let rows = owl.bench.get("/_control/payments?reference=pay_1").await;
    assert_eq!(rows.body.as_array().unwrap().len(), 2);
    assert_eq!(
        owl.get("/orders?order_serial=pay_").await.body["data"],
        json!([])
    );
}

#[tokio::test]
async fn an_order_is_told_in_json_in_a_form_and_in_the_query_and_by_each_spelling_of_its_serial() {
    let owl = OwlBench::open().await;
    let vendor = owl.vendor("drv_1").await;
    let rest = format!("currency=USD&total=12.34&vendor_uuid={vendor}&meta_data[a]=b");
    let one = owl
        .form(Method::POST, "/orders", &format!("order_serial=s_1&{rest}"))
        .await;
    let path = format!("/orders?application_order_uuid=s_2&{rest}");
    let two = owl.form(Method::POST, &path, "").await;
    let wish = json!({"application_order_serial": "s_3", "currency": "USD", "total": 12.34,
                      "vendor_uuid": vendor, "meta_data": {"a": "b"}});
    let three = owl.post("/orders", &wish).await;
    for (reply, serial) in [(one, "s_1"), (two, "s_2"), (three, "s_3")] {
        assert_eq!(reply.status, 200, "{}", reply.body);
        let order = &reply.body["data"];
        assert_eq!(order["order_serial"], serial);
        assert_eq!(order["application_order_serial"], serial);
        assert_eq!(order["total"].to_string(), "12.34");
        assert_eq!(order["meta_data"], json!({"a": "b"}));
    }
    let contradicting = json!({"order_serial": "a", "application_order_uuid": "b", "currency": "USD", "total": 1, "vendor_uuid": vendor});
    assert_eq!(owl.post("/orders", &contradicting).await.status, 400);
}

#[tokio::test]
async fn a_wrong_field_is_named_and_nothing_is_created() {
    let owl = OwlBench::open().await;
    owl.vendor("drv_1").await;
    for (field, value, status) in [
        ("order_serial", json!(""), 400),
        ("currency", json!("usd"), 400),
        ("currency", Value::Null, 400),
        ("total", json!(0), 400),
        ("total", json!("-5"), 400),
        ("total", json!("1e3"), 400),
        ("total", json!("0.001"), 400),
        ("total", json!([1]), 400),
        ("allow_transfer_time_at", json!("soon"), 400),
        ("meta_data", json!("text"), 400),
        ("is_force_create", json!("maybe"), 400),
        ("application_vendor_uuid", Value::Null, 400),
        ("application_vendor_uuid", json!("nobody"), 404),
        ("vendor_uuid", json!("ven_nobody"), 404),
    ] {
        let mut wish = OwlBench::wish("pay_1");
        wish["application_order_serial"] = Value::Null;
        wish[field] = value;
        let reply = owl.post("/orders", &wish).await;
        assert_eq!(reply.status, status, "{wish}: {}", reply.body);
    }
    let broken = owl.request(Method::POST, "/orders").body("{\"a\":");
    assert_eq!(Reply::of(broken).await.status, 400);
    assert!(owl.bench.payments().await.is_empty());
}

#[tokio::test]
async fn a_batch_makes_all_its_orders_or_none() {
    let owl = OwlBench::open().await;
    owl.vendor("drv_1").await;
    let batch = |serials: [&str; 2]| json!({"orders": serials.map(OwlBench::wish)});
    let made = owl.post("/orders/batch", &batch(["a", "b"])).await;
    assert_eq!(
        (made.status, &made.body["pagination"]["count"]),
        (200, &json!(2))
    );
    let refused = owl.post("/orders/batch", &batch(["c", "a"])).await;
    assert_eq!(refused.status, 409);
    assert_eq!(owl.bench.payments().await.len(), 2);
    assert_eq!(
        owl.post("/orders/batch", &json!({"orders": []}))
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn an_order_waits_for_its_vendors_review_and_for_its_own_time() {
    let owl = OwlBench::open().await;
    let vendor = owl.stranger("drv_1").await;
    let mut wish = OwlBench::wish("pay_1");
    wish["allow_transfer_time_at"] = json!("2100-01-01T00:00:00+08:00");
    let reply = owl.post("/orders", &wish).await;
    let order = &reply.body["data"];
    assert_eq!(order["status"], "owlpay.received_order");
    assert_eq!(order["status_group"], "unable_submit");
    assert_eq!(order["is_allow_transfer"], false);
    assert_eq!(order["vendor_status"], "uncheck");
    assert_eq!(order["deny_transfer_reasons"].as_array().unwrap().len(), 2);
    let refused = owl.reconcile("pay_1").await;
    assert_eq!(refused.status, 402);
    let message = refused.body["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("KYC") && message.contains("allowable time"),
        "{message}"
    );

    owl.apply_remit(&vendor).await;
    let uuid = order["uuid"].as_str().unwrap();
    let sooner = json!({"allow_transfer_time_at": "2020-01-01T00:00:00Z", "description": "sooner"});
    let changed = owl.put(&format!("/orders/{uuid}"), &sooner).await;
    assert_eq!(
        changed.body["data"]["status_group"], "can_submit",
        "{}",
        changed.body
    );
    assert_eq!(owl.reconcile("pay_1").await.status, 200);
    assert_eq!(owl.status(uuid).await, "owlpay.payout_succeed");
    assert_eq!(
        owl.put(&format!("/orders/{uuid}"), &sooner).await.status,
        402
    );
    assert!(owl.money().await[0].1);
}

#[tokio::test]
async fn orders_are_cancelled_together_while_all_of_them_allow_it() {
    let owl = OwlBench::open().await;
    owl.vendor("drv_1").await;
    let (one, two) = (owl.create("pay_1").await, owl.create("pay_2").await);
    let paid = owl.pay("pay_3").await;
    let both = json!({"order_uuids": [one, paid]});
    assert_eq!(owl.put("/orders/cancel", &both).await.status, 402);
    assert_eq!(owl.status(&one).await, "owlpay.received_order");

    let wish = json!({"order_uuids": [one], "application_order_serials": ["pay_2", "pay_1"]});
    let reply = owl.put("/orders/cancel", &wish).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let rows = reply.body["data"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    assert!(
        rows.iter()
            .all(|row| row["status"] == "platform.order_cancelled")
    );
    assert!(rows.iter().all(|row| row["is_allow_close"] == false));
    assert_eq!(owl.status(&two).await, "platform.order_cancelled");
    assert_eq!(owl.put("/orders/cancel", &wish).await.status, 402);
    assert_eq!(owl.reconcile("pay_1").await.status, 402);
    assert_eq!(
        owl.put("/orders/cancel", &json!({"order_uuids": ["x"]}))
            .await
            .status,
        404
    );
    assert_eq!(owl.put("/orders/cancel", &json!({})).await.status, 400);
}

#[tokio::test]
async fn the_list_has_pages_and_every_filter() {
    let owl = OwlBench::open().await;
    owl.vendor("drv_1").await;
    let other = owl.stranger("drv_2").await;
    for n in 1..=5 {
        owl.create(&format!("pay_{n}")).await;
    }
    let wish = json!({"order_serial": "eur_1", "currency": "EUR", "total": 1, "vendor_uuid": other,
                      "order_created_at": "2021-03-01T00:00:00+08:00", "allow_transfer_time_at": "2021-05-05"});
    let eur = owl.post("/orders", &wish).await.body["data"]["uuid"]
        .as_str()
        .unwrap()
        .to_owned();
    let paid = owl.pay("pay_6").await;
    let transfer = owl.read(&paid).await["order_transfer_uuid"]
        .as_str()
        .unwrap()
        .to_owned();
    let serials = async |query: &str| {
        let reply = owl.get(&format!("/orders?{query}")).await;
        assert_eq!(reply.status, 200, "{query}: {}", reply.body);
        let rows = reply.body["data"].as_array().unwrap().iter();
        let mut serials: Vec<String> = rows
            .map(|row| row["order_serial"].as_str().unwrap().to_owned())
            .collect();
        serials.sort();
        serials.join(" ")
    };
    for (query, expected) in [
        ("currency=EUR", "eur_1"),
        (&format!("vendor_uuid={other}"), "eur_1"),
        ("vendor_email=ana@example.test&currency=EUR", "eur_1"),
        ("application_vendor_uuid=drv_2", "eur_1"),
        ("application_order_serial=pay_2", "pay_2"),
        (
            "application_order_serials[]=pay_2&application_order_serials[]=pay_1",
            "pay_1 pay_2",
        ),
        (&format!("order_uuid={eur}"), "eur_1"),
        (
            &format!("order_uuids[0]={eur}&order_uuids[1]={paid}"),
            "eur_1 pay_6",
        ),
        ("order_status=owlpay.payout_succeed", "pay_6"),
        (
            "during_order_created_at=2021-02-28T00:00:00+08:00,2021-03-01T23:59:59+08:00",
            "eur_1",
        ),
        (
            "during_allow_transfer_time_at[]=2021-05-01&during_allow_transfer_time_at[]=2021-06-01",
            "eur_1",
        ),
        ("during_created_at=2000-01-01,2000-01-02", ""),
        ("is_rejected=true", ""),
        ("is_vendor_kyc_passed=false", "eur_1"),
        (&format!("uuid_query={transfer}"), "pay_6"),
        (
            "vendor_status_list[]=uncheck&vendor_status_list[]=deleted",
            "eur_1",
        ),
        ("import_uuid=imp_1", ""),
        ("import_uuids[]=imp_1", ""),
    ] {
        assert_eq!(serials(query).await, expected, "{query}");
    }
    assert_eq!(
        serials("limit=5&page=1").await,
        "eur_1 pay_3 pay_4 pay_5 pay_6"
    );
    assert_eq!(serials("limit=5&page=2").await, "pay_1 pay_2");
    let last = owl.get("/orders?limit=5&page=2").await.body["pagination"].clone();
    let figures = json!({"total": 7, "count": 2, "perPage": 5, "currentPage": 2, "totalPages": 2,
        "links": {"prev": "http://owlpay.owlting.worker/api/v1/platform/tunnel/orders?q=%2Fapi%2Fv1%2Fplatform%2Ftunnel%2Forders&page=1"}});
    assert_eq!(last, figures);
    for query in [
        "page=0",
        "limit=101",
        "limit=x",
        "during_created_at=2000-01-01",
        "is_rejected=x",
    ] {
        assert_eq!(
            owl.get(&format!("/orders?{query}")).await.status,
            400,
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_key_opens_its_mode_only_as_a_bearer_token_or_as_the_user_of_basic() {
    let owl = OwlBench::open().await;
    owl.vendor("drv_1").await;
    let uuid = owl.create("pay_1").await;
    let path = format!("{API}/orders/{uuid}");
    let bare = || owl.bench.strange_request(Method::GET, &path);
    let status = async |request| Reply::of(request).await.status;
    assert_eq!(status(bare().bearer_auth(KEY_TEST)).await, 200);
    assert_eq!(status(bare().basic_auth(KEY_TEST, Some(""))).await, 200);
    assert_eq!(status(bare().bearer_auth(KEY_LIVE)).await, 404);
    assert_eq!(status(bare()).await, 401);
    assert_eq!(status(bare().bearer_auth("pk_test_other")).await, 401);
    assert_eq!(status(bare().basic_auth(KEY_TEST, Some("x"))).await, 401);
    assert_eq!(owl.get("/nothing").await.status, 404);
    assert_eq!(
        owl.send(Method::DELETE, "/orders", &Value::Null)
            .await
            .status,
        405
    );
}

#[tokio::test]
async fn orders_of_several_vendors_and_currencies_are_reconciled_apart() {
    let owl = OwlBench::open().await;
    owl.vendor("drv_1").await;
    owl.vendor("drv_2").await;
    owl.create("a").await;
    owl.create("b").await;
    let mut wish = OwlBench::wish("c");
    wish["application_vendor_uuid"] = json!("drv_2");
    owl.post("/orders", &wish).await;
    let all = json!({"application_order_serials": ["a", "b", "c"]});
    let reply = owl.post("/orders_reconciliation", &all).await;
    let rows = reply.body["data"].as_array().unwrap();
    let mut totals: Vec<String> = rows.iter().map(|row| row["total"].to_string()).collect();
    totals.sort();
    assert_eq!(totals, ["447.5", "895"]);
    for (wish, status) in [
        (json!({}), 400),
        (json!({"order_serials": ["a", "nobody"]}), 404),
        (json!({"customer_vendor_uuid": "drv_1"}), 402),
    ] {
        let reply = owl.post("/orders_reconciliation", &wish).await;
        assert_eq!(reply.status, status, "{wish}");
    }
    owl.create("d").await;
    let wish = json!({"customer_vendor_uuid": "drv_1", "order_status": "owlpay.received_order"});
    let reply = owl.post("/orders_reconciliation", &wish).await;
    assert_eq!(reply.body["data"]["orders"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_books_survive_their_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("twins.sqlite");
    let uuid = {
        let owl = OwlBench::on(Books::on_file(&path).unwrap()).await;
        owl.vendor("drv_1").await;
        owl.fault("list", "status:500_before").await;
        owl.outcome("owlpay.payout_failed", Some("pay_2")).await;
        let invite = json!({"vendor": {"name": "New", "application_vendor_uuid": "drv_9"}});
        assert_eq!(owl.post("/vendor_invite", &invite).await.status, 200);
        // It ends here as if killed: the file is never closed, the webhook is still to be sent.
        std::mem::forget(owl.bench.sandbox.clone());
        owl.pay("pay_1").await
    };
    let owl = OwlBench::on(Books::on_file(&path).unwrap()).await;
    assert_eq!(owl.get("/orders").await.status, 500);
    assert_eq!(owl.status(&uuid).await, "owlpay.payout_succeed");
    let list = owl.get("/orders_reconciliation").await;
    assert_eq!(list.body["data"][0]["status"], "payout_finish");
    let invites = owl.get("/vendor_invite").await;
    assert_eq!(invites.body["data"].as_array().unwrap().len(), 1);
    let two = owl.pay("pay_2").await;
    assert_eq!(owl.status(&two).await, "owlpay.payout_failed");
    assert_eq!(owl.told().await.len(), 2);
}
