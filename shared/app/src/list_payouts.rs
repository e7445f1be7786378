//! Lists payouts of a tenant, newest first: all, of a status, of a driver, of a load, of a time, or of
//! several of these at once.
//!
//! What has an index of its own is read page by page. The payouts of one load are few and stand on the
//! load. The one combination without an index, a driver's payouts of one status, is read whole and
//! limited to [`FILTERED_MAX`].

use std::collections::BTreeMap;

use domain::{
    driver::Driver,
    ids::{DriverId, LoadId, TenantId},
    payout::{Payout, PayoutStatus},
    time::Timestamp,
};

use crate::{
    error::Error,
    list::{List, Place, Range, Span},
    page::{self, Page, Paging, Parts, Total},
    port::{Lists, Store},
    record::{Key, Record},
};

/// How many payouts of a driver are read to find those of one status; more must be narrowed down.
pub const FILTERED_MAX: u32 = 1_000;
/// How many records one read takes.
const FETCH_MAX: usize = 100;

pub struct ListPayouts<'a> {
    pub tenant: &'a TenantId,
    pub status: Option<PayoutStatus>,
    pub driver: Option<DriverId>,
    pub load: Option<LoadId>,
    /// `from <= requested at < to`.
    pub range: Range,
    pub paging: Paging,
    pub now: Timestamp,
}

/// # Errors
/// `Invalid` when the page lies too deep or too many match to be counted; `Unavailable`.
pub async fn run<S: Store + Lists>(
    store: &S,
    command: &ListPayouts<'_>,
) -> Result<Page<Payout>, Error> {
    let tenant = command.tenant.clone();
    if let Some(load) = &command.load {
        return of_load(store, command, Key::Load(tenant, load.clone())).await;
    }
    match (&command.driver, command.status) {
        (Some(driver), Some(_)) => of_driver_and_status(store, command, driver).await,
        (Some(driver), None) => {
            let total = match command.range.is_open() {
                true => made_to(store, command.tenant, driver).await?,
                false => 0,
            };
            of_driver(store, command, (driver, total)).await
        }
        (None, Some(status)) => {
            let counts = store.payout_counts(command.tenant).await?;
            let total = counts.get(&status).copied().unwrap_or(0);
            let lists = months(store, command, (status, total)).await?;
            of_parts(store, command, (lists, known(command, total))).await
        }
        (None, None) => {
            let total = match command.range.is_open() {
                true => Total::Known(store.payout_counts(command.tenant).await?.values().sum()),
                false => Total::Counted,
            };
            of_parts(store, command, (vec![List::Payouts(tenant)], total)).await
        }
    }
}

/// The payouts of one driver in any status. `total` counts when there is no range.
async fn of_driver<S: Store + Lists>(
    store: &S,
    command: &ListPayouts<'_>,
    (driver, total): (&DriverId, u64),
) -> Result<Page<Payout>, Error> {
    let list = List::PayoutsOfDriver(command.tenant.clone(), driver.clone());
    of_parts(store, command, (vec![list], known(command, total))).await
}

/// The payouts of a driver who was read already.
///
/// # Errors
/// As [`run`].
pub(crate) async fn of_known_driver<S: Store + Lists>(
    store: &S,
    command: &ListPayouts<'_>,
    driver: &Driver,
) -> Result<Page<Payout>, Error> {
    match command.status {
        Some(_) => of_driver_and_status(store, command, &driver.id).await,
        None => of_driver(store, command, (&driver.id, made(driver))).await,
    }
}

const fn known(command: &ListPayouts<'_>, total: u64) -> Total {
    if command.range.is_open() {
        Total::Known(total)
    } else {
        Total::Counted
    }
}

async fn of_parts<S: Store + Lists>(
    store: &S,
    command: &ListPayouts<'_>,
    (lists, total): (Vec<List>, Total),
) -> Result<Page<Payout>, Error> {
    let parts = Parts {
        lists,
        range: command.range,
    };
    let page = page::read(store, &parts, (&command.paging, total)).await?;
    Ok(page.filter_map(|record| match record {
        // The index lags: a payout that has left the status since is not shown under it.
        Record::Payout(payout) if is_meant(command, &payout) => Some(*payout),
        _ => None,
    }))
}

