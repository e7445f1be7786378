//! What the store keeps of the reconciliation of one day.

use std::collections::BTreeMap;

use domain::{
    day::Day,
    ids::TenantId,
    reconciliation::{Difference, SettledRow},
    routing::Provider,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// The reconciliation of a tenant's day: its newest comparison, and the settlements it is held against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciliation {
    pub tenant: TenantId,
    pub day: Day,
    pub version: u32,
    /// None while only settlements were imported.
    pub run: Option<Comparison>,
    /// What each provider says it settled.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settlements: BTreeMap<Provider, Settlement>,
}

/// One comparison with the providers' lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    #[serde(rename = "n")]
    pub set: PartSet,
    pub at: Timestamp,
    #[serde(rename = "l")]
    pub lists: Vec<ProviderList>,
    /// Whether something was left out because there was too much of it.
    #[serde(rename = "c")]
    pub cut: bool,
}

/// How far the list of one provider was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderList {
    #[serde(rename = "v")]
    pub provider: Provider,
    /// Objects of the day, of all tenants.
    #[serde(rename = "o")]
    pub objects: u32,
    #[serde(rename = "e")]
    pub ending: ListEnding,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListEnding {
    /// Read to its end.
    Complete,
    /// The provider has no list.
    CannotList,
    /// Broken off, and why, as a stable word.
    BrokenOff(String),
}

/// The imported settlement of one provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    #[serde(rename = "n")]
    pub set: PartSet,
    pub at: Timestamp,
}

/// Where the rows of one comparison or settlement stand: in how many parts, under which number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartSet {
    /// The version of the reconciliation they were written with.
    #[serde(rename = "n")]
    pub number: u32,
    #[serde(rename = "r")]
    pub rows: u32,
    #[serde(rename = "p")]
    pub parts: u32,
}

/// Up to 500 rows. Written once, with the reconciliation that counts them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReconciliationPart {
    pub tenant: TenantId,
    pub day: Day,
    /// The number of its set, and its own from 1.
    pub set: u32,
    pub number: u32,
    pub rows: PartRows,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PartRows {
    #[serde(rename = "d")]
    Differences(Vec<Difference>),
    #[serde(rename = "s")]
    Settled(Vec<SettledRow>),
}

impl Reconciliation {
    /// Nothing was compared yet.
    pub const fn empty(tenant: TenantId, day: Day) -> Self {
        Self {
            tenant,
            day,
            version: 0,
            run: None,
            settlements: BTreeMap::new(),
        }
    }

    /// Whether every list was read to its end and nothing was left out.
    pub fn is_complete(&self) -> bool {
        self.run.as_ref().is_some_and(|run| {
            !run.cut
                && run.lists.iter().all(|list| match list.ending {
                    ListEnding::Complete | ListEnding::CannotList => true,
                    ListEnding::BrokenOff(_) => false,
                })
        })
    }
}
