//! Rubbish of every kind, from `tests/fixtures/bad-input`: each case gets a 4xx in the envelope that names
//! what is wrong, nothing is written and nothing is sent.
//!
//! One case a line. `{full}`, `{read}` and `{other}` in a header stand for the host's keys, `{paid}` in a
//! path for a completed payout, and `{fill}` in a body for as many `x` as `fill` says. `authorization` of the
//! full key and, with a body, the JSON content type are added unless the case sets them or drops them
//! with `null`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::Arc,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::figures::report;
use crate::{
    stage::Stage,
    wire::{Connection, Request, Response},
};

/// Files whose endpoints are not served yet.
const LATER: [&str; 0] = [];
const CASES_MIN: usize = 1_000;
/// Connections in use at the same time.
const SENDERS: usize = 4;
const SLOW: Duration = Duration::from_millis(20);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    method: String,
    path: String,
    query: Option<String>,
    #[serde(default)]
    headers: Vec<(String, Option<String>)>,
    body: Option<String>,
    /// Bytes that are no text.
    body64: Option<String>,
    fill: Option<usize>,
    status: u16,
    code: String,
    /// The path that `details.fields` must name.
    field: Option<String>,
    /// The methods that `allow` must name.
    #[serde(default)]
    allow: Vec<String>,
}

