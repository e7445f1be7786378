//! How long each endpoint takes to answer one client, call after call.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::endpoints::{self, Ask, ENDPOINTS, Props};
use crate::{
    client::Client,
    host::{Fault, Host},
};

/// The durations of calls to one endpoint, in microseconds, shortest first.
#[derive(Clone, Debug)]
pub struct Latencies {
    pub endpoint: String,
    micros: Vec<u64>,
}

impl Latencies {
    pub(super) fn new(endpoint: impl Into<String>, calls: &[Duration]) -> Self {
        let in_micros = |call: &Duration| u64::try_from(call.as_micros()).unwrap_or(u64::MAX);
        let mut micros: Vec<_> = calls.iter().map(in_micros).collect();
        micros.sort_unstable();
        Self {
            endpoint: endpoint.into(),
            micros,
        }
    }

    pub const fn calls(&self) -> usize {
        self.micros.len()
    }

    /// The microseconds that `percent` of the calls did not exceed.
    pub fn percentile(&self, percent: usize) -> u64 {
        let rank = (self.micros.len() * percent).div_ceil(100).max(1);
        self.micros.get(rank - 1).copied().unwrap_or(0)
    }
}

/// The largest import the API takes, once.
#[derive(Clone, Copy, Debug)]
pub struct LargeImport {
    pub rows: usize,
    pub elapsed: Duration,
    pub table_calls: u64,
    pub write_units: u64,
}

/// Calls every endpoint `calls` times.
///
/// # Errors
/// When a call fails.
pub(super) async fn measure(
    host: &Host,
    client: &Client,
    (props, calls): (&Props, usize),
) -> Result<Vec<Latencies>, Fault> {
    let mut measured = Vec::new();
    for endpoint in &ENDPOINTS {
        let calls = calls.min(endpoint.most);
        let mut durations = Vec::with_capacity(calls);
        for number in 0..calls {
            let (_, duration) = timed(client, &(endpoint.ask)(props, number)).await?;
            durations.push(duration);
        }
        // What the calls of a row set going does not slow down the next row.
        host.pump.settle().await;
        measured.push(Latencies::new(endpoint.function, &durations));
    }
    Ok(measured)
}

/// Makes payouts that fail, two for each of `calls`, and one that people have to decide about.
///
/// # Errors
/// When a call fails.
pub(super) async fn fail_payouts(
    host: &Host,
    client: &Client,
    (props, calls): (&mut Props, usize),
) -> Result<(), Fault> {
    for number in 0..2 * calls {
        let load = endpoints::load(props, "F", number);
        timed(client, &endpoints::put_load(&load)).await?;
        client.order_outcome("payelata", "process_failed").await?;
        let (payout, _) = timed(client, &endpoints::create(&load)).await?;
        props
            .failed
            .push(payout["id"].as_str().unwrap_or_default().to_owned());
    }
    // An ordered outcome is the next payment's, whosever it is.
    host.pump.settle().await;
    for number in 0..calls {
        let load = endpoints::load(props, "V", number);
        timed(client, &endpoints::put_load(&load)).await?;
        client
            .order_outcome("payelata", "partially_processed")
            .await?;
        let (payout, _) = timed(client, &endpoints::create(&load)).await?;
        let id = payout["id"].as_str().unwrap_or_default();
        props.reviewed.push(id.to_owned());
    }
    host.pump.settle().await;
    Ok(())
}

/// Makes a card charge to be read.
///
/// # Errors
/// When the call fails.
pub(super) async fn make_charge(client: &Client, props: &mut Props) -> Result<(), Fault> {
    let ask = endpoints::charge(&format!("load-{}-charge", props.run));
    let (charge, _) = timed(client, &ask).await?;
    let id = charge["id"].as_str().ok_or("a charge has an id")?;
    props.charges.push(id.to_owned());
    Ok(())
}

