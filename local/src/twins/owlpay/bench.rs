//! What the tests of the OwlPay twin share.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{KEY_TEST, WEBHOOK_SECRET_TEST, webhook};
use crate::clock::MovableClock;
use crate::twins::Books;
use crate::twins::bench::{Arrived, Bench, Reply};

pub(crate) const API: &str = "/owlpay/api/v1/platform/tunnel";

/// A running sandbox whose webhooks come to its inbox.
pub(crate) struct OwlBench {
    pub(crate) bench: Bench,
}

impl OwlBench {
    pub(crate) async fn open() -> Self {
        Self::on(Books::in_memory().unwrap()).await
    }

    pub(crate) async fn on(books: Books) -> Self {
        let bench = Bench::on(books, MovableClock::in_memory()).await;
        bench.sandbox.tell_api(&bench.inbox_url);
        Self { bench }
    }

    /// A request with the test key as a bearer token.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.bench.strange_request(method, &format!("{API}{path}"));
        request.bearer_auth(KEY_TEST)
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        Reply::of(self.request(Method::GET, path)).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: &Value) -> Reply {
        let request = self.request(method, path).body(body.to_string());
        Reply::of(request.header("content-type", "application/json")).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::POST, path, body).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::PUT, path, body).await
    }

    /// A form as curl sends it, with the user of HTTP Basic as the documents show it.
    pub(crate) async fn form(&self, method: Method, path: &str, body: &str) -> Reply {
        let path = format!("{API}{path}");
        let request = self.bench.strange_request(method, &path);
        let request = request
            .basic_auth(KEY_TEST, Some(""))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.to_owned());
        Reply::of(request).await
    }

    /// A vendor that nobody checked, by its id.
    pub(crate) async fn stranger(&self, name: &str) -> String {
        let vendor = json!({"name": "Ana Ruiz", "application_vendor_uuid": name, "country_iso": "US", "email": "ana@example.test"});
        let reply = self.post("/vendors", &vendor).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.body["data"]["uuid"].as_str().unwrap().to_owned()
    }

    /// A vendor that can be paid, by its id.
    pub(crate) async fn vendor(&self, name: &str) -> String {
        let uuid = self.stranger(name).await;
        let reply = self.apply_remit(&uuid).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        uuid
    }

    pub(crate) async fn apply_remit(&self, vendor: &str) -> Reply {
        let wish = json!({"payout_channel": "nium", "applicant": "individual", "aml_data": {
            "bankCountry": "US", "bankCode": "021000021", "currency": "USD", "accountName": "Ana Ruiz", "account": "000111222",
        }});
        self.post(&format!("/vendors/{vendor}/remit_info/apply"), &wish)
            .await
    }

    pub(crate) fn wish(serial: &str) -> Value {
        json!({"order_serial": serial, "application_order_serial": serial, "currency": "USD",
               "total": "447.50", "application_vendor_uuid": "drv_1", "meta_data": {"payoutId": "pay"}})
    }

    /// An order over 447.5 dollars for the vendor `drv_1`, by its id.
    pub(crate) async fn create(&self, serial: &str) -> String {
        let reply = self.post("/orders", &Self::wish(serial)).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.body["data"]["uuid"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn reconcile(&self, serial: &str) -> Reply {
        let wish = json!({"application_order_serials": [serial]});
        self.post("/orders_reconciliation", &wish).await
    }

    /// Creates and reconciles, and gives the order's id.
    pub(crate) async fn pay(&self, serial: &str) -> String {
        let uuid = self.create(serial).await;
        let reply = self.reconcile(serial).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        uuid
    }

    pub(crate) async fn read(&self, uuid: &str) -> Value {
        let reply = self.get(&format!("/orders/{uuid}")).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.body["data"].clone()
    }

    pub(crate) async fn status(&self, uuid: &str) -> String {
        self.read(uuid).await["status"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn fault(&self, operation: &str, fault: &str) {
        let order = json!({"provider": "owlpay", "operation": operation, "fault": fault});
        let reply = self.bench.post("/_control/faults", &order).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
    }

    /// Orders an outcome, and tells whether it was applied at once.
    pub(crate) async fn outcome(&self, status: &str, reference: Option<&str>) -> bool {
        let order = json!({"provider": "owlpay", "status": status, "reference": reference});
        let reply = self.bench.post("/_control/outcomes", &order).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.body["applied"].as_bool().unwrap()
    }

    /// Direction and whether it was paid of each payment, in order.
    pub(crate) async fn money(&self) -> Vec<(String, bool)> {
        let rows = self.bench.payments().await;
        let row = |row: &Value| {
            let direction = row["direction"].as_str().unwrap().to_owned();
            (direction, row["paid"].as_bool().unwrap())
        };
        rows.iter().map(row).collect()
    }

    /// The webhooks that arrived by now, as event and status.
    pub(crate) async fn told(&self) -> Vec<(String, String)> {
        self.bench.sandbox.deliver_due().await;
        let line = |one: &Arrived| {
            let body = one.body();
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            (
                text(&body["observation"]),
                text(&body["data"]["order"]["status"]),
            )
        };
        self.bench.inbox.take().iter().map(line).collect()
    }
}

/// The signature is right for the test secret at the time it names.
pub(crate) fn is_signed(webhook: &Arrived) -> bool {
    let header = webhook.header(webhook::SIGNATURE_HEADER);
    let at_s = header
        .strip_prefix("t=")
        .and_then(|rest| rest.split_once(','));
    let at_s: i64 = at_s.unwrap().0.parse().unwrap();
    header == webhook::signature(WEBHOOK_SECRET_TEST, at_s, &webhook.raw)
}