/// What stands for the placeholders.
struct Known {
    keys: [(&'static str, String); 3],
    paid: String,
}

impl Case {
    fn request(&self, known: &Known) -> Request {
        let mut target = self.path.replace("{paid}", &known.paid);
        if let Some(query) = &self.query {
            target = format!("{target}?{query}");
        }
        let body = self.bytes();
        let mut headers = Vec::new();
        let is_given = |name: &str| self.headers.iter().any(|(held, _)| held == name);
        if !is_given("authorization") {
            let full = "Bearer {full}".to_owned();
            headers.push(("authorization".to_owned(), full));
        }
        if body.is_some() && !is_given("content-type") {
            let json = "application/json".to_owned();
            headers.push(("content-type".to_owned(), json));
        }
        let given = self.headers.iter();
        headers.extend(given.filter_map(|(name, value)| Some((name.clone(), value.clone()?))));
        for (_, value) in &mut headers {
            for (name, key) in &known.keys {
                *value = value.replace(name, key);
            }
        }
        Request {
            method: self.method.clone(),
            target,
            headers,
            body,
        }
    }

    fn bytes(&self) -> Option<Vec<u8>> {
        if let Some(encoded) = &self.body64 {
            return Some(STANDARD.decode(encoded).expect("base64"));
        }
        let body = self.body.as_ref()?;
        let fill = "x".repeat(self.fill.unwrap_or(0));
        Some(body.replace("{fill}", &fill).into_bytes())
    }

    /// What is sent, to tell whether two cases are one.
    fn sent(&self) -> String {
        let body = self.bytes();
        format!(
            "{} {} {:?} {:?} {body:?}",
            self.method, self.path, self.query, self.headers
        )
    }

    fn problem(&self, response: &Response) -> Option<String> {
        let problem = if response.status == self.status {
            envelope_problem(response).or_else(|| self.content_problem(response))
        } else {
            Some(format!("{} and not {}", response.status, self.status))
        };
        problem.map(|it| {
            let (name, method, path) = (&self.name, &self.method, &self.path);
            let answer: String = response.text.chars().take(300).collect();
            format!("{name} ({method} {path}): {it}: {answer}")
        })
    }

    fn content_problem(&self, response: &Response) -> Option<String> {
        let error = &response.body["error"];
        let details = &error["details"];
        if error["code"] != self.code.as_str() {
            return Some(format!("the code is not {}", self.code));
        }
        let fields: Vec<_> = details["fields"].as_array().into_iter().flatten().collect();
        let is_pair = |it: &&Value| it["path"].is_string() && it["message"].is_string();
        if !fields.iter().all(is_pair) {
            return Some("a field is not a path and a message".to_owned());
        }
        let is_invalid = (self.status, self.code.as_str()) == (400, "VALIDATION_ERROR");
        if is_invalid && fields.is_empty() {
            return Some("no field is named".to_owned());
        }
        if let Some(field) = &self.field
            && !fields.iter().any(|it| it["path"] == field.as_str())
        {
            return Some(format!("{field:?} is not named"));
        }
        let allowed = response.header("allow").unwrap_or_default();
        let methods: Vec<_> = allowed.split(", ").collect();
        let is_told = match self.status {
            401 => response.header("www-authenticate") == Some("Bearer"),
            403 => details["scope"].is_string(),
            405 => {
                let misses = |it: &String| !methods.contains(&it.as_str());
                details["allowed"] == allowed
                    && !methods.contains(&self.method.as_str())
                    && !self.allow.iter().any(misses)
            }
            413 => details["maxBytes"].is_u64(),
            415 => details["accepted"].is_array(),
            _ => true,
        };
        (!is_told).then(|| "the details or headers of its status are missing".to_owned())
    }
}

fn envelope_problem(response: &Response) -> Option<String> {
    let body = &response.body;
    let id = body["meta"]["requestId"].as_str();
    let at = body["meta"]["timestamp"].as_str().unwrap_or_default();
    let members = |value: &Value| -> Vec<String> {
        let members = value.as_object().into_iter().flatten();
        members.map(|(name, _)| name.clone()).collect()
    };
    let parts = [
        (members(body) == ["error", "meta", "success"], "members"),
        (body["success"] == false, "success"),
        (
            body["error"]["message"]
                .as_str()
                .is_some_and(|it| !it.is_empty()),
            "message",
        ),
        (body["error"]["details"].is_object(), "details"),
        (id.is_some_and(|it| it.starts_with("req_")), "requestId"),
        (id == response.header("x-request-id"), "x-request-id"),
        (at.len() == 20 && at.ends_with('Z'), "timestamp"),
        (
            response.header("cache-control") == Some("no-store"),
            "cache-control",
        ),
        (
            response
                .header("content-type")
                .is_some_and(|it| it.starts_with("application/json")),
            "content-type",
        ),
    ];
    let (_, part) = parts.iter().find(|(is_right, _)| !is_right)?;
    Some(format!("{part} of the envelope"))
}

/// Every file but those of [`LATER`], its name with its cases.
fn corpus() -> BTreeMap<String, Vec<Case>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/bad-input");
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("the corpus") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().and_then(|it| it.to_str()).expect("a name");
        let text = fs::read_to_string(&path).expect("readable");
        let case = |(index, line): (usize, &str)| -> Case {
            serde_json::from_str(line)
                .unwrap_or_else(|error| panic!("{name}.jsonl line {}: {error}", index + 1))
        };
        let cases = text.lines().enumerate().map(case).collect();
        files.insert(name.to_owned(), cases);
    }
    files
}

/// Things that only refuse: a load that is paid, too dear, too cheap, or of a driver nobody verified.
async fn prepare(stage: &Stage) -> Known {
    let register =
        json!({"ovnDriverId": "D-NEW", "name": "Ana", "email": "a@b.co", "phone": "+15551234567"});
    stage.data("POST", "/api/v1/drivers", Some(&register)).await;
    for (load, driver, amount) in [
        ("L-PAID", "OVN-DRIVER-789", 45_000),
        ("L-DEAR", "OVN-DRIVER-789", 5_000_001),
        ("L-CHEAP", "OVN-DRIVER-789", 250),
        ("L-NEW", "D-NEW", 45_000),
    ] {
        let body = json!({"driverId": driver, "amount": amount});
        let path = format!("/api/v1/loads/{load}");
        stage.data("PUT", &path, Some(&body)).await;
    }
    let paid = stage.create("L-PAID").await;
    stage.advance(3_600).await;
    assert_eq!(stage.payout(&paid).await["status"], "completed");
    let keys = stage.host.ready.keys.clone();
    Known {
        keys: [
            ("{full}", keys.full),
            ("{read}", keys.read),
            ("{other}", keys.other),
        ],
        paid,
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long a call takes is real time"
)]
async fn timed(connection: &mut Connection, request: &Request) -> (Response, Duration) {
    let started = std::time::Instant::now();
    let response = connection.send(request).await;
    (response, started.elapsed())
}

