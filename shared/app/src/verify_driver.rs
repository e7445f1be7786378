//! Records what was decided about a driver's identity.

use domain::{
    driver::{Driver, KycDecision},
    ids::DriverId,
};
use tracing::info;

use crate::{
    call::Call,
    cancel_payout::refuse_unless_overtaken,
    changes::Changes,
    create_payout::ROUNDS,
    error::Error,
    get_driver,
    port::Store,
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
        let changes = register_driver::replaced(changes, &driver, &next);
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
