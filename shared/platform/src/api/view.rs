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

use app::record::{Balances, Deposit};

/// A payout as `POST /payouts` and `GET /payouts/{id}` show it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PayoutView<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    load_id: Option<&'a str>,
    driver_id: &'a str,
    driver_name: &'a str,
    /// Gross, minor units.
    amount: i64,
    fee: i64,
    net_amount: i64,
    status: &'a str,
    /// `outcome_unknown` or `in_review` while the status stays `processing`; the reason of a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    status_reason: Option<&'a str>,
    rail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    requested_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
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
    match payout.progress {
        Some(progress @ (Progress::OutcomeUnknown | Progress::InReview)) => Some(progress.name()),
        Some(Progress::Preparing | Progress::Submitted) => None,
        None => payout.reason.as_deref(),
    }
}

/// An instant payout as `POST /payouts/instant` answers it (seed 000: no driver name).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InstantPayoutView<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    load_id: Option<&'a str>,
    driver_id: &'a str,
    amount: i64,
    fee: i64,
    net_amount: i64,
    status: &'a str,
    rail: &'a str,
    requested_at: String,
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
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CanceledView<'a> {
    id: &'a str,
    status: &'a str,
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
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RetriedView<'a> {
    id: &'a str,
    status: &'a str,
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
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DriverView<'a> {
    id: &'a str,
    ovn_driver_id: &'a str,
    name: &'a str,
    email: &'a str,
    phone: &'a str,
    status: &'a str,
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
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedDriverView<'a> {
    #[serde(flatten)]
    driver: DriverView<'a>,
    /// The net amounts that were paid, less those that came back; minor units.
    total_paid: i64,
    /// Payouts whose money is reserved or on its way.
    pending_payouts: i64,
}

impl<'a> From<&'a Driver> for ListedDriverView<'a> {
    fn from(driver: &'a Driver) -> Self {
        Self {
            driver: DriverView::from(driver),
            total_paid: driver.total_paid.get(),
            pending_payouts: driver.pending_payouts,
        }
    }
}

/// The answer of `POST /drivers` (seed 000: no email, no phone).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RegisteredDriverView<'a> {
    id: &'a str,
    ovn_driver_id: &'a str,
    name: &'a str,
    status: &'a str,
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
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MethodView<'a> {
    driver_id: &'a str,
    r#type: Option<&'a str>,
    masked: Option<&'a str>,
    version: Option<u32>,
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
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LoadView<'a> {
    load_id: &'a str,
    driver_id: &'a str,
    driver_name: &'a str,
    amount: i64,
    currency: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Box<RawValue>>,
    status: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    payout_id: Option<&'a str>,
    created_at: String,
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

/// The answer of `POST /wallet/deposits`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DepositView<'a> {
    id: &'a str,
    amount: i64,
    currency: &'a str,
    reference: &'a str,
    status: &'static str,
    created_at: String,
}

impl<'a> From<&'a Deposit> for DepositView<'a> {
    fn from(deposit: &'a Deposit) -> Self {
        Self {
            id: deposit.id.as_str(),
            amount: deposit.amount.get(),
            currency: deposit.currency.code(),
            reference: &deposit.reference,
            status: "posted",
            created_at: deposit.created_at.to_string(),
        }
    }
}

/// The answer of `GET /balance`, minor units.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BalanceView {
    available: i64,
    pending: i64,
    in_transit: i64,
    currency: &'static str,
}

impl From<Balances> for BalanceView {
    fn from(balances: Balances) -> Self {
        Self {
            available: balances.available.get(),
            pending: balances.pending.get(),
            in_transit: balances.in_transit.get(),
            currency: domain::money::Currency::Usd.code(),
        }
    }
}

/// The answer of `GET /health`.
#[derive(Debug, Serialize)]
pub struct HealthView {
    pub status: &'static str,
    pub version: &'static str,
    pub timestamp: String,
}
