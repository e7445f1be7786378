//! The queues in memory. A message is taken once; who takes it answers for it.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::time::Timestamp;

use crate::{
    call::Clock,
    message::{Message, QueueName},
    port::{Queue, Unreachable},
};

type Hook = Arc<dyn Fn() + Send + Sync>;

/// Every queue of one process. Clones share the messages.
#[derive(Clone)]
pub struct MemoryQueue {
    clock: Clock,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    /// By due time, then in the order of sending.
    waiting: HashMap<QueueName, BTreeMap<(Timestamp, u64), Message>>,
    sent: u64,
    on_send: Option<Hook>,
}

impl fmt::Debug for MemoryQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryQueue")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

impl MemoryQueue {
    /// Empty queues whose delays run on `clock`.
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            inner: Arc::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes the oldest message of `queue` whose time has come at `now`. Messages of the same time
    /// come in the order in which they were sent.
    pub fn take(&self, queue: QueueName, now: Timestamp) -> Option<Message> {
        let mut inner = self.lock();
        let first = inner.waiting.get_mut(&queue)?.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }

    /// When the next message of one queue can be taken; none when it is empty.
    pub fn due_of(&self, queue: QueueName) -> Option<Timestamp> {
        let inner = self.lock();
        let messages = inner.waiting.get(&queue)?;
        messages.first_key_value().map(|((at, _), _)| *at)
    }

    /// When the next message of any queue can be taken; none when all are empty.
    pub fn next_due(&self) -> Option<Timestamp> {
        let inner = self.lock();
        inner
            .waiting
            .values()
            .filter_map(|messages| messages.first_key_value())
            .map(|((at, _), _)| *at)
            .min()
    }

    /// How many messages wait, delayed ones included.
    pub fn len(&self) -> usize {
        self.lock().waiting.values().map(BTreeMap::len).sum()
    }

    /// How many messages were ever sent.
    pub fn sent(&self) -> u64 {
        self.lock().sent
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Calls `hook` after every send, so that a host can wake up. Replaces an earlier hook; called
    /// without any lock held.
    pub fn on_send(&self, hook: Arc<dyn Fn() + Send + Sync>) {
        self.lock().on_send = Some(hook);
    }
}

impl Queue for MemoryQueue {
    async fn send(&self, message: Message, delay_seconds: u32) -> Result<(), Unreachable> {
        let delay = Duration::from_secs(u64::from(delay_seconds));
        let at = self.clock.now().plus(delay);
        let hook = {
            let mut inner = self.lock();
            let order = inner.sent;
            inner.sent += 1;
            inner
                .waiting
                .entry(message.queue())
                .or_default()
                .insert((at, order), message);
            inner.on_send.clone()
        };
        if let Some(hook) = hook {
            hook();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::message::{Check, Dispatch};

    fn check(attempt: &str) -> Message {
        Message::Check(Check {
            tenant: "acme~test".parse().expect("valid"),
            reference: attempt.parse().expect("valid"),
            inbox: None,
        })
    }

    fn dispatch() -> Message {
        Message::Dispatch(Dispatch {
            tenant: "acme~test".parse().expect("valid"),
            payout: "pay_1".parse().expect("valid"),
            driver: None,
            attempt: 1,
            seq: 1,
            provider: None,
        })
    }

    #[tokio::test]
    async fn messages_of_the_same_time_keep_the_order_of_sending() {
        let clock = Clock::standing_at(Timestamp::from_millis(0));
        let queue = MemoryQueue::new(clock.clone());
        for attempt in ["pay_2-a01", "pay_1-a01", "pay_3-a01"] {
            queue.send(check(attempt), 0).await.expect("in memory");
        }
        let taken = std::iter::from_fn(|| queue.take(QueueName::Check, clock.now()));
        assert!(taken.eq([check("pay_2-a01"), check("pay_1-a01"), check("pay_3-a01")]));
        assert!(queue.is_empty());
    }

    #[tokio::test]
    async fn a_delayed_message_is_taken_when_its_time_has_come() {
        let clock = Clock::standing_at(Timestamp::from_millis(1_000));
        let queue = MemoryQueue::new(clock.clone());
        queue.send(check("pay_1-a01"), 30).await.expect("in memory");
        queue.send(dispatch(), 60).await.expect("in memory");
        assert_eq!(queue.next_due(), Some(Timestamp::from_millis(31_000)));
        clock.advance_ms(29_999);
        assert_eq!(queue.take(QueueName::Check, clock.now()), None);
        clock.advance_ms(1);
        assert!(queue.take(QueueName::Check, clock.now()).is_some());
        assert_eq!(queue.take(QueueName::Dispatch, clock.now()), None);
        assert_eq!((queue.len(), queue.is_empty()), (1, false));
        assert_eq!(queue.next_due(), Some(Timestamp::from_millis(61_000)));
    }

    #[tokio::test]
    async fn every_send_calls_the_hook() {
        let queue = MemoryQueue::new(Clock::standing_at(Timestamp::default()));
        let calls = Arc::new(AtomicU32::new(0));
        let seen = Arc::clone(&calls);
        let inner = queue.clone();
        queue.on_send(Arc::new(move || {
            assert!(!inner.is_empty(), "the message is there when the hook runs");
            seen.fetch_add(1, Ordering::SeqCst);
        }));
        queue.send(dispatch(), 0).await.expect("in memory");
        queue.send(dispatch(), 9).await.expect("in memory");
        assert_eq!(calls.load(Ordering::SeqCst), 2);
    }
}