fn is_meant(command: &ListPayouts<'_>, payout: &Payout) -> bool {
    let status = command.status.is_none_or(|it| it == payout.status);
    let driver = command
        .driver
        .as_ref()
        .is_none_or(|it| *it == payout.driver);
    status && driver && command.range.holds(payout.requested_at)
}

/// How many payouts were ever made to the driver.
async fn made_to(store: &impl Store, tenant: &TenantId, driver: &DriverId) -> Result<u64, Error> {
    let key = Key::Driver(tenant.clone(), driver.clone());
    let found = store.fetch(&[key]).await?.into_iter().next().flatten();
    Ok(match found {
        Some(Record::Driver(driver)) => made(&driver),
        Some(_) | None => 0,
    })
}

fn made(driver: &Driver) -> u64 {
    u64::try_from(driver.payouts).unwrap_or(0)
}

/// The months a status is kept in, newest first, as far as the range and the tenant's oldest payout go.
async fn months(
    store: &impl Lists,
    command: &ListPayouts<'_>,
    (status, total): (PayoutStatus, u64),
) -> Result<Vec<List>, Error> {
    let tenant = command.tenant;
    if total == 0 {
        return Ok(Vec::new());
    }
    let Some(oldest) = store.oldest(&List::Payouts(tenant.clone())).await? else {
        return Ok(Vec::new());
    };
    let from = command.range.from.map_or(oldest, |from| from.max(oldest));
    let last = command
        .range
        .to
        .map_or(command.now, |to| to.min(command.now));
    let first = from.month();
    let months = std::iter::successors(Some(last.month()), |month| Some(month.previous()));
    Ok(months
        .take_while(|month| *month >= first)
        .map(|month| List::PayoutsOfStatus(tenant.clone(), status, month))
        .collect())
}

async fn of_load(
    store: &impl Store,
    command: &ListPayouts<'_>,
    key: Key,
) -> Result<Page<Payout>, Error> {
    let found = store.fetch(&[key]).await?.into_iter().next().flatten();
    let Some(Record::Load(load)) = found else {
        return page::of_all(Vec::new(), &command.paging);
    };
    let keys = load
        .payouts
        .iter()
        .map(|payout| Key::Payout(command.tenant.clone(), payout.clone()));
    sifted(store, command, keys.collect()).await
}

async fn of_driver_and_status<S: Store + Lists>(
    store: &S,
    command: &ListPayouts<'_>,
    driver: &DriverId,
) -> Result<Page<Payout>, Error> {
    let list = List::PayoutsOfDriver(command.tenant.clone(), driver.clone());
    let span = Span {
        range: command.range,
        after: None,
    };
    let entries = store.entries(&list, &span, FILTERED_MAX + 1).await?;
    if entries.len() > usize::try_from(FILTERED_MAX).unwrap_or(usize::MAX) {
        let message = format!(
            "the driver has more than {FILTERED_MAX} payouts: narrow the range of from and to"
        );
        return Err(Error::invalid("from", &message));
    }
    let keys = entries.into_iter().map(|entry| entry.key);
    sifted(store, command, keys.collect()).await
}

/// Reads all of them, and pages through those that are meant.
async fn sifted(
    store: &impl Store,
    command: &ListPayouts<'_>,
    keys: Vec<Key>,
) -> Result<Page<Payout>, Error> {
    let mut meant = BTreeMap::new();
    for keys in keys.chunks(FETCH_MAX) {
        for record in store.fetch(keys).await?.into_iter().flatten() {
            if let Record::Payout(payout) = record
                && is_meant(command, &payout)
            {
                let place = Place {
                    at: payout.requested_at,
                    id: payout.id.to_string(),
                };
                meant.insert(place, *payout);
            }
        }
    }
    page::of_all(meant.into_iter().rev().collect(), &command.paging)
}
