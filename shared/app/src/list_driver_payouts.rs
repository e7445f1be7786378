//! Lists the payouts of one driver, newest first.

use domain::{ids::DriverId, payout::Payout};

use crate::{
    error::Error,
    get_driver,
    list_payouts::{self, ListPayouts},
    page::Page,
    port::{Lists, Store},
};

/// `command` names no driver of its own.
///
/// # Errors
/// `NotFound` when the tenant has no such driver; otherwise as [`list_payouts::run`].
pub async fn run<S: Store + Lists>(
    store: &S,
    command: &ListPayouts<'_>,
    driver: &DriverId,
) -> Result<Page<Payout>, Error> {
    let driver = get_driver::run(store, command.tenant, driver).await?;
    list_payouts::of_known_driver(store, command, &driver).await
}
