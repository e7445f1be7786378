//! Where Lambda enters: what every function has, and the four kinds of start-up. Clock and entropy of
//! the process are read here and nowhere else.

pub mod http;
pub mod invoke;
pub mod sqs;
pub mod timer;

use std::{future::Future, sync::Arc};

use app::{
    call::{Call, Caller, Clock, Entropy},
    error::Error,
    port::Store,
    record::ApiKey,
    seal::Seal,
};
use domain::{time::Timestamp, transition::Actor};

use crate::{
    api::{
        auth::{self, KeyCache, Keys},
        rate::{Limiter, Taken},
        request::Request,
    },
    error::Fatal,
    settings::{SealSettings, require_lambda},
};

/// What every function has.
#[derive(Clone)]
pub struct Backend<S> {
    pub store: S,
    pub seal: Seal,
    pub clock: Clock,
    pub keys: KeyCache,
    pub limiter: Limiter,
    /// 128 fresh random bits.
    pub entropy: fn() -> u128,
    /// The version of the bundle, as health shows it.
    pub version: &'static str,
}

impl<S: Store> Backend<S> {
    /// The backend of a Lambda: real clock, real entropy, the seal from the settings.
    ///
    /// # Errors
    /// [`Fatal::Setting`] when the seal key is missing or malformed.
    pub fn of_process(store: S) -> Result<Self, Fatal> {
        Ok(Self {
            store,
            seal: SealSettings::from_env()?.seal(),
            clock: Clock::new(system_now),
            keys: KeyCache::default(),
            limiter: Limiter::default(),
            entropy: system_entropy,
            version: env!("CARGO_PKG_VERSION"),
        })
    }

    /// Random bytes for a secret.
    pub fn random(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        let (left, right) = bytes.split_at_mut(16);
        left.copy_from_slice(&(self.entropy)().to_be_bytes());
        right.copy_from_slice(&(self.entropy)().to_be_bytes());
        bytes
    }

    /// One invocation on behalf of `actor`.
    pub fn call(&self, actor: Actor) -> Call {
        Call {
            clock: self.clock.clone(),
            entropy: Entropy::new((self.entropy)()),
            actor,
        }
    }

    /// The caller of a request, whatever they may do.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] without a valid key, [`Error::Unavailable`] when the table cannot be read.
    pub async fn identify(&self, request: &Request) -> Result<Caller, Error> {
        let keys = Keys {
            seal: &self.seal,
            cache: &self.keys,
            now: self.clock.now(),
        };
        auth::identify(&request.headers, &self.store, &keys).await
    }

    /// What this process changed of a key holds here at once; elsewhere when the key is read again.
    pub fn learn_key(&self, key: &ApiKey) {
        let now = self.clock.now();
        self.keys.learn(&key.id, Some(Arc::new(key.clone())), now);
    }

    /// One token of the caller's rate limit.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the table does not answer.
    pub async fn take_token(&self, caller: &Caller) -> Result<Taken, Error> {
        let call = self.call(caller.actor());
        self.limiter.take(&self.store, &call, caller).await
    }
}

/// The time of the system.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the clock of a process"
)]
pub fn system_now() -> Timestamp {
    let since_epoch = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}

/// 128 random bits of the system.
///
/// # Panics
/// When the operating system has no randomness: nothing may go on without it.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that draws entropy of a process"
)]
pub fn system_entropy() -> u128 {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the operating system provides randomness");
    u128::from_be_bytes(bytes)
}

/// Starts logging and one single-threaded runtime, and runs `work` to its end: an environment of Lambda
/// has one event at a time.
fn start<W, Fut>(work: W) -> Result<(), Fatal>
where
    W: FnOnce() -> Fut,
    Fut: Future<Output = Result<(), Fatal>>,
{
    crate::log::init();
    run_to_end(work).inspect_err(|fatal| tracing::error!(%fatal, "the function ends: {fatal}"))
}

fn run_to_end<W, Fut>(work: W) -> Result<(), Fatal>
where
    W: FnOnce() -> Fut,
    Fut: Future<Output = Result<(), Fatal>>,
{
    require_lambda()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Fatal::Build {
            what: "the async runtime",
            cause: error.to_string(),
        })?;
    runtime.block_on(async { work().await })
}
