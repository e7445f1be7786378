//! `POST /api/v1/batches/{id}/retry-failed`: another run for every failed payout of a batch.

use app::{
    error::Error,
    port::{Queue, Store},
    request_key::Answered,
    retry_batch::{self, BatchRetry, RetryBatch},
};
use domain::ids::BatchId;
use platform::{
    api::{batch_action_view::RetriedBatchView, envelope::Reply, request::Request},
    entry::Backend,
};

use crate::asked::{Asked, asking, reply};

pub async fn handle<S: Store, Q: Queue>(backend: Backend<S>, queue: Q, request: Request) -> Reply {
    let meta = request.meta();
    reply(retry(&backend, &queue, &request).await, &meta)
}

async fn retry<S: Store, Q: Queue>(
    backend: &Backend<S>,
    queue: &Q,
    request: &Request,
) -> Result<Answered<BatchRetry>, Error> {
    let asked = Asked::read(backend, request)?;
    asked.fields.finish()?;
    let batch = request.parsed_param("id", "batch", BatchId::parse)?;
    let meta = asked.meta;
    let render = |retry: &BatchRetry| Reply::ok(&RetriedBatchView::from(retry), &meta).body;
    let command = RetryBatch {
        asking: asking(&asked.caller, asked.key.as_ref(), &render),
        batch,
    };
    let call = backend.call(asked.caller.actor());
    retry_batch::run(&call, &backend.store, queue, command).await
}
