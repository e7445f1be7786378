//! `POST /api/v1/keys/{id}/rotate`: gives a key a new secret, and shows it once.

use std::time::Duration;

use app::{
    api_key::{self, Minting},
    error::Error,
    port::{Store, Vault},
    request_key::Answered,
    rotate_key::{self, GRACE_MAX, RotateKey},
    secret_answer::ShownKey,
};
use platform::{
    api::{envelope::Reply, key_view::NewKeyView, request::Request},
    entry::Backend,
};

use crate::asked::{Asked, asking, reply};

pub async fn handle<S: Store, V: Vault>(backend: Backend<S>, vault: V, request: Request) -> Reply {
    let meta = request.meta();
    reply(rotate(&backend, &vault, &request).await, &meta)
}

async fn rotate<S: Store, V: Vault>(
    backend: &Backend<S>,
    vault: &V,
    request: &Request,
) -> Result<Answered<ShownKey>, Error> {
    let mut asked = Asked::read(backend, request)?;
    let grace = asked
        .fields
        .optional_number("gracePeriodSeconds", 0..=GRACE_MAX.as_secs());
    asked.fields.finish()?;
    let id = request.parsed_param("id", "key", api_key::parse_id)?;
    let meta = asked.meta;
    let render = |shown: &ShownKey| Reply::ok(&NewKeyView::from(shown), &meta).body;
    let command = RotateKey {
        asking: asking(&asked.caller, asked.key.as_ref(), &render),
        caller: &asked.caller,
        id: &id,
        grace: Duration::from_secs(grace.unwrap_or(0)),
        minting: Minting {
            seal: &backend.seal,
            random: &backend.random(),
        },
    };
    let call = backend.call(asked.caller.actor());
    let answered = rotate_key::run(&call, &backend.store, vault, command).await?;
    if let Answered::Fresh { it, .. } = &answered {
        backend.learn_key(&it.key);
    }
    Ok(answered)
}
