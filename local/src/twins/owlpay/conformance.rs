//! The OwlPay twin against its API reference: every operation, driven with the reference's own requests, must answer
//! with exactly the members and JSON types that the reference prints. `conformance/owlpay.json` holds its samples,
//! without the marks of what it leaves out (`{...}`).

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use super::bench::OwlBench;
use crate::twins::conformance::differences;

const DOCUMENTED: [&str; 18] = [
    "order_statuses",
    "order_create",
    "order_batch",
    "order_retrieve",
    "order_cancel",
    "order_list",
    "reconciliation_create",
    "reconciliation_retrieve",
    "reconciliation_list",
    "vendor_create",
    "vendor_update",
    "vendor_retrieve",
    "vendor_delete",
    "vendor_list",
    "remit_apply",
    "remit_list",
    "invite_create",
    "invite_list",
];

/// The reference's request for remit info, word for word.
const APPLY: &str = "payout_channel=cathay&applicant=company&aml_data[companyName]=Maras Test\
&aml_data[businessAddressCity]=Taipei&aml_data[businessAddressArea]=Taipei&aml_data[businessAddress]=Taipei\
&aml_data[companyPhoneCode]=TW&aml_data[companyPhoneNumber]=0912345678&aml_data[companyEmail]=testing@owlpay.com\
&aml_data[companyId]=12345678&aml_data[customName]=Maras Account&aml_data[bankCountry]=TW&aml_data[bankCode]=013\
&aml_data[branchCode]=0017&aml_data[currency]=TWD&aml_data[accountName]=OWLPAYMARAS&aml_data[account]=264200000000";

/// The reference's samples, and what was covered of the documented operations.
struct Contract {
    samples: Value,
    covered: BTreeSet<&'static str>,
}

impl Contract {
    fn open() -> Self {
        let text = include_str!("../conformance/owlpay.json");
        Self {
            samples: serde_json::from_str(text).unwrap(),
            covered: BTreeSet::new(),
        }
    }

    fn sample(&self, operation: &str) -> Value {
        let sample = &self.samples[operation];
        assert!(!sample.is_null(), "there is no sample {operation}");
        sample.clone()
    }

    /// Holds an answer against the sample of its operation.
    fn expect(&mut self, operation: &'static str, answer: &Value) {
        self.expect_as(operation, &self.sample(operation), answer);
    }

    /// Holds an answer against what the sample of its operation would be here.
    fn expect_as(&mut self, operation: &'static str, sample: &Value, answer: &Value) {
        assert!(DOCUMENTED.contains(&operation));
        let found = differences(operation, sample, answer);
        assert!(found.is_empty(), "{}\n{answer:#}", found.join("\n"));
        self.covered.insert(operation);
    }
}

#[tokio::test]
async fn every_documented_operation_answers_in_the_documented_shape() {
    let owl = OwlBench::open().await;
    let mut contract = Contract::open();
    let vendor = vendors(&owl, &mut contract).await;
    orders(&owl, &mut contract, &vendor).await;
    reconciliations(&owl, &mut contract).await;
    lists(&owl, &mut contract).await;
    invites(&owl, &mut contract).await;
    endings(&owl, &mut contract, &vendor).await;
    println!(
        "owlpay operations covered / documented = {}/{}",
        contract.covered.len(),
        DOCUMENTED.len()
    );
    assert_eq!(contract.covered.len(), DOCUMENTED.len());
}

/// A vendor whose remit info was applied for with the reference's data.
async fn vendors(owl: &OwlBench, contract: &mut Contract) -> String {
    // The reference's request has no application_vendor_uuid, though its answer has one.
    let wish = "name=OwlPay Vendor Name&email=owlting@owlpay.com&country_iso=TW";
    let named = format!("{wish}&application_vendor_uuid=0001");
    let created = owl.form(Method::POST, "/vendors", &named).await;
    assert_eq!(created.status, 200);
    contract.expect("vendor_create", &created.body);
    let uuid = created.body["data"]["uuid"].as_str().unwrap().to_owned();
    let path = format!("/vendors/{uuid}");

    // The reference's curl forgets the method, which its line below it names: PUT.
    let updated = owl.form(Method::PUT, &path, wish).await;
    contract.expect("vendor_update", &updated.body);
    contract.expect("vendor_retrieve", &owl.get(&path).await.body);

    let applied = owl
        .form(Method::POST, &format!("{path}/remit_info/apply"), APPLY)
        .await;
    contract.expect("remit_apply", &applied.body);
    let mut printed = contract.sample("remit_apply");
    // The sample shows another account's name than its request.
    printed["data"][0]["detail"]["account_name"] = json!("OWLPAYMARAS");
    assert_eq!(applied.body, printed);
    let listed = owl.get(&format!("{path}/remit_info")).await;
    contract.expect("remit_list", &listed.body);

    let vendor = owl.get(&path).await;
    contract.expect("vendor_retrieve", &vendor.body);
    let detail = &contract.sample("vendor_retrieve")["data"]["remit_info"][0]["detail"];
    assert_eq!(&vendor.body["data"]["remit_info"][0]["detail"], detail);
    assert_eq!(vendor.body["data"]["status"], "approved");
    uuid
}

