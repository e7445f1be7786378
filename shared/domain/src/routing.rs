//! Which provider may carry a payout, as data with the reason, and the route switch.

mod switch;

use serde::{Deserialize, Serialize};

pub use self::switch::{RouteState, RouteSwitch, Stop, StopReason};
use crate::{
    driver::MethodKind,
    fee::Rail,
    manifest::{LookUp, Steps, manifest},
    money::{Cents, Currency},
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

#[cfg(test)]
mod tests;
