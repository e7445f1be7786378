//! Makes a batch of loads: all its money is reserved at once, and its lines become payouts afterwards.
//!
//! The lines are written first, where nobody looks for them; the small unit that makes the batch decides. What a
//! try that did not win has written expires.

use std::{collections::BTreeMap, time::Duration};

use domain::{
    batch::{
        Assembly, Batch, FeeTerms, Hand, LineState, Lines, MANIFEST_LINES, Manifest, ManifestMark,
        PlanHash, Sums, Tally, TallyMovement,
    },
    denied::Denied,
    fee::FeeSchedule,
    ids::{BatchId, TenantId},
    ledger::{Account, Posting},
    money::Cents,
    time::Timestamp,
};
use tracing::info;

use crate::{
    audit_event::{self, Done, changed},
    batch_plan::{self, AskedLine, Plan},
    batch_task,
    call::Call,
    changes::{Changes, Counted, CounterKey, Subject},
    error::{Error, FieldError},
    list::list_shard,
    message::BatchStep,
    port::{CommitError, Queue, Store},
    record::{BatchFile, Journal, Key, OutboxEntry, Record},
    request_key::{Answered, Asking},
    together,
};

/// How long lines wait for their batch.
const UNCOMMITTED: Duration = Duration::from_secs(24 * 3_600);

/// What happens to lines that cannot be paid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnInvalid {
    /// The whole batch is refused.
    #[default]
    RefuseBatch,
    RejectLines,
}

/// What a client takes a file to hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ControlTotals {
    pub lines: Option<u64>,
    pub amount: Option<u64>,
}

/// What a batch should be.
#[derive(Clone, Debug)]
pub struct Wish {
    pub name: String,
    /// At most [`domain::batch::LINES_MAX`].
    pub lines: Vec<AskedLine>,
    pub scheduled_for: Option<Timestamp>,
    pub on_invalid: OnInvalid,
    pub plan: Option<PlanHash>,
    pub expected: ControlTotals,
    /// Digest of the file the lines came in.
    pub file: Option<String>,
}

pub struct CreateBatch<'a> {
    pub asking: Asking<'a, Batch>,
    pub wish: Wish,
    pub by: Hand,
    pub fees: &'a FeeSchedule,
}

/// # Errors
/// `BadLines`; `PlanChanged`; `FileKnown`; `Invalid` for control totals that are not met; `Denied` when the
/// wallet is too low; `KeyReused`; `Unavailable`.
pub async fn run(
    call: &Call,
    store: &impl Store,
    queue: &impl Queue,
    command: CreateBatch<'_>,
) -> Result<Answered<Batch>, Error> {
    let (asking, wish) = (command.asking, command.wish);
    if let Some(replayed) = asking.replay_now(store, call.now()).await? {
        return Ok(replayed);
    }
    let (file, plan, sums) = match planned(store, asking.tenant, (&wish, command.fees)).await {
        Ok(planned) => planned,
        // The same request may have won meanwhile, and taken the file and the loads itself.
        Err(error) => {
            return match asking.replay_now(store, call.now()).await? {
                Some(replayed) => Ok(replayed),
                None => Err(error),
            };
        }
    };
    let draft = Draft::new(
        call,
        &plan,
        (&wish, sums, FeeTerms::of(command.fees)),
        (asking.tenant, command.by),
    );
    let writes = draft.manifests.iter().map(|manifest| {
        let tx_id = call.tx_id(&format!("manifest {}", manifest.number));
        store.commit(
            Changes::new("manifest", tx_id).insert(Record::Manifest(Box::new(manifest.clone()))),
        )
    });
    for written in together::all(writes.collect()).await {
        written?;
    }
    let body = (asking.render)(&draft.batch);
    let entries = draft.entries(call);
    let changes = asking.remember(draft.changes(call, &entries), &body, call.now());
    let changes = match (wish.file, file) {
        (Some(digest), before) => with_file(changes, &draft.batch, (digest, before)),
        (None, _) => changes,
    };
    match store.commit(changes).await {
        Ok(()) => {
            info!(batch.id = %draft.batch.id, lines = draft.batch.lines, "batch {} made", draft.batch.id);
            batch_task::send_all(queue, entries).await;
            Ok(Answered::Fresh {
                it: draft.batch,
                body,
            })
        }
        Err(error) => {
            if let Some(replayed) = asking.replay_after(&error, call.now())? {
                return Ok(replayed);
            }
            Err(explain(&error, sums))
        }
    }
}

