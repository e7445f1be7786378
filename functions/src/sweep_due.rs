//! Every minute: wakes everything whose time has come.

use app::{
    error::Error,
    port::{Queue, Store},
    sweep_due,
};
use domain::transition::Actor;
use platform::entry::Backend;

/// # Errors
/// `Unavailable` when the store or the queue cannot be reached; the next tick tries again.
pub async fn handle<S: Store, Q: Queue>(backend: Backend<S>, queue: Q) -> Result<(), Error> {
    let call = backend.call(Actor::System("sweep-due".to_owned()));
    sweep_due::run(&call, &backend.store, &queue).await?;
    Ok(())
}
