//! Withdraws a batch that was not released: its lines end one chunk after the other, and their money comes back.

use domain::{
    batch::{Batch, BatchEvent},
    ids::BatchId,
};
use tracing::info;

use crate::{
    batch_task,
    call::Call,
    cancel_payout::refuse_unless_overtaken,
    create_payout::ROUNDS,
    error::Error,
    get_batch,
    message::BatchStep,
    port::{Queue, Store},
    record::Record,
    release_batch,
    request_key::{Answered, Asking},
};

pub struct CancelBatch<'a> {
    pub asking: Asking<'a, Batch>,
    pub batch: BatchId,
}

/// Canceling a canceled batch answers as the first time.
///
/// # Errors
/// `NotFound`; `Denied` for a batch that was released; `KeyReused`; `Unavailable`.
pub async fn run(
    call: &Call,
    store: &impl Store,
    queue: &impl Queue,
    command: CancelBatch<'_>,
) -> Result<Answered<Batch>, Error> {
    let asking = command.asking;
    for round in 0..ROUNDS {
        let stored_at = asking.stored_at();
        let (batch, _, stored) =
            get_batch::for_change(store, asking.tenant, (&command.batch, stored_at)).await?;
        if let Some(replayed) = asking.replay(stored.as_ref(), call.now())? {
            return Ok(replayed);
        }
        let Some(canceled) = batch.apply(BatchEvent::Cancel, call.now())? else {
            if let Some(replayed) = asking.replay_now(store, call.now()).await? {
                return Ok(replayed);
            }
            let body = (asking.render)(&batch);
            return Ok(Answered::Fresh { it: batch, body });
        };
        let body = (asking.render)(&canceled);
        let cancel = |manifest| BatchStep::Cancel { manifest };
        let entries: Vec<_> = batch_task::for_manifests(&batch, cancel)
            .into_iter()
            .map(|task| batch_task::entry(call, task))
            .collect();
        let tx_id = call.tx_id(&format!("cancel-batch {round}"));
        let both = (&batch, &canceled);
        let changes = release_batch::moved(both, ("cancel-batch", tx_id))
            .insert(release_batch::noted(call, both, "batch.cancel"));
        let changes = entries.iter().fold(changes, |changes, entry| {
            changes.insert(Record::Outbox(Box::new(entry.clone())))
        });
        match store
            .commit(asking.remember(changes, &body, call.now()))
            .await
        {
            Ok(()) => {
                info!(batch.id = %batch.id, actor = %call.actor, "batch {} canceled", batch.id);
                batch_task::send_all(queue, entries).await;
                return Ok(Answered::Fresh { it: canceled, body });
            }
            Err(error) => {
                if let Some(replayed) = asking.replay_after(&error, call.now())? {
                    return Ok(replayed);
                }
                refuse_unless_overtaken(error)?;
            }
        }
    }
    Err(Error::Conflict(
        "the batch kept changing; read it again".to_owned(),
    ))
}
