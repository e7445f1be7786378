//! Public JSON shapes. Members, order and types are those of seed 000 where it prints them; members
//! of our own are listed in docs/api.md.

use domain::{
    driver::Driver,
    fee::Rail,
    load::Load,
    payout::{Payout, Progress},
};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::vocabulary;

mod charge;
mod wallet;

pub use charge::{CardChargeView, DecisionView, EvidenceView};
pub use wallet::{BalanceView, DepositView, HealthView};

/// A payout as `POST /payouts` and `GET /payouts/{id}` show it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Payout)]
pub struct PayoutView<'a> {
    #[schema(value_type = vocabulary::PayoutId)]
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::LoadId)]
    load_id: Option<&'a str>,
    #[schema(value_type = vocabulary::DriverId)]
    driver_id: &'a str,
    /// The name the driver was registered under.
    driver_name: &'a str,
    /// Gross, minor units.
    #[schema(value_type = vocabulary::Amount)]
    amount: i64,
    #[schema(value_type = vocabulary::Fee)]
    fee: i64,
    /// What the driver receives: the amount less the fee.
    #[schema(value_type = vocabulary::Amount)]
    net_amount: i64,
    #[schema(value_type = vocabulary::PayoutStatus)]
    status: &'a str,
    /// `outcome_unknown` or `in_review` while the status stays `processing`; `contradicted` while people have to
    /// decide about a provider's news; `partly_returned`; the reason of a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String)]
    status_reason: Option<&'a str>,
    #[schema(value_type = vocabulary::Rail)]
    rail: &'a str,
    /// Shown for payouts without a load.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String)]
    description: Option<&'a str>,
    #[schema(value_type = vocabulary::Time)]
    requested_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::Time)]
    completed_at: Option<String>,
}

impl<'a> From<&'a Payout> for PayoutView<'a> {
    fn from(payout: &'a Payout) -> Self {
        Self {
            id: payout.id.as_str(),
            load_id: payout.load.as_ref().map(|load| load.as_str()),
            driver_id: payout.driver.as_str(),
            driver_name: &payout.driver_name,
            amount: payout.amount.get(),
            fee: payout.quote.fee.get(),
            net_amount: payout.net().get(),
            status: payout.status.name(),
            status_reason: status_reason(payout),
            rail: payout.rail.name(),
            description: payout
                .description
                .as_deref()
                .filter(|_| payout.load.is_none()),
            requested_at: payout.requested_at.to_string(),
            completed_at: payout.completed_at.map(|at| at.to_string()),
        }
    }
}

/// What the public may know beyond the status: why it waits, or why it ended.
pub(crate) fn status_reason(payout: &Payout) -> Option<&str> {
    if let Some(reason) = payout.hold_reason() {
        return Some(reason);
    }
    match payout.progress {
        Some(progress @ (Progress::OutcomeUnknown | Progress::InReview)) => Some(progress.name()),
        Some(Progress::Preparing | Progress::Submitted) => None,
        None => payout.reason.as_deref(),
    }
}

/// An instant payout as `POST /payouts/instant` answers it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = InstantPayout)]
pub struct InstantPayoutView<'a> {
    #[schema(value_type = vocabulary::PayoutId)]
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::LoadId)]
    load_id: Option<&'a str>,
    #[schema(value_type = vocabulary::DriverId)]
    driver_id: &'a str,
    #[schema(value_type = vocabulary::Amount)]
    amount: i64,
    #[schema(value_type = vocabulary::Fee)]
    fee: i64,
    /// What the driver receives: the amount less the fee.
    #[schema(value_type = vocabulary::Amount)]
    net_amount: i64,
    #[schema(value_type = vocabulary::PayoutStatus)]
    status: &'a str,
    #[schema(value_type = vocabulary::Rail)]
    rail: &'a str,
    #[schema(value_type = vocabulary::Time)]
    requested_at: String,
    /// When the driver should have the money, in words.
    estimated_settlement: &'static str,
}

