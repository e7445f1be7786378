//! `POST /api/v1/batches`: makes a batch of loads.

use app::{
    create_batch::{self, CreateBatch},
    error::Error,
    port::{Queue, Store},
    request_key::Answered,
};
use domain::{batch::Batch, fee::FeeSchedule};
use platform::{
    api::{batch_view::BatchView, envelope::Reply, request::Request},
    entry::Backend,
};

use crate::{
    asked::{asking, hand, reply},
    batch_wish::Wished,
};

pub async fn handle<S: Store, Q: Queue>(backend: Backend<S>, queue: Q, request: Request) -> Reply {
    let meta = request.meta();
    reply(create(&backend, &queue, &request).await, &meta)
}

async fn create<S: Store, Q: Queue>(
    backend: &Backend<S>,
    queue: &Q,
    request: &Request,
) -> Result<Answered<Batch>, Error> {
    let wished = Wished::read(backend, request)?;
    let caller = request.caller()?;
    let meta = request.meta();
    let render = |batch: &Batch| Reply::ok(&BatchView::from(batch), &meta).body;
    let command = CreateBatch {
        asking: asking(caller, wished.key.as_ref(), &render),
        wish: wished.file.wish,
        by: hand(caller),
        fees: &FeeSchedule::default(),
    };
    let call = backend.call(caller.actor());
    create_batch::run(&call, &backend.store, queue, command).await
}
