//! How every provider stands, in the mode of who asks.

use domain::{
    ids::Mode,
    routing::{Provider, RouteSwitch},
    time::Timestamp,
};

use crate::{
    call::Call,
    error::Error,
    port::Store,
    record::{Key, Record},
};

/// How a provider stood at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderStanding {
    pub switch: RouteSwitch,
    pub at: Timestamp,
}

/// # Errors
/// `Unavailable`.
pub async fn run(
    call: &Call,
    store: &impl Store,
    mode: Mode,
) -> Result<Vec<ProviderStanding>, Error> {
    let keys = Provider::ALL.map(|provider| Key::Switch(provider, mode));
    let found = store.fetch(&keys).await?;
    let standings = Provider::ALL.into_iter().zip(found);
    Ok(standings
        .map(|(provider, record)| ProviderStanding {
            switch: switch((provider, mode), record),
            at: call.now(),
        })
        .collect())
}

/// A switch that nobody ever wrote is open.
pub(crate) fn switch((provider, mode): (Provider, Mode), found: Option<Record>) -> RouteSwitch {
    match found {
        Some(Record::Switch(switch)) => *switch,
        Some(_) | None => RouteSwitch::open(provider, mode),
    }
}
