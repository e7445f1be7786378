//! Saves where a driver's money goes. Every version stays, sealed, for attempts that were sent with it.

use domain::{
    driver::{Driver, Method, MethodKind},
    ids::DriverId,
};

use crate::{
    call::Call,
    cancel_payout::refuse_unless_overtaken,
    changes::Changes,
    create_payout::ROUNDS,
    error::Error,
    get_driver,
    port::{Plaintext, SealedFor, Store, Vault},
    record::{MethodVersion, Record},
    register_driver,
    request_key::{Answered, Asking},
};

pub struct PutPayoutMethod<'a> {
    pub asking: Asking<'a, Driver>,
    pub driver: DriverId,
    pub kind: MethodKind,
    pub masked: String,
    pub account: Plaintext,
}

/// # Errors
/// `NotFound` for an unknown driver; `KeyReused`; `Unavailable`.
pub async fn run(
    call: &Call,
    store: &impl Store,
    vault: &impl Vault,
    command: PutPayoutMethod<'_>,
) -> Result<Answered<Driver>, Error> {
    let asking = command.asking;
    let tenant = asking.tenant;
    let mut sealed = None;
    for round in 0..ROUNDS {
        let (driver, stored) =
            get_driver::read(store, tenant, &command.driver, asking.stored_at()).await?;
        if let Some(replayed) = asking.replay(stored.as_ref(), call.now())? {
            return Ok(replayed);
        }
        let text = match &sealed {
            Some(text) => String::clone(text),
            None => {
                let owner = SealedFor::Driver(driver.id.clone());
                vault.seal(tenant, &owner, &command.account).await?
            }
        };
        sealed = Some(text.clone());
        let method = Method {
            kind: command.kind,
            version: driver.method.as_ref().map_or(0, |method| method.version) + 1,
            masked: command.masked.clone(),
            sealed: text,
            updated_at: call.now(),
        };
        let next = driver.with_method(method.clone());
        let body = (asking.render)(&next);
        let tx_id = call.tx_id(&format!("put-payout-method {round}"));
        let changes = asking.remember(Changes::new("put-payout-method", tx_id), &body, call.now());
        let changes = register_driver::replaced(changes, &driver, &next).insert(Record::Method(
            Box::new(MethodVersion {
                tenant: tenant.clone(),
                driver: driver.id.clone(),
                method,
            }),
        ));
        match store.commit(changes).await {
            Ok(()) => return Ok(Answered::Fresh { it: next, body }),
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
