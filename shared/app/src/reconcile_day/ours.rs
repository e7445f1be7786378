//! Our attempts: those sent on a day, and those that objects or rows of the other side name.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use domain::{
    batch::Batch,
    day::Day,
    ids::{AttemptRef, ChargeId, ProviderId, Submission, TenantId},
    payout::Payout,
    reconciliation::{Held, ListedObject, Named, SettledRow},
    routing::Provider,
};

use super::AttemptsByReference;
use crate::{
    batch_lines::{self, Fate},
    error::Error,
    list::{Entry, List, Range, Span},
    port::{Lists, Store},
    record::{Key, Owner, Record},
    wide_read,
};

/// How long after it was made a payout is looked for among those of a day. Lines of batches are found by their
/// batch, however long it waited.
const LOOKBACK: Duration = Duration::from_secs(8 * 86_400);
/// A batch waits no longer than this for its release.
const BATCH_LOOKBACK: Duration = Duration::from_secs(100 * 86_400);
/// Payouts looked at in one run.
const PAYOUTS_MAX: usize = 50_000;
/// Entries of a list that are read at once.
const ENTRIES: u32 = 1_000;

/// The attempts sent on the day, and whether there were too many payouts to look at.
pub(super) async fn of_day<S: Store + Lists>(
    store: &S,
    tenant: &TenantId,
    day: Day,
) -> Result<(AttemptsByReference, bool), Error> {
    let recent = Range {
        from: Some(day.start().minus(LOOKBACK)),
        to: Some(day.end()),
    };
    let (entries, cut) = entries(store, &List::Payouts(tenant.clone()), recent).await?;
    let keys: Vec<_> = entries.into_iter().map(|entry| entry.key).collect();
    let found = wide_read::fetch(store, &keys).await?.into_iter().flatten();
    let mut payouts: Vec<Payout> = found
        .filter_map(|record| match record {
            Record::Payout(payout) => Some(*payout),
            _ => None,
        })
        .collect();
    payouts.extend(released_lines(store, tenant, day).await?);
    // What ended before the day has sent nothing in it.
    payouts.retain(|payout| payout.changed_at >= day.start());
    let mut held = attempts_of(store, payouts).await?;
    held.retain(|_, held| day.holds(held.sent_at()));
    Ok((held, cut))
}

/// Payouts of batches that were made long before they were released.
async fn released_lines<S: Store + Lists>(
    store: &S,
    tenant: &TenantId,
    day: Day,
) -> Result<Vec<Payout>, Error> {
    let waited = Range {
        from: Some(day.start().minus(BATCH_LOOKBACK)),
        to: Some(day.start().minus(LOOKBACK)),
    };
    let (entries, _) = entries(store, &List::Batches(tenant.clone()), waited).await?;
    let keys: Vec<_> = entries.into_iter().map(|entry| entry.key).collect();
    let is_released = |batch: &Batch| {
        let from = day.start().minus(LOOKBACK);
        let is_recent = |at| at >= from && at < day.end();
        batch.released_at.is_some_and(is_recent)
    };
    let mut payouts = Vec::new();
    for record in wide_read::fetch(store, &keys).await?.into_iter().flatten() {
        let Record::Batch(batch) = record else {
            continue;
        };
        if !is_released(&batch) {
            continue;
        }
        let numbers: Vec<_> = batch_lines::numbers(&batch).collect();
        for line in batch_lines::fates(store, &batch, &numbers).await? {
            match line.fate {
                Fate::Payout(payout) => payouts.push(*payout),
                Fate::Waiting | Fate::Rejected(_) | Fate::Canceled => {}
            }
        }
    }
    Ok(payouts)
}

async fn entries<S: Lists>(
    store: &S,
    list: &List,
    range: Range,
) -> Result<(Vec<Entry>, bool), Error> {
    let mut found: Vec<Entry> = Vec::new();
    loop {
        let span = Span {
            range,
            after: found.last().map(|entry| entry.place.clone()),
        };
        let page = store.entries(list, &span, ENTRIES).await?;
        if page.is_empty() {
            return Ok((found, false));
        }
        found.extend(page);
        if found.len() >= PAYOUTS_MAX {
            return Ok((found, true));
        }
    }
}

async fn attempts_of(
    store: &impl Store,
    payouts: Vec<Payout>,
) -> Result<AttemptsByReference, Error> {
    let keys: Vec<_> = payouts
        .iter()
        .flat_map(|payout| (1..=payout.attempts).map(move |number| (payout, number)))
        .map(|(payout, number)| {
            let reference = AttemptRef::new(payout.id.clone(), number);
            Key::Attempt(payout.tenant.clone(), reference)
        })
        .collect();
    let payouts: BTreeMap<_, _> = payouts.into_iter().map(|it| (it.id.clone(), it)).collect();
    let found = wide_read::fetch(store, &keys).await?.into_iter().flatten();
    let held = found.filter_map(|record| {
        let Record::Attempt(attempt) = record else {
            return None;
        };
        let payout = payouts.get(&attempt.reference.payout)?.clone();
        let attempt = *attempt;
        Some((attempt.reference.clone(), Held { payout, attempt }))
    });
    Ok(held.collect())
}

/// Whom the objects of a list belong to.
pub(super) struct Known {
    pub(super) attempts: AttemptsByReference,
    /// Objects under references we never issued to anybody.
    pub(super) strangers: Vec<ListedObject>,
}

