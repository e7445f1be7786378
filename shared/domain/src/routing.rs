//! Which provider may carry a payout, as data with the reason, and the route switch.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    answer::Answer,
    breaker::{Operation, Window, is_unclear},
    driver::MethodKind,
    fee::Rail,
    manifest::{LookUp, Steps, manifest},
    money::{Cents, Currency},
    time::Timestamp,
};

/// The companies that move the money: a closed set, so every `match` on it must be complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    Payelata,
    Owlpay,
    Paywizard,
}

impl Provider {
    pub const ALL: [Self; 3] = [Self::Payelata, Self::Owlpay, Self::Paywizard];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Payelata => "payelata",
            Self::Owlpay => "owlpay",
            Self::Paywizard => "paywizard",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|provider| provider.name() == text)
    }

    /// Whether creating an object at the provider is inert until a second call.
    pub const fn is_two_step(self) -> bool {
        matches!(manifest(self).steps, Steps::Two)
    }

    /// Whether a payment is read again after it was paid: the provider can take it back, and can be asked.
    pub const fn is_reread(self) -> bool {
        matches!(manifest(self).look_up, LookUp::ByReference { .. })
    }
}

/// Version of the routing table below, recorded with every attempt's reason.
pub const ROUTING_VERSION: &str = "2026-11";

/// The routing table: the providers that can serve a method on a rail, best first. OwlPay pays bank accounts
/// of drivers it has approved itself, within days; PayWizard tops up prepaid cards.
pub const fn routes(method: MethodKind, rail: Rail) -> &'static [Provider] {
    match (method, rail) {
        (MethodKind::Card, Rail::Standard | Rail::Instant) => &[Provider::Payelata],
        (MethodKind::BankAccount, Rail::Standard) => &[Provider::Owlpay, Provider::Payelata],
        (MethodKind::BankAccount, Rail::Instant) => &[],
        (MethodKind::PrepaidCard, Rail::Standard | Rail::Instant) => &[Provider::Paywizard],
    }
}

/// What a provider can carry: methods with the rails of each.
pub fn served_by(provider: Provider) -> Vec<(MethodKind, Rail)> {
    let on_rails = |method| Rail::ALL.map(|rail| (method, rail));
    let all = MethodKind::ALL.into_iter().flat_map(on_rails);
    all.filter(|(method, rail)| routes(*method, *rail).contains(&provider))
        .collect()
}

/// The provider of an instant payout's first attempt, before anybody reads the driver's method: nothing is
/// sent until the method says that it can carry it.
pub const FIRST_OF_INSTANT: Provider = Provider::Payelata;

/// What a payout needs of a provider.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    pub method: MethodKind,
    pub rail: Rail,
    pub net: Cents,
    pub currency: Currency,
    /// Providers tried in this run, on this rail.
    pub tried: &'a [Provider],
    /// Whether an instant payout may go by the standard rail when nobody carries it by the instant one.
    pub may_fall_back: bool,
}

/// Why a provider of the table does not carry a payout now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skipped {
    /// One attempt in a run is enough.
    Tried,
    /// This deployment has no account with it.
    NotConfigured,
    /// The provider has not approved the driver.
    DriverNotApproved,
    /// The amount or the currency is outside what it carries.
    OutsideLimits,
    /// Its route is stopped or paused.
    RouteStopped,
}

impl Skipped {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tried => "tried before",
            Self::NotConfigured => "not configured",
            Self::DriverNotApproved => "driver not approved there",
            Self::OutsideLimits => "outside its limits",
            Self::RouteStopped => "route stopped",
        }
    }

    /// Whether waiting may help.
    const fn passes(self) -> bool {
        match self {
            Self::RouteStopped => true,
            Self::Tried | Self::NotConfigured | Self::DriverNotApproved | Self::OutsideLimits => {
                false
            }
        }
    }
}

/// Who carries a payout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// None when nobody can now.
    pub provider: Option<Provider>,
    /// The rail it is carried on.
    pub rail: Rail,
    /// Whether somebody could once a route opens again.
    pub waits: bool,
    /// Who else could carry it, should the chosen one refuse.
    pub left: Vec<Provider>,
    /// Who could carry it on the standard rail, should nobody do so on the instant one.
    pub fallback: Vec<Provider>,
    /// Why, for the timeline: "payelata/card: instant rail, routing 2026-11; owlpay skipped: route stopped".
    pub explanation: String,
}

