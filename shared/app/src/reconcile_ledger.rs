//! Once a day: reconciles yesterday for every tenant, and the days of the last week that were not read to
//! their end.

use std::time::Duration;

use domain::{
    day::Day,
    ids::{Mode, TenantId},
};
use tracing::warn;

use crate::{
    call::Call,
    error::Error,
    list::{List, Span},
    port::{Lists, Providers, Queue, Store},
    reconcile_day::{self, Reconciler, Wanted},
    record::{Key, Record},
    request_key::Asking,
    wide_read,
};

/// How many past days are looked at.
const DAYS: u32 = 7;
/// Reading the lists of one tenant and day.
const BUDGET: Duration = Duration::from_secs(120);
/// No further day is begun after this; the next run goes on.
const SPAN: Duration = Duration::from_secs(12 * 60);
/// Tenants that are read at once.
const PAGE: u32 = 100;

/// Returns how many days were reconciled.
///
/// # Errors
/// `Unavailable` when the table cannot be reached, or a tenant's day could not be stored; the others were.
pub async fn run<S: Store + Lists, Q: Queue, P: Providers>(
    call: &Call,
    reconciler: &Reconciler<S, Q, P>,
) -> Result<u32, Error> {
    let until = call.now().plus(SPAN);
    let mut done = 0;
    let mut failed = None;
    for mode in [Mode::Test, Mode::Live] {
        for tenant in tenants(&reconciler.store, mode).await? {
            for day in open_days(&reconciler.store, &tenant, Day::of(call.now())).await? {
                if call.now() >= until {
                    warn!("not every day could be reconciled in time");
                    return Ok(done);
                }
                let asking = Asking {
                    tenant: &tenant,
                    key: None,
                    render: &|_| String::new(),
                };
                let wanted = Wanted {
                    day,
                    budget: BUDGET,
                };
                // One tenant's trouble must not keep the others unreconciled.
                match reconciler.run(call, &asking, wanted).await {
                    Ok(_) => done += 1,
                    Err(error) => {
                        warn!(%tenant, %day, cause = ?error, "a day could not be reconciled");
                        failed = Some(error);
                    }
                }
            }
        }
    }
    failed.map_or(Ok(done), Err)
}

async fn tenants<S: Store + Lists>(store: &S, mode: Mode) -> Result<Vec<TenantId>, Error> {
    let mut span = Span::default();
    let mut tenants = Vec::new();
    loop {
        let page = store.entries(&List::Tenants(mode), &span, PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(tenants);
        };
        span.after = Some(last.place.clone());
        tenants.extend(page.into_iter().filter_map(|entry| match entry.key {
            Key::KeyRing(tenant) => Some(tenant),
            _ => None,
        }));
    }
}

/// Past days without a complete comparison, the oldest first.
async fn open_days(store: &impl Store, tenant: &TenantId, today: Day) -> Result<Vec<Day>, Error> {
    let days: Vec<_> = (1..=DAYS).rev().map(|ago| today.back(ago)).collect();
    let key = |day: &Day| Key::Reconciliation(tenant.clone(), *day);
    let keys: Vec<_> = days.iter().map(key).collect();
    let found = wide_read::fetch(store, &keys).await?;
    let is_open = |record: &Option<Record>| match record {
        Some(Record::Reconciliation(head)) => !is_done(head),
        Some(_) | None => true,
    };
    let days = days.into_iter().zip(found);
    Ok(days
        .filter(|(_, record)| is_open(record))
        .map(|(day, _)| day)
        .collect())
}

/// Complete, and not compared before the day was over.
fn is_done(head: &crate::record::Reconciliation) -> bool {
    let after =
        |run: &crate::record::Comparison| run.at >= head.day.end().plus(reconcile_day::MARGIN);
    head.is_complete() && head.run.as_ref().is_some_and(after)
}
