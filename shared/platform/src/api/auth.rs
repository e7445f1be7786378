//! API keys: `Authorization: Bearer psk_<mode>_<keyid12><secret>` to the caller it stands for.
//!
//! Tenant, mode and scopes come from the stored key only. A key that is unknown, wrong, revoked or
//! expired gets one and the same answer.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use app::{
    api_key::{self, ID_LENGTH},
    call::Caller,
    error::Error,
    port::Store,
    record::{ApiKey, Key, Record},
    seal::Seal,
};
use domain::{ids::Mode, time::Timestamp};

use crate::api::request::Headers;

/// How long a key that was read counts without another read; also how long a revocation may take.
pub const CACHED: Duration = Duration::from_secs(60);
/// How long a key that was read is not read again, whoever comes with a secret that does not open it.
pub const REREAD: Duration = Duration::from_secs(1);
/// The most keys one process remembers.
pub const CACHE_MAX: usize = 1_000;

const SECRET_MIN: usize = 32;
const SECRET_MAX: usize = 128;

/// The text of a key, taken apart. It has no debug form: it holds the secret.
#[derive(Clone)]
pub struct Presented {
    pub mode: Mode,
    pub key_id: String,
    secret: String,
}

impl Presented {
    /// Reads the text of a key; none when it cannot be one. A text without a mode is a live key.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("psk_")?;
        let (mode, rest) = if let Some(rest) = rest.strip_prefix("test_") {
            (Mode::Test, rest)
        } else {
            (Mode::Live, rest.strip_prefix("live_").unwrap_or(rest))
        };
        let (key_id, secret) = rest.split_at_checked(ID_LENGTH)?;
        let key_id = api_key::parse_id(key_id).ok()?;
        let is_secret = (SECRET_MIN..=SECRET_MAX).contains(&secret.len())
            && secret
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        is_secret.then(|| Self {
            mode,
            key_id,
            secret: secret.to_owned(),
        })
    }

    /// Reads the one `Authorization` header of a request.
    pub fn of_headers(headers: &Headers) -> Option<Self> {
        let (scheme, text) = headers.only("authorization")?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        Self::parse(text.trim())
    }

    /// The caller, when this is the text of `key` and the key is valid at `now`.
    fn opens(&self, key: &ApiKey, seal: &Seal, now: Timestamp) -> Option<Caller> {
        let is_newest = seal.is_api_key(&self.secret, &key.digest);
        let is_previous = key.previous.as_ref().is_some_and(|previous| {
            seal.is_api_key(&self.secret, &previous.digest) && previous.until > now
        });
        let is_current =
            key.is_usable(now) && self.mode == key.tenant.mode() && self.key_id == key.id;
        ((is_newest || is_previous) && is_current).then(|| Caller {
            expires_at: key.expires_at,
            tenant: key.tenant.clone(),
            key_id: key.id.clone(),
            owner: key.owner.clone(),
            operator: key.operator,
            scopes: key.scopes.clone(),
            limit: key.limit,
        })
    }
}

/// The caller of a request. A secret that does not open the remembered key may be newer than it: the key
/// is then read once more, so that a rotated key works at once everywhere.
///
/// # Errors
/// [`Error::Unauthenticated`] without a valid key; [`Error::Unavailable`] when the table cannot be read.
pub async fn identify<S: Store>(
    headers: &Headers,
    store: &S,
    keys: &Keys<'_>,
) -> Result<Caller, Error> {
    let presented = Presented::of_headers(headers).ok_or(Error::Unauthenticated)?;
    let opened = |key: Arc<ApiKey>| presented.opens(&key, keys.seal, keys.now);
    if let Some(key) = keys.cache.get(&presented.key_id, keys.now) {
        if let Some(caller) = opened(key) {
            return Ok(caller);
        }
        if !keys.cache.may_reread(&presented.key_id, keys.now) {
            return Err(Error::Unauthenticated);
        }
    }
    let key = read(store, &presented.key_id).await?;
    keys.cache.learn(&presented.key_id, key.clone(), keys.now);
    key.and_then(opened).ok_or(Error::Unauthenticated)
}

async fn read<S: Store>(store: &S, key_id: &str) -> Result<Option<Arc<ApiKey>>, Error> {
    let found = store.fetch(&[Key::ApiKey(key_id.to_owned())]).await?;
    let Some(Record::ApiKey(key)) = found.into_iter().next().flatten() else {
        return Ok(None);
    };
    Ok(Some(Arc::new(*key)))
}

/// What a check of keys needs beside the table.
#[derive(Clone, Copy)]
pub struct Keys<'a> {
    pub seal: &'a Seal,
    pub cache: &'a KeyCache,
    pub now: Timestamp,
}

/// Keys that were read within [`CACHED`]. Unknown keys are not remembered, so nobody can fill it.
#[derive(Clone, Default)]
pub struct KeyCache(Arc<Mutex<HashMap<String, Seen>>>);

struct Seen {
    key: Arc<ApiKey>,
    read_at: Timestamp,
    /// When it was last read, or about to be.
    asked_at: Timestamp,
}

impl Seen {
    /// A clock that went back makes no key live longer.
    fn is_fresh(&self, now: Timestamp) -> bool {
        self.read_at <= now && now.since(self.read_at) < CACHED
    }
}

impl KeyCache {
    pub fn get(&self, key_id: &str, now: Timestamp) -> Option<Arc<ApiKey>> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = seen.get(key_id).filter(|it| it.is_fresh(now));
        found.map(|it| Arc::clone(&it.key))
    }

    /// Whether a remembered key may be read again now, at most once in [`REREAD`]; yes counts as done.
    fn may_reread(&self, key_id: &str, now: Timestamp) -> bool {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match seen.get_mut(key_id) {
            Some(it) if it.asked_at <= now && now.since(it.asked_at) < REREAD => false,
            Some(it) => {
                it.asked_at = now;
                true
            }
            None => true,
        }
    }

    /// What a read at `now` found: a key, or that there is none.
    pub fn learn(&self, key_id: &str, key: Option<Arc<ApiKey>>, now: Timestamp) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.remove(key_id);
        let Some(key) = key else {
            return;
        };
        if seen.len() >= CACHE_MAX {
            seen.retain(|_, it| it.is_fresh(now));
        }
        if seen.len() >= CACHE_MAX {
            let oldest = seen.iter().min_by_key(|(_, it)| it.read_at);
            let oldest = oldest.map(|(id, _)| id.clone()).unwrap_or_default();
            seen.remove(&oldest);
        }
        let (read_at, asked_at) = (now, now);
        let it = Seen {
            key,
            read_at,
            asked_at,
        };
        seen.insert(key_id.to_owned(), it);
    }
}

#[cfg(test)]
#[path = "auth_tests.rs"]
mod tests;
