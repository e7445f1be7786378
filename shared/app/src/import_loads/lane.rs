//! The rows of one shard of the count, unit after unit.

use std::collections::BTreeSet;

use domain::{
    ids::{LoadId, TenantId},
    load::{Load, LoadTerms},
};

use super::{FETCH_MAX, RowResult, UNIT_ROWS};
use crate::{
    audit_event::{self, Done},
    call::Call,
    changes::{ALL, Changes},
    create_payout::ROUNDS,
    error::Error,
    port::{CommitError, Refused, Store},
    put_load::counter,
    record::{FieldChange, Key, Record},
};

/// A row that may be written.
pub(super) struct Candidate {
    pub(super) index: usize,
    pub(super) load: LoadId,
    pub(super) terms: LoadTerms,
}

/// A row that is to be written: the load before, if it was there, and after.
struct Planned {
    candidate: Candidate,
    before: Option<Load>,
    after: Load,
}

pub(super) struct Lane<'a, S> {
    call: &'a Call,
    store: &'a S,
    tenant: &'a TenantId,
    /// Names this lane of this import in the audit.
    name: String,
    /// How many units were tried.
    units: u32,
    done: Vec<(usize, RowResult)>,
}

impl<'a, S: Store> Lane<'a, S> {
    pub(super) fn new(call: &'a Call, store: &'a S, (tenant, shard): (&'a TenantId, u8)) -> Self {
        let millis = u64::try_from(call.now().millis()).unwrap_or(0);
        let import = ulid::Ulid::from_parts(millis, call.entropy.of("import"));
        Self {
            call,
            store,
            tenant,
            name: format!("imp_{import}-{shard:02}"),
            units: 0,
            done: Vec::new(),
        }
    }

    /// Writes what has to be written; what became of each row, by its index.
    ///
    /// # Errors
    /// `Unavailable`.
    pub(super) async fn run(
        mut self,
        candidates: Vec<Candidate>,
    ) -> Result<Vec<(usize, RowResult)>, Error> {
        let mut left = candidates.into_iter();
        loop {
            let read: Vec<_> = left.by_ref().take(FETCH_MAX).collect();
            if read.is_empty() {
                return Ok(self.done);
            }
            let mut planned = self.plan(read).await?.into_iter();
            loop {
                let unit: Vec<_> = planned.by_ref().take(UNIT_ROWS).collect();
                if unit.is_empty() {
                    break;
                }
                self.settle(unit).await?;
            }
        }
    }

    /// Reads the loads as they are and decides each row; what is not to be written is done.
    async fn plan(&mut self, candidates: Vec<Candidate>) -> Result<Vec<Planned>, Error> {
        let keys: Vec<_> = candidates
            .iter()
            .map(|it| Key::Load(self.tenant.clone(), it.load.clone()))
            .collect();
        let found = self.store.fetch(&keys).await?;
        let decided = candidates.into_iter().zip(found);
        Ok(decided
            .filter_map(|(candidate, found)| self.decide(candidate, found))
            .collect())
    }

    fn decide(&mut self, candidate: Candidate, found: Option<Record>) -> Option<Planned> {
        let (now, terms) = (self.call.now(), candidate.terms.clone());
        let (before, after) = match found {
            Some(Record::Load(before)) if before.terms() == terms => {
                self.done.push((candidate.index, RowResult::Unchanged));
                return None;
            }
            Some(Record::Load(before)) => match before.revised(terms, now) {
                Ok(after) => (Some(*before), after),
                Err(denied) => {
                    let rejected = RowResult::Rejected(denied.into());
                    self.done.push((candidate.index, rejected));
                    return None;
                }
            },
            Some(_) | None => {
                let (tenant, id) = (self.tenant.clone(), candidate.load.clone());
                (None, Load::registered(tenant, id, terms, now))
            }
        };
        Some(Planned {
            candidate,
            before,
            after,
        })
    }

    /// Writes a unit. Rows whose load moved meanwhile are read and decided again.
    async fn settle(&mut self, unit: Vec<Planned>) -> Result<(), Error> {
        let mut unit = unit;
        for _ in 0..ROUNDS {
            let moved = self.write(unit).await?;
            if moved.is_empty() {
                return Ok(());
            }
            unit = self.plan(moved).await?;
        }
        for planned in unit {
            let error = Error::Conflict("the load kept changing; send it again".to_owned());
            let rejected = RowResult::Rejected(error);
            self.done.push((planned.candidate.index, rejected));
        }
        Ok(())
    }

    /// Writes the rows of a unit but for those the store names as moved; these it returns. Each refusal
    /// takes at least one row out, so this ends.
    async fn write(&mut self, unit: Vec<Planned>) -> Result<Vec<Candidate>, Error> {
        let (mut unit, mut moved, mut contended) = (unit, Vec::new(), 0);
        while !unit.is_empty() {
            match self.store.commit(self.changes(&unit)).await {
                Ok(()) => {
                    self.done.extend(unit.iter().map(written));
                    break;
                }
                Err(CommitError::Refused(refusals)) => {
                    let named: BTreeSet<_> = refusals.iter().filter_map(load_named).collect();
                    let (out, rest): (Vec<_>, Vec<_>) = unit
                        .into_iter()
                        .partition(|it| named.contains(&it.after.id));
                    if out.is_empty() {
                        return Err(CommitError::Refused(refusals).into());
                    }
                    moved.extend(out.into_iter().map(|it| it.candidate));
                    unit = rest;
                }
                Err(CommitError::Contended) if contended + 1 < ROUNDS => contended += 1,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(moved)
    }

    fn changes(&mut self, unit: &[Planned]) -> Changes {
        self.units += 1;
        let name = format!("{}-{:03}", self.name, self.units);
        let event = audit_event::event(
            self.call,
            Done {
                tenant: self.tenant,
                action: "load.import",
                subject: ("import", &name),
                changes: unit.iter().map(change).collect(),
            },
        );
        let changes = Changes::new("import-loads", self.call.tx_id(&name));
        let changes = unit.iter().fold(changes, |changes, planned| {
            let record = Record::Load(Box::new(planned.after.clone()));
            match &planned.before {
                Some(before) => changes.replace(record, before.version),
                None => changes
                    .insert(record)
                    .count(counter(&planned.after), ALL, 1),
            }
        });
        changes.insert(event)
    }
}

fn written(planned: &Planned) -> (usize, RowResult) {
    let result = match planned.before {
        Some(_) => RowResult::Updated,
        None => RowResult::Created,
    };
    (planned.candidate.index, result)
}

fn load_named(refused: &Refused) -> Option<LoadId> {
    match &refused.found {
        Some(Record::Load(load)) => Some(load.id.clone()),
        Some(_) | None => None,
    }
}

/// The most bytes of one member in the audit, so that the event of a whole unit fits one item.
const SHOWN_MAX: usize = 60;

/// What a row changed, as one line before and one after; of a load that was there only what differs.
fn change(planned: &Planned) -> FieldChange {
    let after = members(&planned.after);
    let before = planned.before.as_ref().map(members);
    let differs = |index: usize| before.as_ref().is_none_or(|it| it[index] != after[index]);
    let line = |members: &[(&str, Option<String>); 5]| {
        let shown = members.iter().enumerate().filter(|(at, _)| differs(*at));
        let texts = shown
            .filter_map(|(_, (name, value))| Some(format!("{name}={}", cut(value.as_deref()?))));
        texts.collect::<Vec<_>>().join("; ")
    };
    FieldChange {
        field: planned.after.id.to_string(),
        before: before.as_ref().map(line),
        after: Some(line(&after)),
    }
}

fn members(load: &Load) -> [(&'static str, Option<String>); 5] {
    [
        ("driverId", Some(load.driver.to_string())),
        ("driverName", Some(load.driver_name.clone())),
        ("amount", Some(load.amount.to_string())),
        ("description", load.description.clone()),
        ("metadata", load.metadata.clone()),
    ]
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(SHOWN_MAX)]
}
