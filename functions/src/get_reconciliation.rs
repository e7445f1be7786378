//! `GET /api/v1/reconciliations/{date}`: what differs on a day.

use std::str::FromStr;

use app::{error::Error, get_reconciliation, port::Store, reconcile_day::Reconciled};
use domain::day::Day;
use platform::{
    api::{envelope::Reply, reconciliation_view::ReconciliationReportView, request::Request},
    entry::Backend,
};

use crate::asked::reader;

pub async fn handle<S: Store>(backend: Backend<S>, request: Request) -> Reply {
    let meta = request.meta();
    match read(&backend, &request).await {
        Ok(it) => Reply::ok(
            &ReconciliationReportView::new(&it, request.received_at),
            &meta,
        ),
        Err(error) => Reply::error(&error, &meta),
    }
}

pub(crate) async fn read<S: Store>(
    backend: &Backend<S>,
    request: &Request,
) -> Result<Reconciled, Error> {
    let caller = reader(request)?;
    let day = request.parsed_param("date", "reconciliation", Day::from_str)?;
    get_reconciliation::run(&backend.store, &caller.tenant, day).await
}
