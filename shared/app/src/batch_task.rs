//! Messages about batches on their way: in the outbox with what caused them, then sent.

use domain::batch::Batch;

use crate::{
    call::Call,
    message::{BatchStep, BatchTask, Message},
    port::Queue,
    record::OutboxEntry,
    send,
};

/// The outbox entry of a task.
pub(crate) fn entry(call: &Call, task: BatchTask) -> OutboxEntry {
    let unit = format!("{} {:?}", task.batch, task.step);
    entry_of(call, task, &unit)
}

/// The outbox entry of a task that `unit` of the invocation has.
pub(crate) fn entry_of(call: &Call, task: BatchTask, unit: &str) -> OutboxEntry {
    let entropy = call.entropy.of(&format!("outbox {unit}"));
    OutboxEntry::new(Message::Batch(task), call.now(), entropy)
}

/// One task for each manifest.
pub(crate) fn for_manifests(batch: &Batch, step: impl Fn(u32) -> BatchStep) -> Vec<BatchTask> {
    let manifests = batch.manifests.iter();
    manifests
        .map(|mark| task(batch, step(mark.number)))
        .collect()
}

pub(crate) fn task(batch: &Batch, step: BatchStep) -> BatchTask {
    BatchTask {
        tenant: batch.tenant.clone(),
        batch: batch.id.clone(),
        step,
    }
}

/// Sends what stands in the outbox.
pub(crate) async fn send_all(queue: &impl Queue, entries: Vec<OutboxEntry>) {
    for entry in entries {
        send::now(queue, entry.message).await;
    }
}

/// The name of a batch that is not there.
pub(crate) const NOT_FOUND: &str = "batch";