/// The tenant's attempts behind the objects made on the day. Objects of other tenants are left out.
pub(super) async fn of_objects(
    store: &impl Store,
    (provider, tenant): (Provider, &TenantId),
    (objects, day): (&[ListedObject], Day),
) -> Result<Known, Error> {
    let of_day = objects.iter().filter(|it| day.holds(it.created_at));
    let mut strangers = Vec::new();
    let mut named = Vec::new();
    for shown in of_day {
        match shown.seen.facts.reference.parse::<AttemptRef>() {
            Ok(reference) => named.push((reference, shown)),
            Err(_) => strangers.push(shown.clone()),
        }
    }
    let keys: Vec<_> = named
        .iter()
        .map(|(reference, _)| Key::Reference(provider, tenant.mode(), reference.to_string()))
        .collect();
    let links = wide_read::fetch(store, &keys).await?;
    let mut ours = Vec::new();
    for ((reference, shown), link) in named.into_iter().zip(links) {
        match link {
            Some(Record::Reference(link)) if link.tenant == *tenant => ours.push(reference),
            Some(_) => {}
            None => strangers.push(shown.clone()),
        }
    }
    let attempts = held(store, tenant, &ours).await?;
    let attempts = attempts.into_iter().flatten();
    Ok(Known {
        attempts: attempts
            .map(|held| (held.attempt.reference.clone(), held))
            .collect(),
        strangers,
    })
}

/// What the rows of a provider's settlement name, in their order: by our reference, by the
/// provider's id, or by our number of a call where the provider knows it by that.
pub(super) async fn of_rows(
    store: &impl Store,
    (provider, tenant): (Provider, &TenantId),
    rows: &[SettledRow],
) -> Result<Vec<Named>, Error> {
    let mut submissions: Vec<_> = rows.iter().map(submission).collect();
    let open: Vec<_> = submissions
        .iter()
        .zip(rows)
        .enumerate()
        .filter(|(_, (submission, _))| submission.is_none())
        .filter_map(|(at, (_, row))| Some((at, ProviderId::parse(&row.reference).ok()?)))
        .collect();
    let mode = tenant.mode();
    let keys: Vec<_> = open
        .iter()
        .flat_map(|(_, name)| {
            [
                Key::Object(provider, mode, name.clone()),
                Key::Reference(provider, mode, name.to_string()),
            ]
        })
        .collect();
    let links = wide_read::fetch(store, &keys).await?;
    let places = open.iter().flat_map(|(at, _)| [*at, *at]);
    for (at, link) in places.zip(links) {
        let (owner, submission) = match link {
            Some(Record::Object(link)) => match link.reference {
                Owner::Submission(submission) => (link.tenant, submission),
                Owner::Driver(_) => continue,
            },
            Some(Record::Reference(link)) => (link.tenant, link.reference),
            Some(_) | None => continue,
        };
        if owner == *tenant {
            submissions[at] = Some(submission);
        }
    }
    // A second row about the same payment names nothing: one payment is settled once.
    let mut met = BTreeSet::new();
    for submission in &mut submissions {
        submission.take_if(|it| !met.insert(it.clone()));
    }
    let (mut attempts, mut charges) = (Vec::new(), Vec::new());
    for submission in submissions.iter().flatten() {
        match submission {
            Submission::Attempt(reference) => attempts.push(reference.clone()),
            Submission::Charge(id) => charges.push(Key::Charge(tenant.clone(), id.clone())),
        }
    }
    let mut attempts = held(store, tenant, &attempts).await?.into_iter();
    let mut charges = wide_read::fetch(store, &charges).await?.into_iter();
    let named = submissions.into_iter().map(|submission| match submission {
        Some(Submission::Attempt(_)) => match attempts.next().flatten() {
            Some(held) => Named::Attempt(Box::new(held)),
            None => Named::Nothing,
        },
        Some(Submission::Charge(_)) => match charges.next().flatten() {
            Some(Record::Charge(charge)) => Named::Charge(charge),
            Some(_) | None => Named::Nothing,
        },
        None => Named::Nothing,
    });
    Ok(named.collect())
}

/// What a row names by a reference of ours.
fn submission(row: &SettledRow) -> Option<Submission> {
    let attempt = row.reference.parse::<AttemptRef>().ok();
    let charge = || ChargeId::parse(&row.reference).ok();
    let attempt = attempt.map(Submission::Attempt);
    attempt.or_else(|| charge().map(Submission::Charge))
}

/// Attempts with their payouts, in the order asked for.
async fn held(
    store: &impl Store,
    tenant: &TenantId,
    references: &[AttemptRef],
) -> Result<Vec<Option<Held>>, Error> {
    let keys: Vec<_> = references
        .iter()
        .flat_map(|reference| {
            [
                Key::Attempt(tenant.clone(), reference.clone()),
                Key::Payout(tenant.clone(), reference.payout.clone()),
            ]
        })
        .collect();
    let mut distinct = keys.clone();
    distinct.sort();
    distinct.dedup();
    let found = wide_read::fetch(store, &distinct).await?;
    let records: BTreeMap<_, _> = distinct.into_iter().zip(found).collect();
    let pairs = keys.chunks_exact(2).map(|pair| {
        let record = |key: &Key| records.get(key).cloned().flatten();
        match (record(&pair[0]), record(&pair[1])) {
            (Some(Record::Attempt(attempt)), Some(Record::Payout(payout))) => Some(Held {
                payout: *payout,
                attempt: *attempt,
            }),
            _ => None,
        }
    });
    Ok(pairs.collect())
}
