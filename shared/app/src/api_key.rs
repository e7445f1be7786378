//! API keys: what is stored of one, how its text is made, and who may give or change which.

use std::time::Duration;

use domain::{
    ids::{InvalidId, TenantId},
    rate::RateLimit,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::{
    call::Caller,
    error::{Error, KeyRule},
    scope,
    seal::Seal,
};

/// How many characters of a-z and 0-9 a key's id has.
pub const ID_LENGTH: usize = 12;

/// Reads the id of a key.
///
/// # Errors
/// The text cannot be one.
pub fn parse_id(text: &str) -> Result<String, InvalidId> {
    let is_id = text
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if is_id && text.len() == ID_LENGTH {
        return Ok(text.to_owned());
    }
    Err(InvalidId {
        expected: format!("{ID_LENGTH} characters of a-z 0-9"),
    })
}

/// An API key. The secret itself is not stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    pub id: String,
    pub version: u32,
    pub tenant: TenantId,
    pub name: String,
    /// The person or system that holds the key. Rules that need two people compare owners.
    pub owner: String,
    /// Whether the key may use the scopes of operators.
    pub operator: bool,
    pub digest: String,
    /// What the key was before it was rotated.
    pub previous: Option<PreviousSecret>,
    pub scopes: Vec<String>,
    pub limit: RateLimit,
    pub expires_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

/// The secret that a rotated key had before. It opens the key a while longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousSecret {
    pub digest: String,
    pub until: Timestamp,
}

/// What a new key may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub tenant: TenantId,
    pub name: String,
    pub owner: String,
    pub operator: bool,
    pub scopes: Vec<String>,
    pub limit: RateLimit,
    pub expires_at: Option<Timestamp>,
}

/// A key with the text of its newest secret, to be shown once. It has no debug form.
pub struct Minted {
    pub text: String,
    pub key: ApiKey,
}

/// What a secret is made from: random bytes, and the seal it is stored under.
#[derive(Clone, Copy)]
pub struct Minting<'a> {
    pub seal: &'a Seal,
    pub random: &'a [u8; 32],
}

impl Minting<'_> {
    fn id(&self) -> String {
        base36(&self.random[..8])
    }

    fn secret(&self) -> String {
        hex::encode(&self.random[8..])
    }
}

/// Makes a key from random bytes; the same bytes make the same text.
pub fn mint(grant: Grant, minting: Minting<'_>, now: Timestamp) -> Minted {
    let secret = minting.secret();
    let key = ApiKey {
        id: minting.id(),
        version: 1,
        tenant: grant.tenant,
        name: grant.name,
        owner: grant.owner,
        operator: grant.operator,
        digest: minting.seal.api_key(&secret),
        previous: None,
        scopes: grant.scopes,
        limit: grant.limit,
        expires_at: grant.expires_at,
        revoked_at: None,
        created_at: now,
    };
    let text = format!("{}{secret}", key.prefix());
    Minted { text, key }
}

impl ApiKey {
    /// The text of the key without its secret: `psk_<mode>_<id>`.
    pub fn prefix(&self) -> String {
        format!("psk_{}_{}", self.tenant.mode().name(), self.id)
    }

    /// Whether the key opens anything at `now`.
    pub fn is_usable(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none_or(|at| at > now) && self.expires_at.is_none_or(|at| at > now)
    }

    /// The key with a new secret. The one it has opens for `grace` longer, and none before that.
    pub fn rotated(&self, minting: Minting<'_>, grace: Duration, now: Timestamp) -> Minted {
        let secret = minting.secret();
        let previous = (!grace.is_zero()).then(|| PreviousSecret {
            digest: self.digest.clone(),
            until: now.plus(grace),
        });
        Minted {
            text: format!("{}{secret}", self.prefix()),
            key: Self {
                version: self.version + 1,
                digest: minting.seal.api_key(&secret),
                previous,
                ..self.clone()
            },
        }
    }

    #[must_use]
    pub fn revoked(&self, now: Timestamp) -> Self {
        Self {
            version: self.version + 1,
            previous: None,
            revoked_at: Some(now),
            ..self.clone()
        }
    }
}

/// A caller may give only what they hold, and nobody gives the scopes of operators.
///
/// # Errors
/// `KeyRule` or `Forbidden` naming the first scope that cannot be given.
pub fn require_grantable(caller: &Caller, scopes: &[&'static str]) -> Result<(), Error> {
    let is_operators = |scope: &&&'static str| scope::OPERATOR_ONLY.contains(scope);
    if let Some(scope) = scopes.iter().find(is_operators) {
        return Err(KeyRule::OperatorOnly(scope).into());
    }
    require_held(caller, scopes.iter().copied())
}

/// Who changes a key must be able to do all that it can do: otherwise a new secret for a stronger key
/// would make its reader stronger.
///
/// # Errors
/// `KeyRule` for an operator's key, `Forbidden` naming the first scope the caller lacks.
pub fn require_power_over(caller: &Caller, key: &ApiKey) -> Result<(), Error> {
    if key.operator && !caller.operator {
        return Err(KeyRule::OperatorKey.into());
    }
    require_held(caller, key.scopes.iter().map(String::as_str))
}

/// A new secret of an operator's key is shown to its own owner only: rules that need two operators compare
/// owners.
///
/// # Errors
/// As [`require_power_over`]; `KeyRule` for the key of another operator.
pub fn require_secret_of(caller: &Caller, key: &ApiKey) -> Result<(), Error> {
    require_power_over(caller, key)?;
    if key.operator && key.owner != caller.owner {
        return Err(KeyRule::OtherOwner.into());
    }
    Ok(())
}

fn require_held<'a>(
    caller: &Caller,
    mut scopes: impl Iterator<Item = &'a str>,
) -> Result<(), Error> {
    let is_held = |scope: &str| caller.scopes.iter().any(|held| held == scope);
    match scopes.find(|scope| !is_held(scope)) {
        Some(missing) => Err(Error::Forbidden(scope::known(missing).unwrap_or("unknown"))),
        None => Ok(()),
    }
}

/// Twelve characters of a-z and 0-9.
fn base36(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut number = bytes
        .iter()
        .fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
    let mut text = String::with_capacity(ID_LENGTH);
    for _ in 0..ID_LENGTH {
        let digit = usize::try_from(number % 36).unwrap_or(0);
        text.push(char::from(DIGITS[digit]));
        number /= 36;
    }
    text
}
