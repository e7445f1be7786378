//! The review of an attempt, in the same unit as the move that makes it needed, changes what is known, or ends it.

use domain::{
    attempt::Attempt,
    review::{Review, Sighting},
};

use crate::{
    changes::{Changes, Counted, CounterKey},
    error::Error,
    list::list_shard,
    port::Store,
    record::{Key, Record},
};

/// The open review of an attempt, where it has one. Only an attempt that has costs a read.
///
/// # Errors
/// `Unavailable`.
pub(crate) async fn open_of(
    store: &impl Store,
    attempt: &Attempt,
) -> Result<Option<Review>, Error> {
    if attempt.reviewed_at.is_none() || attempt.is_final() {
        return Ok(None);
    }
    let key = Key::Review(attempt.tenant.clone(), attempt.reference.clone());
    Ok(
        match store.fetch(&[key]).await?.into_iter().next().flatten() {
            Some(Record::Review(review)) if review.closing.is_none() => Some(*review),
            Some(_) | None => None,
        },
    )
}

/// What an answer that led from `before` to `after` means for the review: it is opened, kept up to date, or closed.
pub(crate) fn follow(
    changes: Changes,
    (known, before, after): (Option<&Review>, &Attempt, &Attempt),
    sighting: Sighting<'_>,
) -> Changes {
    match known {
        Some(review) => write(changes, review, &review.seen(after, sighting)),
        None if before.reviewed_at.is_none() && after.reviewed_at.is_some() => {
            let review = Review::opened(after, sighting);
            changes
                .count(counter(&review), review.status().name(), 1)
                .insert(Record::Review(Box::new(review)))
        }
        None => changes,
    }
}

/// Writes a review that was changed, and counts it under its new status.
pub(crate) fn write(changes: Changes, before: &Review, after: &Review) -> Changes {
    changes
        .replace(Record::Review(Box::new(after.clone())), before.version)
        .count(counter(before), before.status().name(), -1)
        .count(counter(after), after.status().name(), 1)
}

/// Where a review is counted.
pub(crate) fn counter(review: &Review) -> CounterKey {
    CounterKey {
        tenant: review.tenant.clone(),
        list: Counted::Reviews,
        shard: list_shard(review.id().as_str()),
    }
}
