//! Answers that show a secret. What is stored for a repeat does not have it; the whole answer stands beside
//! it, sealed, and is given again for a short while, to the key that asked first.

use std::time::Duration;

use domain::{time::Timestamp, transition::Actor};
use serde::{Deserialize, Serialize};

use crate::{
    api_key::ApiKey,
    call::Call,
    error::Error,
    port::{Plaintext, SealedFor, Vault},
    record::Record,
    request_key::{Answered, Asking},
};

/// How long a repeat gets the secret again.
pub const SHOWN_AGAIN: Duration = Duration::from_secs(600);

/// A key as an answer shows it. It has no debug form: it may hold the key's text.
pub struct ShownKey {
    pub key: ApiKey,
    /// The whole text of the key, when it is shown.
    pub secret: Option<String>,
}

/// A whole answer, sealed for the key whose secret it shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedAnswer {
    pub key_id: String,
    /// Who may see it again.
    pub asked_by: Actor,
    pub text: String,
    pub until: Timestamp,
}

/// An answer as it goes out now, and as it is stored.
pub(crate) struct Answer {
    pub(crate) shown: String,
    pub(crate) stored: String,
    pub(crate) sealed: Option<SealedAnswer>,
}

/// Writes the answer with the secret and without it, and seals the one when a repeat may ask for it.
///
/// # Errors
/// `Unavailable` when the vault does not answer.
pub(crate) async fn answer(
    call: &Call,
    vault: &impl Vault,
    asking: &Asking<'_, ShownKey>,
    shown: &ShownKey,
) -> Result<Answer, Error> {
    let body = (asking.render)(shown);
    let stored = (asking.render)(&ShownKey {
        key: shown.key.clone(),
        secret: None,
    });
    let sealed = match asking.key {
        None => None,
        Some(_) => {
            let owner = SealedFor::Key(shown.key.id.clone());
            // Below the 4 KiB that KMS seals at once: names are limited.
            let plain = Plaintext(body.clone());
            Some(SealedAnswer {
                key_id: shown.key.id.clone(),
                asked_by: call.actor.clone(),
                text: vault.seal(asking.tenant, &owner, &plain).await?,
                until: call.now().plus(SHOWN_AGAIN),
            })
        }
    };
    Ok(Answer {
        shown: body,
        stored,
        sealed,
    })
}

/// The stored answer, when this request was answered before; with its secret while that is shown again.
///
/// # Errors
/// [`Error::KeyReused`] when the key came with another request; `Unavailable` when the vault does not
/// answer.
pub(crate) async fn replay(
    call: &Call,
    vault: &impl Vault,
    asking: &Asking<'_, ShownKey>,
    found: Option<&Record>,
) -> Result<Option<Answered<ShownKey>>, Error> {
    let now = call.now();
    let Some(replayed) = asking.replay(found, now)? else {
        return Ok(None);
    };
    let Some(Record::Request(stored)) = found else {
        return Ok(Some(replayed));
    };
    match &stored.secret {
        Some(secret) if now < secret.until && secret.asked_by == call.actor => {
            let owner = SealedFor::Key(secret.key_id.clone());
            let opened = vault.open(asking.tenant, &owner, &secret.text).await?;
            Ok(Some(Answered::Replayed { body: opened.0 }))
        }
        Some(_) | None => Ok(Some(replayed)),
    }
}
