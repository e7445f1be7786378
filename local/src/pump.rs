//! The moving parts of the local host: queue consumers, timers, callbacks, and the clock's steps.
//!
//! A step of the clock goes from one due moment to the next and waits until everything that follows
//! from it has run, so a test sees what days would have brought.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use app::{
    call::Call,
    memory::MemoryQueue,
    message::{Message, QueueName},
    port::{DUE_SHARDS, Store},
    record::OUTBOX_SHARDS,
    relay_outbox,
};
use domain::{time::Timestamp, transition::Actor};
use functions::{mount, mount::World};
use platform::dynamo::DynamoStore;
use platform::provider::AnyProvider;
use tokio::{
    sync::{Mutex, Notify, OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
};
use tracing::{error, warn};

use crate::{clock::MovableClock, twins::Sandbox, vault::LocalVault};

/// The bundle as the local host runs it.
pub type LocalWorld = World<DynamoStore, MemoryQueue, AnyProvider, LocalVault>;

/// Messages of one queue handled at the same time.
const WORKERS: usize = 16;
/// Fewer: units of a batch are large, and meet on the same balances; nobody waits for a vendor.
const FEW_WORKERS: usize = 4;
/// How often the timers tick in real time; in the cloud they tick once a minute.
const TICK: Duration = Duration::from_secs(5);
/// The least the clock moves between two sweeps that found something due: a sweep may leave an item due.
const SWEEP_STEP_MS: i64 = 1_000;

const DAY_MS: i64 = 24 * 3_600 * 1_000;
/// When in the day the timers of the night tick, as template.yaml says it.
const NIGHT_MS: i64 = 2 * 3_600 * 1_000;

/// Everything that moves.
#[derive(Clone)]
pub struct Pump {
    world: LocalWorld,
    clock: MovableClock,
    sandbox: Sandbox,
    sent: Arc<Notify>,
    permits: [Arc<Semaphore>; QueueName::ALL.len()],
    /// The last day whose night was worked through.
    night: Arc<AtomicI64>,
    stepping: Arc<Mutex<()>>,
}

/// A queue whose messages wait for as long as this lives.
pub struct Held {
    permits: Option<OwnedSemaphorePermit>,
    freed: Arc<Notify>,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.permits = None;
        self.freed.notify_one();
    }
}

/// How many messages of a queue are handled at the same time, as template.yaml limits it.
const fn workers(queue: QueueName) -> usize {
    match queue {
        QueueName::Dispatch | QueueName::Provider(_) | QueueName::Check => WORKERS,
        QueueName::Batch | QueueName::Vendors => FEW_WORKERS,
    }
}

impl Pump {
    pub fn new(world: LocalWorld, clock: MovableClock, sandbox: Sandbox) -> Self {
        let sent = Arc::new(Notify::new());
        let hook = Arc::clone(&sent);
        world.queue.on_send(Arc::new(move || hook.notify_one()));
        // The night before the start was another host's, or nobody's: the next one looks back.
        let night = Arc::new(AtomicI64::new(nights(clock.now_ms())));
        Self {
            world,
            clock,
            sandbox,
            sent,
            permits: QueueName::ALL.map(|queue| Arc::new(Semaphore::new(workers(queue)))),
            stepping: Arc::default(),
            night,
        }
    }

    /// Runs consumers, timers and callbacks for as long as it is polled.
    pub async fn run(self) {
        let (consumer, timers) = (self.clone(), self.clone());
        let mut parts = JoinSet::new();
        parts.spawn(async move { consumer.consume().await });
        parts.spawn(async move { timers.tick_in_real_time().await });
        parts.spawn(self.sandbox.run());
        parts.join_next().await;
    }

