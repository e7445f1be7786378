//! Does what can be done for a batch: makes payouts of its lines, lets them go, withdraws or retries them, and ends
//! the batch when its last line has ended.
//!
//! Every step reads what is stored and writes with a condition, so a task may come twice, late, or out of order.

mod cancel;
mod expand;
mod release;
mod retry;

use domain::batch::{Batch, BatchEvent, BatchStatus, LineState, ManifestMark};
use tracing::{info, warn};

use crate::{
    batch_task,
    call::Call,
    cancel_payout::refuse_unless_overtaken,
    changes::Changes,
    create_payout::ROUNDS,
    error::Error,
    get_batch::{self, BatchNow},
    message::{BatchStep, BatchTask, Message},
    port::{Queue, Store},
    put_settings,
    record::Record,
    release_batch, send,
};

/// What works on batches.
#[derive(Clone)]
pub struct BatchWorker<S, Q> {
    pub store: S,
    pub queue: Q,
}

impl<S: Store, Q: Queue> BatchWorker<S, Q> {
    /// # Errors
    /// `Unavailable`: the task should come again.
    pub async fn run(&self, call: &Call, task: &BatchTask) -> Result<(), Error> {
        let now = match get_batch::run(&self.store, &task.tenant, &task.batch).await {
            Err(Error::NotFound(_)) => {
                warn!(batch.id = %task.batch, "a task names a batch that does not exist");
                return Ok(());
            }
            read => read?,
        };
        let batch = &now.batch;
        match task.step {
            BatchStep::Advance => return self.advance(call, now).await,
            BatchStep::Expand { manifest } => match batch.mark(manifest) {
                Some(mark) => self.expand(call, batch, mark).await?,
                None => return Ok(()),
            },
            BatchStep::Release { manifest } => match batch.mark(manifest) {
                Some(mark) => self.release_lines(call, batch, mark).await?,
                None => return Ok(()),
            },
            BatchStep::Cancel { manifest } => match batch.mark(manifest) {
                Some(mark) => self.cancel_lines(call, batch, mark).await?,
                None => return Ok(()),
            },
            BatchStep::Retry { manifest, asked_at } => match batch.mark(manifest) {
                Some(mark) => return self.retry_lines(call, batch, (mark, asked_at)).await,
                None => return Ok(()),
            },
        }
        let now = get_batch::run(&self.store, &task.tenant, &task.batch).await?;
        self.advance(call, now).await
    }

    /// Moves the batch as a whole, and sends the tasks of a batch that was left alone for too long.
    async fn advance(&self, call: &Call, now: BatchNow) -> Result<(), Error> {
        let mut now = now;
        for _ in 0..ROUNDS {
            if self.moved_on(call, &now).await? {
                return Ok(());
            }
            let (tenant, id) = (&now.batch.tenant, &now.batch.id);
            now = get_batch::run(&self.store, tenant, id).await?;
        }
        Ok(())
    }

    /// False when somebody else changed the batch meanwhile.
    async fn moved_on(&self, call: &Call, now: &BatchNow) -> Result<bool, Error> {
        let BatchNow { batch, counts } = now;
        let is_due = batch.next_at.is_some_and(|at| at <= call.now());
        match batch.status {
            BatchStatus::Building if counts.lines(LineState::Waiting) == 0 => {
                self.apply(call, batch, BatchEvent::Expanded).await
            }
            BatchStatus::Processing if counts.left == 0 => {
                let paid = counts.ever_paid() > 0;
                self.apply(call, batch, BatchEvent::Finish { paid }).await
            }
            BatchStatus::Canceled if counts.left == 0 && batch.next_at.is_some() => {
                let rested = batch.at_rest();
                self.replace(call, (batch, rested), "rest-batch").await
            }
            BatchStatus::Scheduled if is_due => self.release_in_time(call, batch).await,
            BatchStatus::Building | BatchStatus::Processing | BatchStatus::Canceled if is_due => {
                self.wake(call, now).await
            }
            BatchStatus::Building
            | BatchStatus::Queued
            | BatchStatus::Scheduled
            | BatchStatus::Processing
            | BatchStatus::Completed
            | BatchStatus::Failed
            | BatchStatus::Canceled => Ok(true),
        }
    }

