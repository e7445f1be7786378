//! Counts how calls to the providers end, for the breaker of each route. An instance counts in memory and adds
//! it to the route's switch, at most every 5 s and only while calls end unclear: a route that works costs
//! nothing.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::{
    breaker::{Operation, Window},
    ids::Mode,
    routing::{Provider, RouteSwitch},
    time::Timestamp,
};
use tracing::{error, warn};

use crate::{
    call::Call,
    changes::Changes,
    error::Error,
    port::{CommitError, NotShown, Snapshot, Store},
    record_answer::{read_switch, write_switch},
};

/// How long an instance keeps to itself what it counted.
const FLUSH_EVERY: Duration = Duration::from_secs(5);
/// How often it is added again after somebody else changed the switch meanwhile.
const ROUNDS: u32 = 3;

type Route = (Provider, Mode);

/// What one instance counted. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Breaker {
    routes: Arc<Mutex<BTreeMap<Route, Counted>>>,
}

#[derive(Debug, Default)]
struct Counted {
    /// Not yet in the switch.
    own: Window,
    /// What stood in the switch when it was last seen.
    shared: Window,
    flushed_at: Option<Timestamp>,
}

impl Counted {
    /// Whether what this instance knows has to be told now: it alone trips, or others may have to add theirs.
    fn is_due(&self, now: Timestamp) -> bool {
        let sum = self.shared.plus(&self.own, now);
        if self.own.recent(now).is_empty() || !sum.has_unclear(now) {
            return false;
        }
        let is_time = |at: Timestamp| now.since(at) >= FLUSH_EVERY;
        sum.trips(now) || self.flushed_at.is_none_or(is_time)
    }
}

impl Breaker {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Route, Counted>> {
        self.routes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one call of a route, and whether it ended unclear.
    pub(crate) fn note(
        &self,
        route: Route,
        (operation, unclear): (Operation, bool),
        now: Timestamp,
    ) {
        let mut routes = self.lock();
        let counted = routes.entry(route).or_default();
        counted.own = counted.own.noted((operation, unclear), now);
    }

    /// Counts a look at a card as the read that it is, and hands on what it showed.
    pub(crate) fn note_card(
        &self,
        route: Route,
        shown: Result<Snapshot, NotShown>,
        now: Timestamp,
    ) -> Result<Snapshot, NotShown> {
        let unclear = match shown {
            Ok(_) | Err(NotShown::Answered) => false,
            Err(NotShown::Silent) => true,
            // No call was made.
            Err(NotShown::Unusable(_)) => return shown,
        };
        self.note(route, (Operation::Read, unclear), now);
        shown
    }

    /// What a dispatch read of a route, so that calls that went well are told too while others do not.
    pub(crate) fn saw(&self, switch: &RouteSwitch) {
        let mut routes = self.lock();
        let counted = routes.entry((switch.provider, switch.mode)).or_default();
        counted.shared = switch.calls.clone();
        if switch.stopped.is_some() {
            counted.own = Window::EMPTY;
        }
    }

    /// Adds to the switches what is due. That nobody could be told is no failure of the call: it is kept for
    /// the next time.
    pub(crate) async fn flush(&self, call: &Call, store: &impl Store) {
        for (route, window) in self.take_due(call.now()) {
            match add(call, store, (route, &window)).await {
                Ok(switch) => self.saw(&switch),
                Err(cause) => {
                    warn!(provider = route.0.name(), ?cause, "counted calls are kept");
                    let mut routes = self.lock();
                    let counted = routes.entry(route).or_default();
                    counted.own = counted.own.plus(&window, call.now());
                }
            }
        }
    }

    fn take_due(&self, now: Timestamp) -> Vec<(Route, Window)> {
        let mut routes = self.lock();
        let due = routes.iter_mut().filter(|(_, counted)| counted.is_due(now));
        due.map(|(route, counted)| {
            counted.flushed_at = Some(now);
            (*route, std::mem::take(&mut counted.own))
        })
        .collect()
    }
}

/// Adds a window to a route's switch, which stops the route when that is too much; the switch as it is then.
/// A route that is stopped counts nothing.
async fn add(
    call: &Call,
    store: &impl Store,
    (route, window): (Route, &Window),
) -> Result<RouteSwitch, Error> {
    let mut last = CommitError::Contended;
    for round in 0..ROUNDS {
        let switch = read_switch(store, route).await?;
        if switch.stopped.is_some() {
            return Ok(switch);
        }
        let counted = switch.counting(window, call.now());
        let tx_id = call.tx_id(&format!("count {} {round}", route.0.name()));
        let changes = write_switch(Changes::new("count-calls", tx_id), &switch, counted.clone());
        match store.commit(changes).await {
            Ok(()) => {
                if counted.stopped.is_some() {
                    error!(
                        provider = route.0.name(),
                        "route stopped: calls end unclear"
                    );
                }
                return Ok(counted);
            }
            Err(refused @ CommitError::Refused(_)) => last = refused,
            Err(error) => return Err(error.into()),
        }
    }
    Err(last.into())
}
