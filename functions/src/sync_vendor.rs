//! Queue `vendors`: tells OwlPay about a driver, or asks it about one.

use app::{
    error::Error,
    message::Message,
    port::{Providers, Store, Vault},
    sync_vendor::VendorKeeper,
};
use domain::transition::Actor;
use platform::entry::Backend;

/// What the function works with.
#[derive(Clone)]
pub struct Bench<S, P, V> {
    pub backend: Backend<S>,
    pub providers: P,
    pub vault: V,
}

/// # Errors
/// `Unavailable` when the message should come again.
pub async fn handle<S: Store, P: Providers, V: Vault>(
    bench: Bench<S, P, V>,
    message: Message,
) -> Result<(), Error> {
    let Message::Vendor(task) = message else {
        tracing::error!("a message of another queue arrived");
        return Ok(());
    };
    let call = bench.backend.call(Actor::System("sync-vendor".to_owned()));
    let keeper = VendorKeeper {
        store: bench.backend.store,
        providers: bench.providers,
        vault: bench.vault,
    };
    keeper.run(&call, &task).await
}