/// Sends every case, a few at a time: the problems found, and how long each call took.
async fn send_all(stage: &Stage, cases: Vec<Case>, known: Known) -> (Vec<String>, Vec<Duration>) {
    let (cases, known) = (Arc::new(cases), Arc::new(known));
    let mut senders = tokio::task::JoinSet::new();
    for first in 0..SENDERS {
        let (cases, known) = (Arc::clone(&cases), Arc::clone(&known));
        let mut connection = Connection::new(&stage.host.ready.api);
        senders.spawn(async move {
            let (mut problems, mut times) = (Vec::new(), Vec::new());
            for case in cases.iter().skip(first).step_by(SENDERS) {
                let (response, time) = timed(&mut connection, &case.request(&known)).await;
                problems.extend(case.problem(&response));
                times.push(time);
            }
            (problems, times)
        });
    }
    let (mut problems, mut times) = (Vec::new(), Vec::new());
    for (some_problems, some_times) in senders.join_all().await {
        problems.extend(some_problems);
        times.extend(some_times);
    }
    problems.sort();
    times.sort();
    (problems, times)
}

#[test]
fn the_corpus_has_a_thousand_cases_and_none_twice() {
    let files = corpus();
    let (mut names, mut sent, mut served) = (BTreeSet::new(), BTreeSet::new(), 0);
    for (file, cases) in &files {
        for case in cases {
            assert!(
                names.insert(&case.name),
                "{file}: {} comes twice",
                case.name
            );
            assert!(
                sent.insert(case.sent()),
                "{file}: {} sends what another sends",
                case.name
            );
        }
        if !LATER.contains(&file.as_str()) {
            served += cases.len();
        }
    }
    assert!(served >= CASES_MIN, "only {served} cases");
    assert!(LATER.iter().all(|file| files.contains_key(*file)));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_piece_of_rubbish_is_refused_by_name_and_writes_nothing() {
    let mut files = corpus();
    files.retain(|file, _| !LATER.contains(&file.as_str()));
    let cases: Vec<Case> = files.into_values().flatten().collect();
    let stage = Stage::new().await;
    let started = stage.stored();
    let known = prepare(&stage).await;
    let before = stage.stored();
    assert_ne!(started, before, "what is written shows");
    let payments = stage.payments().await;
    let sent = stage.host.world.queue.sent();

    let (problems, times) = send_all(&stage, cases, known).await;

    let after = stage.stored();
    let changed: Vec<_> = before
        .iter()
        .chain(&after)
        .filter(|(at, item)| before.get(*at) != Some(*item) || after.get(*at) != Some(*item))
        .map(|(at, _)| at)
        .collect();
    let count = problems.len();
    assert!(count == 0, "{count} problems:\n{}", problems.join("\n"));
    assert!(changed.is_empty(), "written: {changed:?}");
    assert_eq!(stage.host.world.queue.sent(), sent, "nothing was sent");
    assert_eq!(stage.payments().await, payments, "nobody was paid");
    print_times(&times);
}

fn print_times(times: &[Duration]) {
    let at = |percent: usize| millis(times[(times.len() - 1) * percent / 100]);
    report(&format!(
        "bad input: {} cases, p50 {} ms, p99 {} ms, max {} ms, {} over 20 ms",
        times.len(),
        at(50),
        at(99),
        at(100),
        times.iter().filter(|time| **time > SLOW).count()
    ));
}

fn millis(time: Duration) -> String {
    let micros = time.as_micros();
    format!("{}.{:01}", micros / 1_000, micros % 1_000 / 100)
}
