//! `POST /callbacks/payelata/{token}`: a doorbell. The token names the attempt, the signature proves the
//! sender, and what rings is one authenticated read. The sender repeats on anything but 200.

use std::sync::Arc;

use app::{
    error::Error,
    port::{Queue, Store},
    receive_callback::{self, ReceiveCallback},
    record::InboxId,
};
use domain::{routing::Provider, transition::Actor};
use platform::{
    api::{envelope::Reply, request::Request},
    entry::Backend,
    provider::payelata::{
        callback::{self, Ring, SIGNATURE_HEADER},
        settings::CallbackSecrets,
    },
};

pub async fn handle<S: Store, Q: Queue>(
    backend: Backend<S>,
    queue: Q,
    secrets: Arc<CallbackSecrets>,
    request: Request,
) -> Reply {
    let meta = request.meta();
    match receive(&backend, &queue, &secrets, &request).await {
        Ok(()) => Reply::stored(200, String::new(), &meta),
        Err(error) => Reply::error(&error, &meta),
    }
}

async fn receive<S: Store, Q: Queue>(
    backend: &Backend<S>,
    queue: &Q,
    secrets: &CallbackSecrets,
    request: &Request,
) -> Result<(), Error> {
    let token = request.param("token");
    let (tenant, reference) = backend
        .seal
        .open_callback_token(token)
        .ok_or(Error::NotFound("callback"))?;
    let mode = request
        .headers
        .only(SIGNATURE_HEADER)
        .and_then(|signature| callback::verify(secrets, &request.body, signature))
        .filter(|mode| *mode == tenant.mode())
        .ok_or(Error::Unauthenticated)?;
    let ring =
        callback::decode(&request.body).map_err(|error| Error::invalid("", &error.to_string()))?;
    let object = match ring {
        Ring::Invoice(object) => object,
        Ring::Other => return Ok(()),
    };
    let command = ReceiveCallback {
        tenant,
        reference,
        inbox: InboxId {
            provider: Provider::Payelata,
            mode,
            object,
            body_sha256: platform::api::sha256_hex(&request.body),
        },
    };
    let call = backend.call(Actor::System("payelata".to_owned()));
    receive_callback::run(&call, &backend.store, queue, command).await
}
