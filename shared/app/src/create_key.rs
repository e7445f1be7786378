//! Makes an API key of the caller's tenant and mode, with no more than the caller may do.

use domain::{denied::Denied, rate::RateLimit, time::Timestamp};

use crate::{
    api_key::{ApiKey, Grant, Minting, mint, require_grantable},
    audit_event::{self, Done, changed},
    call::{Call, Caller},
    cancel_payout::refuse_unless_overtaken,
    changes::{Changes, Subject},
    create_payout::ROUNDS,
    error::Error,
    key_ring::KeyRing,
    port::{Store, Vault},
    record::{Key, Record},
    request_key::{Answered, Asking},
    secret_answer::{self, ShownKey},
};

pub struct CreateKey<'a> {
    pub asking: Asking<'a, ShownKey>,
    pub caller: &'a Caller,
    pub name: String,
    pub scopes: Vec<&'static str>,
    pub expires_at: Option<Timestamp>,
    pub minting: Minting<'a>,
}

/// # Errors
/// `Invalid` for an end later than the caller's own; `Forbidden` or `KeyRule` for a scope the caller cannot give; `Denied::KeysExhausted`; `KeyReused`;
/// `Unavailable`.
pub async fn run(
    call: &Call,
    store: &impl Store,
    vault: &impl Vault,
    command: CreateKey<'_>,
) -> Result<Answered<ShownKey>, Error> {
    // Before a repeat is recognised: it would show the secret to somebody who may not have such a key.
    require_grantable(command.caller, &command.scopes)?;
    require_no_longer_life(command.caller, command.expires_at)?;
    let asking = command.asking;
    let grant = Grant {
        tenant: asking.tenant.clone(),
        name: command.name,
        owner: command.caller.owner.clone(),
        operator: false,
        scopes: command.scopes.iter().map(ToString::to_string).collect(),
        limit: command.caller.limit.at_most(RateLimit::STANDARD),
        expires_at: command.expires_at,
    };
    let minted = mint(grant, command.minting, call.now());
    let shown = ShownKey {
        key: minted.key,
        secret: Some(minted.text),
    };
    let mut answer = None;
    for round in 0..ROUNDS {
        let now = call.now();
        let mut keys = vec![Key::KeyRing(asking.tenant.clone())];
        keys.extend(asking.stored_at());
        let mut found = store.fetch(&keys).await?.into_iter();
        let ring = KeyRing::found(found.next().flatten(), asking.tenant);
        let stored = found.next().flatten();
        let replayed = secret_answer::replay(call, vault, &asking, stored.as_ref()).await?;
        if let Some(replayed) = replayed {
            return Ok(replayed);
        }
        let changes = Changes::new("create-key", call.tx_id(&format!("create-key {round}")));
        let changes = match ring.add(changes, shown.key.clone(), now) {
            Ok(changes) => changes.insert(made(call, &shown.key)),
            Err(denied) => return refused(call, store, vault, (&asking, denied)).await,
        };
        let written = match answer.take() {
            Some(written) => written,
            None => secret_answer::answer(call, vault, &asking, &shown).await?,
        };
        let remembered = (written.stored.as_str(), written.sealed.clone());
        let changes = asking.remember_secret(changes, remembered, now);
        match store.commit(changes).await {
            Ok(()) => {
                let body = written.shown;
                return Ok(Answered::Fresh { it: shown, body });
            }
            Err(error) => {
                let found = error.refused(Subject::Request);
                let found = found.and_then(|refused| refused.found.as_ref());
                if let Some(replayed) = secret_answer::replay(call, vault, &asking, found).await? {
                    return Ok(replayed);
                }
                refuse_unless_overtaken(error)?;
            }
        }
        answer = Some(written);
    }
    Err(Error::Conflict(
        "the tenant's keys kept changing; send it again".to_owned(),
    ))
}

/// What was read before a refusal was not one instant: this very request may have won meanwhile.
pub(crate) async fn refused(
    call: &Call,
    store: &impl Store,
    vault: &impl Vault,
    (asking, denied): (&Asking<'_, ShownKey>, Denied),
) -> Result<Answered<ShownKey>, Error> {
    let found = match asking.stored_at() {
        Some(key) => store.fetch(&[key]).await?.into_iter().next().flatten(),
        None => None,
    };
    match secret_answer::replay(call, vault, asking, found.as_ref()).await? {
        Some(replayed) => Ok(replayed),
        None => Err(denied.into()),
    }
}

/// What is noted of a new key.
pub(crate) fn made(call: &Call, key: &ApiKey) -> Record {
    let new = |field, value| changed(field, None, value);
    let kind = if key.operator { "operator" } else { "client" };
    let members = [
        new("name", Some(key.name.clone())),
        new("owner", Some(key.owner.clone())),
        new("kind", Some(kind.to_owned())),
        new("scopes", Some(key.scopes.join(" "))),
        new("expiresAt", key.expires_at.map(|at| at.to_string())),
    ];
    let done = Done {
        tenant: &key.tenant,
        action: "key.create",
        subject: ("key", &key.id),
        changes: members.into_iter().flatten().collect(),
    };
    audit_event::event(call, done)
}

/// A key that ends gives no key that outlives it: it would become stronger by that.
fn require_no_longer_life(caller: &Caller, until: Option<Timestamp>) -> Result<(), Error> {
    match (caller.expires_at, until) {
        (None, _) => Ok(()),
        (Some(own), Some(until)) if until <= own => Ok(()),
        (Some(own), _) => {
            let message =
                format!("must be given and not be later than {own}, when the calling key ends");
            Err(Error::invalid("expiresAt", &message))
        }
    }
}
