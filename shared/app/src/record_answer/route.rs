//! Stopping and opening a route. Not part of any attempt's own unit: what an answer proves of an attempt
//! does not depend on who else stops the route.

use domain::{
    ids::Mode,
    routing::{Provider, RouteSwitch, StopReason},
};
use tracing::{error, warn};

use super::ROUNDS;
use crate::{
    call::Call,
    changes::Changes,
    error::Error,
    list_providers,
    port::{CommitError, Store},
    record::{Key, Record},
};

/// Stops a route. Not part of an attempt's or a charge's own unit: what an answer proves of it must not
/// depend on who else stops the route.
pub(crate) async fn stop_route(
    call: &Call,
    store: &impl Store,
    route: (Provider, Mode),
    reason: StopReason,
) -> Result<(), Error> {
    for round in 0..ROUNDS {
        let switch = read_switch(store, route).await?;
        if switch.is_stopped_for(reason, call.now()) {
            return Ok(());
        }
        error!(provider = switch.provider.name(), ?reason, "route stopped");
        let tx_id = call.tx_id(&format!("stop {round}"));
        let stopped = switch.stopped_by(reason, call.now());
        let changes = write_switch(Changes::new("stop-route", tx_id), &switch, stopped);
        match store.commit(changes).await {
            Ok(()) => return Ok(()),
            Err(CommitError::Refused(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Opens a route whose probe went through, unless somebody else changed the switch since it was read.
pub(crate) async fn reopen_route(call: &Call, store: &impl Store, switch: &RouteSwitch) {
    if !switch.is_probing() {
        return;
    }
    let changes = Changes::new("reopen-route", call.tx_id("reopen"));
    let changes = write_switch(changes, switch, switch.reopened());
    if let Err(cause) = store.commit(changes).await {
        warn!(
            ?cause,
            provider = switch.provider.name(),
            "a route that works stays stopped until its next probe"
        );
    }
}

/// While a stopped route's probe runs, the next one is put off: of several calls that meet the probe's moment
/// one is let through, the unit of the others is refused. The switch as it is then.
pub(crate) fn probing(
    changes: Changes,
    switch: &RouteSwitch,
    call: &Call,
) -> (Changes, RouteSwitch) {
    if switch.stopped.is_none() {
        return (changes, switch.clone());
    }
    let probing = switch.probing(call.now());
    (write_switch(changes, switch, probing.clone()), probing)
}

/// The switch of a route; an open one when nobody ever wrote it.
pub(crate) async fn read_switch(
    store: &impl Store,
    (provider, mode): (Provider, Mode),
) -> Result<RouteSwitch, Error> {
    let found = store.fetch(&[Key::Switch(provider, mode)]).await?;
    let found = found.into_iter().next().flatten();
    Ok(list_providers::switch((provider, mode), found))
}

/// A switch that was never written has version 0 and is inserted; any other is replaced.
pub(crate) fn write_switch(changes: Changes, old: &RouteSwitch, new: RouteSwitch) -> Changes {
    let record = Record::Switch(Box::new(new));
    match old.version {
        0 => changes.insert(record),
        version => changes.replace(record, version),
    }
}
