//! Reads the review of an attempt.

use domain::{
    ids::{AttemptRef, ReviewId, TenantId},
    review::Review,
};

use crate::{
    error::Error,
    port::Store,
    record::{Key, Record},
};

/// What is not found.
pub(crate) const NOT_FOUND: &str = "review";

/// # Errors
/// `NotFound` when the tenant has no such review; `Unavailable`.
pub async fn run(store: &impl Store, tenant: &TenantId, id: &ReviewId) -> Result<Review, Error> {
    let key = Key::Review(tenant.clone(), attempt_of(id)?);
    match store.fetch(&[key]).await?.into_iter().next().flatten() {
        Some(Record::Review(review)) => Ok(*review),
        Some(_) | None => Err(Error::NotFound(NOT_FOUND)),
    }
}

/// The attempt a review is about.
///
/// # Errors
/// `NotFound` when no attempt can have this review.
pub(crate) fn attempt_of(id: &ReviewId) -> Result<AttemptRef, Error> {
    id.attempt().ok_or(Error::NotFound(NOT_FOUND))
}
