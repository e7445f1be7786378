//! `DELETE /api/v1/keys/{id}`: revokes a key for ever.

use app::{
    api_key::{self, ApiKey},
    error::Error,
    port::Store,
    revoke_key,
};
use platform::{
    api::{envelope::Reply, fields::Fields, key_view::KeyView, request::Request},
    entry::Backend,
};

use crate::asked::reader;

pub async fn handle<S: Store>(backend: Backend<S>, request: Request) -> Reply {
    let meta = request.meta();
    match revoke(&backend, &request).await {
        Ok(key) => Reply::ok(&KeyView::from(&key), &meta),
        Err(error) => Reply::error(&error, &meta),
    }
}

async fn revoke<S: Store>(backend: &Backend<S>, request: &Request) -> Result<ApiKey, Error> {
    let caller = reader(request)?;
    Fields::of_object(request.json()?)?.finish()?;
    let id = request.parsed_param("id", "key", api_key::parse_id)?;
    let call = backend.call(caller.actor());
    let key = revoke_key::run(&call, &backend.store, (caller, &id)).await?;
    backend.learn_key(&key);
    Ok(key)
}
