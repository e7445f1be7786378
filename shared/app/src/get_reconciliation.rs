//! The reconciliation of one day with everything that differs.

use domain::{day::Day, ids::TenantId};

use crate::{
    create_payout::ROUNDS,
    error::Error,
    port::Store,
    reconcile_day::{self, Reconciled},
};

/// # Errors
/// `NotFound` when the day was never reconciled; `Unavailable`.
pub async fn run(store: &impl Store, tenant: &TenantId, day: Day) -> Result<Reconciled, Error> {
    let mut missing = Error::NotFound("reconciliation");
    for _ in 0..ROUNDS {
        let head = reconcile_day::head(store, tenant, day).await?;
        if head.version == 0 {
            return Err(Error::NotFound("reconciliation"));
        }
        let set = head.run.as_ref().map(|run| run.set).unwrap_or_default();
        match reconcile_day::differences(store, &head, set).await {
            Ok(differences) => return Ok(Reconciled { head, differences }),
            // Replaced by a newer comparison between the two reads.
            Err(error) => missing = error,
        }
    }
    Err(missing)
}
