//! Says what a batch would do, without doing it.

use domain::{batch::Sums, fee::FeeSchedule, ids::TenantId, money::Cents};

use crate::{
    batch_plan::{self, AskedLine, Plan},
    error::Error,
    port::Store,
};

/// A plan, and what the wallet has for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    pub plan: Plan,
    pub accepted: Sums,
    pub available: Cents,
}

/// # Errors
/// `Denied` when the sum leaves what a wallet can hold; `Unavailable`.
pub async fn run(
    store: &impl Store,
    tenant: &TenantId,
    (lines, fees): (&[AskedLine], &FeeSchedule),
) -> Result<Preview, Error> {
    let plan = batch_plan::plan(store, tenant, (lines, fees)).await?;
    let accepted = plan.accepted()?;
    let available = store.balances(tenant).await?.available;
    Ok(Preview {
        plan,
        accepted,
        available,
    })
}