/// What the wish comes to as things stand, if it may become a batch.
async fn planned(
    store: &impl Store,
    tenant: &TenantId,
    (wish, fees): (&Wish, &FeeSchedule),
) -> Result<(Option<BatchFile>, Plan, Sums), Error> {
    let file = known_file(store, tenant, wish.file.as_deref()).await?;
    let plan = batch_plan::plan(store, tenant, (&wish.lines, fees)).await?;
    let sums = judge(&plan, wish)?;
    Ok((file, plan, sums))
}

fn explain(error: &CommitError, sums: Sums) -> Error {
    let other = error.refused(Subject::Other);
    if let Some(Record::BatchFile(known)) = other.and_then(|it| it.found.as_ref()) {
        return Error::FileKnown(known.batch.clone());
    }
    match error.refused(Subject::Available) {
        Some(_) => Denied::InsufficientFunds {
            required: sums.amount,
        }
        .into(),
        None => error.clone().into(),
    }
}

/// Whether the plan may become a batch, and what it will reserve.
fn judge(plan: &Plan, wish: &Wish) -> Result<Sums, Error> {
    let amounts = plan.lines().map(|line| line.amount.get());
    let total = amounts.fold(0_i64, i64::saturating_add);
    let problems = [
        unmet(
            "X-Expect-Count",
            wish.expected.lines,
            plan.lines.len().try_into().ok(),
        ),
        unmet(
            "X-Expect-Total",
            wish.expected.amount,
            total.try_into().ok(),
        ),
    ];
    let problems: Vec<_> = problems.into_iter().flatten().collect();
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    plan.require(wish.plan.as_ref())?;
    let sums = plan.accepted()?;
    let bad = plan.bad();
    let refuses = match wish.on_invalid {
        OnInvalid::RefuseBatch => !bad.is_empty(),
        OnInvalid::RejectLines => sums.lines == 0,
    };
    if refuses {
        return Err(Error::BadLines(bad));
    }
    Ok(sums)
}

fn unmet(header: &str, expected: Option<u64>, found: Option<u64>) -> Option<FieldError> {
    let found = found?;
    let message = format!("must be {found}, as the loads of the file make");
    expected
        .filter(|expected| *expected != found)
        .map(|_| FieldError::new(header, message))
}

/// The record of a file that was sent before for a batch that was canceled.
///
/// # Errors
/// `FileKnown` when the batch was not canceled.
async fn known_file(
    store: &impl Store,
    tenant: &TenantId,
    digest: Option<&str>,
) -> Result<Option<BatchFile>, Error> {
    let Some(digest) = digest else {
        return Ok(None);
    };
    let key = Key::BatchFile(tenant.clone(), digest.to_owned());
    let Some(Record::BatchFile(file)) = store.fetch(&[key]).await?.into_iter().next().flatten()
    else {
        return Ok(None);
    };
    let key = Key::Batch(tenant.clone(), file.batch.clone());
    match store.fetch(&[key]).await?.into_iter().next().flatten() {
        Some(Record::Batch(batch)) if batch.canceled_at.is_some() => Ok(Some(*file)),
        Some(_) | None => Err(Error::FileKnown(file.batch)),
    }
}

fn with_file(
    changes: Changes,
    batch: &Batch,
    (digest, before): (String, Option<BatchFile>),
) -> Changes {
    let version = before.as_ref().map_or(0, |file| file.version);
    let record = Record::BatchFile(Box::new(BatchFile {
        tenant: batch.tenant.clone(),
        digest,
        version: version + 1,
        batch: batch.id.clone(),
    }));
    match before {
        Some(_) => changes.replace(record, version),
        None => changes.insert(record),
    }
}

/// Where a batch is counted.
pub(crate) fn counter(batch: &Batch) -> CounterKey {
    CounterKey {
        tenant: batch.tenant.clone(),
        list: Counted::Batches,
        shard: list_shard(batch.id.as_str()),
    }
}

/// Everything a new batch is made of.
struct Draft {
    batch: Batch,
    manifests: Vec<Manifest>,
    tallies: Vec<Tally>,
}

