//! Asks for another run of every failed payout of a batch. What a provider may still pay is never touched, and the
//! answer says how much that is.

use std::collections::BTreeSet;

use domain::{
    batch::{Batch, BatchStatus},
    denied::Denied,
    ids::{BatchId, PayoutId},
    payout::{PayoutStatus, Progress},
};

use crate::{
    audit_event::{self, Done, changed},
    batch_lines::{self, Fate},
    batch_task,
    call::Call,
    changes::Changes,
    error::Error,
    get_batch,
    message::BatchStep,
    port::{Queue, Store},
    record::Record,
    request_key::{Answered, Asking},
};

pub struct RetryBatch<'a> {
    pub asking: Asking<'a, BatchRetry>,
    pub batch: BatchId,
}

/// What is retried of a batch, and what is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchRetry {
    pub batch: Batch,
    /// Failed payouts that get another run, as far as their drivers and the wallet allow it.
    pub retrying: u32,
    /// Payouts under way whose outcome nobody knows yet: they may still be paid.
    pub outcome_unknown: u32,
    /// Payouts that wait for an operator's decision.
    pub in_review: u32,
    /// All other payouts that are not final.
    pub open: u32,
    /// Payouts that a provider's news holds until two owners have decided, with their lines.
    pub held: Vec<HeldLine>,
}

/// A line that is skipped because people decide about it first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldLine {
    pub line: u32,
    pub payout: PayoutId,
}

/// # Errors
/// `NotFound`; `Denied` for a batch that was not released or is canceled; `KeyReused`; `Unavailable`.
pub async fn run(
    call: &Call,
    store: &impl Store,
    queue: &impl Queue,
    command: RetryBatch<'_>,
) -> Result<Answered<BatchRetry>, Error> {
    let asking = command.asking;
    let stored_at = asking.stored_at();
    let (batch, _, stored) =
        get_batch::for_change(store, asking.tenant, (&command.batch, stored_at)).await?;
    if let Some(replayed) = asking.replay(stored.as_ref(), call.now())? {
        return Ok(replayed);
    }
    match batch.status {
        BatchStatus::Processing | BatchStatus::Completed | BatchStatus::Failed => {}
        BatchStatus::Building
        | BatchStatus::Queued
        | BatchStatus::Scheduled
        | BatchStatus::Canceled => return Err(Denied::BatchState(batch.status).into()),
    }
    let numbers: Vec<_> = batch_lines::numbers(&batch).collect();
    let mut manifests = BTreeSet::new();
    let mut retry = BatchRetry {
        batch,
        retrying: 0,
        outcome_unknown: 0,
        in_review: 0,
        open: 0,
        held: Vec::new(),
    };
    for line in batch_lines::fates(store, &retry.batch, &numbers).await? {
        let Fate::Payout(payout) = line.fate else {
            continue;
        };
        if payout.is_held() {
            retry.held.push(HeldLine {
                line: line.number,
                payout: payout.id.clone(),
            });
            continue;
        }
        match (payout.status, payout.progress) {
            (PayoutStatus::Failed, _) => {
                retry.retrying += 1;
                let mark = retry.batch.manifests.iter();
                let mark = mark.rev().find(|mark| mark.first <= line.number);
                manifests.extend(mark.map(|mark| mark.number));
            }
            (_, Some(Progress::OutcomeUnknown)) => retry.outcome_unknown += 1,
            (_, Some(Progress::InReview)) => retry.in_review += 1,
            (status, _) if status.is_pending() => retry.open += 1,
            _ => {}
        }
    }
    let asked_at = call.now();
    let entries: Vec<_> = manifests
        .into_iter()
        .map(|manifest| BatchStep::Retry { manifest, asked_at })
        .map(|step| batch_task::entry(call, batch_task::task(&retry.batch, step)))
        .collect();
    let body = (asking.render)(&retry);
    let done = Done {
        tenant: asking.tenant,
        action: "batch.retry_failed",
        subject: ("batch", retry.batch.id.as_str()),
        changes: changed("retrying", None, Some(retry.retrying.to_string()))
            .into_iter()
            .collect(),
    };
    let changes = Changes::new("retry-batch", call.tx_id("retry-batch"))
        .insert(audit_event::event(call, done));
    let changes = entries.iter().fold(changes, |changes, entry| {
        changes.insert(Record::Outbox(Box::new(entry.clone())))
    });
    match store
        .commit(asking.remember(changes, &body, call.now()))
        .await
    {
        Ok(()) => {
            batch_task::send_all(queue, entries).await;
            Ok(Answered::Fresh { it: retry, body })
        }
        Err(error) => match asking.replay_after(&error, call.now())? {
            Some(replayed) => Ok(replayed),
            None => Err(error.into()),
        },
    }
}
