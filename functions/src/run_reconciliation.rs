//! `POST /api/v1/reconciliations`: compares a day with what the providers list.

use std::{str::FromStr, time::Duration};

use app::{
    error::Error,
    port::{Lists, Providers, Queue, Store},
    reconcile_day::{Reconciled, Reconciler, Wanted},
    request_key::Answered,
};
use domain::day::Day;
use platform::{
    api::{envelope::Reply, reconciliation_view::ReconciliationView, request::Request},
    entry::Backend,
};

use crate::asked::{Asked, asking, reply};

/// For the providers' lists: the caller waits, and the gateway waits no longer than 30 s. What takes more is
/// done at night.
const BUDGET: Duration = Duration::from_secs(15);

/// What the function works with beside the backend.
#[derive(Clone)]
pub struct Desk<Q, P> {
    pub queue: Q,
    pub providers: P,
}

pub async fn handle<S: Store + Lists, Q: Queue, P: Providers>(
    backend: Backend<S>,
    desk: Desk<Q, P>,
    request: Request,
) -> Reply {
    let meta = request.meta();
    reply(compare(&backend, desk, &request).await, &meta)
}

async fn compare<S: Store + Lists, Q: Queue, P: Providers>(
    backend: &Backend<S>,
    desk: Desk<Q, P>,
    request: &Request,
) -> Result<Answered<Reconciled>, Error> {
    let mut asked = Asked::read(backend, request)?;
    let day = asked.fields.required("date", Day::from_str);
    let day = asked.fields.finish_with(day)?;
    let meta = asked.meta;
    let render = |it: &Reconciled| Reply::ok(&ReconciliationView::from(&it.head), &meta).body;
    let asking = asking(&asked.caller, asked.key.as_ref(), &render);
    let call = backend.call(asked.caller.actor());
    let reconciler = Reconciler {
        store: backend.store.clone(),
        queue: desk.queue,
        providers: desk.providers,
    };
    let wanted = Wanted {
        day,
        budget: BUDGET,
    };
    reconciler.run(&call, &asking, wanted).await
}
