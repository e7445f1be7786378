//! Takes a callback whose address names no attempt: the provider's object, or our reference in it, tells which
//! one it is about. As every callback it is a doorbell and carries no money facts.

use domain::{
    ids::{AttemptRef, Mode, ProviderId, Submission, TenantId},
    routing::Provider,
};
use tracing::warn;

use crate::{
    call::Call,
    error::Error,
    port::{Queue, Store},
    receive_callback::{self, ReceiveCallback},
    record::{InboxId, Key, Owner, Record},
};

pub struct ReceiveOrderCallback {
    pub provider: Provider,
    /// The mode whose secret signed it.
    pub mode: Mode,
    pub object: ProviderId,
    /// Our reference, where the body shows it.
    pub reference: Option<AttemptRef>,
    pub body_sha256: String,
}

/// # Errors
/// `Unavailable` when the callback could not be noted or handed over: the sender must repeat it.
pub async fn run(
    call: &Call,
    store: &impl Store,
    queue: &impl Queue,
    command: ReceiveOrderCallback,
) -> Result<(), Error> {
    let Some((tenant, reference)) = attempt_of(store, &command).await? else {
        // Polling does not depend on it.
        warn!(object = %command.object, "a callback is about no attempt of ours");
        return Ok(());
    };
    let command = ReceiveCallback {
        tenant,
        reference,
        inbox: InboxId {
            provider: command.provider,
            mode: command.mode,
            object: command.object,
            body_sha256: command.body_sha256,
        },
    };
    receive_callback::run(call, store, queue, command).await
}

fn attempt_in(tenant: TenantId, submission: Submission) -> Option<(TenantId, AttemptRef)> {
    match submission {
        Submission::Attempt(reference) => Some((tenant, reference)),
        Submission::Charge(_) => None,
    }
}

/// The attempt an object belongs to; by reference where the object was not seen before.
async fn attempt_of(
    store: &impl Store,
    command: &ReceiveOrderCallback,
) -> Result<Option<(TenantId, AttemptRef)>, Error> {
    let (provider, mode) = (command.provider, command.mode);
    let mut keys = vec![Key::Object(provider, mode, command.object.clone())];
    let reference = command.reference.clone();
    keys.extend(reference.map(|it| Key::Reference(provider, mode, it.to_string())));
    let found = store.fetch(&keys).await?;
    Ok(found.into_iter().flatten().find_map(|record| match record {
        Record::Object(link) => match link.reference {
            Owner::Submission(submission) => attempt_in(link.tenant, submission),
            Owner::Driver(_) => None,
        },
        Record::Reference(link) => attempt_in(link.tenant, link.reference),
        _ => None,
    }))
}
