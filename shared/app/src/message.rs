//! What travels through queues: ids only. The table is read again on arrival.

use domain::ids::{AttemptRef, DriverId, PayoutId, TenantId};
use serde::{Deserialize, Serialize};

use crate::record::InboxId;

/// A hint that something can be done. Repeats and reordering cost a read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Message {
    /// A payout can be claimed, or its live attempt continued.
    Dispatch(Dispatch),
    /// A provider should be asked about an attempt.
    Check(Check),
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
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    pub tenant: TenantId,
    pub reference: AttemptRef,
    /// The callback that rang, to be marked done.
    pub inbox: Option<InboxId>,
}

/// The queues of the bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QueueName {
    Dispatch,
    Check,
}

impl QueueName {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dispatch => "dispatch",
            Self::Check => "check",
        }
    }
}

impl Message {
    pub const fn queue(&self) -> QueueName {
        match self {
            Self::Dispatch(_) => QueueName::Dispatch,
            Self::Check(_) => QueueName::Check,
        }
    }
}
