//! What the store keeps of a batch besides the batch itself, its manifests and its tallies.

use domain::{
    batch::Rejection,
    ids::{BatchId, TenantId},
    ledger::Posting,
    time::Timestamp,
    transition::Actor,
};
use serde::{Deserialize, Serialize};

/// Some lines of one manifest after they became payouts, or ended without. Made once; only `released` changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    pub tenant: TenantId,
    pub batch: BatchId,
    /// From 0, through all manifests.
    pub number: u32,
    pub version: u32,
    /// Whether its payouts may be dispatched.
    pub released: bool,
    /// The batch was canceled first: no line became a payout.
    pub canceled: bool,
    /// Lines that were accepted with the batch and could not become payouts.
    pub rejected: Vec<RejectedLine>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedLine {
    pub line: u32,
    pub why: Rejection,
}

/// Money of a batch that moved without a payout: reserved for it, or given back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journal {
    pub tenant: TenantId,
    pub batch: BatchId,
    /// What it was for, once: `create`, or a chunk.
    pub name: String,
    pub actor: Actor,
    pub at: Timestamp,
    pub legs: Posting,
    pub tx_id: String,
}

/// Which batch a file became.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchFile {
    pub tenant: TenantId,
    /// SHA-256 of the file, keyed.
    pub digest: String,
    pub version: u32,
    pub batch: BatchId,
}

/// What a tenant decided for itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    pub tenant: TenantId,
    /// 0 until something was decided.
    pub version: u32,
    /// Whether a batch needs the approval of a second person to be released.
    pub batch_approval: bool,
    /// How long an approval holds.
    pub approval_minutes: u32,
}

impl Settings {
    /// What holds until something else was decided.
    pub const fn of(tenant: TenantId) -> Self {
        Self {
            tenant,
            version: 0,
            batch_approval: false,
            approval_minutes: 24 * 60,
        }
    }
}
