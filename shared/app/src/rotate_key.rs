//! Gives a key a new secret under the same id. The old one may open it a while longer.

use std::time::Duration;

use domain::denied::Denied;

use crate::{
    api_key::{ApiKey, Minting, require_secret_of},
    audit_event::{self, Done, changed},
    call::{Call, Caller},
    cancel_payout::refuse_unless_overtaken,
    changes::{Changes, Subject},
    create_key::refused,
    create_payout::ROUNDS,
    error::Error,
    port::{Store, Vault},
    record::{Key, PreviousSecret, Record},
    request_key::{Answered, Asking},
    revoke_key::own,
    secret_answer::{self, ShownKey},
};

/// How long the old secret may go on at most.
pub const GRACE_MAX: Duration = Duration::from_secs(604_800);

pub struct RotateKey<'a> {
    pub asking: Asking<'a, ShownKey>,
    pub caller: &'a Caller,
    pub id: &'a str,
    /// At most [`GRACE_MAX`].
    pub grace: Duration,
    pub minting: Minting<'a>,
}

/// # Errors
/// `NotFound` for a key of another tenant or mode; `Forbidden` or `KeyRule` for one that is stronger than the
/// caller's; `Denied::KeyNotUsable`; `KeyReused`; `Unavailable`.
pub async fn run(
    call: &Call,
    store: &impl Store,
    vault: &impl Vault,
    command: RotateKey<'_>,
) -> Result<Answered<ShownKey>, Error> {
    let asking = command.asking;
    for round in 0..ROUNDS {
        let now = call.now();
        let mut keys = vec![Key::ApiKey(command.id.to_owned())];
        keys.extend(asking.stored_at());
        let mut found = store.fetch(&keys).await?.into_iter();
        let key = own(found.next().flatten(), asking.tenant)?;
        require_secret_of(command.caller, &key)?;
        let stored = found.next().flatten();
        let replayed = secret_answer::replay(call, vault, &asking, stored.as_ref()).await?;
        if let Some(replayed) = replayed {
            return Ok(replayed);
        }
        if !key.is_usable(now) {
            let denied = Denied::KeyNotUsable;
            return refused(call, store, vault, (&asking, denied)).await;
        }
        let minted = key.rotated(command.minting, command.grace, now);
        let shown = ShownKey {
            key: minted.key,
            secret: Some(minted.text),
        };
        let answer = secret_answer::answer(call, vault, &asking, &shown).await?;
        let changes = Changes::new("rotate-key", call.tx_id(&format!("rotate-key {round}")))
            .replace(Record::ApiKey(Box::new(shown.key.clone())), key.version)
            .insert(rotated(call, &key, &shown.key));
        let remembered = (answer.stored.as_str(), answer.sealed);
        let changes = asking.remember_secret(changes, remembered, now);
        match store.commit(changes).await {
            Ok(()) => {
                let body = answer.shown;
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
    }
    Err(Error::Conflict(
        "the key kept changing; send it again".to_owned(),
    ))
}

fn rotated(call: &Call, before: &ApiKey, after: &ApiKey) -> Record {
    let until =
        |previous: &Option<PreviousSecret>| previous.as_ref().map(|it| it.until.to_string());
    let grace = (until(&before.previous), until(&after.previous));
    let done = Done {
        tenant: &after.tenant,
        action: "key.rotate",
        subject: ("key", &after.id),
        changes: changed("previousSecretUntil", grace.0, grace.1)
            .into_iter()
            .collect(),
    };
    audit_event::event(call, done)
}
