//! Makes a driver inactive. Nothing is removed: payouts and the books name the driver for ever.

use domain::{
    driver::{Driver, Revision, WantedStatus},
    ids::DriverId,
};

use crate::{
    call::Call,
    error::Error,
    port::Store,
    request_key::{Answered, Asking},
    update_driver::{self, UpdateDriver},
};

/// The driver as it is now. Deleting a driver who is inactive answers the same again.
///
/// # Errors
/// `NotFound`; `Denied` while a payout of the driver is under way; `Conflict` when the driver kept
/// changing; `Unavailable`.
pub async fn run(
    call: &Call,
    store: &impl Store,
    asking: Asking<'_, Driver>,
    driver: DriverId,
) -> Result<Answered<Driver>, Error> {
    let command = UpdateDriver {
        asking,
        driver,
        revision: Revision {
            status: Some(WantedStatus::Inactive),
            ..Revision::default()
        },
    };
    update_driver::revise(call, store, ("driver.delete", command)).await
}
