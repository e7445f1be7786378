//! Takes a provider's callback as a doorbell: it is noted once and causes one authenticated read. It
//! never carries money facts.

use std::time::Duration;

use domain::ids::{AttemptRef, TenantId};

use crate::{
    call::Call,
    changes::{Changes, Subject},
    error::Error,
    message::{Check, Message},
    port::{CommitError, Queue, Store},
    record::{Inbox, InboxId, Owner, Record},
};

/// How long the provider's callbacks are recognised as repeats.
pub(crate) const REMEMBERED: Duration = Duration::from_secs(90 * 24 * 3600);

pub struct ReceiveCallback {
    pub tenant: TenantId,
    /// The attempt the URL's token names.
    pub reference: AttemptRef,
    pub inbox: InboxId,
}

/// # Errors
/// `Unavailable` when the callback could not be noted or handed over: the sender must repeat it.
pub async fn run(
    call: &Call,
    store: &impl Store,
    queue: &impl Queue,
    command: ReceiveCallback,
) -> Result<(), Error> {
    let now = call.now();
    let inbox = Inbox {
        id: command.inbox.clone(),
        version: 1,
        tenant: command.tenant.clone(),
        reference: Owner::attempt(command.reference.clone()),
        done: false,
        first_seen: now,
        expires_at: now.plus(REMEMBERED),
    };
    let changes =
        Changes::new("callback", call.tx_id("callback")).insert(Record::Inbox(Box::new(inbox)));
    if let Err(error) = store.commit(changes).await {
        match error.refused(Subject::Inbox).map(|refused| &refused.found) {
            Some(Some(Record::Inbox(known))) if known.done => return Ok(()),
            // Noted before, but nobody asked the provider since: ring again.
            Some(_) => {}
            None => return Err(CommitError::into(error)),
        }
    }
    let check = Message::Check(Check {
        tenant: command.tenant,
        reference: command.reference,
        inbox: Some(command.inbox),
    });
    Ok(queue.send(check, 0).await?)
}
