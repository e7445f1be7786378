//! `POST /api/v1/batches/{id}/cancel`: withdraws a batch that was not released.

use app::{
    cancel_batch::{self, CancelBatch},
    error::Error,
    port::{Queue, Store},
    request_key::Answered,
};
use domain::{batch::Batch, ids::BatchId};
use platform::{
    api::{batch_action_view::CanceledBatchView, envelope::Reply, request::Request},
    entry::Backend,
};

use crate::asked::{Asked, asking, reply};

pub async fn handle<S: Store, Q: Queue>(backend: Backend<S>, queue: Q, request: Request) -> Reply {
    let meta = request.meta();
    reply(cancel(&backend, &queue, &request).await, &meta)
}

async fn cancel<S: Store, Q: Queue>(
    backend: &Backend<S>,
    queue: &Q,
    request: &Request,
) -> Result<Answered<Batch>, Error> {
    let asked = Asked::read(backend, request)?;
    asked.fields.finish()?;
    let batch = request.parsed_param("id", "batch", BatchId::parse)?;
    let meta = asked.meta;
    let render = |batch: &Batch| Reply::ok(&CanceledBatchView::from(batch), &meta).body;
    let command = CancelBatch {
        asking: asking(&asked.caller, asked.key.as_ref(), &render),
        batch,
    };
    let call = backend.call(asked.caller.actor());
    cancel_batch::run(&call, &backend.store, queue, command).await
}
