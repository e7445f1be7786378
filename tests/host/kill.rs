//! The real process, killed without warning in the middle of its work, and started again on the same
//! folder: nothing is lost, nothing is paid twice, and nothing personal is in its log.

use std::{
    hash::{Hash, Hasher},
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};

use crate::stage::{Call, http_client, send};

pub(crate) struct Process {
    pub(crate) child: Child,
    ready: Value,
    http: reqwest::Client,
}

impl Process {
    pub(crate) fn start(folder: &Path) -> Self {
        let ours = "domain=trace,app=trace,platform=trace,functions=trace,local=trace,warn";
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(folder.join("log"))
            .expect("a log file");
        let mut child = Command::new(env!("CARGO_BIN_EXE_local"))
            .args(["up", "--port", "0", "--sandbox-port", "0", "--data"])
            .arg(folder.join("data"))
            .env("RUST_LOG", ours)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the host starts");
        let mut line = String::new();
        let stdout = child.stdout.as_mut().expect("piped");
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("a ready line");
        Self {
            child,
            ready: serde_json::from_str(&line).expect("the ready line is one JSON object"),
            http: http_client(),
        }
    }

    fn text(&self, name: &str) -> String {
        self.ready[name].as_str().unwrap_or_default().to_owned()
    }

    fn key(&self) -> String {
        self.ready["keys"]["full"]
            .as_str()
            .expect("a key")
            .to_owned()
    }

    /// `data` of an answer, or none when the process is gone or refuses.
    pub(crate) async fn try_call(&self, method: &str, path: &str, body: &Value) -> Option<Value> {
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        let response = self
            .http
            .request(method, format!("{}{path}", self.text("api")))
            .bearer_auth(self.key())
            .header("content-type", "application/json")
            .header("idempotency-key", request_key(path, body))
            .body(body.to_string())
            .send()
            .await
            .ok()?;
        let mut answer: Value = serde_json::from_str(&response.text().await.ok()?).ok()?;
        (answer["success"] == true).then(|| answer["data"].take())
    }

    pub(crate) async fn sandbox(&self, call: Call<'_>) -> Value {
        send(&self.http, &self.text("sandbox"), call).await.body
    }
}

/// The same for the same call, and short however long its body is.
fn request_key(path: &str, body: &Value) -> String {
    let mut hasher = std::hash::DefaultHasher::new();
    format!("{path} {body}").hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

impl Drop for Process {
    fn drop(&mut self) {
        // SIGKILL: no chance to tidy up.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const LOADS: usize = 60;

async fn put_loads(process: &Process) {
    for number in 0..LOADS {
        let body = json!({"driverId": "OVN-DRIVER-789", "amount": 45_000});
        let path = format!("/api/v1/loads/K-{number}");
        process.try_call("PUT", &path, &body).await.expect("put");
    }
}

/// Creates payouts of every load, each with its own request key, as far as the process answers.
async fn create_all(process: &Process) -> Vec<Option<String>> {
    let calls = (0..LOADS).map(|number| async move {
        let body = json!({"loadId": format!("K-{number}")});
        let payout = process.try_call("POST", "/api/v1/payouts", &body).await?;
        payout["id"].as_str().map(str::to_owned)
    });
    let mut ids = Vec::new();
    for call in calls {
        ids.push(call.await);
    }
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_five_times_in_its_work_loses_nothing_and_pays_nothing_twice() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut accepted = vec![None; LOADS];
    put_loads(&Process::start(folder.path())).await;
    for kill in 0..5_u64 {
        let mut process = Process::start(folder.path());
        let pid_of_child = process.child.id();
        assert!(pid_of_child > 0);
        let killer = tokio::time::sleep(Duration::from_millis(150 + 130 * kill));
        tokio::select! {
            ids = create_all(&process) => remember(&mut accepted, ids),
            () = killer => {}
        }
        process.child.kill().expect("killed");
    }
    let process = Process::start(folder.path());
    remember(&mut accepted, create_all(&process).await);
    assert!(
        accepted.iter().all(Option::is_some),
        "every load has its payout"
    );
    let advance = Call::new("POST", "/_control/advance").json(&json!({"seconds": 14_400}));
    process.sandbox(advance).await;
    for id in accepted.iter().flatten() {
        let path = format!("/api/v1/payouts/{id}");
        let payout = process
            .try_call("GET", &path, &Value::Null)
            .await
            .expect("known");
        assert_eq!(payout["status"], "completed", "{payout}");
    }
    let rows = process
        .sandbox(Call::new("GET", "/_control/payments"))
        .await;
    let paid: Vec<_> = rows
        .as_array()
        .into_iter()
        .flatten()
        .filter(|row| row["paid"] == true)
        .map(|row| row["reference"].as_str().unwrap_or_default().to_owned())
        .collect();
    let distinct: std::collections::BTreeSet<_> = paid.iter().collect();
    assert_eq!(
        (paid.len(), distinct.len()),
        (LOADS, LOADS),
        "one paid movement a payout"
    );
    drop(process);
    the_books_are_in_order(folder.path(), LOADS);
    nothing_personal_is_logged(folder.path());
}

fn remember(accepted: &mut [Option<String>], ids: Vec<Option<String>>) {
    for (known, id) in accepted.iter_mut().zip(ids) {
        if let (Some(known), Some(id)) = (&known, &id) {
            assert_eq!(known, id, "the same request key names the same payout");
        }
        *known = known.take().or(id);
    }
}

/// Every payout of the folder is completed, so many there are, and nothing is wrong with the books.
pub(crate) fn the_books_are_in_order(folder: &Path, payouts: usize) {
    let audit = Command::new(env!("CARGO_BIN_EXE_local"))
        .args(["audit", "--data"])
        .arg(folder.join("data"))
        .output()
        .expect("audited");
    let text = String::from_utf8_lossy(&audit.stdout).into_owned();
    assert!(
        audit.status.success() && text.contains("0 findings"),
        "{text}"
    );
    assert!(
        text.starts_with(&format!("{payouts} payouts ({payouts} completed)")),
        "{text}"
    );
}

fn nothing_personal_is_logged(folder: &Path) {
    let mut log = String::new();
    std::fs::File::open(folder.join("log"))
        .and_then(|mut file| file.read_to_string(&mut log))
        .expect("a log");
    assert!(log.contains("payout claimed"), "the log has our own lines");
    for secret in [
        "5123817234060000",
        "John Smith",
        "john@example.com",
        "5551234567",
        "psk_test_",
    ] {
        assert!(!log.contains(secret), "the log holds {secret}");
    }
}
