//! Reads one load.

use domain::{
    ids::{LoadId, TenantId},
    load::Load,
};

use crate::{
    error::Error,
    port::Store,
    record::{Key, Record},
};

/// # Errors
/// `NotFound` when the tenant has no such load; `Unavailable`.
pub async fn run(store: &impl Store, tenant: &TenantId, load: &LoadId) -> Result<Load, Error> {
    let key = Key::Load(tenant.clone(), load.clone());
    match store.fetch(&[key]).await?.into_iter().next().flatten() {
        Some(Record::Load(load)) => Ok(*load),
        Some(_) | None => Err(Error::NotFound("load")),
    }
}
