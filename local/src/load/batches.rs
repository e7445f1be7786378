//! Batches of several sizes on one host: how long each of their steps takes, and what they cost a line.

use std::{
    collections::BTreeMap,
    fmt,
    time::{Duration, Instant},
};

use platform::dynamo::{Cost, Step};
use serde_json::{Value, json};

use super::endpoints::DRIVER;
use crate::{
    client::Client,
    host::{Fault, Host, Options, Place},
};

/// The gross amount of a line.
const AMOUNT: i64 = 45_000;
/// How often it is looked how far a batch is.
const LOOK: Duration = Duration::from_millis(20);

/// What one batch took.
#[derive(Clone, Debug)]
pub struct BatchReport {
    pub lines: usize,
    pub paid: u64,
    pub created: Duration,
    /// From the answer until every line is a payout.
    pub expanded: Duration,
    /// From the release until every payout has its provider.
    pub dispatched: Duration,
    /// From the release until the batch is complete.
    pub completed: Duration,
    pub costs: BTreeMap<Step, Cost>,
}

/// Runs one batch after the other on a fresh host.
///
/// # Errors
/// When the host cannot start or a call fails.
pub async fn run(sizes: &[usize], place: Place) -> Result<Vec<BatchReport>, Fault> {
    let host = Host::start(Options {
        port: 0,
        sandbox_port: 0,
        aws_port: None,
        place,
    })
    .await?;
    let client = Client::of(&host.ready)?;
    let run = host.world.backend.clock.now().millis();
    let mut reports = Vec::new();
    for (number, lines) in sizes.iter().enumerate() {
        let name = format!("B{run}-{number}");
        furnish(&client, &name, *lines).await?;
        reports.push(measure(&host, &client, (&name, *lines)).await?);
    }
    Ok(reports)
}

/// Registers the loads and deposits what they need.
async fn furnish(client: &Client, name: &str, lines: usize) -> Result<(), Fault> {
    let loads: Vec<_> = (0..lines)
        .map(|line| json!({"loadId": load(name, line), "driverId": DRIVER, "amount": AMOUNT}))
        .collect();
    client
        .post("/api/v1/loads/import", &json!({"loads": loads}))
        .await?;
    let mut missing = i64::try_from(lines)? * AMOUNT;
    let mut number = 0;
    while missing > 0 {
        let amount = missing.min(super::DEPOSIT);
        let body = json!({"amount": amount, "reference": format!("{name}-{number}")});
        client.post("/api/v1/wallet/deposits", &body).await?;
        missing -= amount;
        number += 1;
    }
    Ok(())
}

fn load(name: &str, line: usize) -> String {
    format!("{name}-{line}")
}

#[expect(
    clippy::disallowed_methods,
    reason = "a load is measured in real time, not on the movable clock"
)]
async fn measure(
    host: &Host,
    client: &Client,
    (name, lines): (&str, usize),
) -> Result<BatchReport, Fault> {
    let loads: Vec<_> = (0..lines).map(|line| load(name, line)).collect();
    host.meter.reset();
    let started = Instant::now();
    let body = json!({"name": name, "loadIds": loads});
    let batch = client.post("/api/v1/batches", &body).await?;
    let created = started.elapsed();
    let path = format!(
        "/api/v1/batches/{}",
        batch["id"].as_str().unwrap_or_default()
    );
    let started = Instant::now();
    until(client, &path, |batch| batch["waitingCount"] == 0).await?;
    let expanded = started.elapsed();
    let started = Instant::now();
    client.post(&format!("{path}/release"), &json!({})).await?;
    until(client, "/api/v1/balance", |it| it["pending"] == 0).await?;
    let dispatched = started.elapsed();
    let batch = until(client, &path, |batch| {
        batch["status"] == "completed" || batch["status"] == "failed"
    })
    .await?;
    Ok(BatchReport {
        lines,
        paid: batch["paidCount"].as_u64().unwrap_or(0),
        created,
        expanded,
        dispatched,
        completed: started.elapsed(),
        costs: host.meter.costs(),
    })
}

/// What `path` answers once it is as wanted.
async fn until(
    client: &Client,
    path: &str,
    is_wanted: impl Fn(&Value) -> bool,
) -> Result<Value, Fault> {
    loop {
        let answer = client.get(path).await?;
        if is_wanted(&answer) {
            return Ok(answer);
        }
        tokio::time::sleep(LOOK).await;
    }
}

impl BatchReport {
    /// Whether every line was paid.
    pub fn is_paid(&self) -> bool {
        u64::try_from(self.lines).is_ok_and(|lines| lines == self.paid)
    }

    fn total(&self) -> Cost {
        let costs = self.costs.values();
        costs.fold(Cost::default(), |sum, cost| Cost {
            calls: sum.calls + cost.calls,
            read_hundredths: sum.read_hundredths + cost.read_hundredths,
            write_hundredths: sum.write_hundredths + cost.write_hundredths,
        })
    }

    fn per_second(&self, took: Duration) -> u128 {
        u128::try_from(self.lines).unwrap_or(0) * 1000 / took.as_millis().max(1)
    }
}

/// The head of a table of batches.
pub const HEAD: &str = "batch lines     paid  create ms  expand ms  dispatch ms  lines/s  complete ms  \
    calls/line  read units/line  write units/line";

impl fmt::Display for BatchReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = u64::try_from(self.lines).unwrap_or(1).max(1);
        let total = self.total();
        let hundredths = |value: u64| format!("{}.{:02}", value / 100, value % 100);
        write!(
            f,
            "{:>11} {:>8} {:>10} {:>10} {:>12} {:>8} {:>12} {:>11} {:>16} {:>17}",
            self.lines,
            self.paid,
            self.created.as_millis(),
            self.expanded.as_millis(),
            self.dispatched.as_millis(),
            self.per_second(self.dispatched),
            self.completed.as_millis(),
            hundredths(total.calls * 100 / lines),
            hundredths(total.read_hundredths / lines),
            hundredths(total.write_hundredths / lines),
        )
    }
}
