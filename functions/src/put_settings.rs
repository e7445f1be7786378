//! `PUT /api/v1/settings`: what the tenant decides for itself.

use app::{
    error::Error,
    port::Store,
    put_settings::{self, APPROVAL_MINUTES_MAX, PutSettings},
    record::Settings,
    request_key::Answered,
};
use platform::{
    api::{envelope::Reply, request::Request, settings_view::SettingsView},
    entry::Backend,
};

use crate::asked::{Asked, asking, reply};

pub async fn handle<S: Store>(backend: Backend<S>, request: Request) -> Reply {
    let meta = request.meta();
    reply(put(&backend, &request).await, &meta)
}

async fn put<S: Store>(
    backend: &Backend<S>,
    request: &Request,
) -> Result<Answered<Settings>, Error> {
    let mut asked = Asked::read(backend, request)?;
    let approval = asked.fields.required_bool("batchApproval");
    let minutes = 1..=u64::from(APPROVAL_MINUTES_MAX);
    let minutes = asked.fields.optional_number("approvalMinutes", minutes);
    let batch_approval = asked.fields.finish_with(approval)?;
    let meta = asked.meta;
    let render = |settings: &Settings| Reply::ok(&SettingsView::from(settings), &meta).body;
    let command = PutSettings {
        asking: asking(&asked.caller, asked.key.as_ref(), &render),
        batch_approval,
        approval_minutes: minutes.and_then(|minutes| u32::try_from(minutes).ok()),
    };
    let call = backend.call(asked.caller.actor());
    put_settings::run(&call, &backend.store, command).await
}
