//! Rows that are too many for one item: stored in parts of 500, all of them in the unit that counts them.

use domain::reconciliation::{Difference, SettledRow};

use crate::{
    changes::Changes,
    error::Error,
    port::Store,
    record::{Key, PartRows, PartSet, Reconciliation, ReconciliationPart, Record},
    wide_read,
};

/// The most differences of a day. Where there are more, something larger is wrong, and the day is incomplete.
pub const DIFFERENCES_MAX: usize = 5_000;
/// The most rows of a settlement.
pub const SETTLED_MAX: usize = 10_000;
/// Rows of one part: far below the largest item, whatever they say.
const PART_ROWS: usize = 500;

/// Rows to be written with the next version of a reconciliation.
pub(crate) struct Rows {
    set: PartSet,
    parts: Vec<ReconciliationPart>,
}

impl Rows {
    pub(crate) fn new(before: &Reconciliation, rows: PartRows) -> Self {
        let (count, cut) = match rows {
            PartRows::Differences(rows) => (rows.len(), chunks(&rows, PartRows::Differences)),
            PartRows::Settled(rows) => (rows.len(), chunks(&rows, PartRows::Settled)),
        };
        let number = before.version + 1;
        let parts: Vec<_> = (1..)
            .zip(cut)
            .map(|(part, rows)| ReconciliationPart {
                tenant: before.tenant.clone(),
                day: before.day,
                set: number,
                number: part,
                rows,
            })
            .collect();
        Self {
            set: PartSet {
                number,
                rows: u32::try_from(count).unwrap_or(u32::MAX),
                parts: u32::try_from(parts.len()).unwrap_or(u32::MAX),
            },
            parts,
        }
    }

    pub(crate) const fn set(&self) -> PartSet {
        self.set
    }
}

fn chunks<T: Clone>(rows: &[T], of: fn(Vec<T>) -> PartRows) -> Vec<PartRows> {
    let parts = rows.chunks(PART_ROWS);
    parts.map(|part| of(part.to_vec())).collect()
}

/// The next version of a reconciliation with new rows in place of old ones.
pub(crate) fn written(
    changes: Changes,
    (before, after): (&Reconciliation, &Reconciliation),
    (rows, old): (Rows, Option<PartSet>),
) -> Changes {
    let head = Record::Reconciliation(Box::new(after.clone()));
    let mut changes = match before.version {
        0 => changes.insert(head),
        version => changes.replace(head, version),
    };
    for part in rows.parts {
        changes = changes.insert(Record::ReconciliationPart(Box::new(part)));
    }
    for key in keys(before, old.unwrap_or_default()) {
        changes = changes.forget(Some(key));
    }
    changes
}

fn keys(head: &Reconciliation, set: PartSet) -> Vec<Key> {
    let key = |number| Key::ReconciliationPart(head.tenant.clone(), head.day, set.number, number);
    (1..=set.parts).map(key).collect()
}

/// # Errors
/// `Unavailable`, also when a part is missing: somebody wrote a newer set meanwhile.
async fn parts(
    store: &impl Store,
    head: &Reconciliation,
    set: PartSet,
) -> Result<Vec<PartRows>, Error> {
    let found = wide_read::fetch(store, &keys(head, set)).await?;
    let parts = found.into_iter().map(|record| match record {
        Some(Record::ReconciliationPart(part)) => Ok(part.rows),
        Some(_) | None => Err(Error::Unavailable {
            cause: "a part of a reconciliation is missing".to_owned(),
        }),
    });
    parts.collect()
}

/// # Errors
/// As [`parts`].
pub(crate) async fn differences(
    store: &impl Store,
    head: &Reconciliation,
    set: PartSet,
) -> Result<Vec<Difference>, Error> {
    let parts = parts(store, head, set).await?.into_iter();
    let rows = parts.flat_map(|rows| match rows {
        PartRows::Differences(rows) => rows,
        PartRows::Settled(_) => Vec::new(),
    });
    Ok(rows.collect())
}

/// # Errors
/// As [`parts`].
pub(crate) async fn settled(
    store: &impl Store,
    head: &Reconciliation,
    set: PartSet,
) -> Result<Vec<SettledRow>, Error> {
    let parts = parts(store, head, set).await?.into_iter();
    let rows = parts.flat_map(|rows| match rows {
        PartRows::Settled(rows) => rows,
        PartRows::Differences(_) => Vec::new(),
    });
    Ok(rows.collect())
}
