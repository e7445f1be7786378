//! `POST /api/v1/batches/{id}/approve`: the consent of a second key to the plan of a batch.

use std::str::FromStr;

use app::{
    approve_batch::{self, ApproveBatch},
    error::Error,
    port::Store,
    request_key::Answered,
};
use domain::{
    batch::{Batch, PlanHash},
    ids::BatchId,
};
use platform::{
    api::{batch_action_view::ApprovedBatchView, envelope::Reply, request::Request},
    entry::Backend,
};

use crate::asked::{Asked, asking, hand, reply};

pub async fn handle<S: Store>(backend: Backend<S>, request: Request) -> Reply {
    let meta = request.meta();
    reply(approve(&backend, &request).await, &meta)
}

async fn approve<S: Store>(
    backend: &Backend<S>,
    request: &Request,
) -> Result<Answered<Batch>, Error> {
    let mut asked = Asked::read(backend, request)?;
    let plan = ("planHash", PlanHash::TEXT_MAX);
    let plan = asked.fields.required_long(plan, PlanHash::from_str);
    let plan = asked.fields.finish_with(plan)?;
    let batch = request.parsed_param("id", "batch", BatchId::parse)?;
    let meta = asked.meta;
    let render = |batch: &Batch| Reply::ok(&ApprovedBatchView::from(batch), &meta).body;
    let command = ApproveBatch {
        asking: asking(&asked.caller, asked.key.as_ref(), &render),
        batch,
        plan,
        by: hand(&asked.caller),
    };
    let call = backend.call(asked.caller.actor());
    approve_batch::run(&call, &backend.store, command).await
}
