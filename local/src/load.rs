//! A load on the local host: payouts created over HTTP as fast as it answers, until all completed.
//! Then every endpoint is called by one client. Prints what it measured, beside the table's request units
//! per payout.

mod batches;
mod endpoints;
mod fault_report;
mod faults;
mod latency;
mod news;
mod operators;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use domain::payout::PayoutStatus;
use platform::dynamo::{Cost, Step};
use serde_json::json;
use tokio::{sync::Semaphore, task::JoinSet};

pub use self::batches::{BatchReport, HEAD, run as run_batches};
pub use self::fault_report::{FaultReport, Met};
pub use self::faults::{FaultRun, run as run_faults};
pub use self::latency::{LargeImport, Latencies};
pub use self::operators::Deeds;
use self::{
    endpoints::{AMOUNT, Props},
    latency::timed,
};
use crate::{
    client::Client,
    host::{Fault, Host, Options, Place},
};

/// The largest single deposit the API takes.
const DEPOSIT: i64 = 100_000_000;
/// Requests in flight.
const CONCURRENCY: usize = 32;

/// What one load measured.
#[derive(Clone, Debug)]
pub struct Report {
    pub place: &'static str,
    pub payouts: usize,
    pub completed: usize,
    pub elapsed: Duration,
    pub costs: BTreeMap<Step, Cost>,
    /// The creates of the payouts, and the calls of each endpoint.
    pub latencies: Vec<Latencies>,
    pub import: Option<LargeImport>,
}

/// Runs `payouts` payouts on a fresh host and waits until all are completed; then calls every endpoint `calls`
/// times.
///
/// # Errors
/// When the host cannot start or a call fails.
#[expect(
    clippy::disallowed_methods,
    reason = "a load is measured in real time, not on the movable clock"
)]
pub async fn run(payouts: usize, calls: usize, place: Place) -> Result<Report, Fault> {
    let name = match place {
        Place::Memory => "memory",
        Place::Folder(_) => "file",
    };
    let host = Host::start(Options {
        port: 0,
        sandbox_port: 0,
        aws_port: None,
        place,
    })
    .await?;
    let client = Client::of(&host.ready)?;
    let run = host.world.backend.clock.now().millis();
    // Of the calls, some create payouts or batches, besides those that have to fail.
    fund(&client, payouts + 21 * calls, run).await?;
    let put = |client: Client, number: usize| async move {
        let body = json!({"driverId": "OVN-DRIVER-789", "amount": AMOUNT});
        let path = format!("/api/v1/loads/LOAD-{run}-{number}");
        client.put(&path, &body).await.map(|_| ())
    };
    for_each(&client, payouts, put).await?;
    host.meter.reset();
    let started = Instant::now();
    let created: Arc<Mutex<Vec<(String, Duration)>>> = Arc::default();
    let create = |client: Client, number: usize| {
        let created = Arc::clone(&created);
        async move {
            let ask = endpoints::create(&format!("LOAD-{run}-{number}"));
            let (payout, took) = timed(&client, &ask).await?;
            let id = payout["id"].as_str().unwrap_or_default().to_owned();
            let mut created = created.lock().unwrap_or_else(PoisonError::into_inner);
            created.push((id, took));
            Ok(())
        }
    };
    for_each(&client, payouts, create).await?;
    let completed = wait(&host, &format!("LOAD-{run}-")).await?;
    let elapsed = started.elapsed();
    let costs = host.meter.costs();
    let created = std::mem::take(&mut *created.lock().unwrap_or_else(PoisonError::into_inner));
    let (ids, took): (Vec<_>, Vec<_>) = created.into_iter().unzip();
    let at_once = format!("create-payout, {CONCURRENCY} at once");
    let mut latencies = vec![Latencies::new(at_once, &took)];
    let mut import = None;
    if calls > 0 && payouts > 0 {
        let mut props = Props {
            run,
            payouts: ids,
            failed: Vec::new(),
            charges: Vec::new(),
            keys: Vec::new(),
            batches: Vec::new(),
            reviewed: Vec::new(),
            foreign: Vec::new(),
        };
        latency::fail_payouts(&host, &client, (&mut props, calls)).await?;
        latency::make_charge(&client, &mut props).await?;
        latency::make_keys(&client, &mut props).await?;
        latency::make_batches(&host, &client, (&mut props, calls)).await?;
        latencies.extend(latency::measure(&host, &client, (&props, calls)).await?);
        import = Some(latency::import_at_once(&host, &client, &props).await?);
    }
    Ok(Report {
        place: name,
        payouts,
        completed,
        elapsed,
        costs,
        latencies,
        import,
    })
}

