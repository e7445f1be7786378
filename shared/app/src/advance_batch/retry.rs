//! Gives the failed payouts of a manifest another run, chunk after chunk. Only those that had failed when it was
//! asked for: a task that comes twice retries nothing twice.

use domain::{
    batch::{Batch, ManifestMark},
    denied::Denied,
    payout::{Change, Note, Outcome, Payout, PayoutStatus},
    time::Timestamp,
};
use tracing::{info, warn};

use super::{BatchWorker, chunks_of};
use crate::{
    call::Call,
    changes::Changes,
    create_payout::ROUNDS,
    error::Error,
    line_payouts,
    port::{CommitError, Queue, Store},
    record::Record,
    send, together,
};

/// Whether payouts can be retried together, or only one by one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tried {
    Done,
    Refused,
}

impl<S: Store, Q: Queue> BatchWorker<S, Q> {
    pub(super) async fn retry_lines(
        &self,
        call: &Call,
        batch: &Batch,
        (mark, asked_at): (&ManifestMark, Timestamp),
    ) -> Result<(), Error> {
        for (number, lines) in chunks_of(batch, mark) {
            let is_meant = |payout: &Payout| {
                let has_failed = payout.status == PayoutStatus::Failed && !payout.is_held();
                has_failed && payout.changed_at <= asked_at
            };
            let mut failed = self.payouts(batch, lines.clone()).await?;
            failed.retain(is_meant);
            if failed.is_empty() {
                continue;
            }
            let purpose = format!("retry {} {number} {}", batch.id, asked_at.millis());
            if self.retry(call, &failed, &purpose).await? == Tried::Done {
                continue;
            }
            // One of them cannot be retried, or the wallet has not enough for all: as many as possible.
            for payout in failed {
                let purpose = format!("{purpose} {}", payout.id);
                let one = std::slice::from_ref(&payout);
                if self.retry(call, one, &purpose).await? == Tried::Refused {
                    warn!(payout.id = %payout.id, "payout {} cannot be retried now", payout.id);
                }
            }
        }
        Ok(())
    }

    async fn retry(&self, call: &Call, failed: &[Payout], purpose: &str) -> Result<Tried, Error> {
        let tx_id = call.tx_id(purpose);
        let note = Note {
            actor: &call.actor,
            at: call.now(),
            tx_id: &tx_id,
            attempt: None,
            reason: None,
        };
        let changes = Changes::new("retry-chunk", tx_id.clone());
        let mut changes = line_payouts::require_payable(changes, failed.iter());
        let mut ready = Vec::new();
        for payout in failed {
            match payout.apply(Change::Retry, &note) {
                Ok(Outcome::Moved(queued, transition)) => {
                    changes = changes
                        .record(payout, *transition)
                        .replace(Record::Payout(queued.clone()), payout.version);
                    ready.push(queued);
                }
                Ok(Outcome::Ignored | Outcome::Contradiction) => {}
                Err(Denied::AttemptsExhausted | Denied::Contradicted) => {
                    return Ok(Tried::Refused);
                }
                Err(denied) => return Err(denied.into()),
            }
        }
        for _ in 0..ROUNDS {
            match self.store.commit(changes.clone()).await {
                Ok(()) => {
                    info!(payouts = ready.len(), "failed payouts retried");
                    let sends = ready
                        .iter()
                        .map(|payout| send::now(&self.queue, line_payouts::dispatch(payout)));
                    together::all(sends.collect()).await;
                    return Ok(Tried::Done);
                }
                Err(CommitError::Refused(_)) => return Ok(Tried::Refused),
                Err(CommitError::Contended) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(CommitError::Contended.into())
    }
}
