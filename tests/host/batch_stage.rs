//! Batches as a client makes and follows them.

use std::{collections::BTreeMap, fmt::Display, time::Duration};

use serde_json::{Value, json};

use crate::stage::{Answer, Call, Stage};

pub(crate) const BATCHES: &str = "/api/v1/batches";
pub(crate) const DRIVER: &str = "OVN-DRIVER-789";
/// What the wallet of a fresh host holds.
pub(crate) const WALLET: i64 = 5_000_000;
/// Where rate limits are counted: the only items a refused call may touch.
const BUCKETS: &str = "RL#";

pub(crate) fn path(batch: &str, rest: &str) -> String {
    format!("{BATCHES}/{batch}{rest}")
}

/// The id of what was made.
pub(crate) fn id(data: &Value) -> String {
    data["id"].as_str().expect("an id").to_owned()
}

pub(crate) fn wish<L: Display>(name: &str, loads: &[L]) -> Value {
    let loads: Vec<_> = loads.iter().map(ToString::to_string).collect();
    json!({"name": name, "loadIds": loads})
}

/// Status and reason of a refusal.
pub(crate) fn reason(answer: &Answer) -> (u16, &str) {
    let reason = answer.body["error"]["details"]["reason"].as_str();
    (answer.status, reason.unwrap_or_default())
}

/// Status and code of a refusal, and the fields it names.
pub(crate) fn fields(answer: &Answer) -> (u16, &str, Vec<&str>) {
    let error = &answer.body["error"];
    let fields = error["details"]["fields"].as_array();
    let paths = fields.into_iter().flatten().map(|it| it["path"].as_str());
    (
        answer.status,
        error["code"].as_str().unwrap_or_default(),
        paths.flatten().collect(),
    )
}

/// Gross, fees and net of a batch or of a preview.
pub(crate) fn sums(of: &Value) -> [i64; 3] {
    ["totalAmount", "totalFees", "netAmount"].map(|name| of[name].as_i64().expect("a sum"))
}

pub(crate) fn statuses(lines: &[Value]) -> Vec<&str> {
    let statuses = lines.iter().map(|line| line["status"].as_str());
    statuses.map(|it| it.expect("a status")).collect()
}

/// How many lines wait, are open, paid, failed, canceled and rejected.
pub(crate) fn counts(batch: &Value) -> [i64; 6] {
    let names = [
        "waitingCount",
        "openCount",
        "paidCount",
        "failedCount",
        "canceledCount",
        "rejectedCount",
    ];
    names.map(|name| batch[name].as_i64().expect("a count"))
}

impl Stage {
    pub(crate) async fn put_load(&self, load: &str, amount: i64) {
        let body = json!({"driverId": DRIVER, "amount": amount});
        let path = format!("/api/v1/loads/{load}");
        self.data("PUT", &path, Some(&body)).await;
    }

    /// Loads of 45000 each; their ids.
    pub(crate) async fn put_loads(&self, prefix: &str, count: usize) -> Vec<String> {
        let ids: Vec<_> = (0..count).map(|it| format!("{prefix}-{it}")).collect();
        let load = |id| json!({"loadId": id, "driverId": DRIVER, "amount": 45_000});
        let loads: Vec<_> = ids.iter().map(load).collect();
        let body = json!({ "loads": loads });
        let path = "/api/v1/loads/import";
        let imported = self.data("POST", path, Some(&body)).await;
        assert_eq!(imported["created"], count, "{imported}");
        ids
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.as_full("POST", path, Some(body)).await
    }

    /// Makes a batch and waits until its lines are payouts; its id.
    pub(crate) async fn make_batch<L: Display>(&self, name: &str, loads: &[L]) -> String {
        self.make_of(&wish(name, loads)).await
    }

    pub(crate) async fn make_of(&self, body: &Value) -> String {
        let made = self.data("POST", BATCHES, Some(body)).await;
        self.host.pump.settle().await;
        id(&made)
    }

    pub(crate) async fn batch(&self, id: &str) -> Value {
        self.data("GET", &path(id, ""), None).await
    }

    pub(crate) async fn release(&self, id: &str) -> Value {
        self.data("POST", &path(id, "/release"), None).await
    }

    /// Lines of the batch with what became of them.
    pub(crate) async fn lines(&self, id: &str) -> Vec<Value> {
        let path = path(id, "/payouts?pageSize=100");
        let page = self.data("GET", &path, None).await;
        page["items"].as_array().cloned().expect("items")
    }

    /// Everything a refused call must leave as it is.
    pub(crate) fn stored(&self) -> BTreeMap<String, String> {
        let mut items = self.host.engine.items().expect("readable");
        items.retain(|at, _| !at.starts_with(BUCKETS));
        items
    }

    /// The answer to a call that writes nothing.
    pub(crate) async fn idle(&self, call: Call<'_>) -> Answer {
        self.host.pump.settle().await;
        let before = self.stored();
        let answer = self.call(call).await;
        self.host.pump.settle().await;
        let after = self.stored();
        let is_other = |(at, item): &(&String, &String)| before.get(*at) != Some(item);
        let written: Vec<_> = after.iter().filter(is_other).map(|(at, _)| at).collect();
        assert!(written.is_empty(), "{}: {written:?}", answer.text);
        assert_eq!(before.len(), after.len(), "{}", answer.text);
        answer
    }

    /// The answer to a post that writes nothing.
    pub(crate) async fn idle_post(&self, path: &str, body: &Value) -> Answer {
        let call = Call::new("POST", path).key(self.key()).json(body);
        self.idle(call).await
    }

    /// The time of the host, so many seconds from now.
    pub(crate) fn in_seconds(&self, seconds: u64) -> String {
        let now = self.host.world.backend.clock.now();
        now.plus(Duration::from_secs(seconds)).to_string()
    }
}
