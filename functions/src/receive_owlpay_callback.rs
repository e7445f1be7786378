//! `POST /callbacks/owlpay`: a doorbell. The signature proves the sender, the order or vendor in the body tells whose
//! it is, and what rings is one authenticated read.

use std::sync::Arc;

use app::{
    error::Error,
    port::{Queue, Store},
    receive_order_callback::{self, ReceiveOrderCallback},
    receive_vendor_callback::{self, ReceiveVendorCallback},
};
use domain::{routing::Provider, transition::Actor};
use platform::{
    api::{envelope::Reply, request::Request},
    entry::Backend,
    provider::owlpay::callback::{self, CallbackSecrets, Ring, SIGNATURE_HEADER},
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
    let call = backend.call(Actor::System("owlpay".to_owned()));
    let mode = request
        .headers
        .only(SIGNATURE_HEADER)
        .and_then(|signature| callback::verify(secrets, &request.body, signature, call.now()))
        .ok_or(Error::Unauthenticated)?;
    let ring = callback::decode(&request.body, mode)
        .map_err(|error| Error::invalid("", &error.to_string()))?;
    let body_sha256 = platform::api::sha256_hex(&request.body);
    match ring {
        Ring::Order { object, reference } => {
            let command = ReceiveOrderCallback {
                provider: Provider::Owlpay,
                mode,
                object,
                reference,
                body_sha256,
            };
            receive_order_callback::run(&call, &backend.store, queue, command).await
        }
        Ring::Vendor(vendor) => {
            let command = ReceiveVendorCallback {
                mode,
                vendor,
                body_sha256,
            };
            receive_vendor_callback::run(&call, &backend.store, command).await
        }
        Ring::Other => Ok(()),
    }
}