/// Chooses the first provider of the table that can carry the payout. `obstacle` tells what the table cannot
/// know: whether a provider is configured, has approved the driver, and lets calls through.
///
/// A payout that may fall back goes by the standard rail when nobody carries it by the instant one now, and
/// somebody does by the standard one. What was tried on the instant rail counts on that rail alone.
pub fn choose(wish: Wish<'_>, obstacle: impl Fn(Provider) -> Option<Skipped>) -> Choice {
    let asked = on_rail(wish, &obstacle);
    let may_fall_back = match wish.rail {
        Rail::Instant => wish.may_fall_back,
        Rail::Standard => false,
    };
    if !may_fall_back {
        return asked;
    }
    let standard = Wish {
        rail: Rail::Standard,
        tried: &[],
        ..wish
    };
    let standard = on_rail(standard, &obstacle);
    match (asked.provider, standard.provider) {
        (Some(_), _) => Choice {
            fallback: standard.provider.into_iter().chain(standard.left).collect(),
            ..asked
        },
        (None, Some(_)) => Choice {
            explanation: format!("{}; instead of {}", standard.explanation, asked.explanation),
            ..standard
        },
        (None, None) => Choice {
            waits: asked.waits || standard.waits,
            left: asked.left.into_iter().chain(standard.left).collect(),
            explanation: format!("{}; {}", asked.explanation, standard.explanation),
            ..asked
        },
    }
}

/// The choice among the providers of one rail.
fn on_rail(wish: Wish<'_>, obstacle: impl Fn(Provider) -> Option<Skipped>) -> Choice {
    let fate = |provider: Provider| {
        if wish.tried.contains(&provider) {
            return Some(Skipped::Tried);
        }
        if !manifest(provider).carries(wish.net, wish.currency.code()) {
            return Some(Skipped::OutsideLimits);
        }
        obstacle(provider)
    };
    let fates: Vec<_> = routes(wish.method, wish.rail)
        .iter()
        .map(|provider| (*provider, fate(*provider)))
        .collect();
    let able = |(provider, skipped): &(Provider, Option<Skipped>)| match skipped {
        None => Some(*provider),
        Some(reason) if reason.passes() => Some(*provider),
        Some(_) => None,
    };
    let provider = fates
        .iter()
        .find_map(|(provider, skipped)| skipped.is_none().then_some(*provider));
    let left: Vec<_> = fates
        .iter()
        .filter_map(able)
        .filter(|it| Some(*it) != provider)
        .collect();
    Choice {
        provider,
        rail: wish.rail,
        fallback: Vec::new(),
        waits: provider.is_none() && !left.is_empty(),
        explanation: explanation(wish, provider, &fates),
        left,
    }
}