impl<'a> From<&'a Payout> for InstantPayoutView<'a> {
    fn from(payout: &'a Payout) -> Self {
        Self {
            id: payout.id.as_str(),
            load_id: payout.load.as_ref().map(|load| load.as_str()),
            driver_id: payout.driver.as_str(),
            amount: payout.amount.get(),
            fee: payout.quote.fee.get(),
            net_amount: payout.net().get(),
            status: payout.status.name(),
            rail: payout.rail.name(),
            requested_at: payout.requested_at.to_string(),
            estimated_settlement: match payout.rail {
                Rail::Instant => "~30 seconds",
                Rail::Standard => "~2 days",
            },
        }
    }
}

/// The answer of `POST /payouts/{id}/cancel`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CanceledPayout)]
pub struct CanceledView<'a> {
    #[schema(value_type = vocabulary::PayoutId)]
    id: &'a str,
    #[schema(value_type = vocabulary::PayoutStatus)]
    status: &'a str,
    #[schema(value_type = vocabulary::Time)]
    canceled_at: String,
}

impl<'a> From<&'a Payout> for CanceledView<'a> {
    fn from(payout: &'a Payout) -> Self {
        Self {
            id: payout.id.as_str(),
            status: payout.status.name(),
            canceled_at: payout.changed_at.to_string(),
        }
    }
}

/// The answer of `POST /payouts/{id}/retry`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RetriedPayout)]
pub struct RetriedView<'a> {
    #[schema(value_type = vocabulary::PayoutId)]
    id: &'a str,
    #[schema(value_type = vocabulary::PayoutStatus)]
    status: &'a str,
    #[schema(value_type = vocabulary::Time)]
    retried_at: String,
}

impl<'a> From<&'a Payout> for RetriedView<'a> {
    fn from(payout: &'a Payout) -> Self {
        Self {
            id: payout.id.as_str(),
            status: payout.status.name(),
            retried_at: payout.changed_at.to_string(),
        }
    }
}

/// A driver as `GET /drivers/{id}` shows it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Driver)]
pub struct DriverView<'a> {
    #[schema(value_type = vocabulary::DriverId)]
    id: &'a str,
    #[schema(value_type = vocabulary::OvnDriverId)]
    ovn_driver_id: &'a str,
    /// As registered.
    name: &'a str,
    email: &'a str,
    /// `+` and digits.
    phone: &'a str,
    #[schema(value_type = vocabulary::DriverStatus)]
    status: &'a str,
    #[schema(value_type = vocabulary::KycStatus)]
    kyc_status: &'a str,
}

impl<'a> From<&'a Driver> for DriverView<'a> {
    fn from(driver: &'a Driver) -> Self {
        Self {
            id: driver.id.as_str(),
            ovn_driver_id: driver.ovn_id.as_str(),
            name: &driver.name,
            email: &driver.email,
            phone: &driver.phone,
            status: driver.status.name(),
            kyc_status: driver.kyc.name(),
        }
    }
}

/// A driver as `GET /drivers` lists it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ListedDriver)]
pub struct ListedDriverView<'a> {
    #[schema(value_type = vocabulary::DriverId)]
    id: &'a str,
    #[schema(value_type = vocabulary::OvnDriverId)]
    ovn_driver_id: &'a str,
    /// As registered.
    name: &'a str,
    email: &'a str,
    /// `+` and digits.
    phone: &'a str,
    #[schema(value_type = vocabulary::DriverStatus)]
    status: &'a str,
    #[schema(value_type = vocabulary::KycStatus)]
    kyc_status: &'a str,
    /// The net amounts that were paid, less those that came back; minor units.
    total_paid: i64,
    /// Payouts whose money is reserved or on its way.
    pending_payouts: i64,
}

