//! Queue `dispatch` and one queue for each provider: finds out who carries a payout, hands it to its provider, or
//! charges a card.

use app::{
    breaker::Breaker,
    charge_card::Charger,
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
    let call = bench
        .backend
        .call(Actor::System("dispatch-payout".to_owned()));
    match message {
        Message::Dispatch(dispatch) => {
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
        Message::Charge(charge) => {
            let charger = Charger {
                store: bench.backend.store,
                queue: bench.queue,
                providers: bench.providers,
                vault: bench.vault,
                seal: bench.backend.seal,
                breaker: bench.breaker,
            };
            charger.run(&call, &charge).await
        }
        Message::Check(_) | Message::Batch(_) | Message::Vendor(_) => {
            tracing::error!("a message of another queue arrived");
            Ok(())
        }
    }
}
