//! Reads one driver.

use domain::{
    driver::Driver,
    ids::{DriverId, TenantId},
};

use crate::{
    error::Error,
    port::Store,
    record::{Key, Record},
};

/// # Errors
/// `NotFound` when the tenant has no such driver; `Unavailable`.
pub async fn run(
    store: &impl Store,
    tenant: &TenantId,
    driver: &DriverId,
) -> Result<Driver, Error> {
    read(store, tenant, driver, None)
        .await
        .map(|(driver, _)| driver)
}

/// The driver and, in the same round trip, the record of a request key.
pub(crate) async fn read(
    store: &impl Store,
    tenant: &TenantId,
    driver: &DriverId,
    stored_at: Option<Key>,
) -> Result<(Driver, Option<Record>), Error> {
    let mut keys = vec![Key::Driver(tenant.clone(), driver.clone())];
    keys.extend(stored_at);
    let mut found = store.fetch(&keys).await?.into_iter();
    match found.next().flatten() {
        Some(Record::Driver(driver)) => Ok((*driver, found.next().flatten())),
        Some(_) | None => Err(Error::NotFound("driver")),
    }
}
