//! Queue `batch`: does what can be done for a batch.

use app::{
    advance_batch::BatchWorker,
    error::Error,
    message::Message,
    port::{Queue, Store},
};
use domain::transition::Actor;
use platform::entry::Backend;

/// What the function works with.
#[derive(Clone)]
pub struct Bench<S, Q> {
    pub backend: Backend<S>,
    pub queue: Q,
}

/// # Errors
/// `Unavailable` when the message should come again.
pub async fn handle<S: Store, Q: Queue>(bench: Bench<S, Q>, message: Message) -> Result<(), Error> {
    let Message::Batch(task) = message else {
        tracing::error!("a message of another queue arrived");
        return Ok(());
    };
    let call = bench
        .backend
        .call(Actor::System("advance-batch".to_owned()));
    let worker = BatchWorker {
        store: bench.backend.store,
        queue: bench.queue,
    };
    worker.run(&call, &task).await
}
