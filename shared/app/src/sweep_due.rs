//! Wakes everything whose time has come: payouts no message reached, leases that ran out, attempts to
//! be read again, drivers OwlPay is to be told or asked about. It only sends hints; the item decides.

use domain::{
    attempt::{Attempt, Wake},
    payout::{Payout, PayoutStatus},
};
use tracing::{error, info, warn};

use crate::{
    call::Call,
    changes::Changes,
    error::Error,
    message::{BatchStep, BatchTask, ChargeCard, Check, Dispatch, Message, VendorTask},
    port::{CommitError, DUE_SHARDS, Queue, Store},
    record::{Key, Record},
};

/// Entries of one shard and run; the next run takes the rest.
const LIMIT: u32 = 100;

/// Returns how many hints were sent.
///
/// # Errors
/// `Unavailable` when the store or the queue cannot be reached; the entries stay due.
pub async fn run(call: &Call, store: &impl Store, queue: &impl Queue) -> Result<u32, Error> {
    let mut sent = 0;
    let mut failed = None;
    for shard in 0..DUE_SHARDS {
        // One shard, or one item, that cannot be read must not keep the others asleep.
        match sweep(call, store, queue, shard).await {
            Ok(woken) => sent += woken,
            Err(error) => {
                warn!(shard, cause = ?error, "a due shard could not be swept");
                failed = Some(error);
            }
        }
    }
    if sent > 0 {
        info!(sent, "due payouts, attempts, batches and drivers woken");
    }
    failed.map_or(Ok(sent), Err)
}

async fn sweep(
    call: &Call,
    store: &impl Store,
    queue: &impl Queue,
    shard: u8,
) -> Result<u32, Error> {
    let due = store.due(shard, call.now(), LIMIT).await?;
    let keys: Vec<Key> = due.into_iter().map(|entry| entry.key).collect();
    if keys.is_empty() {
        return Ok(0);
    }
    let records = match store.fetch(&keys).await {
        Ok(records) => records,
        Err(cause) => {
            warn!(%cause, "due items cannot be read together and are read one by one");
            one_by_one(store, &keys).await
        }
    };
    let mut sent = 0;
    for record in records.into_iter().flatten() {
        sent += wake(call, store, queue, record).await?;
    }
    Ok(sent)
}

async fn one_by_one(store: &impl Store, keys: &[Key]) -> Vec<Option<Record>> {
    let mut records = Vec::new();
    for key in keys {
        match store.fetch(std::slice::from_ref(key)).await {
            Ok(found) => records.extend(found),
            Err(cause) => error!(%cause, ?key, "a due item cannot be read"),
        }
    }
    records
}

async fn wake(
    call: &Call,
    store: &impl Store,
    queue: &impl Queue,
    record: Record,
) -> Result<u32, Error> {
    match record {
        Record::Payout(payout) => wake_payout(call, store, queue, &payout).await,
        Record::Attempt(attempt) => {
            let is_due = attempt.next_at.is_some_and(|at| at <= call.now());
            let Some(message) = attempt_message(&attempt).filter(|_| is_due) else {
                return Ok(0);
            };
            queue.send(message, 0).await?;
            Ok(1)
        }
        Record::Batch(batch) if batch.next_at.is_some_and(|at| at <= call.now()) => {
            let task = BatchTask {
                tenant: batch.tenant,
                batch: batch.id,
                step: BatchStep::Advance,
            };
            queue.send(Message::Batch(task), 0).await?;
            Ok(1)
        }
        Record::Driver(driver) if driver.is_vendor_due(call.now()) => {
            let task = VendorTask {
                tenant: driver.tenant,
                driver: driver.id,
            };
            queue.send(Message::Vendor(task), 0).await?;
            Ok(1)
        }
        Record::Charge(charge) if charge.next_at.is_some_and(|at| at <= call.now()) => {
            let task = ChargeCard {
                tenant: charge.tenant,
                charge: charge.id,
            };
            queue.send(Message::Charge(task), 0).await?;
            Ok(1)
        }
        Record::Batch(_)
        | Record::Charge(_)
        | Record::Funding(_)
        | Record::Transition(_)
        | Record::Load(_)
        | Record::Driver(_)
        | Record::Method(_)
        | Record::Deposit(_)
        | Record::Proposal(_)
        | Record::Request(_)
        | Record::AnswerPart(_)
        | Record::ApiKey(_)
        | Record::KeyRing(_)
        | Record::Bucket(_)
        | Record::Switch(_)
        | Record::CardLock(_)
        | Record::Reference(_)
        | Record::Object(_)
        | Record::Inbox(_)
        | Record::Outbox(_)
        | Record::AuditEvent(_)
        | Record::Manifest(_)
        | Record::Chunk(_)
        | Record::Tally(_)
        | Record::Journal(_)
        | Record::BatchFile(_)
        | Record::Settings(_)
        | Record::Reconciliation(_)
        | Record::ReconciliationPart(_)
        | Record::Review(_) => Ok(0),
    }
}

fn attempt_message(attempt: &Attempt) -> Option<Message> {
    Some(match attempt.wake()? {
        Wake::Dispatch => Message::Dispatch(Dispatch {
            tenant: attempt.tenant.clone(),
            payout: attempt.reference.payout.clone(),
            driver: Some(attempt.driver.clone()),
            attempt: attempt.reference.number,
            seq: 0,
            // The first attempt of an instant payout names a provider before anybody chose one.
            provider: attempt.method.map(|_| attempt.provider),
        }),
        Wake::Check => Message::Check(Check {
            tenant: attempt.tenant.clone(),
            reference: attempt.reference.clone(),
            inbox: None,
        }),
    })
}

/// A payout that waits for a dispatch is sent again, and then left alone for longer each time.
async fn wake_payout(
    call: &Call,
    store: &impl Store,
    queue: &impl Queue,
    payout: &Payout,
) -> Result<u32, Error> {
    let waits = matches!(
        payout.status,
        PayoutStatus::Validated | PayoutStatus::Queued
    );
    let is_due = payout.next_at.is_some_and(|at| at <= call.now());
    if !waits || !is_due {
        return Ok(0);
    }
    let message = Message::Dispatch(Dispatch {
        tenant: payout.tenant.clone(),
        payout: payout.id.clone(),
        driver: Some(payout.driver.clone()),
        attempt: payout.attempts.saturating_add(1),
        seq: payout.dispatch_seq,
        provider: None,
    });
    let woken = payout.woken(call.now());
    let tx_id = call.tx_id(&format!("wake {}", payout.id));
    let changes = Changes::new("wake", tx_id)
        .replace(Record::Payout(Box::new(woken)), payout.version)
        .forget(payout.outbox.clone().map(Key::Outbox));
    // Noted before it is sent: afterwards the note could undo what the dispatcher decided meanwhile.
    match store.commit(changes).await {
        Ok(()) => {}
        Err(CommitError::Refused(_)) => return Ok(0),
        Err(error) => return Err(error.into()),
    }
    queue.send(message, 0).await?;
    Ok(1)
}
