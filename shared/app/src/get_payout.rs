//! Reads one payout, or its whole history.

use domain::{
    ids::{PayoutId, TenantId},
    payout::Payout,
    transition::Transition,
};

use crate::{cancel_payout::read, error::Error, port::Store};

/// # Errors
/// `NotFound` when the tenant has no such payout; `Unavailable`.
pub async fn run(
    store: &impl Store,
    tenant: &TenantId,
    payout: &PayoutId,
) -> Result<Payout, Error> {
    read(store, tenant, payout, None)
        .await
        .map(|(payout, _)| payout)
}

/// The payout and every transition of it, oldest first.
///
/// # Errors
/// `NotFound` when the tenant has no such payout; `Unavailable`.
pub async fn timeline(
    store: &impl Store,
    tenant: &TenantId,
    payout: &PayoutId,
) -> Result<(Payout, Vec<Transition>), Error> {
    let found = run(store, tenant, payout).await?;
    let transitions = store.transitions(tenant, payout).await?;
    Ok((found, transitions))
}
