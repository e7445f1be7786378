//! `PUT /api/v1/reconciliations/{date}/settlements/{provider}`: imports what a provider says it settled on a day.

use std::str::FromStr;

use app::{
    error::Error,
    port::Store,
    put_settlement::{self, PutSettlement},
    record::Reconciliation,
    request_key::Answered,
};
use domain::{day::Day, routing::Provider};
use platform::{
    api::{
        envelope::Reply, reconciliation_view::ReconciliationView, request::Request,
        settlement_file::SettlementFile,
    },
    entry::Backend,
};

use crate::asked::{asking, reader, reply};

pub async fn handle<S: Store>(backend: Backend<S>, request: Request) -> Reply {
    let meta = request.meta();
    reply(import(&backend, &request).await, &meta)
}

async fn import<S: Store>(
    backend: &Backend<S>,
    request: &Request,
) -> Result<Answered<Reconciliation>, Error> {
    let caller = reader(request)?;
    let file = SettlementFile::read(request)?;
    let key = file.key(request, &backend.seal, &caller.tenant)?;
    let rows = file.rows()?;
    let day = request.parsed_param("date", "reconciliation", Day::from_str)?;
    let provider = request.parsed_param("provider", "provider", |name| {
        Provider::parse(name).ok_or(())
    })?;
    let meta = request.meta();
    let render = |it: &Reconciliation| Reply::ok(&ReconciliationView::from(it), &meta).body;
    let command = PutSettlement {
        asking: asking(caller, key.as_ref(), &render),
        day,
        provider,
        rows,
    };
    let call = backend.call(caller.actor());
    put_settlement::run(&call, &backend.store, command).await
}
