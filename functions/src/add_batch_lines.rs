//! `POST /api/v1/batches/{id}/lines`: adds loads to a batch that was not released.

use app::{
    add_batch_lines::{self, AddBatchLines},
    error::Error,
    port::Store,
    request_key::Answered,
};
use domain::{batch::Batch, fee::FeeSchedule, ids::BatchId};
use platform::{
    api::{batch_view::EditedBatchView, envelope::Reply, request::Request},
    entry::Backend,
};

use crate::{
    asked::{Asked, asking, hand, reply},
    batch_wish::added,
};

pub async fn handle<S: Store>(backend: Backend<S>, request: Request) -> Reply {
    let meta = request.meta();
    reply(add(&backend, &request).await, &meta)
}

async fn add<S: Store>(backend: &Backend<S>, request: &Request) -> Result<Answered<Batch>, Error> {
    let mut asked = Asked::read(backend, request)?;
    let loads = added(&mut asked.fields);
    let version = asked
        .fields
        .required_number("version", 1..=u64::from(u32::MAX));
    let edition = version.and_then(|version| u32::try_from(version).ok());
    let (loads, edition) = asked.fields.finish_with(loads.zip(edition))?;
    let batch = request.parsed_param("id", "batch", BatchId::parse)?;
    let meta = asked.meta;
    let render = |batch: &Batch| Reply::ok(&EditedBatchView::from(batch), &meta).body;
    let command = AddBatchLines {
        asking: asking(&asked.caller, asked.key.as_ref(), &render),
        batch,
        loads,
        edition,
        by: hand(&asked.caller),
        fees: &FeeSchedule::default(),
    };
    let call = backend.call(asked.caller.actor());
    add_batch_lines::run(&call, &backend.store, command).await
}