    async fn consume(&self) {
        loop {
            self.start_ready();
            // A message that is due and was not started waits for a worker, who says when it is free.
            let next = self.world.queue.next_due().filter(|at| *at > self.now());
            let later = async {
                match next {
                    Some(at) => self.clock.sleep_until(at.millis()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.sent.notified() => {}
                () = later => {}
            }
        }
    }

    /// Starts a worker for every message whose time has come, as far as workers are free.
    fn start_ready(&self) {
        for (queue, permits) in QueueName::ALL.into_iter().zip(&self.permits) {
            while let Ok(permit) = Arc::clone(permits).try_acquire_owned() {
                // Counted as busy before it leaves the queue, so that it is never nowhere.
                let busy = self.clock.busy();
                let Some(message) = self.world.queue.take(queue, self.now()) else {
                    break;
                };
                let (world, freed) = (self.world.clone(), Arc::clone(&self.sent));
                tokio::spawn(async move {
                    // Boxed, because all consumers together make one large future.
                    Box::pin(handle(world, message)).await;
                    drop(permit);
                    freed.notify_one();
                    drop(busy);
                });
            }
        }
    }

    /// Whether a message is due that a free worker could take. Workers that wait for a provider on the
    /// clock are not free.
    fn can_start(&self) -> bool {
        let queues = QueueName::ALL.into_iter().zip(&self.permits);
        let mut free = queues.filter(|(_, permits)| permits.available_permits() > 0);
        let now = self.now();
        free.any(|(queue, _)| self.world.queue.due_of(queue).is_some_and(|at| at <= now))
    }

    async fn tick_in_real_time(&self) {
        loop {
            tokio::time::sleep(TICK).await;
            let _alone = self.stepping.lock().await;
            self.tick().await;
        }
    }

    /// One tick of the timers of every minute, and of every night when one has passed.
    async fn tick(&self) {
        let _busy = self.clock.busy();
        let night = nights(self.clock.now_ms());
        let is_new = self.night.swap(night, Ordering::SeqCst) < night;
        let nightly = is_new.then_some("reconcile-ledger");
        for name in ["relay-outbox", "sweep-due"].into_iter().chain(nightly) {
            if let Err(cause) = mount::tick(&self.world, name).await {
                error!(timer = name, %cause, "a timer could not finish");
            }
        }
    }

    /// Moves the clock forward by `seconds`, due moment by due moment.
    ///
    /// # Errors
    /// When the clock cannot be stored.
    pub async fn advance(&self, seconds: u32) -> std::io::Result<Timestamp> {
        let _alone = self.stepping.lock().await;
        self.settle().await;
        let target = self.now().millis() + i64::from(seconds) * 1_000;
        let mut swept = i64::MIN;
        while let Some(due) = self.next_due(target, swept).await {
            self.clock.move_to(due)?;
            swept = self.now().millis();
            self.tick().await;
            self.settle().await;
        }
        self.clock.move_to(target)?;
        self.tick().await;
        self.settle().await;
        Ok(self.now())
    }

    /// Holds a queue's messages back until the guard is dropped: what a stuck consumer would do.
    pub async fn hold(&self, queue: QueueName) -> Held {
        let all = u32::try_from(workers(queue)).unwrap_or(u32::MAX);
        let place = QueueName::ALL.iter().position(|it| *it == queue);
        let permits = &self.permits[place.expect("every queue is listed")];
        Held {
            permits: Arc::clone(permits).acquire_many_owned(all).await.ok(),
            freed: Arc::clone(&self.sent),
        }
    }

    /// Waits until nothing can run before the clock moves again.
    pub async fn settle(&self) {
        loop {
            self.start_ready();
            self.sandbox.deliver_due().await;
            self.clock.quiet().await;
            let now_ms = self.clock.now_ms();
            let callback_ready = self.sandbox.next_due_ms().is_some_and(|at| at <= now_ms);
            if !self.can_start() && !callback_ready {
                return;
            }
        }
    }

    /// The next moment, up to `target`, at which something has to happen.
    async fn next_due(&self, target: i64, swept: i64) -> Option<i64> {
        let messages = self.world.queue.next_due().map(Timestamp::millis);
        let callbacks = self.sandbox.next_due_ms();
        let sleepers = self.clock.next_wake_ms();
        let stored = self.next_stored(Timestamp::from_millis(target)).await;
        // What a sweep left due is met by the next sweep, a step later.
        let stored = stored.map(|at| at.max(swept.saturating_add(SWEEP_STEP_MS)));
        let nightly = (self.night.load(Ordering::SeqCst) + 1) * DAY_MS + NIGHT_MS;
        [messages, callbacks, sleepers, stored, Some(nightly)]
            .into_iter()
            .flatten()
            .min()
            .filter(|at| *at <= target)
    }

    /// The earliest entry of the due index or of the outbox.
    async fn next_stored(&self, target: Timestamp) -> Option<i64> {
        let store = &self.world.backend.store;
        let mut earliest = None;
        for shard in 0..DUE_SHARDS {
            match store.due(shard, target, 1).await {
                Ok(due) => earliest = sooner(earliest, due.first().map(|entry| entry.at)),
                Err(cause) => warn!(%cause, "the due index cannot be read"),
            }
        }
        for shard in 0..OUTBOX_SHARDS {
            match store.outbox(shard, target, 1).await {
                Ok(entries) => {
                    let at = entries
                        .first()
                        .map(|entry| entry.created_at.plus(relay_outbox::GRACE));
                    earliest = sooner(earliest, at);
                }
                Err(cause) => warn!(%cause, "the outbox cannot be read"),
            }
        }
        earliest.map(Timestamp::millis)
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.clock.now_ms())
    }
}

/// How many nights have passed since the epoch.
const fn nights(now_ms: i64) -> i64 {
    (now_ms - NIGHT_MS).div_euclid(DAY_MS)
}

fn sooner(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    one.into_iter().chain(other).min()
}

/// A message that fails is dropped here: the due index and the outbox bring it back, as they do after a
/// crash.
async fn handle(world: LocalWorld, message: Message) {
    let queue = message.queue().name();
    if let Err(cause) = mount::message(&world, message).await {
        warn!(queue, %cause, "a message could not be handled and is left to the due index");
    }
}

/// An invocation of the host itself.
pub fn system_call(world: &LocalWorld, name: &str) -> Call {
    world.backend.call(Actor::System(name.to_owned()))
}
