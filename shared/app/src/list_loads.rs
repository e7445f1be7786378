//! Lists loads of a tenant, newest first: all, or those made within a time.

use domain::{ids::TenantId, load::Load};

use crate::{
    changes::Counted,
    error::Error,
    list::{List, Range},
    page::{self, Page, Paging, Parts, Total},
    port::{Lists, Store},
    record::Record,
};

pub struct ListLoads<'a> {
    pub tenant: &'a TenantId,
    /// `from <= created at < to`.
    pub range: Range,
    pub paging: Paging,
}

/// # Errors
/// `Invalid` when the page lies too deep or too many match to be counted; `Unavailable`.
pub async fn run<S: Store + Lists>(
    store: &S,
    command: &ListLoads<'_>,
) -> Result<Page<Load>, Error> {
    let total = match command.range.is_open() {
        true => {
            let counts = store.counts(command.tenant, Counted::Loads).await?;
            Total::Known(counts.values().sum())
        }
        false => Total::Counted,
    };
    let parts = Parts {
        lists: vec![List::Loads(command.tenant.clone())],
        range: command.range,
    };
    let page = page::read(store, &parts, (&command.paging, total)).await?;
    Ok(page.filter_map(|record| match record {
        Record::Load(load) => Some(*load),
        _ => None,
    }))
}
