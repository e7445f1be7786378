//! Adds loads to a batch that was not released: they become payouts at once, or none of them does.

use domain::{
    batch::{
        ADDED_MAX, Addition, Batch, Hand, Line, LineState, Lines, Manifest, ManifestMark, PlanHash,
        TallyMovement,
    },
    denied::Denied,
    fee::FeeSchedule,
    ids::{BatchId, LoadId},
};

use crate::{
    audit_event::{self, Done},
    batch_lines,
    batch_plan::{self, AskedLine, Plan},
    call::Call,
    cancel_payout::refuse_unless_overtaken,
    changes::{Changes, Subject, TallyKey},
    create_payout::{ROUNDS, not_payable},
    error::Error,
    get_batch,
    line_payouts::{self, Booked, Start},
    port::{CommitError, Store},
    record::{Chunk, FieldChange, Key, Record},
    request_key::{Answered, Asking},
};

pub struct AddBatchLines<'a> {
    pub asking: Asking<'a, Batch>,
    pub batch: BatchId,
    /// 1 to [`ADDED_MAX`].
    pub loads: Vec<LoadId>,
    /// What the editor takes its version to be.
    pub edition: u32,
    pub by: Hand,
    pub fees: &'a FeeSchedule,
}

/// # Errors
/// `NotFound`; `Denied` for another version, a batch that cannot be changed or is full, or a wallet that is too
/// low; `BadLines`; `KeyReused`; `Unavailable`.
pub async fn run(
    call: &Call,
    store: &impl Store,
    command: AddBatchLines<'_>,
) -> Result<Answered<Batch>, Error> {
    let asking = &command.asking;
    assert!(command.loads.len() <= ADDED_MAX, "an edit adds few lines");
    for round in 0..ROUNDS {
        let now = call.now();
        let stored_at = asking.stored_at();
        let (batch, _, stored) =
            get_batch::for_change(store, asking.tenant, (&command.batch, stored_at)).await?;
        if let Some(replayed) = asking.replay(stored.as_ref(), now)? {
            return Ok(replayed);
        }
        let tx_id = call.tx_id(&format!("add-lines {round}"));
        let drafted = draft(call, store, (&batch, &command), &tx_id).await;
        let draft = match drafted {
            Ok(draft) => draft,
            Err(error) => {
                return match asking.replay_now(store, now).await? {
                    Some(replayed) => Ok(replayed),
                    None => Err(error),
                };
            }
        };
        let body = (asking.render)(&draft.batch);
        let changes = asking.remember(draft.changes(call, &batch, tx_id), &body, now);
        match store.commit(changes).await {
            Ok(()) => {
                return Ok(Answered::Fresh {
                    it: draft.batch,
                    body,
                });
            }
            Err(error) => {
                if let Some(replayed) = asking.replay_after(&error, now)? {
                    return Ok(replayed);
                }
                explain(error, &draft)?;
            }
        }
    }
    Err(Error::Conflict(
        "the batch or its loads kept changing; read them again".to_owned(),
    ))
}

/// What a refusal means. Returns when the decision should be made again.
fn explain(error: CommitError, draft: &Draft) -> Result<(), Error> {
    let moved = [Subject::Batch, Subject::Load, Subject::Chunk];
    if moved.iter().any(|it| error.refused(*it).is_some()) {
        return Ok(());
    }
    if let Some(refused) = error.refused(Subject::Driver) {
        return Err(not_payable(refused.found.as_ref(), batch_plan::RAIL).into());
    }
    if error.refused(Subject::Available).is_some() {
        let required = draft.addition.sums.amount;
        return Err(Denied::InsufficientFunds { required }.into());
    }
    refuse_unless_overtaken(error)
}

struct Draft {
    batch: Batch,
    addition: Addition,
    lines: Vec<Line>,
    booked: Vec<Booked>,
}

