//! Reads what may be shown of a driver's payout method: kind, mask and version.

use domain::{
    driver::Driver,
    ids::{DriverId, TenantId},
};

use crate::{error::Error, get_driver, port::Store};

/// The driver, who has a method.
///
/// # Errors
/// `NotFound` when the tenant has no such driver, or the driver no method; `Unavailable`.
pub async fn run(
    store: &impl Store,
    tenant: &TenantId,
    driver: &DriverId,
) -> Result<Driver, Error> {
    let driver = get_driver::run(store, tenant, driver).await?;
    if driver.method.is_none() {
        return Err(Error::NotFound("payout_method"));
    }
    Ok(driver)
}
