//! Lets a batch go: from here on its payouts are dispatched, and it can no longer be changed.

use domain::{
    batch::{Batch, BatchEvent, PlanHash},
    ids::BatchId,
};
use tracing::info;

use crate::{
    audit_event::{self, Done, changed},
    batch_lines, batch_plan, batch_task,
    call::Call,
    cancel_payout::refuse_unless_overtaken,
    changes::Changes,
    create_batch,
    create_payout::ROUNDS,
    error::Error,
    get_batch,
    message::BatchStep,
    port::{Queue, Store},
    record::{OutboxEntry, Record, Settings},
    request_key::{Answered, Asking},
};

pub struct ReleaseBatch<'a> {
    pub asking: Asking<'a, Batch>,
    pub batch: BatchId,
    /// What the caller takes its version to be.
    pub edition: Option<u32>,
    /// The plan the caller wants to release.
    pub plan: Option<PlanHash>,
}

/// Releasing a released batch answers as the first time.
///
/// # Errors
/// `NotFound`; `Denied` for a canceled batch, another version, or a missing approval; `PlanChanged`;
/// `KeyReused`; `Unavailable`.
pub async fn run(
    call: &Call,
    store: &impl Store,
    queue: &impl Queue,
    command: ReleaseBatch<'_>,
) -> Result<Answered<Batch>, Error> {
    let asking = command.asking;
    for round in 0..ROUNDS {
        let stored_at = asking.stored_at();
        let (batch, settings, stored) =
            get_batch::for_change(store, asking.tenant, (&command.batch, stored_at)).await?;
        if let Some(replayed) = asking.replay(stored.as_ref(), call.now())? {
            return Ok(replayed);
        }
        let Some(released) = batch.apply(BatchEvent::Release, call.now())? else {
            if let Some(replayed) = asking.replay_now(store, call.now()).await? {
                return Ok(replayed);
            }
            let body = (asking.render)(&batch);
            return Ok(Answered::Fresh { it: batch, body });
        };
        if let Some(edition) = command.edition {
            batch.require_edition(edition)?;
        }
        require_approval(&batch, &settings, call)?;
        if command.plan.is_some() {
            let lines = batch_lines::accepted(store, &batch).await?;
            let lines = batch_plan::plan_again(store, &batch, &lines).await?;
            let lines: Vec<_> = lines.iter().map(|(number, line)| (*number, line)).collect();
            batch_plan::require(&lines, command.plan.as_ref())?;
        }
        let body = (asking.render)(&released);
        let tx_id = call.tx_id(&format!("release-batch {round}"));
        let (changes, entries) = release(call, (&batch, &released), tx_id);
        let changes = asking.remember(changes, &body, call.now());
        match store.commit(changes).await {
            Ok(()) => {
                info!(batch.id = %batch.id, actor = %call.actor, "batch {} released", batch.id);
                batch_task::send_all(queue, entries).await;
                return Ok(Answered::Fresh { it: released, body });
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

/// # Errors
/// `Denied` when the tenant wants two people for a release and there was one.
pub(crate) fn require_approval(
    batch: &Batch,
    settings: &Settings,
    call: &Call,
) -> Result<(), Error> {
    match settings.batch_approval {
        true => Ok(batch.require_approval(call.now())?),
        false => Ok(()),
    }
}

/// The unit that releases a batch, and what has to be sent after it.
pub(crate) fn release(
    call: &Call,
    (before, released): (&Batch, &Batch),
    tx_id: String,
) -> (Changes, Vec<OutboxEntry>) {
    let mut tasks = batch_task::for_manifests(before, |manifest| BatchStep::Release { manifest });
    // Where no line is left there is no last one that wakes the batch.
    tasks.push(batch_task::task(before, BatchStep::Advance));
    let entries: Vec<_> = tasks
        .into_iter()
        .map(|task| batch_task::entry(call, task))
        .collect();
    let changes = moved((before, released), ("release-batch", tx_id)).insert(noted(
        call,
        (before, released),
        "batch.release",
    ));
    let changes = entries.iter().fold(changes, |changes, entry| {
        changes.insert(Record::Outbox(Box::new(entry.clone())))
    });
    (changes, entries)
}

/// A batch in another status, counted there.
pub(crate) fn moved(
    (before, after): (&Batch, &Batch),
    (label, tx_id): (&'static str, String),
) -> Changes {
    let (was, is) = (before.status.public(), after.status.public());
    Changes::new(label, tx_id)
        .replace(Record::Batch(Box::new(after.clone())), before.version)
        .count(create_batch::counter(before), was.name(), -1)
        .count(create_batch::counter(before), is.name(), 1)
}

/// What somebody did to a batch as a whole.
pub(crate) fn noted(
    call: &Call,
    (before, after): (&Batch, &Batch),
    action: &'static str,
) -> Record {
    let name = |batch: &Batch| Some(batch.status.name().to_owned());
    let done = Done {
        tenant: &before.tenant,
        action,
        subject: ("batch", before.id.as_str()),
        changes: changed("status", name(before), name(after))
            .into_iter()
            .collect(),
    };
    audit_event::event(call, done)
}
