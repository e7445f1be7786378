//! Changes members of a driver, their status among them. What copied the driver's name keeps it as it was.

use domain::{
    driver::{Driver, Revision},
    ids::DriverId,
};
use tracing::info;

use crate::{
    audit_event::{self, Done, changed},
    call::Call,
    cancel_payout::refuse_unless_overtaken,
    changes::Changes,
    create_payout::ROUNDS,
    error::Error,
    get_driver,
    port::Store,
    record::FieldChange,
    register_driver,
    request_key::{Answered, Asking},
};

pub struct UpdateDriver<'a> {
    pub asking: Asking<'a, Driver>,
    pub driver: DriverId,
    pub revision: Revision,
}

/// An update that changes nothing writes nothing.
///
/// # Errors
/// `NotFound`; `Denied` when the driver's state does not allow the new status; `Conflict` when the driver
/// kept changing; `KeyReused`; `Unavailable`.
pub async fn run(
    call: &Call,
    store: &impl Store,
    command: UpdateDriver<'_>,
) -> Result<Answered<Driver>, Error> {
    revise(call, store, ("driver.update", command)).await
}

/// The same for any action that revises a driver, under its own name in the audit.
pub(crate) async fn revise(
    call: &Call,
    store: &impl Store,
    (action, command): (&'static str, UpdateDriver<'_>),
) -> Result<Answered<Driver>, Error> {
    let asking = command.asking;
    for round in 0..ROUNDS {
        let now = call.now();
        let (driver, stored) =
            get_driver::read(store, asking.tenant, &command.driver, asking.stored_at()).await?;
        if let Some(replayed) = asking.replay(stored.as_ref(), now)? {
            return Ok(replayed);
        }
        let next = match driver.revised(command.revision.clone()) {
            Ok(Some(next)) => next,
            outcome @ (Ok(None) | Err(_)) => {
                if let Some(replayed) = asking.replay_now(store, now).await? {
                    return Ok(replayed);
                }
                outcome?;
                let body = (asking.render)(&driver);
                return Ok(Answered::Fresh { it: driver, body });
            }
        };
        let next = next.with_news_for_owlpay(&driver, now);
        let body = (asking.render)(&next);
        let done = Done {
            tenant: asking.tenant,
            action,
            subject: ("driver", driver.id.as_str()),
            changes: differences(&driver, &next),
        };
        let tx_id = call.tx_id(&format!("{action} {round}"));
        let changes = asking
            .remember(Changes::new("update-driver", tx_id), &body, now)
            .insert(audit_event::event(call, done));
        let changes = register_driver::replaced(changes, &driver, &next);
        match store.commit(changes).await {
            Ok(()) => {
                info!(driver.id = %next.id, status = next.status.name(), actor = %call.actor, "driver changed");
                return Ok(Answered::Fresh { it: next, body });
            }
            Err(error) => {
                if let Some(replayed) = asking.replay_after(&error, now)? {
                    return Ok(replayed);
                }
                refuse_unless_overtaken(error)?;
            }
        }
    }
    Err(Error::Conflict(
        "the driver kept changing; send it again".to_owned(),
    ))
}

fn differences(before: &Driver, after: &Driver) -> Vec<FieldChange> {
    let text = |field, before: &str, after: &str| {
        changed(field, Some(before.to_owned()), Some(after.to_owned()))
    };
    [
        text("name", &before.name, &after.name),
        text("email", &before.email, &after.email),
        text("phone", &before.phone, &after.phone),
        text("status", before.status.name(), after.status.name()),
    ]
    .into_iter()
    .flatten()
    .collect()
}
