//! Client idempotency: the answer of the first use is stored with the change itself, and a repeat of
//! the same request under the same key gets those bytes. There is no in-progress state that can leak.

use domain::{ids::TenantId, time::Timestamp};

use crate::{
    changes::{Changes, Subject, Write},
    error::Error,
    port::{CommitError, Store},
    record::{Key, Record, RequestRecord},
    secret_answer::SealedAnswer,
};

/// A client's idempotency key as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestKey {
    /// Keyed digest of tenant, route and key: where the record stands.
    pub digest: String,
    /// Keyed digest of what was asked for.
    pub fingerprint: String,
    pub expires_at: Timestamp,
}

/// What a mutation answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered<T> {
    /// The change happened now.
    Fresh { it: T, body: String },
    /// It had happened before; these are the bytes of that answer.
    Replayed { body: String },
}

/// How a mutation recognises a repeat, and how its answer is written.
#[derive(Clone, Copy)]
pub struct Asking<'a, T> {
    pub tenant: &'a TenantId,
    pub key: Option<&'a RequestKey>,
    pub render: &'a (dyn Fn(&T) -> String + Sync),
}

impl<T> Asking<'_, T> {
    /// Where the record of this request would stand.
    pub fn stored_at(&self) -> Option<Key> {
        self.key
            .map(|key| Key::Request(self.tenant.clone(), key.digest.clone()))
    }

    /// The stored answer, when this request was answered before.
    ///
    /// # Errors
    /// [`Error::KeyReused`] when the key came with another request.
    pub fn replay(
        &self,
        found: Option<&Record>,
        now: Timestamp,
    ) -> Result<Option<Answered<T>>, Error> {
        let (Some(key), Some(Record::Request(stored))) = (self.key, found) else {
            return Ok(None);
        };
        if stored.expires_at <= now {
            return Ok(None);
        }
        if stored.fingerprint != key.fingerprint {
            return Err(Error::KeyReused);
        }
        Ok(Some(Answered::Replayed {
            body: stored.body.clone(),
        }))
    }

    /// The stored answer as it is this moment. A batch read is not one instant: what it found of the
    /// resource may come after this very request won elsewhere.
    ///
    /// # Errors
    /// [`Error::KeyReused`] when the key came with another request; `Unavailable`.
    pub async fn replay_now(
        &self,
        store: &impl Store,
        now: Timestamp,
    ) -> Result<Option<Answered<T>>, Error> {
        let Some(key) = self.stored_at() else {
            return Ok(None);
        };
        let found = store.fetch(&[key]).await?.into_iter().next().flatten();
        self.replay(found.as_ref(), now)
    }

    /// The stored answer, when a commit failed because the same request won the race.
    ///
    /// # Errors
    /// [`Error::KeyReused`] when the key came with another request.
    pub fn replay_after(
        &self,
        error: &CommitError,
        now: Timestamp,
    ) -> Result<Option<Answered<T>>, Error> {
        match error.refused(Subject::Request) {
            Some(refused) => self.replay(refused.found.as_ref(), now),
            None => Ok(None),
        }
    }

    /// Stores the answer with the change.
    pub fn remember(&self, changes: Changes, body: &str, now: Timestamp) -> Changes {
        self.remember_secret(changes, (body, None), now)
    }

    /// Stores an answer without its secret, and the whole of it sealed.
    pub(crate) fn remember_secret(
        &self,
        changes: Changes,
        (body, secret): (&str, Option<SealedAnswer>),
        now: Timestamp,
    ) -> Changes {
        let Some(key) = self.key else {
            return changes;
        };
        changes.write(Write::Remember {
            record: Record::Request(Box::new(RequestRecord {
                tenant: self.tenant.clone(),
                digest: key.digest.clone(),
                fingerprint: key.fingerprint.clone(),
                status: 200,
                body: body.to_owned(),
                secret,
                expires_at: key.expires_at,
                parts: 0,
            })),
            now,
        })
    }
}
