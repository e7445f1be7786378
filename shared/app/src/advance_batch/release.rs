//! Lets the payouts of a released batch go, chunk after chunk. Chunks that are made after the release go by
//! themselves.

use domain::{
    batch::{Batch, BatchStatus, ManifestMark},
    payout::{Change, Note, Outcome, Payout, PayoutStatus},
};
use tracing::info;

use super::{BatchWorker, chunks_of};
use crate::{
    batch_lines,
    call::Call,
    changes::Changes,
    create_payout::ROUNDS,
    error::Error,
    line_payouts,
    port::{Queue, Store},
    record::{Chunk, Key, Record},
    send, together,
};

impl<S: Store, Q: Queue> BatchWorker<S, Q> {
    pub(super) async fn release_lines(
        &self,
        call: &Call,
        batch: &Batch,
        mark: &ManifestMark,
    ) -> Result<(), Error> {
        if batch.status != BatchStatus::Processing {
            return Ok(());
        }
        let numbers = chunks_of(batch, mark).map(|(number, _)| number);
        let chunks = batch_lines::chunks(&self.store, batch, numbers).await?;
        for (number, lines) in chunks_of(batch, mark) {
            let chunk = chunks.get(&number).filter(|chunk| !chunk.released);
            if let Some(chunk) = chunk {
                self.release_chunk(call, batch, (chunk, lines)).await?;
            }
        }
        Ok(())
    }

    async fn release_chunk(
        &self,
        call: &Call,
        batch: &Batch,
        (chunk, lines): (&Chunk, std::ops::Range<u32>),
    ) -> Result<(), Error> {
        for round in 0..ROUNDS {
            let purpose = format!("release {} {} {round}", batch.id, chunk.number);
            let tx_id = call.tx_id(&purpose);
            let released = Chunk {
                version: chunk.version + 1,
                released: true,
                ..chunk.clone()
            };
            let mut changes = Changes::new("release-chunk", tx_id.clone())
                .replace(Record::Chunk(Box::new(released)), chunk.version);
            let note = Note {
                actor: &call.actor,
                at: call.now(),
                tx_id: &tx_id,
                attempt: None,
                reason: None,
            };
            let mut ready = Vec::new();
            for payout in self.payouts(batch, lines.clone()).await? {
                if payout.status != PayoutStatus::Scheduled {
                    continue;
                }
                if let Outcome::Moved(validated, transition) = payout.apply(Change::Due, &note)? {
                    changes = changes
                        .record(&payout, *transition)
                        .replace(Record::Payout(validated.clone()), payout.version);
                    ready.push(validated);
                }
            }
            if super::committed(self.store.commit(changes).await)? {
                info!(batch.id = %batch.id, chunk = chunk.number, payouts = ready.len(), "chunk released");
                let sends = ready
                    .iter()
                    .map(|payout| send::now(&self.queue, line_payouts::dispatch(payout)));
                together::all(sends.collect()).await;
                return Ok(());
            }
            let again = std::iter::once(chunk.number);
            let again = batch_lines::chunks(&self.store, batch, again).await?;
            if again.get(&chunk.number).is_none_or(|chunk| chunk.released) {
                return Ok(());
            }
        }
        let cause = format!("chunk {} of {} kept changing", chunk.number, batch.id);
        Err(Error::Unavailable { cause })
    }

    /// The payouts of some lines, as far as there are any.
    pub(super) async fn payouts(
        &self,
        batch: &Batch,
        lines: std::ops::Range<u32>,
    ) -> Result<Vec<Payout>, Error> {
        let keys: Vec<_> = lines
            .map(|line| Key::Payout(batch.tenant.clone(), batch.payout_id(line)))
            .collect();
        let found = self.store.fetch(&keys).await?.into_iter().flatten();
        Ok(found
            .filter_map(|record| match record {
                Record::Payout(payout) => Some(*payout),
                _ => None,
            })
            .collect())
    }
}
