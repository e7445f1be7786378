//! Records what was decided about a driver's identity.

use domain::{
    driver::{Driver, KycDecision},
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
    record::Record,
    register_driver,
    request_key::{Answered, Asking},
};

pub struct VerifyDriver<'a> {
    pub asking: Asking<'a, Driver>,
    pub driver: DriverId,
    pub decision: KycDecision,
    pub reason: String,
}

/// # Errors
/// `NotFound`; `Denied` for an inactive driver; `KeyReused`; `Unavailable`.
pub async fn run(
    call: &Call,
    store: &impl Store,
    command: VerifyDriver<'_>,
) -> Result<Answered<Driver>, Error> {
    let asking = command.asking;
    for round in 0..ROUNDS {
        let (driver, stored) =
            get_driver::read(store, asking.tenant, &command.driver, asking.stored_at()).await?;
        if let Some(replayed) = asking.replay(stored.as_ref(), call.now())? {
            return Ok(replayed);
        }
        let next = driver.verified(command.decision, &command.reason)?;
        let body = (asking.render)(&next);
        let tx_id = call.tx_id(&format!("verify-driver {round}"));
        let changes = asking.remember(Changes::new("verify-driver", tx_id), &body, call.now());
        let changes = register_driver::replaced(changes, &driver, &next)
            .insert_if(noted(call, &driver, &next));
        match store.commit(changes).await {
            Ok(()) => {
                info!(driver.id = %next.id, kyc = next.kyc.name(), actor = %call.actor, "driver verification decided");
                return Ok(Answered::Fresh { it: next, body });
            }
            Err(error) => {
                if let Some(replayed) = asking.replay_after(&error, call.now())? {
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

/// Nothing, when the same was decided for the same reason before.
fn noted(call: &Call, before: &Driver, after: &Driver) -> Option<Record> {
    let text = |text: &str| Some(text.to_owned());
    let members = [
        changed("kycStatus", text(before.kyc.name()), text(after.kyc.name())),
        changed(
            "reason",
            before.kyc_reason.clone(),
            after.kyc_reason.clone(),
        ),
        changed(
            "status",
            text(before.status.name()),
            text(after.status.name()),
        ),
    ];
    let done = Done {
        tenant: &after.tenant,
        action: "driver.verify",
        subject: ("driver", after.id.as_str()),
        changes: members.into_iter().flatten().collect(),
    };
    audit_event::event_if_changed(call, done)
}
