//! Makes payouts of the lines of one manifest, chunk after chunk. A line that cannot be paid any more is rejected
//! and its money goes back; no line stands in the way of another.

use std::collections::BTreeMap;

use domain::{
    batch::{Batch, BatchStatus, Line, LineState, ManifestMark, Rejection, TallyMovement},
    denied::Denied,
    ids::DriverId,
    ledger::{Account, Posting},
    money::Cents,
};
use tracing::info;

use super::{BatchWorker, chunks_of};
use crate::{
    batch_lines, batch_plan,
    call::Call,
    changes::{Changes, Subject, TallyKey, Write},
    create_payout::not_payable,
    error::Error,
    get_batch, line_end,
    line_payouts::{self, Booked, Start},
    port::{CommitError, Queue, Refused, Store},
    record::{Chunk, Journal, Key, Record, RejectedLine},
    send, together,
};

/// How often a chunk is decided again after what it was based on changed.
const ROUNDS: u32 = 8;

/// What became of an attempt to make a chunk.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Made {
    Done,
    /// The batch was released or canceled meanwhile.
    GateMoved,
}

/// What is decided of one chunk.
struct Draft {
    booked: Vec<Booked>,
    rejected: Vec<(RejectedLine, Cents)>,
}

impl<S: Store, Q: Queue> BatchWorker<S, Q> {
    pub(super) async fn expand(
        &self,
        call: &Call,
        batch: &Batch,
        mark: &ManifestMark,
    ) -> Result<(), Error> {
        let mut batch = batch.clone();
        let lines = batch_lines::of_manifest(&self.store, &batch, mark).await?;
        let numbers = chunks_of(&batch, mark).map(|(number, _)| number);
        let made = batch_lines::chunks(&self.store, &batch, numbers).await?;
        let chunks: Vec<_> = chunks_of(&batch, mark).collect();
        for (number, range) in chunks {
            if made.contains_key(&number) {
                continue;
            }
            let wanted: Vec<_> = lines
                .range(range)
                .filter(|(_, line)| line.is_accepted())
                .map(|(number, line)| (*number, line))
                .collect();
            loop {
                match batch.status {
                    BatchStatus::Building | BatchStatus::Processing => {}
                    // What waits in a canceled batch is given back by its cancellation.
                    BatchStatus::Canceled
                    | BatchStatus::Queued
                    | BatchStatus::Scheduled
                    | BatchStatus::Completed
                    | BatchStatus::Failed => return Ok(()),
                }
                if self.make_chunk(call, &batch, (number, &wanted)).await? == Made::Done {
                    break;
                }
                batch = get_batch::run(&self.store, &batch.tenant, &batch.id)
                    .await?
                    .batch;
            }
        }
        Ok(())
    }

    async fn make_chunk(
        &self,
        call: &Call,
        batch: &Batch,
        (number, lines): (u32, &[(u32, &Line)]),
    ) -> Result<Made, Error> {
        let mut barred = BTreeMap::new();
        for round in 0..ROUNDS {
            let tx_id = call.tx_id(&format!("chunk {} {number} {round}", batch.id));
            let draft = self.draft(call, batch, (lines, &barred), &tx_id).await?;
            let changes = changes(call, batch, (number, &draft), tx_id);
            let error = match line_end::commit(call, &self.store, changes).await {
                Ok(message) => {
                    if let Some(message) = message {
                        send::now(&self.queue, message).await;
                    }
                    self.made(batch, number, draft).await;
                    return Ok(Made::Done);
                }
                Err(error) => error,
            };
            let CommitError::Refused(refusals) = &error else {
                return Err(error.into());
            };
            if error.refused(Subject::Chunk).is_some() {
                return Ok(Made::Done);
            }
            if error.refused(Subject::Batch).is_some() {
                return Ok(Made::GateMoved);
            }
            let before = barred.len();
            barred.extend(refusals.iter().filter_map(not_payable_driver));
            let is_news = barred.len() > before || error.refused(Subject::Load).is_some();
            if !is_news {
                return Err(error.into());
            }
        }
        let cause = format!("chunk {number} of {} kept changing", batch.id);
        Err(Error::Unavailable { cause })
    }

