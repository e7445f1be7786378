//! `POST /api/v1/batches/{id}/release`: lets a batch go.

use std::str::FromStr;

use app::{
    error::Error,
    port::{Queue, Store},
    release_batch::{self, ReleaseBatch},
    request_key::Answered,
};
use domain::{
    batch::{Batch, PlanHash},
    ids::BatchId,
};
use platform::{
    api::{batch_action_view::ReleasedBatchView, envelope::Reply, request::Request},
    entry::Backend,
};

use crate::asked::{Asked, asking, reply};

pub async fn handle<S: Store, Q: Queue>(backend: Backend<S>, queue: Q, request: Request) -> Reply {
    let meta = request.meta();
    reply(release(&backend, &queue, &request).await, &meta)
}

async fn release<S: Store, Q: Queue>(
    backend: &Backend<S>,
    queue: &Q,
    request: &Request,
) -> Result<Answered<Batch>, Error> {
    let mut asked = Asked::read(backend, request)?;
    let edition = asked
        .fields
        .optional_number("version", 1..=u64::from(u32::MAX));
    let plan = ("planHash", PlanHash::TEXT_MAX);
    let plan = asked.fields.optional_long(plan, PlanHash::from_str);
    asked.fields.finish()?;
    let batch = request.parsed_param("id", "batch", BatchId::parse)?;
    let meta = asked.meta;
    let render = |batch: &Batch| Reply::ok(&ReleasedBatchView::from(batch), &meta).body;
    let command = ReleaseBatch {
        asking: asking(&asked.caller, asked.key.as_ref(), &render),
        batch,
        edition: edition.and_then(|edition| u32::try_from(edition).ok()),
        plan,
    };
    let call = backend.call(asked.caller.actor());
    release_batch::run(&call, &backend.store, queue, command).await
}
