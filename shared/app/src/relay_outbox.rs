//! Sends what was committed but may never have been sent: every outbox entry older than 30 seconds.

use std::time::Duration;

use domain::payout::{Change, Note, Outcome, PayoutStatus};
use tracing::{info, warn};

use crate::{
    call::Call,
    changes::Changes,
    error::Error,
    message::{Dispatch, Message},
    port::{CommitError, Queue, Store},
    record::{Key, OUTBOX_SHARDS, OutboxEntry, Record},
};

/// Younger entries are still on their direct way.
pub const GRACE: Duration = Duration::from_secs(30);
/// Entries of one shard and run; the next run takes the rest.
const LIMIT: u32 = 100;

/// Returns how many entries were sent.
///
/// # Errors
/// `Unavailable` when the store or the queue cannot be reached; the entries stay.
pub async fn run(call: &Call, store: &impl Store, queue: &impl Queue) -> Result<u32, Error> {
    let mut sent = 0;
    let mut failed = None;
    for shard in 0..OUTBOX_SHARDS {
        // One shard that cannot be sent must not keep the others back.
        match relay(call, store, queue, shard).await {
            Ok(relayed) => sent += relayed,
            Err(error) => {
                warn!(shard, cause = ?error, "an outbox shard could not be relayed");
                failed = Some(error);
            }
        }
    }
    if sent > 0 {
        info!(sent, "outbox entries sent again");
    }
    failed.map_or(Ok(sent), Err)
}

async fn relay(
    call: &Call,
    store: &impl Store,
    queue: &impl Queue,
    shard: u8,
) -> Result<u32, Error> {
    let mut sent = 0;
    let until = call.now().minus(GRACE);
    for entry in store.outbox(shard, until, LIMIT).await? {
        queue.send(entry.message.clone(), 0).await?;
        settle(call, store, &entry).await?;
        sent += 1;
    }
    Ok(sent)
}

/// T5 for a straggler: the payout is `queued` now that its message is out. The entry goes with it.
async fn settle(call: &Call, store: &impl Store, entry: &OutboxEntry) -> Result<(), Error> {
    let tx_id = call.tx_id(&entry.id);
    let mut changes = Changes::new("enqueue", tx_id.clone());
    if let Message::Dispatch(dispatch) = &entry.message {
        changes = enqueued(call, store, dispatch, changes).await?;
    }
    let changes = changes.forget(Some(Key::Outbox(entry.id.clone())));
    match store.commit(changes).await {
        Ok(()) => Ok(()),
        // The dispatcher was faster; it removes the entry itself.
        Err(CommitError::Refused(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn enqueued(
    call: &Call,
    store: &impl Store,
    dispatch: &Dispatch,
    changes: Changes,
) -> Result<Changes, Error> {
    let key = Key::Payout(dispatch.tenant.clone(), dispatch.payout.clone());
    let Some(Record::Payout(payout)) = store.fetch(&[key]).await?.into_iter().next().flatten()
    else {
        warn!(payout.id = %dispatch.payout, "an outbox entry names a payout that does not exist");
        return Ok(changes);
    };
    if payout.status != PayoutStatus::Validated || payout.dispatch_seq != dispatch.seq {
        return Ok(changes);
    }
    let tx_id = changes.tx_id.clone();
    let note = Note {
        actor: &call.actor,
        at: call.now(),
        tx_id: &tx_id,
        attempt: None,
        reason: None,
    };
    Ok(match payout.apply(Change::Enqueue, &note)? {
        Outcome::Moved(queued, transition) => changes
            .record(&payout, *transition)
            .replace(Record::Payout(queued), payout.version),
        Outcome::Ignored | Outcome::Contradiction => changes,
    })
}
