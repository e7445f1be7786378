//! One host in memory, and calls to it as a client makes them.

use local::{
    comparison::{self, Comparison, Movement},
    host::{Host, Options, Place},
};
use serde_json::{Value, json};

pub(crate) struct Stage {
    pub(crate) host: Host,
    http: reqwest::Client,
}

/// One answer: status and body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) replayed: bool,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
    pub(crate) body: Value,
}

impl Answer {
    /// The value of a header, empty without one.
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).map(|it| it.to_str());
        value.transpose().expect("a text").unwrap_or_default()
    }
}

/// One call, as raw as a client can make it.
#[derive(Clone, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) headers: Vec<(&'a str, String)>,
    pub(crate) body: Option<Vec<u8>>,
}

impl<'a> Call<'a> {
    pub(crate) fn new(method: &'a str, path: &'a str) -> Self {
        Self {
            method,
            path,
            headers: Vec::new(),
            body: None,
        }
    }

    pub(crate) fn key(self, key: &str) -> Self {
        self.header("authorization", format!("Bearer {key}"))
    }

    pub(crate) fn header(mut self, name: &'a str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.raw(body.to_string())
    }

    pub(crate) fn raw(self, body: impl Into<Vec<u8>>) -> Self {
        let mut call = self.header("content-type", "application/json");
        call.body = Some(body.into());
        call
    }
}

pub(crate) fn http_client() -> reqwest::Client {
    // Where only another process has a host, nobody else does.
    let _already_there = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .timeout(std::time::Duration::from_secs(180))
        .build()
        .expect("a client")
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::at(Place::Memory).await
    }

    pub(crate) async fn at(place: Place) -> Self {
        let host = Host::start(Options {
            port: 0,
            sandbox_port: 0,
            aws_port: None,
            place,
        })
        .await
        .expect("the host starts");
        Self::of(host)
    }

    pub(crate) fn of(host: Host) -> Self {
        Self {
            host,
            http: http_client(),
        }
    }

    pub(crate) fn key(&self) -> &str {
        &self.host.ready.keys.full
    }

    /// The key of an operator of the same tenant who is another person.
    pub(crate) fn second(&self) -> &str {
        &self.host.ready.keys.second
    }

    pub(crate) async fn call(&self, call: Call<'_>) -> Answer {
        send(&self.http, &self.host.ready.api, call).await
    }

    /// A call with the key of all scopes.
    pub(crate) async fn as_full(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let mut call = Call::new(method, path).key(self.key());
        if let Some(body) = body {
            call = call.json(body);
        }
        self.call(call).await
    }

    /// `data` of a success.
    pub(crate) async fn data(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let mut answer = self.as_full(method, path, body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.body["data"].take()
    }

    pub(crate) async fn control(&self, path: &str, body: &Value) -> Value {
        let call = Call::new("POST", path).json(body);
        let answer = send(&self.http, &self.host.ready.sandbox, call).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.body
    }

    pub(crate) async fn fault(&self, operation: &str, fault: &str, times: u32) {
        let body =
            json!({"provider": "payelata", "operation": operation, "fault": fault, "times": times});
        self.control("/_control/faults", &body).await;
    }

    pub(crate) async fn advance(&self, seconds: u32) {
        self.control("/_control/advance", &json!({"seconds": seconds}))
            .await;
    }

    /// Rows of the twins' books.
    pub(crate) async fn payments(&self) -> Vec<Value> {
        let call = Call::new("GET", "/_control/payments");
        let answer = send(&self.http, &self.host.ready.sandbox, call).await;
        answer.body.as_array().cloned().expect("a list")
    }

    pub(crate) async fn paid(&self) -> Vec<Value> {
        let rows = self.payments().await;
        let is_paid = |row: &Value| row["paid"] == true && row["direction"] == "out";
        rows.into_iter().filter(is_paid).collect()
    }

    pub(crate) async fn create(&self, load: &str) -> String {
        let body = json!({"loadId": load});
        let payout = self.data("POST", "/api/v1/payouts", Some(&body)).await;
        payout["id"].as_str().expect("an id").to_owned()
    }

    pub(crate) async fn payout(&self, id: &str) -> Value {
        self.data("GET", &format!("/api/v1/payouts/{id}"), None)
            .await
    }

    pub(crate) async fn balance(&self) -> (i64, i64, i64) {
        let balance = self.data("GET", "/api/v1/balance", None).await;
        let figure = |name: &str| balance[name].as_i64().expect("a figure");
        (figure("available"), figure("pending"), figure("inTransit"))
    }

    /// Every invariant of the books, and that they say of every payment what the twins say. Waits until nothing is
    /// under way.
    pub(crate) async fn assert_books(&self) {
        let comparison = self.compared().await;
        assert_eq!(comparison.differences, [""; 0]);
        self.assert_invariants().await;
    }

    /// Every invariant of the books. For scenarios in which the books and the twins have to differ; each says why.
    pub(crate) async fn assert_invariants(&self) {
        assert_eq!(app::audit::findings(&self.dump().await), []);
    }

    /// Our books beside what the twins moved, once nothing is under way.
    pub(crate) async fn compared(&self) -> Comparison {
        self.host.pump.settle().await;
        let dump = self.dump().await;
        comparison::compare(&dump, &self.movements().await)
    }

    pub(crate) async fn dump(&self) -> app::audit::Dump {
        let dump = self.host.world.backend.store.dump().await;
        dump.expect("readable")
    }

    /// What the twins moved.
    pub(crate) async fn movements(&self) -> Vec<Movement> {
        let rows = Value::from(self.payments().await);
        serde_json::from_value(rows).expect("rows of payments")
    }
}

pub(crate) async fn send(http: &reqwest::Client, base: &str, call: Call<'_>) -> Answer {
    let method = reqwest::Method::from_bytes(call.method.as_bytes()).expect("a method");
    let mut request = http.request(method, format!("{base}{}", call.path));
    for (name, value) in call.headers {
        request = request.header(name, value);
    }
    if let Some(body) = call.body {
        request = request.body(body);
    }
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let replayed = headers.contains_key("idempotent-replayed");
    let text = response.text().await.expect("a text");
    Answer {
        status,
        replayed,
        headers,
        body: serde_json::from_str(&text).unwrap_or(Value::Null),
        text,
    }
}