/// Makes keys to be rotated and revoked.
///
/// # Errors
/// When a call fails.
pub(super) async fn make_keys(client: &Client, props: &mut Props) -> Result<(), Fault> {
    for _ in 0..endpoints::KEYS {
        let (key, _) = timed(client, &endpoints::create_key()).await?;
        let id = key["id"].as_str().unwrap_or_default();
        props.keys.push(id.to_owned());
    }
    Ok(())
}

/// Makes batches of one load to be worked on, and some of another key to be approved.
///
/// # Errors
/// When a call fails.
pub(super) async fn make_batches(
    host: &Host,
    client: &Client,
    (props, calls): (&mut Props, usize),
) -> Result<(), Fault> {
    for number in 0..calls {
        timed(
            client,
            &endpoints::put_load(&endpoints::load(props, "A", number)),
        )
        .await?;
    }
    for number in 0..2 * calls {
        let batch = batch_of(client, &endpoints::load(props, "Q", number)).await?;
        props.batches.push(batch);
    }
    let body = json!({"name": "maker", "scopes": ["batches:write", "batches:read", "loads:write"]});
    let key = client.post("/api/v1/keys", &body).await?;
    let other = client.with_key(key["secret"].as_str().unwrap_or_default());
    for number in 0..calls.min(endpoints::FOREIGN) {
        let id = batch_of(&other, &endpoints::load(props, "M", number)).await?;
        let batch = client.get(&format!("/api/v1/batches/{id}")).await?;
        let plan = batch["planHash"].as_str().unwrap_or_default().to_owned();
        props.foreign.push((id, plan));
    }
    host.pump.settle().await;
    Ok(())
}

async fn batch_of(client: &Client, load: &str) -> Result<String, Fault> {
    timed(client, &endpoints::put_load(load)).await?;
    let body = json!({"name": "load", "loadIds": [load]});
    let batch = client.post("/api/v1/batches", &body).await?;
    Ok(batch["id"].as_str().unwrap_or_default().to_owned())
}

/// # Errors
/// When the call fails.
pub(super) async fn import_at_once(
    host: &Host,
    client: &Client,
    props: &Props,
) -> Result<LargeImport, Fault> {
    let rows = app::import_loads::ROWS_MAX;
    let ask = endpoints::import_of(rows, |row| endpoints::load(props, "L", row));
    host.meter.reset();
    let (_, elapsed) = timed(client, &ask).await?;
    let costs = host.meter.costs();
    Ok(LargeImport {
        rows,
        elapsed,
        table_calls: costs.values().map(|cost| cost.calls).sum(),
        write_units: costs
            .values()
            .map(|cost| cost.write_hundredths)
            .sum::<u64>()
            / 100,
    })
}

/// One call, and how long its answer took.
#[expect(
    clippy::disallowed_methods,
    reason = "a load is measured in real time, not on the movable clock"
)]
pub(super) async fn timed(client: &Client, ask: &Ask) -> Result<(Value, Duration), Fault> {
    let started = Instant::now();
    let client = match &ask.key {
        Some(key) => &client.with_request_key(key),
        None => client,
    };
    let answer = client.call(ask.method, &ask.path, ask.body.as_ref()).await;
    let elapsed = started.elapsed();
    let answer = answer.map_err(|fault| format!("{} {}: {fault}", ask.method, ask.path))?;
    Ok((answer, elapsed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_call_that_so_many_did_not_exceed() {
        let calls: Vec<_> = (1..=200).rev().map(Duration::from_micros).collect();
        let latencies = Latencies::new("get-load", &calls);
        assert_eq!(latencies.calls(), 200);
        assert_eq!(
            (latencies.percentile(50), latencies.percentile(99)),
            (100, 198)
        );
        let one = Latencies::new("get-load", &[Duration::from_micros(7)]);
        assert_eq!((one.percentile(50), one.percentile(99)), (7, 7));
        assert_eq!(Latencies::new("get-load", &[]).percentile(99), 0);
    }
}
