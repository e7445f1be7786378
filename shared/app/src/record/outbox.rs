//! What still has to be sent or looked at.

use domain::{
    ids::{DriverKind, Kind},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use super::Key;
use crate::{message::Message, port::DUE_SHARDS};

/// A message that is committed with the data that caused it and sent afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxEntry {
    /// Shard and ULID, as `09#01J...`: sorts by time within its shard.
    pub id: String,
    pub message: Message,
    pub created_at: Timestamp,
}

/// How many partitions the outbox has.
pub const OUTBOX_SHARDS: u8 = 16;

impl OutboxEntry {
    pub fn new(message: Message, now: Timestamp, entropy: u128) -> Self {
        let shard = entropy % u128::from(OUTBOX_SHARDS);
        let millis = u64::try_from(now.millis()).unwrap_or(0);
        Self {
            id: format!("{shard:02}#{}", ulid::Ulid::from_parts(millis, entropy)),
            message,
            created_at: now,
        }
    }

    /// The smallest text after the shard that an entry made at `at` can have.
    pub fn first_id_of(at: Timestamp) -> String {
        let millis = u64::try_from(at.millis()).unwrap_or(0);
        ulid::Ulid::from_parts(millis, 0).to_string()
    }

    /// The partition an entry's id names.
    pub fn shard_of(id: &str) -> &str {
        id.split_once('#').map_or(id, |(shard, _)| shard)
    }
}

/// What a due entry of the store names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueEntry {
    pub at: Timestamp,
    pub key: Key,
}

/// The partition of the due index that only drivers are listed in: many who register at once must not delay
/// payouts.
const DRIVERS: u8 = DUE_SHARDS - 1;

/// The partition of the due index that a payout with its attempts, a batch or a driver is listed in by its id,
/// below [`DUE_SHARDS`]. Stable for ever: stored entries depend on it.
pub fn due_shard(id: &str) -> u8 {
    if id.starts_with(DriverKind::PREFIX) {
        return DRIVERS;
    }
    // FNV-1a: the ids of one millisecond differ in their last characters only.
    let hash = id.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    u8::try_from(hash % u32::from(DRIVERS)).unwrap_or(0)
}
