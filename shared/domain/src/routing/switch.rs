//! Whether calls to a provider may start: stops, probes and pauses.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Provider;
use crate::{
    answer::Answer,
    breaker::{Operation, Window, is_unclear},
    time::Timestamp,
};

/// Whether calls to a provider may start. A stopped route lets one probe through at `probe_at`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteSwitch {
    pub provider: Provider,
    pub mode: crate::ids::Mode,
    pub version: u32,
    pub stopped: Option<Stop>,
    /// What the breaker counted, while some of it is unclear.
    #[serde(default, skip_serializing_if = "Window::is_empty")]
    pub calls: Window,
}

/// Why and since when a route is stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    pub reason: StopReason,
    pub since: Timestamp,
    /// When one call may try again; none when an operator has to look.
    pub probe_at: Option<Timestamp>,
    pub probes: u32,
    /// What the operator said who paused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// An operator paused the provider; only an operator resumes it.
    Paused,
    /// The breaker tripped: too many calls told nothing.
    Unclear,
    /// 401 or 403: the provider refuses our credentials, which also proves that nothing was created.
    Credentials,
    /// 405: we call the provider wrongly; only a new release or an operator helps.
    IntegrationDefect,
    /// The provider paid something we did not have in flight.
    Contradiction,
}

impl StopReason {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Paused => "paused",
            Self::Unclear => "unclear",
            Self::Credentials => "credentials",
            Self::IntegrationDefect => "integration_defect",
            Self::Contradiction => "contradiction",
        }
    }

    /// A stop gives way only to one that is stronger.
    const fn strength(self) -> u8 {
        match self {
            Self::Unclear => 0,
            Self::Credentials => 1,
            // A pause ends by hand as well, but says less of what somebody has to look at.
            Self::Paused => 2,
            Self::IntegrationDefect | Self::Contradiction => 3,
        }
    }
}

impl Stop {
    /// The words of the operator who paused the provider, or the name of the reason.
    pub fn text(&self) -> &str {
        self.note.as_deref().unwrap_or(self.reason.name())
    }
}

/// How a route stands, as operators see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteState {
    Open,
    Paused,
    /// Nothing goes through: before its first probe, or until an operator resumes it.
    Stopped,
    /// One call at a time goes through.
    Probing,
}

impl RouteState {
    pub const ALL: [Self; 4] = [Self::Open, Self::Paused, Self::Stopped, Self::Probing];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Paused => "paused",
            Self::Stopped => "stopped",
            Self::Probing => "probing",
        }
    }
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
            calls: Window::EMPTY,
        }
    }

    /// How the route stands at `now`.
    pub fn state(&self, now: Timestamp) -> RouteState {
        let Some(stop) = &self.stopped else {
            return RouteState::Open;
        };
        match (stop.reason, stop.probe_at) {
            (StopReason::Paused, _) => RouteState::Paused,
            (_, Some(at)) if at <= now || stop.probes > 1 => RouteState::Probing,
            (_, _) => RouteState::Stopped,
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
        if stop.reason.strength() != reason.strength() {
            return stop.reason.strength() > reason.strength();
        }
        // The next probe was put off when this one began; a second refusal must not do it again.
        stop.probe_at.is_none_or(|at| at > now)
    }

    /// Whether the route is stopped in a way that a call that goes through ends.
    pub fn is_probing(&self) -> bool {
        self.stopped
            .as_ref()
            .is_some_and(|stop| stop.probe_at.is_some())
    }

    /// Whether the answer to a call opens the route again. Refused credentials are made good by a create that
    /// shows an object only; after the breaker tripped whatever the provider says will do. When it was process
    /// calls that told nothing, one of them has to be answered: a create that goes well proves nothing of them.
    pub fn is_opened_by(&self, operation: Operation, answer: &Answer) -> bool {
        let Some(stop) = &self.stopped else {
            return false;
        };
        match stop.reason {
            StopReason::Unclear => {
                // What was counted stands still while the route is stopped.
                let tripped = self.calls.count(Operation::Process, stop.since).trips();
                !is_unclear(answer) && (!tripped || operation == Operation::Process)
            }
            StopReason::Credentials => {
                operation == Operation::Create && matches!(answer, Answer::Exists { .. })
            }
            StopReason::Paused | StopReason::IntegrationDefect | StopReason::Contradiction => false,
        }
    }

    /// The switch with what an instance counted. Stops the route when that is too much; a route that is
    /// stopped counts nothing.
    #[must_use]
    pub fn counting(&self, more: &Window, now: Timestamp) -> Self {
        let counted = Self {
            calls: self.calls.plus(more, now),
            ..self.clone()
        };
        if counted.calls.trips(now) {
            return counted.stopped_by(StopReason::Unclear, now);
        }
        Self {
            version: self.version + 1,
            ..counted
        }
    }

    /// The switch after an operator paused the provider, with what they said.
    #[must_use]
    pub fn paused(&self, note: String, now: Timestamp) -> Self {
        let stop = Stop {
            reason: StopReason::Paused,
            since: now,
            probe_at: None,
            probes: 0,
            note: Some(note),
        };
        Self {
            version: self.version + 1,
            stopped: Some(stop),
            ..self.clone()
        }
    }

    /// The switch after a call proved that the route cannot be used. The breaker probes every 30 s; probes of
    /// refused credentials grow from 30 s to 15 min.
    #[must_use]
    pub fn stopped_by(&self, reason: StopReason, now: Timestamp) -> Self {
        let same = self.stopped.as_ref().filter(|stop| stop.reason == reason);
        let probes = same.map_or(0, |stop| stop.probes);
        let delay = FIRST_PROBE
            .saturating_mul(2_u32.saturating_pow(probes.min(10)))
            .min(LAST_PROBE);
        let probe_at = match reason {
            // A call that cannot be asked about is never made to find something out.
            StopReason::Credentials if !self.provider.is_two_step() => None,
            StopReason::Unclear => Some(now.plus(FIRST_PROBE)),
            StopReason::Credentials => Some(now.plus(delay)),
            StopReason::Paused | StopReason::IntegrationDefect | StopReason::Contradiction => None,
        };
        Self {
            version: self.version + 1,
            stopped: Some(Stop {
                reason,
                since: self.stopped.as_ref().map_or(now, |stop| stop.since),
                probe_at,
                probes: probes + 1,
                note: None,
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

    /// The switch after a call went through, or an operator resumed the provider. The breaker counts anew.
    #[must_use]
    pub fn reopened(&self) -> Self {
        Self {
            version: self.version + 1,
            ..Self::open(self.provider, self.mode)
        }
    }
}
