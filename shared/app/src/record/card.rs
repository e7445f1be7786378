//! Locks of prepaid cards, and the money that charges brought.

use domain::{
    ids::{ChargeId, Mode, Submission, TenantId},
    ledger::Posting,
    routing::Provider,
    time::Timestamp,
    transition::Actor,
};
use serde::{Deserialize, Serialize};

/// Which submission may move money on a prepaid card. It stands until the submission is final, so that
/// balances before and after can be compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardLock {
    pub provider: Provider,
    pub mode: Mode,
    /// The keyed digest of the card's number.
    pub card: String,
    pub version: u32,
    pub reference: Submission,
}

/// Money that one charge brought into the wallet, or took back from it, with its posting. Never changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Funding {
    pub tenant: TenantId,
    pub charge: ChargeId,
    /// From 1; the odd ones are credits.
    #[serde(default = "first")]
    pub number: u32,
    /// Of the sharded account.
    pub shard: u8,
    pub actor: Actor,
    pub at: Timestamp,
    pub legs: Posting,
    pub tx_id: String,
}

const fn first() -> u32 {
    1
}
