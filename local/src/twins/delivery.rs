//! Sending the twins' callbacks when they are due.

use std::collections::HashSet;
use std::time::Duration;

use tokio::sync::{Mutex, Notify};
use tokio::task::JoinSet;

use super::books::Callback;
use super::faults::CallbackFault;
use super::{Provider, Sandbox, owlpay, payelata};
use crate::clock::BusyGuard;

/// How many callbacks are on their way at the same time.
const AT_ONCE: usize = 8;

/// What sending needs: the HTTP client, and who waits for whom.
pub(crate) struct Outbox {
    client: reqwest::Client,
    changed: Notify,
    delivering: Mutex<()>,
}

impl Outbox {
    pub(crate) fn new() -> Self {
        // The client wants a TLS provider even though callbacks only go to plain loopback addresses;
        // an error means that the process has one already.
        let _already_there = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(10))
            .timeout(Duration::from_secs(20))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .expect("an HTTP client with constant settings can be built");
        Self {
            client,
            changed: Notify::new(),
            delivering: Mutex::new(()),
        }
    }
}

impl Sandbox {
    /// When the next callback is due, Unix milliseconds of the clock; in the past when it is overdue.
    pub fn next_due_ms(&self) -> Option<i64> {
        let due = self.books().read(|page| page.next_due_ms());
        due.unwrap_or_else(|error| {
            tracing::error!(%error, "the sandbox books failed");
            None
        })
    }

    /// Sends every callback that is due by now, and those that become due meanwhile; at most 8 at once.
    ///
    /// Each one counts as work under way on the clock. A second caller waits for the first.
    pub async fn deliver_due(&self) {
        let _alone = self.outbox().delivering.lock().await;
        let mut running = JoinSet::new();
        let mut on_the_way = HashSet::new();
        loop {
            for callback in self.due_callbacks(&on_the_way) {
                on_the_way.insert(callback.seq);
                running.spawn(self.clone().deliver(callback, self.clock().busy()));
            }
            match running.join_next().await {
                Some(Ok(Some(seq))) => {
                    on_the_way.remove(&seq);
                }
                // Its fate is not in the books: leave it for the next round instead of sending it again and again.
                Some(Ok(None)) => {}
                Some(Err(error)) => tracing::error!(%error, "sending a callback failed"),
                None => return,
            }
        }
    }

    /// Sends callbacks as they become due, in real time and after moves of the clock. Never ends.
    pub async fn run(self) {
        loop {
            self.deliver_due().await;
            let pause = async {
                match self.next_due_ms() {
                    Some(at_ms) if at_ms > self.clock().now_ms() => {
                        self.clock().sleep_until(at_ms).await;
                    }
                    // Due already: it came this moment, or the books failed and need a breath.
                    Some(_) => tokio::time::sleep(Duration::from_millis(20)).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.outbox().changed.notified() => {}
                () = pause => {}
            }
        }
    }

    /// Tells [`run`](Self::run) that there may be something new to send.
    pub(crate) fn callbacks_changed(&self) {
        self.outbox().changed.notify_one();
    }

    fn due_callbacks(&self, on_the_way: &HashSet<i64>) -> Vec<Callback> {
        let free = AT_ONCE.saturating_sub(on_the_way.len());
        if free == 0 {
            return Vec::new();
        }
        let now_ms = self.clock().now_ms();
        let limit = u32::try_from(AT_ONCE + on_the_way.len()).unwrap_or(u32::MAX);
        let due = self.books().read(|page| page.due_callbacks(now_ms, limit));
        due.unwrap_or_else(|error| {
            tracing::error!(%error, "the sandbox books failed");
            Vec::new()
        })
        .into_iter()
        .filter(|callback| !on_the_way.contains(&callback.seq))
        .take(free)
        .collect()
    }

    /// The number of the callback once its fate is in the books, else `None`.
    async fn deliver(self, callback: Callback, _busy: BusyGuard) -> Option<i64> {
        match self.try_deliver(&callback).await {
            Ok(()) => Some(callback.seq),
            Err(error) => {
                tracing::error!(%error, "the sandbox books failed");
                None
            }
        }
    }

    async fn try_deliver(&self, callback: &Callback) -> rusqlite::Result<()> {
        let fault = self.callback_fault(callback)?;
        let (sends, genuine) = match fault {
            None => (1, true),
            Some(CallbackFault::Duplicate) => (2, true),
            Some(CallbackFault::BadSignature) => (1, false),
            Some(CallbackFault::Lose) => {
                return self.books().write(|page| page.drop_callback(callback.seq));
            }
            Some(CallbackFault::Reorder) => {
                return self.books().write(|page| page.hold_callback(callback.seq));
            }
        };
        let mut acknowledged = false;
        for _ in 0..sends {
            acknowledged |= self.send(callback, genuine).await;
        }
        let tries = callback.tries + 1;
        let now_ms = self.clock().now_ms();
        self.books().write(|page| {
            match retry_after_ms(callback, tries) {
                Some(pause_ms) if !acknowledged => {
                    page.put_off_callback(callback.seq, tries, now_ms + pause_ms)?;
                }
                _ => page.drop_callback(callback.seq)?,
            }
            page.release_callbacks(&callback.provider, now_ms)?;
            Ok(())
        })
    }

    async fn send(&self, callback: &Callback, genuine: bool) -> bool {
        let client = &self.outbox().client;
        let request = match Provider::named(&callback.provider) {
            Some(Provider::Payelata) => payelata::callback::request(client, callback, genuine),
            Some(Provider::OwlPay) => {
                let Some(api) = self.api() else {
                    // Nobody listens: there is nothing to repeat.
                    return true;
                };
                let sending = owlpay::webhook::Sending {
                    url: &format!("{api}{}", owlpay::WEBHOOK_PATH),
                    at_s: self.clock().now_ms().div_euclid(1000),
                    genuine,
                };
                owlpay::webhook::request(client, callback, &sending)
            }
            // PayWizard pushes nothing about prepaid cards.
            Some(Provider::Paywizard) | None => return false,
        };
        match request.send().await {
            Ok(response) => {
                let status = response.status();
                tracing::debug!(%status, id = %callback.object_id, "a callback was answered");
                // Exactly 200 acknowledges: every other answer, 2xx included, is a failure.
                status == reqwest::StatusCode::OK
            }
            Err(error) => {
                tracing::debug!(%error, id = %callback.object_id, "a callback was not answered");
                false
            }
        }
    }
}

/// How long after its `tries`-th failure a callback is sent again, `None` when it is given up.
fn retry_after_ms(callback: &Callback, tries: u32) -> Option<i64> {
    match Provider::named(&callback.provider) {
        Some(Provider::Payelata) => payelata::callback::retry_after_ms(tries),
        Some(Provider::OwlPay) => owlpay::webhook::retry_after_ms(tries),
        Some(Provider::Paywizard) | None => None,
    }
}
