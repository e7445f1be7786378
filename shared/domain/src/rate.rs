//! How often a key may call: one token bucket per key, of which every instance leases blocks of tokens.
//!
//! The promise: over any span of time, all instances together grant at most the burst and what is refilled
//! in that span. A leased token may be spent later than it was taken, so the bucket never fills above what
//! the burst leaves beside the tokens that are leased and may still be spent. A lease that ends unspent is
//! lost. Hence a caller may be refused early, by at most the tokens that instances hold.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// How long an instance may spend a lease.
pub const LEASE: Duration = Duration::from_secs(10);
/// Leases are remembered by the slot they were taken in, for that slot and the next. A slot is longer than a
/// lease by twice what two clocks may differ from the true time: one second each.
const SLOT_MS: i64 = 12_000;
/// The most tokens of one lease: what one write of the table buys.
const BLOCK_MAX: u64 = 20;
/// A lease takes this part of what is left, so that several instances share a low bucket.
const BLOCK_SHARE: u64 = 8;
/// Parts of one token. With as many parts as a minute has milliseconds, the refill of a millisecond is a
/// whole number of parts, and nothing is ever rounded.
const TOKEN: u64 = 60_000;

/// What a key may ask for. Both figures count as 1 at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateLimit {
    /// Requests that come back each minute.
    pub per_minute: u32,
    /// Requests that a key which was quiet may send at once.
    pub burst: u32,
}

impl RateLimit {
    /// The smaller of both, figure by figure.
    #[must_use]
    pub fn at_most(self, other: Self) -> Self {
        Self {
            per_minute: self.per_minute.min(other.per_minute),
            burst: self.burst.min(other.burst),
        }
    }

    /// What a key gets unless somebody decides otherwise.
    pub const STANDARD: Self = Self {
        per_minute: 100,
        burst: 200,
    };

    fn capacity(self) -> u64 {
        u64::from(self.burst.max(1)) * TOKEN
    }

    fn parts_per_ms(self) -> u64 {
        u64::from(self.per_minute.max(1))
    }

    /// How long it takes to refill `parts`.
    fn time_for(self, parts: u64) -> Duration {
        Duration::from_millis(parts.div_ceil(self.parts_per_ms()))
    }
}

/// The stored bucket of one key, as it was right after the last lease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    pub key_id: String,
    /// 0 before it was stored for the first time.
    pub version: u32,
    /// In parts of a token.
    level: u64,
    at: Timestamp,
    /// Tokens leased in the slot of `at`, as far as nobody said that they are spent.
    leased: u32,
    /// The same of the slot before.
    leased_before: u32,
}

/// A block of tokens that one instance may spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    tokens: u32,
    left: u32,
    /// The slot of the bucket in which it counts.
    slot: i64,
    from: Timestamp,
    used_at: Timestamp,
}

impl Lease {
    fn until(&self) -> Timestamp {
        self.from.plus(LEASE)
    }

    /// What may be spent at `now`. A clock that went back ends the lease.
    fn left(&self, now: Timestamp) -> u32 {
        let is_current = self.from <= now && now < self.until();
        if is_current { self.left } else { 0 }
    }

    /// From when on nothing of it is spent any more.
    fn ended_at(&self) -> Timestamp {
        if self.left == 0 {
            self.used_at
        } else {
            self.until()
        }
    }
}

/// A bucket with one lease more, and that lease: to be written on condition of the version before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub bucket: Bucket,
    lease: Lease,
}

impl Wanted {
    /// When the instance decided to take it.
    pub const fn taken_at(&self) -> Timestamp {
        self.lease.from
    }
}

/// What is left, for the caller to see. Approximate: other instances hold leases too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub limit: RateLimit,
    /// Whole tokens.
    pub remaining: u64,
    /// When the bucket is full again if nobody asks.
    pub full_at: Timestamp,
}

impl Bucket {
    /// The bucket of a key that was never used: full.
    pub fn full(key_id: String, limit: RateLimit, now: Timestamp) -> Self {
        Self {
            key_id,
            version: 0,
            level: limit.capacity(),
            at: now,
            leased: 0,
            leased_before: 0,
        }
    }

    /// The bucket at `now`, knowing that `ended` is not spent any more. Time never goes back in a bucket.
    fn refilled(&self, limit: RateLimit, now: Timestamp, ended: Option<&Lease>) -> Self {
        let mut it = self.clone();
        if let Some(lease) = ended {
            it.run(limit, lease.ended_at().min(now));
            it.close(lease);
        }
        it.run(limit, now);
        it
    }

    /// Refills slot by slot, because what is leased ends with the slots.
    fn run(&mut self, limit: RateLimit, to: Timestamp) {
        while slot(self.at) < slot(to) && self.outstanding() > 0 {
            self.fill(limit, start_of(slot(self.at) + 1));
            self.leased_before = self.leased;
            self.leased = 0;
        }
        self.fill(limit, to);
    }

