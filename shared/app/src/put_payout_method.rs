//! Saves where a driver's money goes. Every version stays, sealed, for attempts that were sent with it.
//!
//! Before, the provider that would carry the account may be asked whether it takes it. Only a clear no keeps a
//! method from being saved: a driver is not made to wait for a provider that is down.

use domain::{
    driver::{Driver, Method, MethodKind},
    ids::DriverId,
};
use tracing::warn;

use crate::{
    audit_event::{self, Done, changed},
    call::Call,
    cancel_payout::refuse_unless_overtaken,
    changes::Changes,
    create_payout::ROUNDS,
    error::Error,
    get_driver,
    port::{AccountAsk, AccountCheck, Plaintext, Providers, SealedFor, Store, Vault},
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

/// What saving needs beside the store.
#[derive(Debug)]
pub struct Means<'a, V, P> {
    pub vault: &'a V,
    pub providers: &'a P,
}

/// # Errors
/// `NotFound` for an unknown driver; `Invalid` for members that the provider would refuse; `KeyReused`;
/// `Unavailable`.
pub async fn run<V: Vault, P: Providers>(
    call: &Call,
    store: &impl Store,
    means: Means<'_, V, P>,
    command: PutPayoutMethod<'_>,
) -> Result<Answered<Driver>, Error> {
    let asking = &command.asking;
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
                require_payable(call, means.providers, &command).await?;
                let owner = SealedFor::Driver(driver.id.clone());
                means.vault.seal(tenant, &owner, &command.account).await?
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
        let version = MethodVersion {
            tenant: tenant.clone(),
            driver: driver.id.clone(),
            method,
        };
        let changes = register_driver::replaced(changes, &driver, &next)
            .insert(noted(call, &driver, &next))
            .insert(Record::Method(Box::new(version)));
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

/// Asks once, before anything is written. What cannot be learned is not held against the account.
async fn require_payable(
    call: &Call,
    providers: &impl Providers,
    command: &PutPayoutMethod<'_>,
) -> Result<(), Error> {
    let ask = AccountAsk {
        kind: command.kind,
        account: &command.account,
        mode: command.asking.tenant.mode(),
        now: call.now(),
    };
    match providers.check_account(ask).await {
        AccountCheck::NotAsked | AccountCheck::Fits => Ok(()),
        AccountCheck::Refused(problems) => Err(Error::Invalid(problems)),
        AccountCheck::Unchecked { cause } => {
            let (driver, kind) = (&command.driver, command.kind.name());
            warn!(%driver, kind, cause, "a payout method is saved unchecked");
            Ok(())
        }
    }
}

/// What can be read of a method, and its version: another account may end in the same digits.
fn noted(call: &Call, before: &Driver, after: &Driver) -> Record {
    let member = |field: &str, of: fn(&Method) -> String| {
        changed(
            field,
            before.method.as_ref().map(of),
            after.method.as_ref().map(of),
        )
    };
    let members = [
        member("type", |method| method.kind.name().to_owned()),
        member("masked", |method| method.masked.clone()),
        member("version", |method| method.version.to_string()),
        changed(
            "status",
            Some(before.status.name().to_owned()),
            Some(after.status.name().to_owned()),
        ),
    ];
    let done = Done {
        tenant: &after.tenant,
        action: "driver.payout_method",
        subject: ("driver", after.id.as_str()),
        changes: members.into_iter().flatten().collect(),
    };
    audit_event::event(call, done)
}
