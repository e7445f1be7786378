//! The lines of a batch with what became of each.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    batch::{Batch, Line, Manifest, ManifestMark, Rejection, Verdict},
    payout::Payout,
};

use crate::{
    error::Error,
    port::Store,
    record::{Chunk, Key, Record},
    wide_read,
};

/// A line and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineNow {
    /// From 1.
    pub number: u32,
    pub line: Line,
    pub fate: Fate,
}

/// What became of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Not a payout yet.
    Waiting,
    Rejected(Rejection),
    /// The batch was canceled before it became a payout.
    Canceled,
    Payout(Box<Payout>),
}

/// The numbers of the lines that were not taken out, in their order.
pub fn numbers(batch: &Batch) -> impl Iterator<Item = u32> {
    let removed: BTreeSet<_> = batch.removed_lines.iter().copied().collect();
    (1..=batch.lines).filter(move |number| !removed.contains(number))
}

/// The lines as they were accepted, without those that were taken out.
///
/// # Errors
/// `Unavailable`, also when what is stored is not what was committed.
pub(crate) async fn accepted(store: &impl Store, batch: &Batch) -> Result<Vec<(u32, Line)>, Error> {
    let marks: Vec<_> = batch.manifests.iter().collect();
    let lines = manifests(store, batch, &marks).await?;
    let removed: BTreeSet<_> = batch.removed_lines.iter().copied().collect();
    Ok(lines
        .into_iter()
        .filter(|(number, _)| !removed.contains(number))
        .collect())
}

/// The lines of one manifest, the ones that were taken out included.
///
/// # Errors
/// As [`accepted`].
pub(crate) async fn of_manifest(
    store: &impl Store,
    batch: &Batch,
    mark: &ManifestMark,
) -> Result<BTreeMap<u32, Line>, Error> {
    manifests(store, batch, &[mark]).await
}

async fn manifests(
    store: &impl Store,
    batch: &Batch,
    marks: &[&ManifestMark],
) -> Result<BTreeMap<u32, Line>, Error> {
    let keys: Vec<_> = marks
        .iter()
        .map(|mark| Key::Manifest(batch.tenant.clone(), batch.id.clone(), mark.number))
        .collect();
    let found = wide_read::fetch(store, &keys).await?;
    let mut lines = BTreeMap::new();
    for (mark, found) in marks.iter().zip(found) {
        let manifest = match found {
            Some(Record::Manifest(manifest)) if is_meant(&manifest, mark) => manifest,
            Some(_) | None => {
                let cause = format!(
                    "manifest {} of {} is not as committed",
                    mark.number, batch.id
                );
                tracing::error!(batch.id = %batch.id, "{cause}");
                return Err(Error::Unavailable { cause });
            }
        };
        lines.extend((mark.first..).zip(manifest.lines.0));
    }
    Ok(lines)
}

fn is_meant(manifest: &Manifest, mark: &ManifestMark) -> bool {
    let lines = u32::try_from(manifest.lines.0.len()).ok();
    lines == Some(mark.lines) && manifest.lines.digest() == mark.sha256
}

/// What became of some lines, in the order of `wanted`.
///
/// # Errors
/// As [`accepted`].
pub async fn fates(
    store: &impl Store,
    batch: &Batch,
    wanted: &[u32],
) -> Result<Vec<LineNow>, Error> {
    let holds = |mark: &ManifestMark| {
        wanted
            .iter()
            .any(|number| (mark.first..mark.first + mark.lines).contains(number))
    };
    let marks: Vec<_> = batch.manifests.iter().filter(|mark| holds(mark)).collect();
    let lines = manifests(store, batch, &marks).await?;
    let numbers: BTreeSet<_> = wanted
        .iter()
        .map(|number| batch.chunk_of(*number))
        .collect();
    let chunks = chunks(store, batch, numbers.into_iter()).await?;
    let undecided = wanted
        .iter()
        .filter_map(|number| Some((*number, lines.get(number)?.clone())));
    let mut found = Vec::new();
    let mut keys = Vec::new();
    for (number, line) in undecided {
        let fate = fate(batch, (number, &line), &chunks);
        if fate.is_none() {
            keys.push(Key::Payout(batch.tenant.clone(), batch.payout_id(number)));
        }
        found.push((number, line, fate));
    }
    let mut payouts = wide_read::fetch(store, &keys).await?.into_iter();
    Ok(found
        .into_iter()
        .map(|(number, line, fate)| LineNow {
            number,
            line,
            fate: fate.unwrap_or_else(|| match payouts.next().flatten() {
                Some(Record::Payout(payout)) => Fate::Payout(payout),
                Some(_) | None => Fate::Waiting,
            }),
        })
        .collect())
}

/// Chunks by number, as far as they were made.
///
/// # Errors
/// `Unavailable`.
pub(crate) async fn chunks(
    store: &impl Store,
    batch: &Batch,
    numbers: impl Iterator<Item = u32>,
) -> Result<BTreeMap<u32, Chunk>, Error> {
    let keys: Vec<_> = numbers
        .map(|number| Key::Chunk(batch.tenant.clone(), batch.id.clone(), number))
        .collect();
    let found = wide_read::fetch(store, &keys).await?.into_iter().flatten();
    Ok(found
        .filter_map(|record| match record {
            Record::Chunk(chunk) => Some((chunk.number, *chunk)),
            _ => None,
        })
        .collect())
}

/// What became of a line that is no payout; none for one that is.
fn fate(
    batch: &Batch,
    (number, line): (u32, &Line),
    chunks: &BTreeMap<u32, Chunk>,
) -> Option<Fate> {
    if let Verdict::Rejected(why) = line.verdict {
        return Some(Fate::Rejected(why));
    }
    let Some(chunk) = chunks.get(&batch.chunk_of(number)) else {
        return Some(Fate::Waiting);
    };
    if chunk.canceled {
        return Some(Fate::Canceled);
    }
    let rejected = chunk.rejected.iter().find(|it| it.line == number);
    rejected.map(|it| Fate::Rejected(it.why))
}
