//! Which provider may carry a payout, as data with the reason, and the route switch.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{driver::MethodKind, fee::Rail, time::Timestamp};

/// The companies that move the money: a closed set, so every `match` on it must be complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    Payelata,
}

impl Provider {
    pub const ALL: [Self; 1] = [Self::Payelata];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Payelata => "payelata",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "payelata" => Some(Self::Payelata),
            _ => None,
        }
    }

    /// Whether creating an object at the provider is inert until a second call. Only then may an
    /// unclear create be abandoned.
    pub const fn is_two_step(self) -> bool {
        match self {
            Self::Payelata => true,
        }
    }

    /// Whether a payment is read again after it was paid: the provider can take it back, and can be asked.
    pub const fn is_reread(self) -> bool {
        match self {
            Self::Payelata => true,
        }
    }
}

/// Version of the routing table below, recorded with every attempt's reason.
pub const ROUTING_VERSION: &str = "2026-01";

/// The providers that can serve a method on a rail, best first.
pub const fn routes(method: MethodKind, rail: Rail) -> &'static [Provider] {
    match (method, rail) {
        (MethodKind::Card, Rail::Standard | Rail::Instant)
        | (MethodKind::BankAccount, Rail::Standard) => &[Provider::Payelata],
        (MethodKind::BankAccount, Rail::Instant)
        | (MethodKind::PrepaidCard, Rail::Standard | Rail::Instant) => &[],
    }
}

/// The first provider of the route that was not tried in this run. A route already tried since the
/// last create or retry is not "left".
pub fn route_left(method: MethodKind, rail: Rail, tried: &[Provider]) -> Option<Provider> {
    routes(method, rail)
        .iter()
        .copied()
        .find(|provider| !tried.contains(provider))
}

/// Whether calls to a provider may start. A stopped route lets one probe through at `probe_at`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteSwitch {
    pub provider: Provider,
    pub mode: crate::ids::Mode,
    pub version: u32,
    pub stopped: Option<Stop>,
}

/// Why and since when a route is stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    pub reason: StopReason,
    pub since: Timestamp,
    /// When one call may try again; none when an operator has to look.
    pub probe_at: Option<Timestamp>,
    pub probes: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// 401 or 403: the provider refuses our credentials, which also proves that nothing was created.
    Credentials,
    /// 405: we call the provider wrongly; only a new release or an operator helps.
    IntegrationDefect,
    /// The provider paid something we did not have in flight.
    Contradiction,
}

const FIRST_PROBE: Duration = Duration::from_secs(30);
const LAST_PROBE: Duration = Duration::from_secs(15 * 60);

impl RouteSwitch {
    pub const fn open(provider: Provider, mode: crate::ids::Mode) -> Self {
        Self {
            provider,
            mode,
            version: 0,
            stopped: None,
        }
    }

    /// Whether a call may start now: the route is open, or its probe is due.
    pub fn lets_through(&self, now: Timestamp) -> bool {
        match &self.stopped {
            None => true,
            Some(stop) => stop.probe_at.is_some_and(|at| at <= now),
        }
    }

    /// Whether stopping the route for this reason would add nothing: it is stopped already, and for a
    /// reason that is no weaker.
    pub fn is_stopped_for(&self, reason: StopReason, now: Timestamp) -> bool {
        let Some(stop) = &self.stopped else {
            return false;
        };
        match (reason, stop.probe_at) {
            (_, None) => true,
            // The next probe was put off when this one began; a second refusal must not do it again.
            (StopReason::Credentials, Some(at)) => at > now,
            (StopReason::IntegrationDefect | StopReason::Contradiction, Some(_)) => false,
        }
    }

    /// Whether the route is stopped in a way that a call that goes through ends.
    pub fn is_probing(&self) -> bool {
        self.stopped
            .as_ref()
            .is_some_and(|stop| stop.probe_at.is_some())
    }

    /// The switch after a call proved that the route cannot be used. Probes grow from 30 s to 15 min.
    #[must_use]
    pub fn stopped_by(&self, reason: StopReason, now: Timestamp) -> Self {
        let probes = self.stopped.as_ref().map_or(0, |stop| stop.probes);
        let delay = FIRST_PROBE
            .saturating_mul(2_u32.saturating_pow(probes.min(10)))
            .min(LAST_PROBE);
        let probe_at = match reason {
            StopReason::Credentials => Some(now.plus(delay)),
            StopReason::IntegrationDefect | StopReason::Contradiction => None,
        };
        Self {
            version: self.version + 1,
            stopped: Some(Stop {
                reason,
                since: self.stopped.as_ref().map_or(now, |stop| stop.since),
                probe_at,
                probes: probes + 1,
            }),
            ..self.clone()
        }
    }

    /// The switch while one probe is under way: the next may start only after the next gap.
    #[must_use]
    pub fn probing(&self, now: Timestamp) -> Self {
        match &self.stopped {
            Some(stop) => self.stopped_by(stop.reason, now),
            None => self.clone(),
        }
    }

    /// The switch after a call went through.
    #[must_use]
    pub fn reopened(&self) -> Self {
        Self {
            version: self.version + 1,
            stopped: None,
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Mode;

    #[test]
    fn a_route_that_was_tried_is_not_left() {
        assert_eq!(
            route_left(MethodKind::Card, Rail::Instant, &[]),
            Some(Provider::Payelata)
        );
        assert_eq!(
            route_left(MethodKind::Card, Rail::Instant, &[Provider::Payelata]),
            None
        );
    }

    #[test]
    fn a_stopped_route_probes_later_each_time_up_to_a_quarter_of_an_hour() {
        let mut now = Timestamp::from_millis(0);
        let mut switch = RouteSwitch::open(Provider::Payelata, Mode::Test);
        let mut gaps = Vec::new();
        for _ in 0..8 {
            switch = switch.stopped_by(StopReason::Credentials, now);
            let at = switch
                .stopped
                .as_ref()
                .and_then(|stop| stop.probe_at)
                .expect("probes");
            assert!(!switch.lets_through(now));
            assert!(switch.lets_through(at));
            gaps.push(at.since(now).as_secs());
            now = at;
        }
        assert_eq!(gaps, [30, 60, 120, 240, 480, 900, 900, 900]);
        assert!(switch.reopened().lets_through(now));
    }

    #[test]
    fn an_integration_defect_waits_for_an_operator() {
        let switch = RouteSwitch::open(Provider::Payelata, Mode::Live)
            .stopped_by(StopReason::IntegrationDefect, Timestamp::default());
        assert!(!switch.lets_through(Timestamp::from_millis(i64::MAX)));
    }
}
