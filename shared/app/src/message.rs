//! What travels through queues: ids only. The table is read again on arrival.

use domain::{
    charge::CHARGER,
    ids::{AttemptRef, BatchId, ChargeId, DriverId, PayoutId, TenantId},
    routing::Provider,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::record::InboxId;

/// A hint that something can be done. Repeats and reordering cost a read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Message {
    /// A payout can be claimed, or its live attempt continued.
    Dispatch(Dispatch),
    /// A card charge can be sent, or looked at.
    Charge(ChargeCard),
    /// A provider should be asked about an attempt.
    Check(Check),
    /// Something can be done for a batch.
    Batch(BatchTask),
    /// OwlPay should be told or asked about a driver.
    Vendor(VendorTask),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispatch {
    pub tenant: TenantId,
    pub payout: PayoutId,
    /// Read in the same round trip when known.
    pub driver: Option<DriverId>,
    /// The attempt that is live or comes next.
    pub attempt: u8,
    /// The payout's dispatch number when the message was made; an older one is ignored.
    pub seq: u32,
    /// Who carries it, once somebody looked: the message then travels in that provider's own queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<Provider>,
}

impl Dispatch {
    /// The same for the workers of this provider.
    #[must_use]
    pub fn to(&self, provider: Provider) -> Self {
        Self {
            provider: Some(provider),
            ..self.clone()
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargeCard {
    pub tenant: TenantId,
    pub charge: ChargeId,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    pub tenant: TenantId,
    pub reference: AttemptRef,
    /// The callback that rang, to be marked done.
    pub inbox: Option<InboxId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchTask {
    pub tenant: TenantId,
    pub batch: BatchId,
    pub step: BatchStep,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VendorTask {
    pub tenant: TenantId,
    pub driver: DriverId,
}

/// What can be done for a batch. All but the last concern the lines of one manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum BatchStep {
    /// Make payouts of the lines.
    Expand { manifest: u32 },
    /// Let the payouts go to their dispatch.
    Release { manifest: u32 },
    /// Withdraw the lines.
    Cancel { manifest: u32 },
    /// Retry the payouts that had failed when somebody asked.
    Retry { manifest: u32, asked_at: Timestamp },
    /// See what the batch as a whole needs.
    Advance,
}

/// The queues of the bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QueueName {
    /// Payouts of which nobody knows yet who carries them. Nobody who reads it calls a provider.
    Dispatch,
    /// What calls this provider to move money, so that one that answers slowly holds up nobody else's.
    Provider(Provider),
    Check,
    Batch,
    Vendors,
}

impl QueueName {
    pub const ALL: [Self; 7] = [
        Self::Dispatch,
        Self::Provider(Provider::Payelata),
        Self::Provider(Provider::Owlpay),
        Self::Provider(Provider::Paywizard),
        Self::Check,
        Self::Batch,
        Self::Vendors,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Dispatch => "dispatch",
            Self::Provider(provider) => provider.name(),
            Self::Check => "check",
            Self::Batch => "batch",
            Self::Vendors => "vendors",
        }
    }
}

impl Message {
    pub const fn queue(&self) -> QueueName {
        match self {
            Self::Dispatch(dispatch) => match dispatch.provider {
                Some(provider) => QueueName::Provider(provider),
                None => QueueName::Dispatch,
            },
            Self::Charge(_) => QueueName::Provider(CHARGER),
            Self::Check(_) => QueueName::Check,
            Self::Batch(_) => QueueName::Batch,
            Self::Vendor(_) => QueueName::Vendors,
        }
    }
}
