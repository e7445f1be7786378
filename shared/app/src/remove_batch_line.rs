//! Takes a load out of a batch that was not released: its payout is canceled and its money comes back.

use domain::{
    batch::{Batch, Hand, Line, PlanHash},
    denied::Denied,
    ids::{BatchId, LoadId, TenantId},
    load::LoadStatus,
    payout::{Change, Note, Outcome, Payout, PayoutStatus},
};

use crate::{
    audit_event::{self, Done, changed},
    batch_lines,
    call::Call,
    cancel_payout::refuse_unless_overtaken,
    changes::Changes,
    create_payout::ROUNDS,
    error::Error,
    get_batch, line_end,
    port::Store,
    record::{Key, Record},
    record_answer::load_settlement,
};

pub struct RemoveBatchLine<'a> {
    pub tenant: &'a TenantId,
    pub batch: BatchId,
    pub load: LoadId,
    /// What the editor takes its version to be.
    pub edition: u32,
    pub by: Hand,
}

/// Why the payout of a line that was taken out is canceled.
const REASON: &str = "removed_from_batch";

/// The batch after the line was taken out.
///
/// # Errors
/// `NotFound` for an unknown batch or a load that is no accepted line of it; `Denied` for another version, a batch
/// that cannot be changed, or a line that was canceled by itself; `Unavailable`.
pub async fn run(
    call: &Call,
    store: &impl Store,
    command: &RemoveBatchLine<'_>,
) -> Result<Batch, Error> {
    for round in 0..ROUNDS {
        let asked = (&command.batch, None);
        let (batch, _, _) = get_batch::for_change(store, command.tenant, asked).await?;
        batch.require_editable(command.edition)?;
        let lines = batch_lines::accepted(store, &batch).await?;
        let is_meant = |line: &Line| line.load == command.load && line.is_accepted();
        // The newest: a load can only come in again after its earlier lines let go of it.
        let found = lines.iter().rev().find(|(_, line)| is_meant(line));
        let Some((number, line)) = found else {
            return Err(Error::NotFound("line"));
        };
        let left = lines.iter().filter(|(other, _)| other != number);
        let plan = PlanHash::of(left.map(|(_, line)| line)).digest;
        let reduced = batch.reduced((*number, line), (plan, command.by.clone()))?;
        let Some(payout) = payout_of(store, &batch, *number).await? else {
            // It was rejected after it was accepted.
            return Err(Error::NotFound("line"));
        };
        if payout.status != PayoutStatus::Scheduled {
            return Err(Denied::WrongState(payout.status).into());
        }
        let tx_id = call.tx_id(&format!("remove-line {round}"));
        let note = Note {
            actor: &call.actor,
            at: call.now(),
            tx_id: &tx_id,
            attempt: None,
            reason: Some(REASON.to_owned()),
        };
        let Outcome::Moved(canceled, transition) = payout.apply(Change::Cancel, &note)? else {
            return Err(Denied::WrongState(payout.status).into());
        };
        let done = Done {
            tenant: &batch.tenant,
            action: "batch.remove_line",
            subject: ("batch", batch.id.as_str()),
            changes: changed(line.load.as_str(), Some(line.amount.to_string()), None)
                .into_iter()
                .collect(),
        };
        let changes = Changes::new("remove-batch-line", tx_id.clone())
            .replace(Record::Batch(Box::new(reduced.clone())), batch.version)
            .insert(audit_event::event(call, done))
            .record(&payout, *transition)
            .replace(Record::Payout(canceled), payout.version)
            .write_if(load_settlement(&payout, LoadStatus::Open, call.now()));
        match line_end::commit(call, store, changes).await {
            // The relay sends what the last line of a tally says: a batch that waits has nothing to do for it.
            Ok(_) => return Ok(reduced),
            Err(error) => refuse_unless_overtaken(error)?,
        }
    }
    Err(Error::Conflict(
        "the batch kept changing; read it again".to_owned(),
    ))
}

async fn payout_of(
    store: &impl Store,
    batch: &Batch,
    number: u32,
) -> Result<Option<Payout>, Error> {
    let key = Key::Payout(batch.tenant.clone(), batch.payout_id(number));
    let found = store.fetch(&[key]).await?.into_iter().next().flatten();
    Ok(match found {
        Some(Record::Payout(payout)) => Some(*payout),
        Some(_) | None => None,
    })
}
