//! Everything about every line of a batch, for a report.

use domain::{
    attempt::Attempt,
    batch::Batch,
    ids::{AttemptRef, BatchId, PayoutId, TenantId},
    payout::Payout,
};
use std::collections::BTreeMap;

use crate::{
    batch_lines::{self, Fate, LineNow},
    error::Error,
    get_batch,
    port::Store,
    record::{Key, Record},
    wide_read,
};

/// A batch with its lines, in their order, and the newest attempt of each payout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchReport {
    pub batch: Batch,
    pub lines: Vec<LineNow>,
    pub attempts: BTreeMap<PayoutId, Attempt>,
}

/// # Errors
/// `NotFound`; `Unavailable`.
pub async fn run(
    store: &impl Store,
    tenant: &TenantId,
    id: &BatchId,
) -> Result<BatchReport, Error> {
    let batch = get_batch::run(store, tenant, id).await?.batch;
    let numbers: Vec<_> = batch_lines::numbers(&batch).collect();
    let lines = batch_lines::fates(store, &batch, &numbers).await?;
    let payouts = lines.iter().filter_map(|line| match &line.fate {
        Fate::Payout(payout) => Some(&**payout),
        Fate::Waiting | Fate::Rejected(_) | Fate::Canceled => None,
    });
    let keys: Vec<_> = payouts.filter_map(newest_attempt).collect();
    let mut attempts = BTreeMap::new();
    for record in wide_read::fetch(store, &keys).await?.into_iter().flatten() {
        if let Record::Attempt(attempt) = record {
            attempts.insert(attempt.reference.payout.clone(), *attempt);
        }
    }
    Ok(BatchReport {
        batch,
        lines,
        attempts,
    })
}

/// The attempt that paid, or else the last one.
fn newest_attempt(payout: &Payout) -> Option<Key> {
    let number = payout.settled_attempt.unwrap_or(payout.attempts);
    (number > 0).then(|| {
        let reference = AttemptRef::new(payout.id.clone(), number);
        Key::Attempt(payout.tenant.clone(), reference)
    })
}
