//! How the OwlPay twin treats vendors: their review, their invitations, and their end.

use reqwest::Method;
use serde_json::{Value, json};

use super::bench::OwlBench;

async fn vendor(owl: &OwlBench, uuid: &str) -> Value {
    let reply = owl.get(&format!("/vendors/{uuid}")).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.body["data"].clone()
}

#[tokio::test]
async fn remit_info_is_checked_and_then_approved() {
    let owl = OwlBench::open().await;
    let uuid = owl.stranger("drv_1").await;
    let fresh = vendor(&owl, &uuid).await;
    assert_eq!(
        (&fresh["status"], &fresh["is_vendor_kyc_passed"]),
        (&json!("uncheck"), &json!(false))
    );
    let applied = owl.apply_remit(&uuid).await;
    assert_eq!(applied.body["data"][0]["status"], "checking");
    assert_eq!(
        applied.body["data"][0]["detail"]["branch_code"],
        "021000021"
    );
    let now = vendor(&owl, &uuid).await;
    assert_eq!(
        (&now["status"], &now["is_vendor_kyc_passed"]),
        (&json!("approved"), &json!(true))
    );
    assert_eq!(now["kyc_status_list"]["remit_info"]["status"], "approved");
    let listed = owl.get(&format!("/vendors/{uuid}/remit_info")).await;
    assert_eq!(listed.body["data"][0]["status"], "approved");
}

#[tokio::test]
async fn a_review_ends_as_ordered_and_when_ordered() {
    let owl = OwlBench::open().await;
    let (one, two) = (owl.stranger("drv_1").await, owl.stranger("drv_2").await);
    owl.outcome("remit_info.rejected", Some("drv_2")).await;
    owl.outcome("remit_info.approved@3600", None).await;
    owl.apply_remit(&one).await;
    owl.apply_remit(&two).await;
    let kyc = async |uuid: &str| {
        let vendor = vendor(&owl, uuid).await;
        let status = &vendor["kyc_status_list"]["remit_info"]["status"];
        status.as_str().unwrap().to_owned()
    };
    assert_eq!(
        (kyc(&one).await, kyc(&two).await),
        ("checking".to_owned(), "rejected".to_owned())
    );
    owl.bench.forward(3600);
    assert_eq!(kyc(&one).await, "approved");
    assert!(owl.outcome("remit_info.need_correction", Some(&one)).await);
    assert_eq!(kyc(&one).await, "need_correction");
    owl.create("pay_1").await;
    assert_eq!(owl.reconcile("pay_1").await.status, 402);
    assert!(owl.outcome("remit_info.approved", Some("drv_1")).await);
    assert_eq!(owl.reconcile("pay_1").await.status, 200);
}

#[tokio::test]
async fn remit_info_that_lacks_something_is_refused_by_its_name() {
    let owl = OwlBench::open().await;
    let uuid = owl.stranger("drv_1").await;
    let path = format!("/vendors/{uuid}/remit_info/apply");
    let bank = json!({"bankCountry": "TW", "currency": "TWD", "accountName": "A", "account": "1"});
    for (wish, param) in [
        (json!({}), "payout_channel"),
        (json!({"payout_channel": "paypal"}), "payout_channel"),
        (
            json!({"payout_channel": "nium", "applicant": "state"}),
            "applicant",
        ),
        (
            json!({"payout_channel": "nium", "applicant": "company"}),
            "aml_data",
        ),
        (
            json!({"payout_channel": "cathay", "applicant": "company", "aml_data": bank}),
            "companyName",
        ),
        (
            json!({"payout_channel": "nium", "applicant": "company", "aml_data": {"bankCountry": "US"}}),
            "account",
        ),
    ] {
        let reply = owl.post(&path, &wish).await;
        assert_eq!(
            (reply.status, &reply.body["error"]["param"]),
            (400, &json!(param)),
            "{wish}"
        );
    }
    assert_eq!(vendor(&owl, &uuid).await["remit_info"], json!([]));
}

