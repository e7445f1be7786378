//! Queue `check`: asks a provider about one attempt and applies what it says.

use app::{
    breaker::Breaker,
    check_attempt::Checker,
    error::Error,
    message::Message,
    port::{Providers, Queue, Store},
};
use domain::transition::Actor;
use platform::entry::Backend;

/// What the function works with.
#[derive(Clone)]
pub struct Bench<S, Q, P> {
    pub backend: Backend<S>,
    pub queue: Q,
    pub providers: P,
    /// Kept from event to event.
    pub breaker: Breaker,
}

/// # Errors
/// `Unavailable` when the message should come again.
pub async fn handle<S: Store, Q: Queue, P: Providers>(
    bench: Bench<S, Q, P>,
    message: Message,
) -> Result<(), Error> {
    let Message::Check(check) = message else {
        tracing::error!("a message of another queue arrived");
        return Ok(());
    };
    let call = bench
        .backend
        .call(Actor::System("check-attempt".to_owned()));
    let checker = Checker {
        store: bench.backend.store,
        queue: bench.queue,
        providers: bench.providers,
        breaker: bench.breaker,
    };
    checker.run(&call, &check).await
}
