//! An operator resumes a provider, whatever stopped it: a pause, refused credentials, a defect, a
//! contradiction, or the breaker. What waited for it goes on within two minutes.

use domain::routing::RouteSwitch;

use crate::{
    call::Call,
    error::Error,
    list_providers::ProviderStanding,
    pause_provider::{TurnProvider, turn},
    port::Store,
    request_key::Answered,
};

/// Resuming an open provider changes nothing.
///
/// # Errors
/// `KeyReused`; `Conflict` when others kept changing the switch; `Unavailable`.
pub async fn run(
    call: &Call,
    store: &impl Store,
    command: TurnProvider<'_>,
) -> Result<Answered<ProviderStanding>, Error> {
    let wish = |switch: &RouteSwitch, _: &str| switch.stopped.is_some().then(|| switch.reopened());
    turn(call, store, ("provider.resume", &wish), command).await
}
