//! Lists reviews of a tenant, newest first: all, or those that are open or closed.

use domain::{
    ids::TenantId,
    review::{Review, ReviewStatus},
};

use crate::{
    changes::Counted,
    error::Error,
    list::{List, Range},
    page::{self, Page, Paging, Parts, Total},
    port::{Lists, Store},
    record::Record,
};

pub struct ListReviews<'a> {
    pub tenant: &'a TenantId,
    pub status: Option<ReviewStatus>,
    pub paging: Paging,
}

/// # Errors
/// `Invalid` when the page lies too deep; `Unavailable`.
pub async fn run<S: Store + Lists>(
    store: &S,
    command: &ListReviews<'_>,
) -> Result<Page<Review>, Error> {
    let tenant = command.tenant.clone();
    let counts = store.counts(command.tenant, Counted::Reviews).await?;
    let (list, total) = match command.status {
        Some(status) => {
            let total = counts.get(status.name()).copied().unwrap_or(0);
            (List::ReviewsOfStatus(tenant, status), total)
        }
        None => (List::Reviews(tenant), counts.values().sum()),
    };
    let parts = Parts {
        lists: vec![list],
        range: Range::default(),
    };
    let page = page::read(store, &parts, (&command.paging, Total::Known(total))).await?;
    let is_meant = |review: &Review| command.status.is_none_or(|it| it == review.status());
    Ok(page.filter_map(|record| match record {
        // The index lags: a review that was closed since is not shown as open.
        Record::Review(review) if is_meant(&review) => Some(*review),
        _ => None,
    }))
}
