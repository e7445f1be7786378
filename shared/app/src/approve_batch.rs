//! Records that a second person agrees to the plan of a batch. Any edit voids it, and it lapses.

use std::time::Duration;

use domain::{
    batch::{Batch, Hand, PlanHash},
    ids::BatchId,
};
use tracing::info;

use crate::{
    audit_event::{self, Done, changed},
    batch_lines, batch_plan,
    call::Call,
    cancel_payout::refuse_unless_overtaken,
    changes::Changes,
    create_payout::ROUNDS,
    error::Error,
    get_batch,
    port::Store,
    record::Record,
    request_key::{Answered, Asking},
};

pub struct ApproveBatch<'a> {
    pub asking: Asking<'a, Batch>,
    pub batch: BatchId,
    pub plan: PlanHash,
    pub by: Hand,
}

/// # Errors
/// `NotFound`; `Denied` once the batch was released or canceled, and for who made or last changed it;
/// `PlanChanged`; `KeyReused`; `Unavailable`.
pub async fn run(
    call: &Call,
    store: &impl Store,
    command: ApproveBatch<'_>,
) -> Result<Answered<Batch>, Error> {
    let asking = command.asking;
    for round in 0..ROUNDS {
        let now = call.now();
        let stored_at = asking.stored_at();
        let (batch, settings, stored) =
            get_batch::for_change(store, asking.tenant, (&command.batch, stored_at)).await?;
        if let Some(replayed) = asking.replay(stored.as_ref(), now)? {
            return Ok(replayed);
        }
        let valid = Duration::from_secs(u64::from(settings.approval_minutes) * 60);
        let approved = batch.approved(command.by.clone(), (now, valid))?;
        if command.plan.digest != batch.plan {
            let lines = batch_lines::accepted(store, &batch).await?;
            let lines: Vec<_> = lines.iter().map(|(number, line)| (*number, line)).collect();
            batch_plan::require(&lines, Some(&command.plan))?;
        }
        let body = (asking.render)(&approved);
        let lapses = approved
            .approval
            .as_ref()
            .map(|it| it.lapses_at.to_string());
        let done = Done {
            tenant: asking.tenant,
            action: "batch.approve",
            subject: ("batch", batch.id.as_str()),
            changes: [
                changed("approvedPlan", None, Some(batch.plan.clone())),
                changed("approvalLapsesAt", None, lapses),
            ]
            .into_iter()
            .flatten()
            .collect(),
        };
        let tx_id = call.tx_id(&format!("approve-batch {round}"));
        let changes = Changes::new("approve-batch", tx_id)
            .replace(Record::Batch(Box::new(approved.clone())), batch.version)
            .insert(audit_event::event(call, done));
        match store.commit(asking.remember(changes, &body, now)).await {
            Ok(()) => {
                info!(batch.id = %batch.id, actor = %call.actor, "batch {} approved", batch.id);
                return Ok(Answered::Fresh { it: approved, body });
            }
            Err(error) => {
                if let Some(replayed) = asking.replay_after(&error, now)? {
                    return Ok(replayed);
                }
                refuse_unless_overtaken(error)?;
            }
        }
    }
    Err(Error::Conflict(
        "the batch kept changing; read it again".to_owned(),
    ))
}
