//! Every night: compares yesterday, and what was left incomplete, with what the providers list.

use app::{
    error::Error,
    port::{Lists, Providers, Queue, Store},
    reconcile_day::Reconciler,
    reconcile_ledger,
};
use domain::transition::Actor;
use platform::entry::Backend;

use crate::run_reconciliation::Desk;

/// # Errors
/// `Unavailable` when a day could not be stored; the next night tries again.
pub async fn handle<S: Store + Lists, Q: Queue, P: Providers>(
    backend: Backend<S>,
    desk: Desk<Q, P>,
) -> Result<(), Error> {
    let call = backend.call(Actor::System("reconcile-ledger".to_owned()));
    let reconciler = Reconciler {
        store: backend.store,
        queue: desk.queue,
        providers: desk.providers,
    };
    reconcile_ledger::run(&call, &reconciler).await?;
    Ok(())
}
