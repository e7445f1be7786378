//! `GET /api/v1/batches/{id}/report.csv`: one row a line, in the order of the batch.

use app::{error::Error, port::Store, report_batch};
use domain::ids::BatchId;
use platform::{
    api::{batch_report, envelope::Reply, request::Request},
    entry::Backend,
};

use crate::asked::reader;

/// What a report is.
pub const CONTENT_TYPE: &str = "text/csv; charset=utf-8";

pub async fn handle<S: Store>(backend: Backend<S>, request: Request) -> Reply {
    let meta = request.meta();
    match report(&backend, &request).await {
        Ok(text) => Reply::report(CONTENT_TYPE, text, &meta),
        Err(error) => Reply::error(&error, &meta),
    }
}

async fn report<S: Store>(backend: &Backend<S>, request: &Request) -> Result<String, Error> {
    let caller = reader(request)?;
    let batch = request.parsed_param("id", "batch", BatchId::parse)?;
    let report = report_batch::run(&backend.store, &caller.tenant, &batch).await?;
    batch_report::text(&report)
}
