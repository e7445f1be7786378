//! What the tests of the twins share: a sandbox on a free port, a client, and a receiver of callbacks.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::payelata::{ACCOUNT_ID, API_KEY, CALLBACK_KEY_TEST, callback};
use super::{Books, Sandbox};
use crate::clock::MovableClock;

pub(crate) const API: &str = "/payelata/api";
pub(crate) const PUBLIC_API: &str = "/payelata/public-api";

/// A running sandbox; it ends with the value.
pub(crate) struct Bench {
    pub(crate) sandbox: Sandbox,
    pub(crate) address: String,
    pub(crate) inbox: Inbox,
    pub(crate) inbox_url: String,
    client: reqwest::Client,
    tasks: JoinSet<()>,
}

/// An answer: its status, and its body as JSON (`null` when it is not JSON).
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

/// The callbacks that arrived, and the statuses to answer next (200 when none are left).
#[derive(Clone, Default)]
pub(crate) struct Inbox {
    arrived: Arc<Mutex<Vec<Arrived>>>,
    statuses: Arc<Mutex<VecDeque<u16>>>,
}

#[derive(Clone)]
pub(crate) struct Arrived {
    pub(crate) headers: HeaderMap,
    pub(crate) raw: Bytes,
}

impl Arrived {
    pub(crate) fn body(&self) -> Value {
        serde_json::from_slice(&self.raw).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    pub(crate) fn is_signed_for_test(&self) -> bool {
        self.header(callback::SIGNATURE_HEADER) == callback::signature(CALLBACK_KEY_TEST, &self.raw)
    }

    pub(crate) fn reference(&self) -> String {
        let body = self.body();
        let reference = &body["data"]["attributes"]["reference_id"];
        reference.as_str().unwrap().to_owned()
    }
}

impl Inbox {
    pub(crate) fn answers(&self, statuses: &[u16]) {
        self.statuses.lock().unwrap().extend(statuses);
    }

    /// What arrived since the last look.
    pub(crate) fn take(&self) -> Vec<Arrived> {
        std::mem::take(&mut self.arrived.lock().unwrap())
    }
}

async fn receive(State(inbox): State<Inbox>, headers: HeaderMap, raw: Bytes) -> StatusCode {
    inbox.arrived.lock().unwrap().push(Arrived { headers, raw });
    let status = inbox.statuses.lock().unwrap().pop_front().unwrap_or(200);
    StatusCode::from_u16(status).unwrap()
}

impl Bench {
    pub(crate) async fn open() -> Self {
        Self::on(Books::in_memory().unwrap(), MovableClock::in_memory()).await
    }

    pub(crate) async fn on(books: Books, clock: MovableClock) -> Self {
        let mut tasks = JoinSet::new();
        let sandbox = Sandbox::open(books, clock);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let serving = sandbox.clone().serve(listener, Router::new());
        tasks.spawn(async { serving.await.unwrap() });

        let inbox = Inbox::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let inbox_url = format!("http://{}/inbox", listener.local_addr().unwrap());
        let receiver = Router::new().fallback(receive).with_state(inbox.clone());
        tasks.spawn(async { axum::serve(listener, receiver).await.unwrap() });

        Self {
            sandbox,
            address,
            inbox,
            inbox_url,
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            tasks,
        }
    }

    /// Sends callbacks as they become due, without being asked.
    pub(crate) fn run(&mut self) {
        self.tasks.spawn(self.sandbox.clone().run());
    }

    /// A request with the account's credentials on the private API.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.strange_request(method, path);
        if path.starts_with(API) {
            request.basic_auth(ACCOUNT_ID, Some(API_KEY))
        } else {
            request
        }
    }

    /// A request without credentials.
    pub(crate) fn strange_request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = format!("http://{}{path}", self.address);
        self.client.request(method, url)
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        Reply::of(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        Reply::of(self.request(Method::POST, path).body(body.to_string())).await
    }

    /// Creates a card invoice over 447.5 dollars whose callbacks come to the inbox, and gives its id.
    pub(crate) async fn create(&self, reference: &str) -> String {
        let reply = self.try_create(&self.card_invoice(reference)).await;
        assert_eq!(reply.status, 201, "{}", reply.body);
        reply.body["data"]["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn try_create(&self, attributes: &Value) -> Reply {
        let body = json!({"data": {"type": "payout-invoice", "attributes": attributes}});
        self.post(&format!("{API}/payout-invoices"), &body).await
    }

    pub(crate) fn card_invoice(&self, reference: &str) -> Value {
        json!({
            "reference_id": reference,
            "service": "card",
            "currency": "USD",
            "amount": 447.5,
            "test_mode": true,
            "fields": {"card_number": "5123817234060000"},
            "callback_url": self.inbox_url,
        })
    }

    pub(crate) async fn process(&self, id: &str) -> Reply {
        let path = format!("{API}/payout-invoices/{id}/process");
        self.post(&path, &Value::Null).await
    }

    /// Creates and processes, and gives the id.
    pub(crate) async fn pay(&self, reference: &str) -> String {
        let id = self.create(reference).await;
        assert_eq!(self.process(&id).await.status, 200);
        id
    }

    /// The attributes the private read shows.
    pub(crate) async fn read(&self, id: &str) -> Value {
        let reply = self.get(&format!("{API}/payout-invoices/{id}")).await;
        assert_eq!(reply.status, 200);
        reply.body["data"]["attributes"].clone()
    }

    pub(crate) async fn payments(&self) -> Vec<Value> {
        let reply = self.get("/_control/payments").await;
        reply.body.as_array().unwrap().clone()
    }

    pub(crate) async fn fault(&self, operation: &str, fault: &str) {
        let order = json!({"provider": "payelata", "operation": operation, "fault": fault});
        let reply = self.post("/_control/faults", &order).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
    }

    pub(crate) async fn outcome(&self, status: &str, reference: Option<&str>) -> Value {
        let order = json!({"provider": "payelata", "status": status, "reference": reference});
        let reply = self.post("/_control/outcomes", &order).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.body
    }

    pub(crate) fn forward(&self, seconds: i64) {
        let clock = self.sandbox.clock();
        clock.move_to(clock.now_ms() + seconds * 1000).unwrap();
    }
}

impl Reply {
    pub(crate) async fn of(request: reqwest::RequestBuilder) -> Self {
        let request = request.timeout(Duration::from_secs(10));
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let bytes = response.bytes().await.unwrap();
        let body = serde_json::from_slice(&bytes).unwrap_or_default();
        Self { status, body }
    }
}