    async fn apply(&self, call: &Call, batch: &Batch, event: BatchEvent) -> Result<bool, Error> {
        let Some(next) = batch.apply(event, call.now())? else {
            return Ok(true);
        };
        let tx_id = call.tx_id(&format!("advance {} {}", batch.id, batch.version));
        let changes = release_batch::moved((batch, &next), ("advance-batch", tx_id));
        let status = next.status.name();
        let done = committed(self.store.commit(changes).await)?;
        if done {
            info!(batch.id = %batch.id, status, "batch {} is {status}", batch.id);
        }
        Ok(done)
    }

    async fn replace(
        &self,
        call: &Call,
        (before, after): (&Batch, Batch),
        label: &'static str,
    ) -> Result<bool, Error> {
        let tx_id = call.tx_id(&format!("{label} {} {}", before.id, before.version));
        let changes =
            Changes::new(label, tx_id).replace(Record::Batch(Box::new(after)), before.version);
        committed(self.store.commit(changes).await)
    }

    /// Its time has come. Where two people are needed and there was one, it waits on.
    async fn release_in_time(&self, call: &Call, batch: &Batch) -> Result<bool, Error> {
        let settings = put_settings::read(&self.store, &batch.tenant).await?;
        if release_batch::require_approval(batch, &settings, call).is_err() {
            warn!(batch.id = %batch.id, "batch {} is due and not approved", batch.id);
            return self
                .replace(call, (batch, batch.woken(call.now())), "wake-batch")
                .await;
        }
        let Some(released) = batch.apply(BatchEvent::Release, call.now())? else {
            return Ok(true);
        };
        let tx_id = call.tx_id(&format!("release {} {}", batch.id, batch.version));
        let (changes, entries) = release_batch::release(call, (batch, &released), tx_id);
        let done = committed(self.store.commit(changes).await)?;
        if done {
            info!(batch.id = %batch.id, "batch {} released itself", batch.id);
            batch_task::send_all(&self.queue, entries).await;
        }
        Ok(done)
    }

    /// Sends every task that may be missing; later each time. Noted before it is sent.
    async fn wake(&self, call: &Call, now: &BatchNow) -> Result<bool, Error> {
        let BatchNow { batch, counts } = now;
        let woken = batch.woken(call.now());
        if !self.replace(call, (batch, woken), "wake-batch").await? {
            return Ok(false);
        }
        let mut tasks = Vec::new();
        if counts.lines(LineState::Waiting) > 0 && batch.status != BatchStatus::Canceled {
            let expand = |manifest| BatchStep::Expand { manifest };
            tasks.extend(batch_task::for_manifests(batch, expand));
        }
        match batch.status {
            BatchStatus::Processing => {
                let release = |manifest| BatchStep::Release { manifest };
                tasks.extend(batch_task::for_manifests(batch, release));
            }
            BatchStatus::Canceled => {
                let cancel = |manifest| BatchStep::Cancel { manifest };
                tasks.extend(batch_task::for_manifests(batch, cancel));
            }
            BatchStatus::Building
            | BatchStatus::Queued
            | BatchStatus::Scheduled
            | BatchStatus::Completed
            | BatchStatus::Failed => {}
        }
        for task in tasks {
            send::now(&self.queue, Message::Batch(task)).await;
        }
        Ok(true)
    }
}

/// Whether a unit was written; not, when somebody else was faster.
fn committed(outcome: Result<(), crate::port::CommitError>) -> Result<bool, Error> {
    match outcome {
        Ok(()) => Ok(true),
        Err(error) => refuse_unless_overtaken(error).map(|()| false),
    }
}

/// The chunks of a manifest with their lines.
fn chunks_of(
    batch: &Batch,
    mark: &ManifestMark,
) -> impl Iterator<Item = (u32, std::ops::Range<u32>)> {
    let size = domain::batch::CHUNK_LINES;
    let (first, end) = (mark.first, mark.first + mark.lines);
    let chunks = batch.first_chunk(mark.number)..;
    chunks
        .zip((first..end).step_by(usize::try_from(size).unwrap_or(1)))
        .map(move |(chunk, from)| (chunk, from..end.min(from + size)))
}
