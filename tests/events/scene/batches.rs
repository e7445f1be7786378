//! The batch of the start data: two loads of its own, made by another key than the one that asks.

use app::{
    advance_batch::BatchWorker,
    batch_plan::AskedLine,
    create_batch::{self, ControlTotals, CreateBatch, OnInvalid, Wish},
    memory::{Operation, ScriptedProvider, Trouble},
    message::{Message, QueueName},
    release_batch::{self, ReleaseBatch},
};
use domain::{
    answer::Refusal,
    batch::Hand,
    fee::FeeSchedule,
    ids::{BatchId, LoadId},
};

use super::{NOW, Props};

/// How far the batch is when a function finds it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Far {
    Made,
    Queued,
    Failed,
}

/// The batch of the start data.
pub(crate) const ID: &str = "batch_01KG9YS7G0V5ATP04ADC1ZA9AC";
const LOADS: [&str; 2] = ["L-22341", "L-22342"];

fn far(function: &str) -> Option<Far> {
    match function {
        "advance-batch" => Some(Far::Made),
        "list-batches" | "get-batch" | "release-batch" | "cancel-batch" | "approve-batch"
        | "add-batch-lines" | "remove-batch-line" => Some(Far::Queued),
        "list-batch-payouts" | "get-batch-report" | "retry-batch" => Some(Far::Failed),
        _ => None,
    }
}

impl Props {
    /// The batch, where `function` works with one.
    pub(super) async fn put_batch(&self, function: &str) {
        let Some(far) = far(function) else {
            return;
        };
        for (number, load) in (120..).zip(LOADS) {
            self.put_load(number, load).await;
        }
        let batch = self.make().await;
        if far >= Far::Queued {
            self.work_on_batches().await;
        }
        if far >= Far::Failed {
            self.release(&batch).await;
            self.work_on_batches().await;
            let refusing = ScriptedProvider::default();
            for number in (134..).take(LOADS.len()) {
                refusing.trouble(Operation::Create, Trouble::Refused(Refusal::Input));
                self.dispatch_last(number, refusing.clone()).await;
            }
            self.work_on_batches().await;
        }
    }

    async fn make(&self) -> BatchId {
        let line = |load| AskedLine {
            load: LoadId::parse(load).expect("a load"),
            amount: None,
        };
        let create = CreateBatch {
            asking: self.asking(),
            wish: Wish {
                name: "Week 5".to_owned(),
                lines: LOADS.map(line).into(),
                scheduled_for: None,
                on_invalid: OnInvalid::RefuseBatch,
                plan: None,
                expected: ControlTotals::default(),
                file: None,
            },
            by: Hand {
                key: "otherkeymade".to_owned(),
                owner: "dispatch".to_owned(),
            },
            fees: &FeeSchedule::default(),
        };
        let call = Self::call(130);
        create_batch::run(&call, &self.store, &self.queue, create)
            .await
            .expect("a batch");
        BatchId::mint(NOW, call.entropy.of("batch"))
    }

    async fn release(&self, batch: &BatchId) {
        let release = ReleaseBatch {
            asking: self.asking(),
            batch: batch.clone(),
            edition: None,
            plan: None,
        };
        // What was sent for the payouts of the start data is not delivered.
        while self.queue.take(QueueName::Dispatch, NOW).is_some() {}
        release_batch::run(&Self::call(131), &self.store, &self.queue, release)
            .await
            .expect("released");
    }

    /// Delivers every message about batches.
    async fn work_on_batches(&self) {
        let worker = BatchWorker {
            store: self.store.clone(),
            queue: self.queue.clone(),
        };
        while let Some(Message::Batch(task)) = self.queue.take(QueueName::Batch, NOW) {
            let call = Self::call(132);
            worker.run(&call, &task).await.expect("done");
        }
    }
}