impl Draft {
    fn new(
        call: &Call,
        plan: &Plan,
        (wish, sums, terms): (&Wish, Sums, FeeTerms),
        (tenant, maker): (&TenantId, Hand),
    ) -> Self {
        let now = call.now();
        let id = BatchId::mint(now, call.entropy.of("batch"));
        let lines: Vec<_> = plan.lines().cloned().collect();
        let size = usize::try_from(MANIFEST_LINES).unwrap_or(usize::MAX);
        let (mut manifests, mut marks, mut first) = (Vec::new(), Vec::new(), 1);
        for (number, lines) in (1..).zip(lines.chunks(size)) {
            let lines = Lines(lines.to_vec());
            let count = u32::try_from(lines.0.len()).unwrap_or(u32::MAX);
            marks.push(ManifestMark {
                number,
                first,
                lines: count,
                sha256: lines.digest(),
            });
            first += count;
            manifests.push(Manifest {
                tenant: tenant.clone(),
                batch: id.clone(),
                number,
                version: 1,
                lines,
                expires_at: Some(now.plus(UNCOMMITTED)),
            });
        }
        let assembly = Assembly {
            tenant: tenant.clone(),
            id,
            name: wish.name.clone(),
            lines: first - 1,
            accepted: sums,
            manifests: marks,
            plan: plan.hash().digest,
            terms,
            scheduled_for: wish.scheduled_for,
            maker,
        };
        let batch = Batch::assembled(assembly, now);
        let tallies = tallies(&batch, plan);
        Self {
            batch,
            manifests,
            tallies,
        }
    }

    fn entries(&self, call: &Call) -> Vec<OutboxEntry> {
        let expand = |manifest| BatchStep::Expand { manifest };
        let tasks = batch_task::for_manifests(&self.batch, expand);
        tasks
            .into_iter()
            .map(|task| batch_task::entry(call, task))
            .collect()
    }

    /// The unit that makes the batch: the manifests no longer expire, and the money is reserved.
    fn changes(&self, call: &Call, entries: &[OutboxEntry]) -> Changes {
        let batch = &self.batch;
        let tx_id = call.tx_id("create-batch");
        let journal = Journal {
            tenant: batch.tenant.clone(),
            batch: batch.id.clone(),
            name: "create".to_owned(),
            actor: call.actor.clone(),
            at: call.now(),
            legs: Posting::between(Account::Available, Account::Hold, batch.accepted.amount),
            tx_id: tx_id.clone(),
        };
        let mut changes = Changes::new("create-batch", tx_id)
            .insert(Record::Batch(Box::new(batch.clone())))
            .journal(journal)
            .insert(noted(call, batch))
            .count(counter(batch), batch.status.public().name(), 1);
        for manifest in &self.manifests {
            let kept = Manifest {
                version: manifest.version + 1,
                expires_at: None,
                ..manifest.clone()
            };
            changes = changes.replace(Record::Manifest(Box::new(kept)), manifest.version);
        }
        for tally in &self.tallies {
            changes = changes.insert(Record::Tally(Box::new(tally.clone())));
        }
        for entry in entries {
            changes = changes.insert(Record::Outbox(Box::new(entry.clone())));
        }
        changes
    }
}

/// The tallies of a batch none of whose lines is a payout yet.
fn tallies(batch: &Batch, plan: &Plan) -> Vec<Tally> {
    let mut movements: BTreeMap<u8, TallyMovement> = BTreeMap::new();
    for (number, line) in (1..).zip(plan.lines()) {
        let tally = batch.tally_of(batch.chunk_of(number));
        let state = match line.is_accepted() {
            true => LineState::Waiting,
            false => LineState::Rejected,
        };
        let movement = movements.entry(tally).or_default();
        movement.add(state, 1, line.amount.get());
    }
    let tallies = (0..batch.tallies).map(|number| {
        let mut tally = Tally {
            tenant: batch.tenant.clone(),
            batch: batch.id.clone(),
            number,
            counts: domain::batch::Counts::default(),
        };
        if let Some(movement) = movements.get(&number) {
            tally.counts.apply(movement);
        }
        tally
    });
    tallies.collect()
}

fn noted(call: &Call, batch: &Batch) -> Record {
    let new = |field, value: Option<String>| changed(field, None, value);
    let cents = |amount: Cents| Some(amount.to_string());
    let members = [
        new("name", Some(batch.name.clone())),
        new("payoutCount", Some(batch.lines.to_string())),
        new("totalAmount", cents(batch.accepted.amount)),
        new("totalFees", cents(batch.accepted.fees)),
        new("scheduledFor", batch.scheduled_for.map(|at| at.to_string())),
    ];
    let done = Done {
        tenant: &batch.tenant,
        action: "batch.create",
        subject: ("batch", batch.id.as_str()),
        changes: members.into_iter().flatten().collect(),
    };
    audit_event::event(call, done)
}
