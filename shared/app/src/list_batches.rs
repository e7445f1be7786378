//! Lists batches of a tenant, newest first: all, or of one public status.

use domain::{
    batch::{Batch, BatchStatus},
    ids::TenantId,
};

use crate::{
    changes::Counted,
    error::Error,
    list::{List, Range},
    page::{self, Page, Paging, Parts, Total},
    port::{Lists, Store},
    record::Record,
};

pub struct ListBatches<'a> {
    pub tenant: &'a TenantId,
    /// One of [`BatchStatus::PUBLIC`].
    pub status: Option<BatchStatus>,
    pub paging: Paging,
}

/// # Errors
/// `Invalid` when the page lies too deep; `Unavailable`.
pub async fn run<S: Store + Lists>(
    store: &S,
    command: &ListBatches<'_>,
) -> Result<Page<Batch>, Error> {
    let tenant = command.tenant.clone();
    let counts = store.counts(command.tenant, Counted::Batches).await?;
    let (list, total) = match command.status {
        Some(status) => {
            let total = counts.get(status.name()).copied().unwrap_or(0);
            (List::BatchesOfStatus(tenant, status), total)
        }
        None => (List::Batches(tenant), counts.values().sum()),
    };
    let parts = Parts {
        lists: vec![list],
        range: Range::default(),
    };
    let page = page::read(store, &parts, (&command.paging, Total::Known(total))).await?;
    let is_meant = |batch: &Batch| command.status.is_none_or(|it| it == batch.status.public());
    Ok(page.filter_map(|record| match record {
        Record::Batch(batch) if is_meant(&batch) => Some(*batch),
        _ => None,
    }))
}
