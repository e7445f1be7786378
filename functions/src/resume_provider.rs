//! `POST /api/v1/providers/{name}/resume`: opens a provider again, whatever stopped it.

use app::{
    error::Error,
    list_providers::ProviderStanding,
    pause_provider::{REASON_MAX, TurnProvider},
    port::Store,
    request_key::Answered,
    resume_provider,
};
use domain::routing::Provider;
use platform::{
    api::{envelope::Reply, provider_view::ProviderView, request::Request},
    entry::Backend,
};

use crate::asked::{Asked, asking, reply};

pub async fn handle<S: Store>(backend: Backend<S>, request: Request) -> Reply {
    let meta = request.meta();
    reply(resume(&backend, &request).await, &meta)
}

async fn resume<S: Store>(
    backend: &Backend<S>,
    request: &Request,
) -> Result<Answered<ProviderStanding>, Error> {
    let mut asked = Asked::read(backend, request)?;
    let reason = asked.fields.required_text("reason", REASON_MAX);
    let reason = asked.fields.finish_with(reason)?;
    let provider =
        request.parsed_param("name", "provider", |name| Provider::parse(name).ok_or(()))?;
    let meta = asked.meta;
    let render = |it: &ProviderStanding| Reply::ok(&ProviderView::from(it), &meta).body;
    let command = TurnProvider {
        asking: asking(&asked.caller, asked.key.as_ref(), &render),
        provider,
        reason,
    };
    let call = backend.call(asked.caller.actor());
    resume_provider::run(&call, &backend.store, command).await
}
