//! What batches need of a stage: loads of their own, a client that repeats until it is answered, and the books of a
//! batch.

use app::{
    add_batch_lines::{self, AddBatchLines},
    audit,
    batch_plan::AskedLine,
    cancel_batch::{self, CancelBatch},
    create_batch::{self, ControlTotals, CreateBatch, OnInvalid, Wish},
    error::Error,
    get_batch::{self, BatchNow},
    put_load::{self, PutLoad},
    release_batch::{self, ReleaseBatch},
    request_key::{Answered, Asking, RequestKey},
    retry_batch::{self, BatchRetry, RetryBatch},
};
use domain::{
    batch::{Batch, Hand},
    fee::FeeSchedule,
    ids::{BatchId, LoadId},
    money::Cents,
    time::Timestamp,
};
use std::time::Duration;

use crate::stage::{Stage, WALLET};

/// The amount of each load of a batch.
pub(crate) const LINE: i64 = 1_000;

pub(crate) fn hand(key: &str) -> Hand {
    Hand {
        key: key.to_owned(),
        owner: key.to_owned(),
    }
}

pub(crate) fn wish(loads: &[String]) -> Wish {
    let lines = loads.iter().map(|load| AskedLine {
        load: LoadId::parse(load).expect("valid"),
        amount: None,
    });
    Wish {
        name: "Weekly".to_owned(),
        lines: lines.collect(),
        scheduled_for: None,
        on_invalid: OnInvalid::RefuseBatch,
        plan: None,
        expected: ControlTotals::default(),
        file: None,
    }
}

fn key(name: &str, stage: &Stage) -> RequestKey {
    RequestKey {
        digest: name.to_owned(),
        fingerprint: name.to_owned(),
        expires_at: stage.clock.now().plus(Duration::from_secs(3_600)),
    }
}

impl Stage {
    /// Registers so many loads; their names.
    pub(crate) async fn put_loads(&self, count: usize) -> Vec<String> {
        let names: Vec<_> = (1..=count).map(|number| format!("B-{number}")).collect();
        for name in &names {
            self.put_load_of(name, LINE).await;
        }
        names
    }

    pub(crate) async fn put_load_of(&self, load: &str, amount: i64) {
        let command = PutLoad {
            asking: Asking {
                tenant: &self.tenant,
                key: None,
                render: &|_| String::new(),
            },
            load: LoadId::parse(load).expect("valid"),
            driver: self.driver.clone(),
            amount: Cents::new(amount),
            description: None,
            metadata: None,
        };
        put_load::run(&self.call("setup"), &self.memory, command)
            .await
            .expect("put");
    }

    /// One call for a batch.
    pub(crate) async fn create_batch(&self, wish: Wish) -> Result<Answered<Batch>, Error> {
        let request = key("batch", self);
        let render = |batch: &Batch| batch.id.to_string();
        let command = CreateBatch {
            asking: Asking {
                tenant: &self.tenant,
                key: Some(&request),
                render: &render,
            },
            wish,
            by: hand("maker"),
            fees: &FeeSchedule::default(),
        };
        let (store, queue) = self.call_store();
        create_batch::run(&self.call("client"), store, queue, command).await
    }

    /// The same client again and again until it has an answer; the id it got.
    pub(crate) async fn batch_for_sure(&self, loads: &[String]) -> BatchId {
        loop {
            match self.create_batch(wish(loads)).await {
                Ok(Answered::Fresh { body, .. } | Answered::Replayed { body }) => {
                    return BatchId::parse(&body).expect("an id");
                }
                Err(Error::Unavailable { .. }) if self.points.is_down() => self.points.revive(),
                Err(error) => panic!("create: {error:?}"),
            }
        }
    }

    pub(crate) async fn release(&self, batch: &BatchId) -> Result<Answered<Batch>, Error> {
        let command = ReleaseBatch {
            asking: self.quiet(),
            batch: batch.clone(),
            edition: None,
            plan: None,
        };
        let (store, queue) = self.call_store();
        release_batch::run(&self.call("client"), store, queue, command).await
    }

    pub(crate) async fn cancel_batch(&self, batch: &BatchId) -> Result<Answered<Batch>, Error> {
        let command = CancelBatch {
            asking: self.quiet(),
            batch: batch.clone(),
        };
        let (store, queue) = self.call_store();
        cancel_batch::run(&self.call("client"), store, queue, command).await
    }

    pub(crate) async fn retry_batch(&self, batch: &BatchId) -> Result<Answered<BatchRetry>, Error> {
        let command = RetryBatch {
            asking: self.quiet(),
            batch: batch.clone(),
        };
        let (store, queue) = self.call_store();
        retry_batch::run(&self.call("client"), store, queue, command).await
    }

    pub(crate) async fn add_lines(
        &self,
        batch: &BatchId,
        (loads, edition): (&[&str], u32),
    ) -> Result<Answered<Batch>, Error> {
        let command = AddBatchLines {
            asking: self.quiet(),
            batch: batch.clone(),
            loads: loads
                .iter()
                .map(|load| LoadId::parse(load).expect("valid"))
                .collect(),
            edition,
            by: hand("editor"),
            fees: &FeeSchedule::default(),
        };
        let (store, _) = self.call_store();
        add_batch_lines::run(&self.call("client"), store, command).await
    }

    fn quiet<T>(&self) -> Asking<'_, T> {
        Asking {
            tenant: &self.tenant,
            key: None,
            render: &|_| String::new(),
        }
    }

    /// Repeats what a client asks for until a process that did not die answers.
    pub(crate) async fn for_sure<T, F>(&self, ask: impl Fn() -> F) -> T
    where
        F: Future<Output = Result<T, Error>>,
    {
        loop {
            match ask().await {
                Ok(answer) => return answer,
                Err(Error::Unavailable { .. }) if self.points.is_down() => self.points.revive(),
                Err(error) => panic!("{error:?}"),
            }
        }
    }

    pub(crate) async fn batch(&self, id: &BatchId) -> BatchNow {
        get_batch::run(&self.memory, &self.tenant, id)
            .await
            .expect("a batch")
    }

    /// The books are in order, nothing is reserved, and so much was spent.
    pub(crate) async fn spent(&self, cents: i64) {
        assert_eq!(audit::findings(&self.memory.dump()), []);
        let balances = self.balances().await;
        assert_eq!(balances.available.get(), WALLET - cents);
        assert_eq!((balances.pending.get(), balances.in_transit.get()), (0, 0));
    }

    /// A while from now.
    pub(crate) fn in_seconds(&self, seconds: u64) -> Timestamp {
        self.clock.now().plus(Duration::from_secs(seconds))
    }
}
