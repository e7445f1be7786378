//! A host in memory, whose handlers are asked directly.

use std::{collections::BTreeMap, time::Duration};

use functions::{
    mount,
    table::{FUNCTIONS, Function, Http},
};
use local::host::{Host, Options, Place};
use platform::api::{
    admission::admit,
    request::{Headers, RawRequest},
};
use serde_json::Value;

/// What a handler says of a request: message by path.
pub(crate) type Problems = BTreeMap<String, String>;

/// The media type of most bodies.
pub(crate) const JSON: &str = "application/json";

pub(crate) struct Stage {
    host: Host,
}

/// A request to one function.
pub(crate) struct Sent {
    pub(crate) path: String,
    pub(crate) media_type: &'static str,
    /// As it stands in an address, after the question mark.
    pub(crate) query: String,
    pub(crate) body: Vec<u8>,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        let options = Options {
            port: 0,
            sandbox_port: 0,
            aws_port: None,
            place: Place::Memory,
        };
        let host = Host::start(options).await.expect("the host starts");
        Self { host }
    }

    /// Status and problems of a request.
    pub(crate) async fn ask(&self, function: &'static Function, sent: Sent) -> (u16, Problems) {
        let (status, answer) = self.answer(function, sent).await;
        (status, problems(&answer["error"]["details"]["fields"]))
    }

    /// Status and answer of a request.
    pub(crate) async fn answer(&self, function: &'static Function, sent: Sent) -> (u16, Value) {
        let key = format!("Bearer {}", self.host.ready.keys.full);
        let headers = [
            ("authorization", key),
            ("content-type", sent.media_type.to_owned()),
        ];
        let route = function.http().expect("a route").route();
        let raw = RawRequest {
            method: route.method.to_owned(),
            path: sent.path,
            query: sent.query,
            headers: Headers::new(headers.map(|(name, value)| (name.to_owned(), value))),
            body: sent.body,
            id: "req-1".to_owned(),
            received_at: self.host.world.backend.clock.now(),
        };
        let reply = match admit(&route, raw) {
            Ok(request) => Box::pin(mount::http(&self.host.world, function, request)).await,
            Err(reply) => reply,
        };
        let answer = serde_json::from_str(&reply.body).expect("JSON");
        (reply.status, answer)
    }

    /// A year from now.
    pub(crate) fn next_year(&self) -> String {
        let year = Duration::from_secs(365 * 86_400);
        self.host.world.backend.clock.now().plus(year).to_string()
    }
}

/// The problems that a list of them names.
pub(crate) fn problems(fields: &Value) -> Problems {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let fields = fields.as_array().into_iter().flatten();
    fields
        .map(|it| (text(&it["path"]), text(&it["message"])))
        .collect()
}

/// The function behind an operation.
pub(crate) fn function_at(method: &str, route: &str) -> &'static Function {
    let is_its = |it: &&Function| {
        let http = it.http().map(Http::route);
        http.is_some_and(|it| it.method == method && it.paths.contains(&route))
    };
    FUNCTIONS.iter().find(is_its).expect("a function")
}

/// A path of a route, with values of the kind it takes.
pub(crate) fn path_of(route: &str) -> String {
    let of = match route.split('/').nth(3) {
        Some("drivers") => "OVN-DRIVER-789",
        Some("payouts") => "pay_1",
        Some("batches") => "batch_1",
        Some("reviews") => "rev_1-a01",
        Some("keys") => "k3y0f0rd3sk1",
        Some("reconciliations") => "2026-01-31",
        _ => "L-12345",
    };
    route
        .replace("{id}", of)
        .replace("{loadId}", of)
        .replace("{date}", of)
}