    /// Reads the loads as they are and decides each line.
    async fn draft(
        &self,
        call: &Call,
        batch: &Batch,
        (lines, barred): (&[(u32, &Line)], &BTreeMap<DriverId, Rejection>),
        tx_id: &str,
    ) -> Result<Draft, Error> {
        let keys: Vec<_> = lines
            .iter()
            .map(|(_, line)| Key::Load(batch.tenant.clone(), line.load.clone()))
            .collect();
        let start = match batch.status {
            BatchStatus::Processing => Start::Released,
            BatchStatus::Building
            | BatchStatus::Queued
            | BatchStatus::Scheduled
            | BatchStatus::Completed
            | BatchStatus::Failed
            | BatchStatus::Canceled => Start::FromHold,
        };
        let mut draft = Draft {
            booked: Vec::new(),
            rejected: Vec::new(),
        };
        let found = self.store.fetch(&keys).await?;
        for ((number, line), found) in lines.iter().zip(found) {
            let decided = match found {
                Some(Record::Load(load)) => {
                    let is_same =
                        line.driver.as_ref() == Some(&load.driver) && line.amount == load.amount;
                    match (barred.get(&load.driver), is_same) {
                        (_, false) => Err(Rejection::LoadChanged),
                        (Some(why), true) => Err(*why),
                        (None, true) => {
                            line_payouts::book(call, batch, (*number, line, *load), (start, tx_id))
                                .map_err(|denied| batch_plan::of_load(&denied))
                        }
                    }
                }
                Some(_) | None => Err(Rejection::LoadNotFound),
            };
            match decided {
                Ok(booked) => draft.booked.push(booked),
                Err(why) => {
                    let rejected = RejectedLine { line: *number, why };
                    draft.rejected.push((rejected, line.amount));
                }
            }
        }
        Ok(draft)
    }

    /// Lines of a released batch are dispatched at once.
    async fn made(&self, batch: &Batch, number: u32, draft: Draft) {
        for (rejected, _) in &draft.rejected {
            info!(batch.id = %batch.id, line = rejected.line, reason = rejected.why.name(), "line rejected");
        }
        info!(batch.id = %batch.id, chunk = number, payouts = draft.booked.len(), "chunk made");
        if batch.status == BatchStatus::Processing {
            let sends = draft
                .booked
                .iter()
                .map(|it| send::now(&self.queue, line_payouts::dispatch(&it.payout)));
            together::all(sends.collect()).await;
        }
    }
}

fn changes(call: &Call, batch: &Batch, (number, draft): (u32, &Draft), tx_id: String) -> Changes {
    let given_back = draft.rejected.iter().map(|(_, amount)| amount.get());
    let given_back = Cents::new(given_back.sum());
    let chunk = Chunk {
        tenant: batch.tenant.clone(),
        batch: batch.id.clone(),
        number,
        version: 1,
        released: batch.status == BatchStatus::Processing,
        canceled: false,
        rejected: draft.rejected.iter().map(|(line, _)| *line).collect(),
    };
    let tally = TallyKey {
        tenant: batch.tenant.clone(),
        batch: batch.id.clone(),
        number: batch.tally_of(number),
    };
    let mut movement = TallyMovement::default();
    for (_, amount) in &draft.rejected {
        movement.add(LineState::Waiting, -1, -amount.get());
        movement.add(LineState::Rejected, 1, amount.get());
    }
    let changes = Changes::new("expand-chunk", tx_id.clone())
        .insert(Record::Chunk(Box::new(chunk)))
        .write(Write::Gate {
            tenant: batch.tenant.clone(),
            batch: batch.id.clone(),
            gate: batch.gate,
        })
        .tally(tally, &movement);
    let changes = match given_back.is_positive() {
        true => changes.journal(Journal {
            tenant: batch.tenant.clone(),
            batch: batch.id.clone(),
            name: format!("chunk-{number:04}"),
            actor: call.actor.clone(),
            at: call.now(),
            legs: Posting::between(Account::Hold, Account::Available, given_back),
            tx_id,
        }),
        false => changes,
    };
    line_payouts::written(changes, &draft.booked)
}

/// The driver of a refusal, and why they cannot be paid.
fn not_payable_driver(refused: &Refused) -> Option<(DriverId, Rejection)> {
    let found = refused.found.as_ref();
    let Some(Record::Driver(driver)) = found.filter(|_| refused.subject == Subject::Driver) else {
        return None;
    };
    let why = match not_payable(found, batch_plan::RAIL) {
        Denied::DriverNotPayable(reason) => reason.into(),
        _ => Rejection::DriverNotActive,
    };
    Some((driver.id.clone(), why))
}
