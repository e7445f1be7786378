//! What one invocation brings with it: its clock, its entropy, and who is asking.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use domain::{ids::TenantId, rate::RateLimit, time::Timestamp, transition::Actor};
use sha2::{Digest, Sha256};

use crate::scope;

/// The clock of a process: a source, and an offset that tests move.
#[derive(Clone)]
pub struct Clock {
    source: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    offset_ms: Arc<AtomicI64>,
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Clock({})", self.now().millis())
    }
}

impl Clock {
    pub fn new(source: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self {
            source: Arc::new(source),
            offset_ms: Arc::new(AtomicI64::new(0)),
        }
    }

    /// A clock that stands at `at` until [`Clock::advance_ms`] moves it.
    pub fn standing_at(at: Timestamp) -> Self {
        Self::new(move || at)
    }

    /// Moves this clock and all its clones forward.
    pub fn advance_ms(&self, millis: i64) {
        self.offset_ms.fetch_add(millis, Ordering::SeqCst);
    }

    pub fn now(&self) -> Timestamp {
        let offset = self.offset_ms.load(Ordering::SeqCst);
        Timestamp::from_millis((self.source)().millis().saturating_add(offset))
    }
}

/// 128 random bits of one invocation, from which every id and jitter of it is derived by purpose.
#[derive(Clone, Copy, Debug)]
pub struct Entropy(u128);

impl Entropy {
    pub const fn new(bits: u128) -> Self {
        Self(bits)
    }

    /// The random number of one purpose: the same purpose gives the same number.
    pub fn of(self, purpose: &str) -> u128 {
        let digest = Sha256::new()
            .chain_update(self.0.to_be_bytes())
            .chain_update(purpose.as_bytes())
            .finalize();
        digest
            .iter()
            .take(16)
            .fold(0, |number, byte| (number << 8) | u128::from(*byte))
    }

    /// A random number for spreading a delay.
    pub fn chance(self) -> u64 {
        u64::try_from(self.of("chance") >> 64).unwrap_or(0)
    }
}

/// One invocation.
#[derive(Clone, Debug)]
pub struct Call {
    pub clock: Clock,
    pub entropy: Entropy,
    pub actor: Actor,
}

impl Call {
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The id of one write of this invocation, 36 hex digits: also its idempotency token at the store.
    pub fn tx_id(&self, purpose: &str) -> String {
        let digest = Sha256::new()
            .chain_update(self.entropy.0.to_be_bytes())
            .chain_update(b"tx")
            .chain_update(purpose.as_bytes())
            .finalize();
        hex::encode(&digest[..18])
    }
}

/// The authenticated client of one request. Tenant and mode come from the key, never from the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    pub tenant: TenantId,
    pub key_id: String,
    /// The person or system that holds the key.
    pub owner: String,
    pub operator: bool,
    pub scopes: Vec<String>,
    pub limit: RateLimit,
    /// When the key itself ends, if it does.
    pub expires_at: Option<Timestamp>,
}

impl Caller {
    /// Whether the key opens what `scope` opens. A scope of operators needs an operator's key as well.
    pub fn may(&self, scope: &str) -> bool {
        let is_held = self.scopes.iter().any(|held| held == scope);
        is_held && (self.operator || !scope::OPERATOR_ONLY.contains(&scope))
    }

    pub fn actor(&self) -> Actor {
        Actor::Key(self.key_id.clone())
    }
}
