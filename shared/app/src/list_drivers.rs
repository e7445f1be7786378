//! Lists drivers of a tenant, newest first: all, or of one status.

use domain::{
    driver::{Driver, DriverStatus},
    ids::TenantId,
};

use crate::{
    changes::Counted,
    error::Error,
    list::{List, Range},
    page::{self, Page, Paging, Parts, Total},
    port::{Lists, Store},
    record::Record,
};

pub struct ListDrivers<'a> {
    pub tenant: &'a TenantId,
    pub status: Option<DriverStatus>,
    pub paging: Paging,
}

/// # Errors
/// `Invalid` when the page lies too deep; `Unavailable`.
pub async fn run<S: Store + Lists>(
    store: &S,
    command: &ListDrivers<'_>,
) -> Result<Page<Driver>, Error> {
    let tenant = command.tenant.clone();
    let counts = store.counts(command.tenant, Counted::Drivers).await?;
    let (list, total) = match command.status {
        Some(status) => {
            let total = counts.get(status.name()).copied().unwrap_or(0);
            (List::DriversOfStatus(tenant, status), total)
        }
        None => (List::Drivers(tenant), counts.values().sum()),
    };
    let parts = Parts {
        lists: vec![list],
        range: Range::default(),
    };
    let page = page::read(store, &parts, (&command.paging, Total::Known(total))).await?;
    let is_meant = |driver: &Driver| command.status.is_none_or(|it| it == driver.status);
    Ok(page.filter_map(|record| match record {
        Record::Driver(driver) if is_meant(&driver) => Some(*driver),
        _ => None,
    }))
}
