//! `GET /api/v1/audit-events`: what API keys changed, newest first.

use app::{
    error::Error,
    list::Span,
    list_audit_events::{self, ListAuditEvents},
    port::{Lists, Store},
};
use platform::{
    api::{
        audit_view::AuditEventView,
        envelope::Reply,
        page::{Listing, range},
        query::Query,
        request::Request,
    },
    entry::Backend,
};

pub async fn handle<S: Store + Lists>(backend: Backend<S>, request: Request) -> Reply {
    let meta = request.meta();
    match list(&backend, &request).await {
        Ok(reply) => reply,
        Err(error) => Reply::error(&error, &meta),
    }
}

async fn list<S: Store + Lists>(backend: &Backend<S>, request: &Request) -> Result<Reply, Error> {
    let listing = Listing::of(request, &backend.seal)?;
    let mut query = Query::new(&request.query);
    let (size, after) = listing.log_part(&mut query);
    let range = range(&mut query);
    query.finish()?;
    let command = ListAuditEvents {
        tenant: &request.caller()?.tenant,
        span: Span { range, after },
        size,
    };
    let log = list_audit_events::run(&backend.store, &command).await?;
    let view = listing.log::<_, AuditEventView<'_>>(&log.items, log.next.as_ref());
    Ok(Reply::ok(&view, &request.meta()))
}
