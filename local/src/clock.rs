//! The clock of the local host: real time plus an offset that only grows.
//!
//! Timers, twins and handlers of one host share it, so that a test can step over minutes or days.
//! The clock also counts what is under way, so that a step is taken only when nothing is.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::{Notify, watch};

/// Real time plus a durable offset. Clones share one clock.
#[derive(Clone, Debug)]
pub struct MovableClock {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    offset_ms: AtomicI64,
    file: Option<PathBuf>,
    moving: Mutex<()>,
    sleepers: Mutex<Sleepers>,
    load: watch::Sender<i64>,
}

#[derive(Debug, Default)]
struct Sleepers {
    next: u64,
    pending: BTreeMap<(i64, u64), Arc<Wake>>,
}

#[derive(Debug, Default)]
struct Wake {
    /// True once a move passed the sleeper's moment; the move then counts it as work under way.
    by_move: AtomicBool,
    notify: Notify,
}

impl MovableClock {
    /// A clock whose offset is forgotten with the process.
    pub fn in_memory() -> Self {
        Self::with(0, None)
    }

    /// A clock whose offset lives in the file at `path`, milliseconds as decimal text; a missing file means 0.
    ///
    /// Errors: the file cannot be read, or does not hold a number (`InvalidData`).
    pub fn on_file(path: &Path) -> io::Result<Self> {
        let offset_ms = match fs::read_to_string(path) {
            Ok(text) => text.trim().parse().map_err(|_| {
                let message = format!("{} does not hold a clock offset", path.display());
                io::Error::new(io::ErrorKind::InvalidData, message)
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(error),
        };
        Ok(Self::with(offset_ms, Some(path.to_owned())))
    }

    fn with(offset_ms: i64, file: Option<PathBuf>) -> Self {
        Self {
            inner: Arc::new(Inner {
                offset_ms: AtomicI64::new(offset_ms),
                file,
                moving: Mutex::new(()),
                sleepers: Mutex::default(),
                load: watch::Sender::new(0),
            }),
        }
    }

    /// Now, in Unix milliseconds of this clock.
    pub fn now_ms(&self) -> i64 {
        real_ms() + self.inner.offset_ms.load(Ordering::SeqCst)
    }

    /// Moves the clock forward to `at_ms` and wakes the sleepers it passes; a moment already past is left alone.
    ///
    /// The new offset is on disk before this returns. A sleeper woken here counts as work under way
    /// until its task has taken notice, so [`quiet`](Self::quiet) cannot overtake it.
    ///
    /// Errors: the offset could not be stored; the clock then has not moved.
    pub fn move_to(&self, at_ms: i64) -> io::Result<()> {
        let _one_at_a_time = lock(&self.inner.moving);
        let offset_ms = at_ms - real_ms();
        if offset_ms <= self.inner.offset_ms.load(Ordering::SeqCst) {
            return Ok(());
        }
        if let Some(file) = &self.inner.file {
            store(file, offset_ms)?;
        }
        self.inner.offset_ms.store(offset_ms, Ordering::SeqCst);

        let now_ms = self.now_ms();
        let mut sleepers = lock(&self.inner.sleepers);
        let later = sleepers.pending.split_off(&(now_ms.saturating_add(1), 0));
        for wake in std::mem::replace(&mut sleepers.pending, later).into_values() {
            self.inner.add(1);
            wake.by_move.store(true, Ordering::SeqCst);
            wake.notify.notify_one();
        }
        Ok(())
    }

    /// Ends when the clock reads `at_ms` or later, by real time or by a move.
    pub async fn sleep_until(&self, at_ms: i64) {
        self.sleeper(at_ms).wait().await;
    }

    /// As [`sleep_until`](Self::sleep_until), while not counting the caller that waits for the sleeper as busy.
    pub async fn park_until(&self, at_ms: i64) {
        let sleeper = self.sleeper(at_ms);
        let parked = self.parked();
        sleeper.wait().await;
        // The caller counts again before the move lets go of the sleeper: the count never dips in between.
        drop(parked);
        drop(sleeper);
    }

    /// The moment of the earliest pending sleeper in Unix milliseconds, `None` when nobody sleeps.
    pub fn next_wake_ms(&self) -> Option<i64> {
        let sleepers = lock(&self.inner.sleepers);
        sleepers.pending.keys().next().map(|(at_ms, _)| *at_ms)
    }

    /// Counts one piece of work as under way until the guard is dropped.
    pub fn busy(&self) -> BusyGuard {
        self.inner.add(1);
        BusyGuard(self.clone())
    }

    /// Takes one busy caller out of the count until the guard is dropped: it waits for the clock itself.
    pub fn parked(&self) -> ParkedGuard {
        self.inner.add(-1);
        ParkedGuard(self.clone())
    }

    /// Ends when nothing is under way: everything counted as busy has ended or is parked.
    pub async fn quiet(&self) {
        let mut load = self.inner.load.subscribe();
        load.wait_for(|count| *count <= 0)
            .await
            .expect("the clock holds the sender for as long as it lives");
    }

    fn sleeper(&self, at_ms: i64) -> Sleeper {
        let wake = Arc::new(Wake::default());
        let mut sleepers = lock(&self.inner.sleepers);
        let key = (at_ms, sleepers.next);
        sleepers.next += 1;
        if self.now_ms() < at_ms {
            sleepers.pending.insert(key, Arc::clone(&wake));
        }
        drop(sleepers);
        Sleeper {
            clock: self.clone(),
            key,
            wake,
        }
    }
}

impl Inner {
    fn add(&self, change: i64) {
        self.load.send_if_modified(|count| {
            *count += change;
            *count <= 0
        });
    }
}

/// One piece of work under way; see [`MovableClock::busy`].
#[derive(Debug)]
pub struct BusyGuard(MovableClock);

impl Drop for BusyGuard {
    fn drop(&mut self) {
        self.0.inner.add(-1);
    }
}

/// One busy caller that waits for the clock; see [`MovableClock::parked`].
#[derive(Debug)]
pub struct ParkedGuard(MovableClock);

impl Drop for ParkedGuard {
    fn drop(&mut self) {
        self.0.inner.add(1);
    }
}

struct Sleeper {
    clock: MovableClock,
    key: (i64, u64),
    wake: Arc<Wake>,
}

impl Sleeper {
    async fn wait(&self) {
        loop {
            let left_ms = self.key.0 - self.clock.now_ms();
            let Ok(left_ms @ 1..) = u64::try_from(left_ms) else {
                return;
            };
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(left_ms)) => {}
                () = self.wake.notify.notified() => {}
            }
        }
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        lock(&self.clock.inner.sleepers).pending.remove(&self.key);
        if self.wake.by_move.load(Ordering::SeqCst) {
            self.clock.inner.add(-1);
        }
    }
}

