//! Reads a batch with how far its lines are.

use domain::{
    batch::{Batch, Counts, TALLIES_MAX},
    ids::{BatchId, TenantId},
};

use crate::{
    batch_task::NOT_FOUND,
    error::Error,
    port::Store,
    record::{Key, Record, Settings},
};

/// A batch and what its tallies count together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchNow {
    pub batch: Batch,
    pub counts: Counts,
}

/// # Errors
/// `NotFound`; `Unavailable`.
pub async fn run(store: &impl Store, tenant: &TenantId, id: &BatchId) -> Result<BatchNow, Error> {
    let mut keys = vec![Key::Batch(tenant.clone(), id.clone())];
    keys.extend((0..TALLIES_MAX).map(|number| Key::Tally(tenant.clone(), id.clone(), number)));
    let mut found = store.fetch(&keys).await?.into_iter().flatten();
    let Some(Record::Batch(batch)) = found.next() else {
        return Err(Error::NotFound(NOT_FOUND));
    };
    let counts: Vec<_> = found
        .filter_map(|record| match record {
            Record::Tally(tally) => Some(tally.counts),
            _ => None,
        })
        .collect();
    Ok(BatchNow {
        batch: *batch,
        counts: Counts::sum(&counts),
    })
}

/// The batch, the tenant's settings, and the record of a request key, in one round trip.
pub(crate) async fn for_change(
    store: &impl Store,
    tenant: &TenantId,
    (id, stored_at): (&BatchId, Option<Key>),
) -> Result<(Batch, Settings, Option<Record>), Error> {
    let mut keys = vec![
        Key::Batch(tenant.clone(), id.clone()),
        Key::Settings(tenant.clone()),
    ];
    keys.extend(stored_at);
    let mut found = store.fetch(&keys).await?.into_iter();
    let Some(Record::Batch(batch)) = found.next().flatten() else {
        return Err(Error::NotFound(NOT_FOUND));
    };
    let settings = match found.next().flatten() {
        Some(Record::Settings(settings)) => *settings,
        Some(_) | None => Settings::of(tenant.clone()),
    };
    Ok((*batch, settings, found.next().flatten()))
}
