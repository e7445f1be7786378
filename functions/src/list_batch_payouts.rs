//! `GET /api/v1/batches/{id}/payouts`: the lines of a batch with their payouts, in its order.

use app::{
    error::Error,
    list_batch_payouts::{self, ListBatchPayouts},
    port::Store,
};
use domain::ids::BatchId;
use platform::{
    api::{
        batch_view::BatchPayoutView, envelope::Reply, page::Listing, query::Query, request::Request,
    },
    entry::Backend,
};

pub async fn handle<S: Store>(backend: Backend<S>, request: Request) -> Reply {
    let listed = list(&backend, &request).await;
    listed.unwrap_or_else(|error| Reply::error(&error, &request.meta()))
}

async fn list<S: Store>(backend: &Backend<S>, request: &Request) -> Result<Reply, Error> {
    let listing = Listing::of(request, &backend.seal)?;
    let mut query = Query::new(&request.query);
    let paging = listing.paging(&mut query);
    query.finish()?;
    let command = ListBatchPayouts {
        tenant: &request.caller()?.tenant,
        batch: request.parsed_param("id", "batch", BatchId::parse)?,
        paging,
    };
    let page = list_batch_payouts::run(&backend.store, &command).await?;
    let view = listing.view::<_, BatchPayoutView<'_>>(&page);
    Ok(Reply::ok(&view, &request.meta()))
}
