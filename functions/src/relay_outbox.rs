//! Every minute: sends again what was committed but may never have been sent.

use app::{
    error::Error,
    port::{Queue, Store},
    relay_outbox,
};
use domain::transition::Actor;
use platform::entry::Backend;

/// # Errors
/// `Unavailable` when the store or the queue cannot be reached; the next tick tries again.
pub async fn handle<S: Store, Q: Queue>(backend: Backend<S>, queue: Q) -> Result<(), Error> {
    let call = backend.call(Actor::System("relay-outbox".to_owned()));
    relay_outbox::run(&call, &backend.store, &queue).await?;
    Ok(())
}