async fn fund(client: &Client, payouts: usize, run: i64) -> Result<(), Fault> {
    let mut needed = i64::try_from(payouts)? * AMOUNT;
    let mut number = 0;
    while needed > 0 {
        let amount = needed.min(DEPOSIT);
        let body = json!({"amount": amount, "reference": format!("load-{run}-{number}")});
        client.post("/api/v1/wallet/deposits", &body).await?;
        needed -= amount;
        number += 1;
    }
    Ok(())
}

/// Runs one call for each number, with a bounded number in flight.
async fn for_each<F, Fut>(client: &Client, count: usize, call: F) -> Result<(), Fault>
where
    F: Fn(Client, usize) -> Fut,
    Fut: Future<Output = Result<(), Fault>> + Send + 'static,
{
    let permits = Arc::new(Semaphore::new(CONCURRENCY));
    let mut tasks = JoinSet::new();
    for number in 0..count {
        let permit = Arc::clone(&permits).acquire_owned().await?;
        let call = call(client.clone(), number);
        tasks.spawn(async move {
            let result = call.await;
            drop(permit);
            result
        });
        while let Some(done) = tasks.try_join_next() {
            done??;
        }
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(())
}

/// Waits until no money is reserved any more. Asks the balance, not each payout: the figure that
/// counts, at one read.
async fn wait(host: &Host, loads: &str) -> Result<usize, Fault> {
    let client = Client::of(&host.ready)?;
    loop {
        let balance = client.get("/api/v1/balance").await?;
        if balance["pending"] == 0 && balance["inTransit"] == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let dump = host.world.backend.store.dump().await?;
    let completed = dump
        .payouts()
        .filter(|payout| payout.status == PayoutStatus::Completed)
        .filter(|payout| {
            payout
                .load
                .as_ref()
                .is_some_and(|load| load.as_str().starts_with(loads))
        })
        .count();
    Ok(completed)
}

impl Report {
    /// Payouts created and completed per second of real time.
    pub fn per_second(&self) -> u64 {
        let millis = self.elapsed.as_millis().max(1);
        let payouts = u128::try_from(self.completed).unwrap_or(0);
        u64::try_from(payouts * 1000 / millis).unwrap_or(u64::MAX)
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let millis = self.elapsed.as_millis().max(1);
        writeln!(
            f,
            "{}: {} of {} payouts completed in {}.{:03} s, {} payouts/s",
            self.place,
            self.completed,
            self.payouts,
            millis / 1000,
            millis % 1000,
            self.per_second(),
        )?;
        writeln!(
            f,
            "  {:<20} {:<16} {:>8} {:>12} {:>12}",
            "operation", "for", "calls", "read units", "write units"
        )?;
        let per = u64::try_from(self.payouts).unwrap_or(1).max(1);
        let mut total = Cost::default();
        for (step, cost) in &self.costs {
            total.calls += cost.calls;
            total.read_hundredths += cost.read_hundredths;
            total.write_hundredths += cost.write_hundredths;
            line(f, (step.operation, step.label), *cost, per)?;
        }
        line(f, ("total", "per payout"), total, per)?;
        writeln!(
            f,
            "  {:<28} {:>8} {:>12} {:>12}",
            "endpoint", "calls", "p50 ms", "p99 ms"
        )?;
        for latencies in &self.latencies {
            let percentile = |percent| millis_text(latencies.percentile(percent));
            writeln!(
                f,
                "  {:<28} {:>8} {:>12} {:>12}",
                latencies.endpoint,
                latencies.calls(),
                percentile(50),
                percentile(99),
            )?;
        }
        match &self.import {
            Some(import) => writeln!(
                f,
                "  import: {} rows in {} ms, {} table calls, {} write units",
                import.rows,
                import.elapsed.as_millis(),
                import.table_calls,
                import.write_units,
            ),
            None => Ok(()),
        }
    }
}

fn millis_text(micros: u64) -> String {
    format!("{}.{:03}", micros / 1000, micros % 1000)
}

fn line(
    f: &mut std::fmt::Formatter<'_>,
    (operation, label): (&str, &str),
    cost: Cost,
    per: u64,
) -> std::fmt::Result {
    let hundredths = |value: u64| format!("{}.{:02}", value / 100, value % 100);
    writeln!(
        f,
        "  {:<20} {:<16} {:>8} {:>12} {:>12}",
        operation,
        label,
        hundredths(cost.calls * 100 / per),
        hundredths(cost.read_hundredths / per),
        hundredths(cost.write_hundredths / per),
    )
}