fn explanation(
    wish: Wish<'_>,
    chosen: Option<Provider>,
    fates: &[(Provider, Option<Skipped>)],
) -> String {
    let skipped = fates.iter().filter_map(|(provider, skipped)| {
        let reason = skipped.as_ref()?.name();
        Some(format!("; {} skipped: {reason}", provider.name()))
    });
    let skipped: String = skipped.collect();
    format!(
        "{}/{}: {} rail, routing {ROUTING_VERSION}{skipped}",
        chosen.map_or("nobody", Provider::name),
        wish.method.name(),
        wish.rail.name(),
    )
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Mode;

    const WISH: Wish<'_> = Wish {
        method: MethodKind::BankAccount,
        rail: Rail::Standard,
        net: Cents::new(44_750),
        currency: Currency::Usd,
        tried: &[],
        may_fall_back: false,
    };

    #[test]
    fn the_first_provider_of_the_table_without_an_obstacle_carries_the_payout() {
        let choice = choose(WISH, |_| None);
        assert_eq!(choice.provider, Some(Provider::Owlpay));
        assert_eq!(choice.left, [Provider::Payelata]);
        assert_eq!(
            choice.explanation,
            "owlpay/bank_account: standard rail, routing 2026-11"
        );
    }

    #[test]
    fn a_skipped_provider_is_named_with_the_reason_and_only_one_that_may_open_again_is_left() {
        for (reason, left) in [
            (Skipped::DriverNotApproved, vec![]),
            (Skipped::NotConfigured, vec![]),
            (Skipped::RouteStopped, vec![Provider::Owlpay]),
        ] {
            let choice = choose(WISH, |it| (it == Provider::Owlpay).then_some(reason));
            assert_eq!(choice.provider, Some(Provider::Payelata));
            assert_eq!(choice.left, left, "{reason:?}");
            assert_eq!(
                choice.explanation,
                format!(
                    "payelata/bank_account: standard rail, routing 2026-11; owlpay skipped: {}",
                    reason.name()
                )
            );
        }
    }

    #[test]
    fn a_provider_that_was_tried_in_this_run_is_not_chosen_again() {
        let both = [Provider::Owlpay, Provider::Payelata];
        let choice = choose(
            Wish {
                tried: &both,
                ..WISH
            },
            |_| None,
        );
        assert_eq!((choice.provider, choice.waits), (None, false));
    }

    #[test]
    fn a_payout_waits_only_when_a_stopped_route_could_carry_it() {
        let stopped = choose(WISH, |_| Some(Skipped::RouteStopped));
        assert_eq!((stopped.provider, stopped.waits), (None, true));
        let unknown = choose(WISH, |_| Some(Skipped::NotConfigured));
        assert_eq!((unknown.provider, unknown.waits), (None, false));
    }

    const CASH_OUT: Wish<'_> = Wish {
        rail: Rail::Instant,
        may_fall_back: true,
        ..WISH
    };

    #[test]
    fn an_instant_payout_goes_by_the_standard_rail_only_when_it_may_and_only_when_it_must() {
        let refused = Wish {
            may_fall_back: false,
            ..CASH_OUT
        };
        let refused = choose(refused, |_| None);
        assert_eq!((refused.provider, refused.waits), (None, false));

        let bank = choose(CASH_OUT, |_| None);
        assert_eq!(
            (bank.provider, bank.rail),
            (Some(Provider::Owlpay), Rail::Standard)
        );
        assert_eq!(
            bank.explanation,
            "owlpay/bank_account: standard rail, routing 2026-11; \
             instead of nobody/bank_account: instant rail, routing 2026-11"
        );

        let method = MethodKind::Card;
        let card = choose(Wish { method, ..CASH_OUT }, |_| None);
        assert_eq!(
            (card.provider, card.rail, card.fallback),
            (
                Some(Provider::Payelata),
                Rail::Instant,
                vec![Provider::Payelata]
            )
        );
    }

    #[test]
    fn what_was_tried_on_the_instant_rail_may_be_tried_on_the_standard_one() {
        let tried = Wish {
            method: MethodKind::Card,
            tried: &[Provider::Payelata],
            ..CASH_OUT
        };
        let choice = choose(tried, |_| None);
        assert_eq!(
            (choice.provider, choice.rail),
            (Some(Provider::Payelata), Rail::Standard)
        );
        assert!(choice.fallback.is_empty(), "there is no third rail");
    }

    #[test]
    fn a_payout_that_may_fall_back_waits_when_both_rails_are_stopped() {
        let choice = choose(CASH_OUT, |_| Some(Skipped::RouteStopped));
        assert_eq!((choice.provider, choice.waits), (None, true));
        assert_eq!(choice.rail, Rail::Instant);
        assert_eq!(choice.left, [Provider::Owlpay, Provider::Payelata]);
    }

    #[test]
    fn an_amount_outside_the_limits_of_a_provider_is_not_given_to_it() {
        let net = Cents::new(100_000_001);
        let choice = choose(Wish { net, ..WISH }, |_| None);
        assert_eq!((choice.provider, choice.waits), (None, false));
        assert!(
            choice
                .explanation
                .contains("payelata skipped: outside its limits")
        );
    }

    #[test]
    fn refused_credentials_are_not_probed_where_a_call_cannot_be_asked_about() {
        let switch = RouteSwitch::open(Provider::Paywizard, Mode::Test)
            .stopped_by(StopReason::Credentials, Timestamp::default());
        assert!(!switch.lets_through(Timestamp::from_millis(i64::MAX)));
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

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);

    fn after(seconds: u64) -> Timestamp {
        NOW.plus(Duration::from_secs(seconds))
    }

    fn open() -> RouteSwitch {
        RouteSwitch::open(Provider::Payelata, Mode::Test)
    }

    fn calls(operation: Operation, (clear, unclear): (u32, u32)) -> Window {
        let clear = (0..clear).map(|_| false);
        clear
            .chain((0..unclear).map(|_| true))
            .fold(Window::EMPTY, |window, it| {
                window.noted((operation, it), NOW)
            })
    }

    #[test]
    fn the_breaker_trips_on_what_several_instances_counted_together() {
        let one = open().counting(&calls(Operation::Create, (5, 5)), NOW);
        assert_eq!((one.state(NOW), one.version), (RouteState::Open, 1));
        let two = one.counting(&calls(Operation::Create, (5, 4)), NOW);
        assert_eq!(two.state(NOW), RouteState::Open, "nineteen calls");
        let three = two.counting(&calls(Operation::Create, (0, 1)), NOW);
        assert_eq!(three.state(NOW), RouteState::Stopped);
        assert!(!three.lets_through(after(29)));
        assert!(three.lets_through(after(30)));
        assert_eq!(three.reopened().calls, Window::EMPTY);
    }

    #[test]
    fn the_breaker_probes_every_thirty_seconds_and_any_clear_answer_opens() {
        let tripped = open().counting(&calls(Operation::Create, (0, 20)), NOW);
        let probing = tripped.probing(after(30));
        assert_eq!(probing.state(after(31)), RouteState::Probing);
        assert!(!probing.lets_through(after(59)), "one probe at a time");
        assert!(probing.lets_through(after(60)));
        let cause = "timeout".to_owned();
        assert!(!probing.is_opened_by(Operation::Create, &Answer::Unclear { cause }));
        let reason = String::new();
        let by = crate::answer::Refusal::Input;
        assert!(probing.is_opened_by(Operation::Create, &Answer::Refused { by, reason }));
        assert!(probing.is_opened_by(Operation::Read, &Answer::Absent));
    }

    #[test]
    fn a_route_that_process_calls_stopped_is_opened_by_one_of_them_only() {
        let tripped = open().counting(&calls(Operation::Process, (0, 20)), NOW);
        let probing = tripped.probing(after(30)).probing(after(60));
        for operation in Operation::ALL {
            let opens = probing.is_opened_by(operation, &Answer::Absent);
            assert_eq!(opens, operation == Operation::Process, "{operation:?}");
        }
        let cause = "timeout".to_owned();
        assert!(!probing.is_opened_by(Operation::Process, &Answer::Unclear { cause }));
        let by_reads = open().counting(&calls(Operation::Read, (0, 20)), NOW);
        assert!(by_reads.is_opened_by(Operation::Create, &Answer::Absent));
    }

    #[test]
    fn a_paused_route_lets_nothing_through_and_no_answer_opens_it() {
        let paused = open().paused("maintenance".to_owned(), NOW);
        let far = after(365 * 24 * 3_600);
        assert_eq!(paused.state(far), RouteState::Paused);
        assert!(!paused.lets_through(far));
        assert!(!paused.is_probing());
        assert!(!paused.is_opened_by(Operation::Process, &Answer::Absent));
        assert_eq!(paused.reopened().state(NOW), RouteState::Open);
    }

    #[test]
    fn a_stop_gives_way_only_to_a_stronger_one() {
        let weaker_first = [
            StopReason::Unclear,
            StopReason::Credentials,
            StopReason::Paused,
            StopReason::Contradiction,
        ];
        for (weak, stop) in weaker_first.into_iter().enumerate() {
            let stopped = match stop {
                StopReason::Paused => open().paused("maintenance".to_owned(), NOW),
                StopReason::Unclear
                | StopReason::Credentials
                | StopReason::IntegrationDefect
                | StopReason::Contradiction => open().stopped_by(stop, NOW),
            };
            for (strong, reason) in weaker_first.into_iter().enumerate() {
                let adds_nothing = stopped.is_stopped_for(reason, NOW);
                assert_eq!(adds_nothing, strong <= weak, "{stop:?}, then {reason:?}");
            }
        }
    }
}