    fn fill(&mut self, limit: RateLimit, to: Timestamp) {
        let millis = u64::try_from(to.since(self.at).as_millis()).unwrap_or(u64::MAX);
        let refill = limit.parts_per_ms().saturating_mul(millis);
        self.level = self.level.saturating_add(refill).min(self.room(limit));
        self.at = self.at.max(to);
    }

    fn outstanding(&self) -> u64 {
        u64::from(self.leased) + u64::from(self.leased_before)
    }

    fn room(&self, limit: RateLimit) -> u64 {
        limit.capacity().saturating_sub(self.outstanding() * TOKEN)
    }

    fn close(&mut self, lease: &Lease) {
        let slot = slot(self.at);
        if lease.slot == slot {
            self.leased = self.leased.saturating_sub(lease.tokens);
        } else if lease.slot == slot - 1 {
            self.leased_before = self.leased_before.saturating_sub(lease.tokens);
        }
    }

    /// Takes a block, or says when the first token will be there.
    fn lease(
        &self,
        limit: RateLimit,
        now: Timestamp,
        ended: Option<&Lease>,
    ) -> Result<Wanted, Timestamp> {
        let mut bucket = self.refilled(limit, now, ended);
        let remaining = bucket.level / TOKEN;
        if remaining == 0 {
            return Err(bucket.next_token(limit));
        }
        let block = (remaining / BLOCK_SHARE).clamp(1, BLOCK_MAX);
        let tokens = u32::try_from(block).unwrap_or(1);
        bucket.level -= block * TOKEN;
        bucket.leased = bucket.leased.saturating_add(tokens);
        bucket.version = bucket.version.wrapping_add(1).max(1);
        let lease = Lease {
            tokens,
            left: tokens,
            slot: slot(bucket.at),
            from: now,
            used_at: now,
        };
        Ok(Wanted { bucket, lease })
    }

    fn next_token(mut self, limit: RateLimit) -> Timestamp {
        // Leases that fill the whole burst keep the bucket empty until they end.
        while self.room(limit) < TOKEN && self.outstanding() > 0 {
            self.run(limit, start_of(slot(self.at) + 1));
        }
        self.at
            .plus(limit.time_for(TOKEN.saturating_sub(self.level)))
    }
}

fn slot(at: Timestamp) -> i64 {
    at.millis().div_euclid(SLOT_MS)
}

fn start_of(slot: i64) -> Timestamp {
    Timestamp::from_millis(slot.saturating_mul(SLOT_MS))
}

/// What one instance knows of a key's bucket and holds of it. It decides; its holder writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tap {
    bucket: Bucket,
    lease: Option<Lease>,
}

impl Tap {
    /// A tap on a bucket as it was read.
    pub const fn new(bucket: Bucket) -> Self {
        Self {
            bucket,
            lease: None,
        }
    }

    /// Spends one leased token, if there is one.
    pub fn draw(&mut self, now: Timestamp) -> bool {
        match &mut self.lease {
            Some(lease) if lease.left(now) > 0 => {
                lease.left -= 1;
                lease.used_at = now;
                true
            }
            Some(_) | None => false,
        }
    }

    /// The next lease, which counts once it was written. Only for a tap that gives nothing any more.
    ///
    /// # Errors
    /// When the bucket is empty: the moment at which it will hold a token, as far as this instance knows.
    pub fn ask(&self, limit: RateLimit, now: Timestamp) -> Result<Wanted, Timestamp> {
        self.bucket.lease(limit, now, self.lease.as_ref())
    }

    /// The lease was written.
    pub fn leased(&mut self, wanted: Wanted) {
        self.bucket = wanted.bucket;
        self.lease = Some(wanted.lease);
    }

    /// The lease was not written: another instance was faster and left this.
    pub fn overtaken(&mut self, bucket: Bucket) {
        self.bucket = bucket;
    }

    /// The version that the next lease replaces; 0 for a bucket that is not stored.
    pub const fn version(&self) -> u32 {
        self.bucket.version
    }

    pub fn standing(&self, limit: RateLimit, now: Timestamp) -> Standing {
        let (ended, left) = match &self.lease {
            Some(lease) => match lease.left(now) {
                0 => (Some(lease), 0),
                left => (None, left),
            },
            None => (None, 0),
        };
        let bucket = self.bucket.refilled(limit, now, ended);
        let missing = limit.capacity().saturating_sub(bucket.level);
        Standing {
            limit,
            remaining: bucket.level / TOKEN + u64::from(left),
            full_at: bucket.at.plus(limit.time_for(missing)),
        }
    }
}

#[cfg(test)]
mod tests;