/// The computer's clock in Unix milliseconds.
#[expect(
    clippy::disallowed_methods,
    reason = "the local host reads real time here and nowhere else"
)]
fn real_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let elapsed = since.expect("the computer's clock is past 1970");
    i64::try_from(elapsed.as_millis()).expect("milliseconds since 1970 fit 63 bits")
}

fn store(path: &Path, offset_ms: i64) -> io::Result<()> {
    let draft = path.with_extension("tmp");
    let mut file = File::create(&draft)?;
    writeln!(file, "{offset_ms}")?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: i64 = 3_600_000;

    async fn is_quiet(clock: &MovableClock) -> bool {
        tokio::time::timeout(Duration::from_millis(20), clock.quiet())
            .await
            .is_ok()
    }

    #[tokio::test]
    async fn a_move_wakes_the_sleepers_it_passes_and_no_others() {
        let clock = MovableClock::in_memory();
        let start = clock.now_ms();
        let near = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep_until(start + HOUR_MS).await }
        });
        let far = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep_until(start + 3 * HOUR_MS).await }
        });
        tokio::task::yield_now().await;
        assert_eq!(clock.next_wake_ms(), Some(start + HOUR_MS));

        clock.move_to(start + HOUR_MS).unwrap();
        near.await.unwrap();
        assert!(!far.is_finished());
        assert_eq!(clock.next_wake_ms(), Some(start + 3 * HOUR_MS));
        far.abort();
    }

    #[tokio::test]
    async fn a_sleeper_that_gives_up_is_forgotten() {
        let clock = MovableClock::in_memory();
        let at_ms = clock.now_ms() + HOUR_MS;
        let gave_up =
            tokio::time::timeout(Duration::from_millis(5), clock.sleep_until(at_ms)).await;
        assert!(gave_up.is_err());
        assert_eq!(clock.next_wake_ms(), None);
    }

    #[tokio::test]
    async fn real_time_ends_a_sleep_as_well() {
        let clock = MovableClock::in_memory();
        let at_ms = clock.now_ms() + 15;
        clock.sleep_until(at_ms).await;
        assert!(clock.now_ms() >= at_ms);
        assert_eq!(clock.next_wake_ms(), None);
    }

    #[test]
    fn the_clock_never_goes_back() {
        let clock = MovableClock::in_memory();
        let start = clock.now_ms();
        clock.move_to(start + HOUR_MS).unwrap();
        clock.move_to(start).unwrap();
        assert!(clock.now_ms() >= start + HOUR_MS);
    }

    #[test]
    fn a_new_process_on_the_same_file_starts_where_the_old_one_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clock");
        let first = MovableClock::on_file(&path).unwrap();
        let target = first.now_ms() + 10 * HOUR_MS;
        first.move_to(target).unwrap();

        let second = MovableClock::on_file(&path).unwrap();
        assert!(second.now_ms() >= target);
        assert!(second.now_ms() < target + HOUR_MS);
    }

    #[test]
    fn a_file_without_a_number_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clock");
        fs::write(&path, "noon").unwrap();
        let error = MovableClock::on_file(&path).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }

    #[tokio::test]
    async fn quiet_waits_for_the_busy_but_not_for_the_parked() {
        let clock = MovableClock::in_memory();
        assert!(is_quiet(&clock).await);
        let busy = clock.busy();
        assert!(!is_quiet(&clock).await);
        let parked = clock.parked();
        assert!(is_quiet(&clock).await);
        drop(parked);
        assert!(!is_quiet(&clock).await);
        drop(busy);
        assert!(is_quiet(&clock).await);
    }

    #[tokio::test]
    async fn quiet_waits_for_a_parked_caller_that_a_move_has_woken() {
        let clock = MovableClock::in_memory();
        let at_ms = clock.now_ms() + HOUR_MS;
        let busy = clock.busy();
        let answer = tokio::spawn({
            let clock = clock.clone();
            async move { clock.park_until(at_ms).await }
        });
        tokio::task::yield_now().await;
        assert!(is_quiet(&clock).await);

        clock.move_to(at_ms).unwrap();
        assert!(!is_quiet(&clock).await, "the woken caller is still busy");
        answer.await.unwrap();
        drop(busy);
        assert!(is_quiet(&clock).await);
    }

    #[tokio::test]
    async fn a_woken_sleeper_counts_as_busy_until_it_has_taken_notice() {
        let clock = MovableClock::in_memory();
        let at_ms = clock.now_ms() + HOUR_MS;
        let sleeper = clock.sleeper(at_ms);
        clock.move_to(at_ms).unwrap();
        assert!(!is_quiet(&clock).await);
        drop(sleeper);
        assert!(is_quiet(&clock).await);
    }
}