#[tokio::test]
async fn a_merchants_name_belongs_to_one_vendor_until_it_is_deleted() {
    let owl = OwlBench::open().await;
    let uuid = owl.vendor("drv_1").await;
    owl.create("pay_1").await;
    let again = json!({"name": "B", "application_vendor_uuid": "drv_1"});
    assert_eq!(owl.post("/vendors", &again).await.status, 409);
    let other = owl.stranger("drv_2").await;
    let path = format!("/vendors/{other}");
    assert_eq!(owl.put(&path, &again).await.status, 409);
    assert_eq!(
        owl.put(&path, &json!({"email": "nobody"})).await.status,
        400
    );
    assert_eq!(
        owl.put(&path, &json!({"name": "C"})).await.body["data"]["name"],
        "C"
    );

    let path = format!("/vendors/{uuid}");
    let deleted = owl.send(Method::DELETE, &path, &Value::Null).await;
    assert_eq!(deleted.body["data"]["deleted"], true);
    assert_eq!(vendor(&owl, &uuid).await["status"], "deleted");
    assert_eq!(owl.get("/vendors").await.body["pagination"]["total"], 1);
    assert_eq!(
        owl.send(Method::DELETE, &path, &Value::Null).await.status,
        404
    );
    assert_eq!(owl.put(&path, &json!({"name": "C"})).await.status, 404);
    let order = owl.get("/orders?vendor_status_list[]=deleted").await;
    assert_eq!(order.body["data"][0]["status_group"], "unable_submit");
    assert_eq!(owl.reconcile("pay_1").await.status, 402);
    assert_eq!(owl.post("/vendors", &again).await.status, 200);
}

#[tokio::test]
async fn an_invitation_is_listed_until_it_is_accepted_or_over() {
    let owl = OwlBench::open().await;
    let open = async || {
        let list = owl.get("/vendor_invite").await;
        list.body["data"].as_array().unwrap().len()
    };
    let invite = json!({"is_owlpay_send_email": true, "email": "new@example.test",
                        "vendor": {"name": "New", "application_vendor_uuid": "drv_1"}});
    let reply = owl.post("/vendor_invite", &invite).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let uuid = reply.body["data"]["vendor_uuid"].as_str().unwrap();
    let invited = vendor(&owl, uuid).await;
    assert_eq!(
        (&invited["is_invited"], &invited["is_registered"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(open().await, 1);
    assert!(owl.outcome("vendor_invite.accepted", Some("drv_1")).await);
    assert_eq!(open().await, 0);
    let joined = vendor(&owl, uuid).await;
    assert_eq!(
        (&joined["is_registered"], &joined["status"]),
        (&json!(true), &json!("approved"))
    );
    let again = owl
        .post("/vendor_invite", &json!({"vendor": {"uuid": uuid}}))
        .await;
    assert_eq!(
        (again.status, &again.body["error"]["type"]),
        (402, &json!("invite_fail"))
    );

    let known = owl.stranger("drv_2").await;
    let reply = owl
        .post("/vendor_invite", &json!({"vendor": {"uuid": known}}))
        .await;
    assert_eq!(reply.body["data"]["vendor_uuid"], json!(known));
    assert_eq!(reply.body["data"]["email"], "ana@example.test");
    assert_eq!(open().await, 1);
    owl.bench.forward(86_400);
    assert_eq!(open().await, 0);
    for (wish, status) in [
        (json!({"is_owlpay_send_email": true}), 400),
        (json!({"vendor": {"uuid": "ven_nobody"}}), 404),
        (
            json!({"vendor": {"name": "X", "application_vendor_uuid": "drv_2"}}),
            409,
        ),
    ] {
        assert_eq!(
            owl.post("/vendor_invite", &wish).await.status,
            status,
            "{wish}"
        );
    }
}
