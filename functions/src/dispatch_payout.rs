//! Queue `dispatch`: hands a payout to its provider.

use app::{
    breaker::Breaker,
    dispatch_payout::Dispatcher,
    error::Error,
    message::Message,
    port::{Providers, Queue, Store, Vault},
};
use domain::transition::Actor;
use platform::entry::Backend;

/// What the function works with.
#[derive(Clone)]
pub struct Bench<S, Q, P, V> {
    pub backend: Backend<S>,
    pub queue: Q,
    pub providers: P,
    pub vault: V,
    /// Kept from event to event.
    pub breaker: Breaker,
}

/// # Errors
/// `Unavailable` when the message should come again.
pub async fn handle<S: Store, Q: Queue, P: Providers, V: Vault>(
    bench: Bench<S, Q, P, V>,
    message: Message,
) -> Result<(), Error> {
    let Message::Dispatch(dispatch) = message else {
        tracing::error!("a message of another queue arrived");
        return Ok(());
    };
    let call = bench
        .backend
        .call(Actor::System("dispatch-payout".to_owned()));
    let dispatcher = Dispatcher {
        store: bench.backend.store,
        queue: bench.queue,
        providers: bench.providers,
        vault: bench.vault,
        seal: bench.backend.seal,
        breaker: bench.breaker,
    };
    dispatcher.run(&call, &dispatch).await
}
