//! Lists the lines of a batch with their payouts, in the order of the batch. Rejected lines stand among them.

use domain::ids::{BatchId, TenantId};

use crate::{
    batch_lines::{self, LineNow},
    error::Error,
    get_batch,
    list::Place,
    page::{self, Page, Paging},
    port::Store,
};

pub struct ListBatchPayouts<'a> {
    pub tenant: &'a TenantId,
    pub batch: BatchId,
    pub paging: Paging,
}

/// # Errors
/// `NotFound`; `Invalid` when the page lies too deep; `Unavailable`.
pub async fn run(
    store: &impl Store,
    command: &ListBatchPayouts<'_>,
) -> Result<Page<LineNow>, Error> {
    let batch = get_batch::run(store, command.tenant, &command.batch)
        .await?
        .batch;
    // A list runs down from its first entry: the first line has the highest place.
    let numbered = batch_lines::numbers(&batch).map(|number| {
        let place = Place {
            at: batch.created_at,
            id: format!("{:05}", 99_999_u32.saturating_sub(number)),
        };
        (place, number)
    });
    let page = page::of_all(numbered.collect(), &command.paging)?;
    let items = batch_lines::fates(store, &batch, &page.items).await?;
    Ok(Page {
        items,
        total: page.total,
        page: page.page,
        size: page.size,
        next: page.next,
    })
}
