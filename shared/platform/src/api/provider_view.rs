//! Public JSON shapes of providers.

use app::list_providers::ProviderStanding;
use domain::{
    breaker::{Count, Operation},
    routing::{Stop, served_by},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::vocabulary;

/// The answer of `GET /providers`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Providers)]
pub struct ProvidersView {
    items: Vec<ProviderView>,
}

impl ProvidersView {
    pub fn new(standings: &[ProviderStanding]) -> Self {
        Self {
            items: standings.iter().map(ProviderView::from).collect(),
        }
    }
}

/// How a provider stands in one mode.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ProviderStanding)]
pub struct ProviderView {
    #[schema(value_type = vocabulary::Provider)]
    name: &'static str,
    #[schema(value_type = vocabulary::Mode)]
    mode: &'static str,
    #[schema(value_type = vocabulary::ProviderState)]
    state: &'static str,
    /// The words of who paused it; otherwise `unclear`, `credentials`, `integration_defect` or `contradiction`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String)]
    reason: Option<String>,
    /// Since when it is not open.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::Time)]
    since: Option<String>,
    /// When one payout may try it again. Absent when only an operator opens it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::Time)]
    probe_at: Option<String>,
    /// What it can carry.
    serves: Vec<ServiceView>,
    /// Calls of the last 30 seconds, by operation. Counted only while some of them tell nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    recent_calls: Vec<RecentCallsView>,
}

/// A payout method on a rail.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProviderService)]
pub struct ServiceView {
    #[schema(value_type = vocabulary::MethodKind)]
    method: &'static str,
    #[schema(value_type = vocabulary::Rail)]
    rail: &'static str,
}

/// Calls of one operation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecentCalls)]
pub struct RecentCallsView {
    #[schema(value_type = vocabulary::ProviderOperation)]
    operation: &'static str,
    calls: u32,
    /// Those that were not answered, or not clearly.
    unclear: u32,
}

impl From<&ProviderStanding> for ProviderView {
    fn from(standing: &ProviderStanding) -> Self {
        let ProviderStanding { switch, at } = standing;
        let stop = switch.stopped.as_ref();
        let counts = Operation::ALL.map(|it| (it, switch.calls.count(it, *at)));
        let services = served_by(switch.provider).into_iter();
        Self {
            name: switch.provider.name(),
            mode: switch.mode.name(),
            state: switch.state(*at).name(),
            reason: stop.map(|stop| stop.text().to_owned()),
            since: stop.map(|stop| stop.since.to_string()),
            probe_at: stop.and_then(probe),
            serves: services
                .map(|(method, rail)| ServiceView {
                    method: method.name(),
                    rail: rail.name(),
                })
                .collect(),
            recent_calls: counts
                .into_iter()
                .filter(|(_, count)| count.calls > 0)
                .map(recent)
                .collect(),
        }
    }
}

fn probe(stop: &Stop) -> Option<String> {
    stop.probe_at.map(|at| at.to_string())
}

const fn recent((operation, count): (Operation, Count)) -> RecentCallsView {
    RecentCallsView {
        operation: operation.name(),
        calls: count.calls,
        unclear: count.unclear,
    }
}