async fn draft(
    call: &Call,
    store: &impl Store,
    (batch, command): (&Batch, &AddBatchLines<'_>),
    tx_id: &str,
) -> Result<Draft, Error> {
    batch.require_editable(command.edition)?;
    let asked: Vec<_> = command
        .loads
        .iter()
        .map(|load| AskedLine {
            load: load.clone(),
            amount: None,
        })
        .collect();
    let plan = batch_plan::plan(store, &batch.tenant, (&asked, command.fees)).await?;
    let bad = plan.bad();
    if !bad.is_empty() {
        return Err(Error::BadLines(bad));
    }
    let lines: Vec<_> = plan.lines().cloned().collect();
    let addition = addition(batch, &plan)?;
    let before = batch_lines::accepted(store, batch).await?;
    let all = before.iter().map(|(_, line)| line).chain(&lines);
    let edit = (PlanHash::of(all).digest, command.by.clone());
    let extended = batch.extended(addition.clone(), edit)?;
    let keys: Vec<_> = command
        .loads
        .iter()
        .map(|load| Key::Load(batch.tenant.clone(), load.clone()))
        .collect();
    let mut booked = Vec::new();
    let found = store.fetch(&keys).await?;
    for ((number, line), found) in (addition.mark.first..).zip(&lines).zip(found) {
        let Some(Record::Load(load)) = found else {
            return Err(Error::NotFound("load"));
        };
        if line.driver.as_ref() != Some(&load.driver) || line.amount != load.amount {
            let changed = "a load changed meanwhile; send it again";
            return Err(Error::Conflict(changed.to_owned()));
        }
        let how = (Start::FromAvailable, tx_id);
        booked.push(line_payouts::book(
            call,
            &extended,
            (number, line, *load),
            how,
        )?);
    }
    Ok(Draft {
        batch: extended,
        addition,
        lines,
        booked,
    })
}

fn addition(batch: &Batch, plan: &Plan) -> Result<Addition, Denied> {
    let lines = Lines(plan.lines().cloned().collect());
    let last = batch.manifests.last();
    Ok(Addition {
        mark: ManifestMark {
            number: last.map_or(1, |mark| mark.number + 1),
            first: batch.lines + 1,
            lines: u32::try_from(lines.0.len()).unwrap_or(u32::MAX),
            sha256: lines.digest(),
        },
        sums: plan.accepted()?,
    })
}

impl Draft {
    fn changes(&self, call: &Call, before: &Batch, tx_id: String) -> Changes {
        let (batch, mark) = (&self.batch, &self.addition.mark);
        let number = batch.chunk_of(mark.first);
        let manifest = Manifest {
            tenant: batch.tenant.clone(),
            batch: batch.id.clone(),
            number: mark.number,
            version: 1,
            lines: Lines(self.lines.clone()),
            expires_at: None,
        };
        let chunk = Chunk {
            tenant: batch.tenant.clone(),
            batch: batch.id.clone(),
            number,
            version: 1,
            released: false,
            canceled: false,
            rejected: Vec::new(),
        };
        let tally = TallyKey {
            tenant: batch.tenant.clone(),
            batch: batch.id.clone(),
            number: batch.tally_of(number),
        };
        let mut movement = TallyMovement::default();
        for line in &self.lines {
            movement.add(LineState::Waiting, 1, line.amount.get());
        }
        let changes = Changes::new("add-batch-lines", tx_id)
            .replace(Record::Batch(Box::new(batch.clone())), before.version)
            .insert(Record::Manifest(Box::new(manifest)))
            .insert(Record::Chunk(Box::new(chunk)))
            .insert(self.noted(call))
            .tally(tally, &movement);
        line_payouts::written(changes, &self.booked)
    }

    fn noted(&self, call: &Call) -> Record {
        let changes = self.lines.iter().map(|line| FieldChange {
            field: line.load.to_string(),
            before: None,
            after: Some(line.amount.to_string()),
        });
        let done = Done {
            tenant: &self.batch.tenant,
            action: "batch.add_lines",
            subject: ("batch", self.batch.id.as_str()),
            changes: changes.collect(),
        };
        audit_event::event(call, done)
    }
}
