//! Takes a callback about a payee as a doorbell: the driver's next read is pulled forward, and that says all.
//! The callback carries no facts, and one that is lost costs nothing but time.

use domain::{
    driver::Driver,
    ids::{DriverId, Mode, ProviderId, TenantId},
    routing::Provider,
};
use tracing::warn;

use crate::{
    call::Call,
    changes::{Changes, Subject},
    create_payout::ROUNDS,
    error::Error,
    port::{CommitError, Store},
    receive_callback::REMEMBERED,
    record::{Inbox, InboxId, Key, Owner, Record},
};

pub struct ReceiveVendorCallback {
    /// The mode whose secret signed it.
    pub mode: Mode,
    /// OwlPay's id of the vendor.
    pub vendor: ProviderId,
    pub body_sha256: String,
}

/// A callback that comes again, is about no vendor of ours, or about one of whom there is nothing to read,
/// changes nothing.
///
/// # Errors
/// `Unavailable` when the callback could not be noted: the sender must repeat it.
pub async fn run(
    call: &Call,
    store: &impl Store,
    command: ReceiveVendorCallback,
) -> Result<(), Error> {
    let Some((tenant, driver)) = driver_of(store, &command).await? else {
        warn!(vendor = %command.vendor, "a callback is about no vendor of ours");
        return Ok(());
    };
    for round in 0..ROUNDS {
        let Some(before) = read(store, &tenant, &driver).await? else {
            return Ok(());
        };
        let Some(after) = before.rung_by_owlpay(call.now()) else {
            return Ok(());
        };
        let tx_id = call.tx_id(&format!("vendor callback {round}"));
        let changes = Changes::new("vendor-callback", tx_id)
            .insert(Record::Inbox(Box::new(noted(call, &command, &before))))
            .replace(Record::Driver(Box::new(after)), before.version);
        match store.commit(changes).await {
            Ok(()) => return Ok(()),
            Err(error) if error.refused(Subject::Inbox).is_some() => return Ok(()),
            Err(CommitError::Refused(_) | CommitError::Contended) => {}
            Err(error) => return Err(error.into()),
        }
    }
    // Whoever keeps changing the driver reads them too, or makes them due.
    warn!(driver.id = %driver, "the driver kept changing; the callback pulled no read forward");
    Ok(())
}

async fn driver_of(
    store: &impl Store,
    command: &ReceiveVendorCallback,
) -> Result<Option<(TenantId, DriverId)>, Error> {
    let key = Key::Object(Provider::Owlpay, command.mode, command.vendor.clone());
    let found = store.fetch(&[key]).await?.into_iter().next().flatten();
    let Some(Record::Object(link)) = found else {
        return Ok(None);
    };
    Ok(match link.reference {
        Owner::Driver(driver) => Some((link.tenant, driver)),
        Owner::Submission(_) => None,
    })
}

async fn read(
    store: &impl Store,
    tenant: &TenantId,
    driver: &DriverId,
) -> Result<Option<Driver>, Error> {
    let key = Key::Driver(tenant.clone(), driver.clone());
    match store.fetch(&[key]).await?.into_iter().next().flatten() {
        Some(Record::Driver(driver)) => Ok(Some(*driver)),
        Some(_) | None => Ok(None),
    }
}

fn noted(call: &Call, command: &ReceiveVendorCallback, driver: &Driver) -> Inbox {
    let now = call.now();
    Inbox {
        id: InboxId {
            provider: Provider::Owlpay,
            mode: command.mode,
            object: command.vendor.clone(),
            body_sha256: command.body_sha256.clone(),
        },
        version: 1,
        tenant: driver.tenant.clone(),
        reference: Owner::Driver(driver.id.clone()),
        done: true,
        first_seen: now,
        expires_at: now.plus(REMEMBERED),
    }
}
