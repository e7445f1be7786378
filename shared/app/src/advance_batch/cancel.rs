//! Withdraws the lines of a canceled batch, chunk after chunk: payouts that wait are canceled, and what is no payout
//! yet gives its money back.

use std::collections::BTreeMap;

use domain::{
    batch::{Batch, BatchStatus, Line, LineState, ManifestMark, TallyMovement},
    ledger::{Account, Posting},
    load::LoadStatus,
    money::Cents,
    payout::{Change, Note, Outcome},
};

use super::{BatchWorker, chunks_of};
use crate::{
    batch_lines,
    call::Call,
    changes::{Changes, TallyKey},
    create_payout::ROUNDS,
    error::Error,
    line_end,
    port::{CommitError, Queue, Store},
    record::{Chunk, Journal, Key, Record},
    record_answer::load_settlement,
    send,
};

/// Why the payouts of a canceled batch are canceled.
const REASON: &str = "batch_canceled";

impl<S: Store, Q: Queue> BatchWorker<S, Q> {
    pub(super) async fn cancel_lines(
        &self,
        call: &Call,
        batch: &Batch,
        mark: &ManifestMark,
    ) -> Result<(), Error> {
        if batch.status != BatchStatus::Canceled {
            return Ok(());
        }
        let lines = batch_lines::of_manifest(&self.store, batch, mark).await?;
        for (number, range) in chunks_of(batch, mark) {
            self.cancel_chunk(call, batch, (number, range, &lines))
                .await?;
        }
        Ok(())
    }

    async fn cancel_chunk(
        &self,
        call: &Call,
        batch: &Batch,
        (number, range, lines): (u32, std::ops::Range<u32>, &BTreeMap<u32, Line>),
    ) -> Result<(), Error> {
        for round in 0..ROUNDS {
            let tx_id = call.tx_id(&format!("cancel {} {number} {round}", batch.id));
            let made = batch_lines::chunks(&self.store, batch, std::iter::once(number)).await?;
            let changes = match made.get(&number) {
                None => Some(given_back(
                    call,
                    batch,
                    (number, lines.range(range.clone())),
                    tx_id,
                )),
                Some(_) => self.withdrawn(call, batch, range.clone(), tx_id).await?,
            };
            let Some(changes) = changes else {
                return Ok(());
            };
            match line_end::commit(call, &self.store, changes).await {
                Ok(message) => {
                    if let Some(message) = message {
                        send::now(&self.queue, message).await;
                    }
                    return Ok(());
                }
                Err(CommitError::Refused(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let cause = format!("chunk {number} of {} kept changing", batch.id);
        Err(Error::Unavailable { cause })
    }

    /// The unit that cancels the payouts of a chunk; none when nothing is left to cancel.
    async fn withdrawn(
        &self,
        call: &Call,
        batch: &Batch,
        range: std::ops::Range<u32>,
        tx_id: String,
    ) -> Result<Option<Changes>, Error> {
        let note = Note {
            actor: &call.actor,
            at: call.now(),
            tx_id: &tx_id,
            attempt: None,
            reason: Some(REASON.to_owned()),
        };
        let mut changes = Changes::new("cancel-chunk", tx_id.clone());
        let mut any = false;
        for payout in self.payouts(batch, range).await? {
            // A held line is withdrawn once people have decided: the batch looks again.
            if !LineState::of(payout.status).is_left() || payout.is_held() {
                continue;
            }
            if let Outcome::Moved(canceled, transition) = payout.apply(Change::Cancel, &note)? {
                any = true;
                changes = changes
                    .record(&payout, *transition)
                    .replace(Record::Payout(canceled), payout.version)
                    .forget(payout.outbox.clone().map(Key::Outbox))
                    .write_if(load_settlement(&payout, LoadStatus::Open, call.now()));
            }
        }
        Ok(any.then_some(changes))
    }
}

/// The unit that ends a chunk of which no line became a payout.
fn given_back<'a>(
    call: &Call,
    batch: &Batch,
    (number, lines): (u32, impl Iterator<Item = (&'a u32, &'a Line)>),
    tx_id: String,
) -> Changes {
    let mut movement = TallyMovement::default();
    let mut sum = 0;
    for (_, line) in lines.filter(|(_, line)| line.is_accepted()) {
        movement.add(LineState::Waiting, -1, -line.amount.get());
        movement.add(LineState::Canceled, 1, line.amount.get());
        sum += line.amount.get();
    }
    let chunk = Chunk {
        tenant: batch.tenant.clone(),
        batch: batch.id.clone(),
        number,
        version: 1,
        released: false,
        canceled: true,
        rejected: Vec::new(),
    };
    let tally = TallyKey {
        tenant: batch.tenant.clone(),
        batch: batch.id.clone(),
        number: batch.tally_of(number),
    };
    let changes = Changes::new("cancel-chunk", tx_id.clone())
        .insert(Record::Chunk(Box::new(chunk)))
        .tally(tally, &movement);
    if sum == 0 {
        return changes;
    }
    changes.journal(Journal {
        tenant: batch.tenant.clone(),
        batch: batch.id.clone(),
        name: format!("chunk-{number:04}"),
        actor: call.actor.clone(),
        at: call.now(),
        legs: Posting::between(Account::Hold, Account::Available, Cents::new(sum)),
        tx_id,
    })
}
