//! `GET /api/v1/reconciliations/{date}/report.csv`: what differs on a day, one row a difference.

use app::port::Store;
use platform::{
    api::{envelope::Reply, reconciliation_view::report, request::Request},
    entry::Backend,
};

use crate::{get_batch_report::CONTENT_TYPE, get_reconciliation::read};

pub async fn handle<S: Store>(backend: Backend<S>, request: Request) -> Reply {
    let meta = request.meta();
    let text = read(&backend, &request).await;
    match text.and_then(|it| report(&it, request.received_at)) {
        Ok(text) => Reply::report(CONTENT_TYPE, text, &meta),
        Err(error) => Reply::error(&error, &meta),
    }
}