async fn orders(owl: &OwlBench, contract: &mut Contract, vendor: &str) {
    let statuses = owl.get("/orders/status?lang=zh_tw").await;
    contract.expect("order_statuses", &statuses.body);
    assert_eq!(statuses.body, contract.sample("order_statuses"));

    // The reference prints the same order for every operation: one that waits for the review of its reconciliation. A
    // fresh order is in none: its link to one is null, and nothing has happened to it.
    let wish = format!(
        "order_serial=OPY12345678&currency=TWD&total=10000&vendor_uuid={vendor}&meta_data[order_id]=9527"
    );
    let created = owl.form(Method::POST, "/orders", &wish).await;
    assert_eq!(created.status, 200, "{}", created.body);
    let mut fresh = contract.sample("order_create");
    let sent = json!({"order_id": "9527"});
    make_fresh(&mut fresh["data"], &sent);
    contract.expect_as("order_create", &fresh, &created.body);
    assert_eq!(created.body["data"]["status"], "owlpay.received_order");
    assert_eq!(created.body["data"]["meta_data"], sent);

    // The second order is ours: the reference's request has one, and its reconciliation names two.
    let one = |n: usize| {
        format!(
            "&orders[{n}][vendor_uuid]={vendor}&orders[{n}][order_serial]=OPY0000000{}&orders[{n}][currency]=TWD\
             &orders[{n}][total]=100012&orders[{n}][meta_data][order_id]=9527",
            n + 1
        )
    };
    let wish = format!("{}{}", one(0), one(1));
    let batch = owl.form(Method::POST, "/orders/batch", &wish).await;
    let mut fresh = contract.sample("order_batch");
    make_fresh(&mut fresh["data"][0], &sent);
    one_page(&mut fresh);
    contract.expect_as("order_batch", &fresh, &batch.body);
}

/// What the reference's order is before a reconciliation takes it.
fn make_fresh(order: &mut Value, meta_data: &Value) {
    order["order_transfer_uuid"] = Value::Null;
    order["meta_data"] = meta_data.clone();
    order["status_logs"][1]["updated_time_at"] = Value::Null;
}

/// The reference prints the figures of a long list under answers about a few orders, with a link to the next page.
fn one_page(answer: &mut Value) {
    answer["pagination"]["links"] = json!({});
}

async fn reconciliations(owl: &OwlBench, contract: &mut Contract) {
    // They stay where the reference's samples of orders are.
    for serial in ["OPY00000001", "OPY00000002"] {
        owl.outcome("owlpay.order_unconfirmed", Some(serial)).await;
    }
    let wish = "order_serials[0]=OPY00000001&order_serials[1]=OPY00000002";
    let created = owl.form(Method::POST, "/orders_reconciliation", wish).await;
    assert_eq!(created.status, 200, "{}", created.body);

    // The sample leaves its orders out, and shows one that was reviewed long ago.
    let order = contract.sample("order_retrieve")["data"].clone();
    let meta_data = json!({"order_id": "9527"});
    let with_order = |mut sample: Value, finished: bool| {
        sample["orders"] = json!([order]);
        sample["orders"][0]["meta_data"] = meta_data.clone();
        if !finished {
            sample["finished_at"] = Value::Null;
        }
        sample
    };
    let mut sample = contract.sample("reconciliation_create");
    sample["data"] = with_order(sample["data"].clone(), false);
    contract.expect_as("reconciliation_create", &sample, &created.body);
    assert_eq!(created.body["data"]["status"], "unconfirm");

    let order_uuid = created.body["data"]["orders"][0]["uuid"].as_str().unwrap();
    let retrieved = owl.read(order_uuid).await;
    let mut sample = contract.sample("order_retrieve");
    sample["data"]["meta_data"] = meta_data.clone();
    let answer = json!({"data": retrieved, "status": 200});
    contract.expect_as("order_retrieve", &sample, &answer);
    for member in [
        "status",
        "status_group",
        "is_checked",
        "is_allow_transfer",
        "is_allow_close",
        "is_allow_confirmed",
        "is_allow_correction",
        "deny_transfer_reasons",
        "is_rejected",
        "currency",
        "total",
        "application_vendor_uuid",
        "is_vendor_kyc_passed",
        "vendor_status",
    ] {
        assert_eq!(retrieved[member], sample["data"][member], "{member}");
    }

    // A review that is over, as in the samples: settled, and not paid.
    for serial in ["OPY00000001", "OPY00000002"] {
        assert!(owl.outcome("owlpay.order_settled", Some(serial)).await);
    }
    let uuid = created.body["data"]["uuid"].as_str().unwrap();
    let one = owl.get(&format!("/orders_reconciliation/{uuid}")).await;
    let mut sample = contract.sample("reconciliation_retrieve");
    sample["data"] = with_order(sample["data"].clone(), true);
    reviewed(&mut sample["data"]["orders"][0]);
    contract.expect_as("reconciliation_retrieve", &sample, &one.body);
    for member in ["status", "uncheck_count", "fee"] {
        assert_eq!(one.body["data"][member], sample["data"][member], "{member}");
    }

    let list = owl.get("/orders_reconciliation").await;
    let mut sample = contract.sample("reconciliation_list");
    sample["data"][0] = with_order(sample["data"][0].clone(), true);
    reviewed(&mut sample["data"][0]["orders"][0]);
    one_page(&mut sample);
    contract.expect_as("reconciliation_list", &sample, &list.body);
}

