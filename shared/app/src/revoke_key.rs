//! Revokes a key for ever. Doing it again finds the same.

use domain::ids::TenantId;

use crate::{
    api_key::{ApiKey, require_power_over},
    audit_event::{self, Done, changed},
    call::{Call, Caller},
    cancel_payout::refuse_unless_overtaken,
    changes::Changes,
    create_payout::ROUNDS,
    error::Error,
    key_ring::KeyRing,
    port::Store,
    record::{Key, Record},
};

/// # Errors
/// `NotFound` for a key of another tenant or mode; `Forbidden` or `KeyRule` for one that is stronger than the
/// caller's; `Unavailable`.
pub async fn run(
    call: &Call,
    store: &impl Store,
    (caller, id): (&Caller, &str),
) -> Result<ApiKey, Error> {
    let tenant = &caller.tenant;
    for round in 0..ROUNDS {
        let keys = [Key::ApiKey(id.to_owned()), Key::KeyRing(tenant.clone())];
        let mut found = store.fetch(&keys).await?.into_iter();
        let key = own(found.next().flatten(), tenant)?;
        let ring = KeyRing::found(found.next().flatten(), tenant);
        require_power_over(caller, &key)?;
        if key.revoked_at.is_some() {
            return Ok(key);
        }
        let revoked = key.revoked(call.now());
        let changes = Changes::new("revoke-key", call.tx_id(&format!("revoke-key {round}")))
            .replace(Record::ApiKey(Box::new(revoked.clone())), key.version)
            .insert(noted(call, &revoked));
        match store.commit(ring.remove(changes, id)).await {
            Ok(()) => return Ok(revoked),
            Err(error) => refuse_unless_overtaken(error)?,
        }
    }
    Err(Error::Conflict(
        "the tenant's keys kept changing; send it again".to_owned(),
    ))
}

/// A key of the tenant. Nobody learns of another's.
pub(crate) fn own(found: Option<Record>, tenant: &TenantId) -> Result<ApiKey, Error> {
    match found {
        Some(Record::ApiKey(key)) if key.tenant == *tenant => Ok(*key),
        Some(_) | None => Err(Error::NotFound("key")),
    }
}

fn noted(call: &Call, key: &ApiKey) -> Record {
    let at = key.revoked_at.map(|at| at.to_string());
    let done = Done {
        tenant: &key.tenant,
        action: "key.revoke",
        subject: ("key", &key.id),
        changes: changed("revokedAt", None, at).into_iter().collect(),
    };
    audit_event::event(call, done)
}