impl<'a> From<&'a Driver> for ListedDriverView<'a> {
    fn from(driver: &'a Driver) -> Self {
        Self {
            id: driver.id.as_str(),
            ovn_driver_id: driver.ovn_id.as_str(),
            name: &driver.name,
            email: &driver.email,
            phone: &driver.phone,
            status: driver.status.name(),
            kyc_status: driver.kyc.name(),
            total_paid: driver.total_paid.get(),
            pending_payouts: driver.pending_payouts,
        }
    }
}

/// The answer of `POST /drivers`: neither mail address nor phone number.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RegisteredDriver)]
pub struct RegisteredDriverView<'a> {
    #[schema(value_type = vocabulary::DriverId)]
    id: &'a str,
    #[schema(value_type = vocabulary::OvnDriverId)]
    ovn_driver_id: &'a str,
    /// As registered.
    name: &'a str,
    #[schema(value_type = vocabulary::DriverStatus)]
    status: &'a str,
    #[schema(value_type = vocabulary::KycStatus)]
    kyc_status: &'a str,
}

impl<'a> From<&'a Driver> for RegisteredDriverView<'a> {
    fn from(driver: &'a Driver) -> Self {
        Self {
            id: driver.id.as_str(),
            ovn_driver_id: driver.ovn_id.as_str(),
            name: &driver.name,
            status: driver.status.name(),
            kyc_status: driver.kyc.name(),
        }
    }
}

/// The answer of `PUT` and `GET /drivers/{id}/payout-method`: the mask only.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PayoutMethod)]
pub struct MethodView<'a> {
    #[schema(value_type = vocabulary::DriverId)]
    driver_id: &'a str,
    #[schema(required, value_type = vocabulary::MethodKind)]
    r#type: Option<&'a str>,
    /// The last four characters, as `****0000`.
    #[schema(required, value_type = String)]
    masked: Option<&'a str>,
    /// 1 for the first method of the driver; grows with each.
    #[schema(required, value_type = u32)]
    version: Option<u32>,
    #[schema(required, value_type = vocabulary::Time)]
    updated_at: Option<String>,
}

impl<'a> From<&'a Driver> for MethodView<'a> {
    fn from(driver: &'a Driver) -> Self {
        let method = driver.method.as_ref();
        Self {
            driver_id: driver.id.as_str(),
            r#type: method.map(|method| method.kind.name()),
            masked: method.map(|method| method.masked.as_str()),
            version: method.map(|method| method.version),
            updated_at: method.map(|method| method.updated_at.to_string()),
        }
    }
}

/// A load as `PUT` and `GET /loads/{loadId}` show it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Load)]
pub struct LoadView<'a> {
    #[schema(value_type = vocabulary::LoadId)]
    load_id: &'a str,
    #[schema(value_type = vocabulary::DriverId)]
    driver_id: &'a str,
    /// The name the driver was registered under.
    driver_name: &'a str,
    #[schema(value_type = vocabulary::Amount)]
    amount: i64,
    #[schema(value_type = vocabulary::Currency)]
    currency: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String)]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::Metadata)]
    metadata: Option<Box<RawValue>>,
    #[schema(value_type = vocabulary::LoadStatus)]
    status: &'a str,
    /// The payout that holds or paid it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::PayoutId)]
    payout_id: Option<&'a str>,
    #[schema(value_type = vocabulary::Time)]
    created_at: String,
    #[schema(value_type = vocabulary::Time)]
    updated_at: String,
}

impl<'a> From<&'a Load> for LoadView<'a> {
    fn from(load: &'a Load) -> Self {
        Self {
            load_id: load.id.as_str(),
            driver_id: load.driver.as_str(),
            driver_name: &load.driver_name,
            amount: load.amount.get(),
            currency: load.currency.code(),
            description: load.description.as_deref(),
            metadata: load
                .metadata
                .clone()
                .and_then(|text| RawValue::from_string(text).ok()),
            status: load.status.name(),
            payout_id: load.holder.as_ref().map(|payout| payout.as_str()),
            created_at: load.created_at.to_string(),
            updated_at: load.updated_at.to_string(),
        }
    }
}

#[cfg(test)]
#[path = "view_tests.rs"]
mod tests;
