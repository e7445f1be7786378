//! Reads one card charge.

use domain::{
    charge::Charge,
    ids::{ChargeId, TenantId},
};

use crate::{
    error::Error,
    port::Store,
    record::{Key, Record},
};

/// # Errors
/// `NotFound` when there is none under this id for this tenant; `Unavailable`.
pub async fn run(
    store: &impl Store,
    tenant: &TenantId,
    charge: &ChargeId,
) -> Result<Charge, Error> {
    let (charge, _) = read(store, tenant, charge, None).await?;
    Ok(charge)
}

/// The charge, and the record of a request key in the same round trip.
pub(crate) async fn read(
    store: &impl Store,
    tenant: &TenantId,
    charge: &ChargeId,
    request: Option<Key>,
) -> Result<(Charge, Option<Record>), Error> {
    let mut keys = vec![Key::Charge(tenant.clone(), charge.clone())];
    keys.extend(request);
    let mut found = store.fetch(&keys).await?.into_iter();
    match found.next().flatten() {
        Some(Record::Charge(charge)) => Ok((*charge, found.next().flatten())),
        Some(_) | None => Err(Error::NotFound("card charge")),
    }
}