/// The stage of the reference's order after its review.
fn reviewed(order: &mut Value) {
    order["status_logs"][2]["updated_time_at"] = json!("2022-04-07T16:40:45+00:00");
}

async fn lists(owl: &OwlBench, contract: &mut Contract) {
    // As many as give the next page that the samples have.
    for n in 0..12 {
        let wish = json!({"order_serial": format!("more_{n}"), "currency": "TWD", "total": 5, "application_vendor_uuid": "0001"});
        assert_eq!(owl.post("/orders", &wish).await.status, 200);
        owl.vendor(&format!("drv_{n}")).await;
    }
    let list = owl.get("/orders").await;
    let mut sample = contract.sample("order_list");
    make_fresh(&mut sample["data"][0], &json!({}));
    contract.expect_as("order_list", &sample, &list.body);
    contract.expect("vendor_list", &owl.get("/vendors").await.body);
}

async fn invites(owl: &OwlBench, contract: &mut Contract) {
    let wish =
        "is_owlpay_send_email=false&email=owlpay-team@owlting.com&meta_data[vendor_name]=Hello";
    let created = owl.form(Method::POST, "/vendor_invite", wish).await;
    assert_eq!(created.status, 200, "{}", created.body);
    contract.expect("invite_create", &created.body);
    let listed = owl.get("/vendor_invite").await;
    contract.expect("invite_list", &listed.body);
    assert_eq!(listed.body["data"], json!([created.body["data"]]));
}

async fn endings(owl: &OwlBench, contract: &mut Contract, vendor: &str) {
    // The reference's curl goes to `/vendors` and has serials where ids belong; the line below its sample says
    // `PUT /orders/cancel`, and its table calls them ids. A cancelled order was
    // never in a reconciliation, has its time of cancellation, and says why it was closed.
    let found = owl.get("/orders?application_order_serial=more_3").await;
    let uuid = found.body["data"][0]["uuid"].as_str().unwrap();
    let wish = format!("order_uuids[]={uuid}");
    let cancelled = owl.form(Method::PUT, "/orders/cancel", &wish).await;
    assert_eq!(cancelled.status, 200, "{}", cancelled.body);
    let mut sample = contract.sample("order_cancel");
    make_fresh(&mut sample["data"][0], &json!({}));
    sample["data"][0]["closed_transfer_reason"] = json!("why");
    one_page(&mut sample);
    contract.expect_as("order_cancel", &sample, &cancelled.body);

    let path = format!("/vendors/{vendor}");
    let deleted = owl.send(Method::DELETE, &path, &Value::Null).await;
    contract.expect("vendor_delete", &deleted.body);
    assert_eq!(deleted.body, contract.sample("vendor_delete"));
}

/// The documents name the types of errors, and their attributes `type` and `message`.
#[tokio::test]
async fn errors_have_a_documented_type_and_a_message() {
    let owl = OwlBench::open().await;
    let stranger = owl
        .bench
        .strange_request(Method::GET, &format!("{}/orders", super::bench::API));
    let stranger = crate::twins::bench::Reply::of(stranger).await;
    let bad = owl.post("/orders", &json!({"order_serial": "x"})).await;
    let missing = owl.get("/orders/ord_none").await;
    for (reply, status, kind) in [
        (stranger, 401, "unauthorized"),
        (bad, 400, "order_error"),
        (missing, 404, "data_not_found"),
    ] {
        assert_eq!(reply.status, status);
        assert_eq!(reply.body["status"], status);
        assert_eq!(reply.body["error"]["type"], kind);
        assert!(reply.body["error"]["message"].is_string());
    }
}
