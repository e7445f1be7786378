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

/// The review of an attempt, open or closed, where it ever had one.
///
/// # Errors
/// `Unavailable`.
pub(crate) async fn of(store: &impl Store, attempt: &Attempt) -> Result<Option<Review>, Error> {
    let key = Key::Review(attempt.tenant.clone(), attempt.reference.clone());
    Ok(
        match store.fetch(&[key]).await?.into_iter().next().flatten() {
            Some(Record::Review(review)) => Some(*review),
            Some(_) | None => None,
        },
    )
}

/// Whether a move of the attempt writes its review: it has an open one, or comes to need one.
pub(crate) const fn is_written(before: &Attempt, after: &Attempt) -> bool {
    before.reviewed_at.is_some() || after.reviewed_at.is_some()
}

/// What an answer that led to `after` means for the review: it is opened, for the first time or again, kept up to
/// date, or closed.
pub(crate) fn follow(
    changes: Changes,
    (known, after): (Option<&Review>, &Attempt),
    sighting: Sighting<'_>,
) -> Changes {
    match known {
        Some(review) if review.closing.is_none() => {
            write(changes, review, &review.seen(after, sighting))
        }
        _ if after.reviewed_at.is_none() => changes,
        Some(closed) => {
            let again = Review::opened(Some(closed), after, sighting);
            write(changes, closed, &again)
        }
        None => {
            let review = Review::opened(None, after, sighting);
            changes
                .count(counter(&review), review.status().name(), 1)
                .insert(Record::Review(Box::new(review)))
        }
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
