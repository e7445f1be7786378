//! The keys of one tenant together: never too many that open it, and how many there ever were. One item,
//! written with every key that is made or revoked, so both figures are exact.

use domain::{denied::Denied, ids::TenantId, time::Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    api_key::ApiKey,
    changes::Changes,
    error::Error,
    port::Store,
    record::{Key, Record},
};

/// The most keys that open one tenant at a time.
pub const USABLE_MAX: usize = 200;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRing {
    pub tenant: TenantId,
    pub version: u32,
    /// Every key that was ever made: as many are listed.
    pub made: u32,
    pub usable: Vec<UsableKey>,
}

/// A key that was not revoked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsableKey {
    pub id: String,
    pub until: Option<Timestamp>,
}

impl KeyRing {
    const fn empty(tenant: TenantId) -> Self {
        Self {
            tenant,
            version: 0,
            made: 0,
            usable: Vec::new(),
        }
    }

    /// The ring that was read; a tenant without one has no keys.
    pub fn found(found: Option<Record>, tenant: &TenantId) -> Self {
        match found {
            Some(Record::KeyRing(ring)) => *ring,
            Some(_) | None => Self::empty(tenant.clone()),
        }
    }

    /// Puts a new key on the ring, with everything that is written for it.
    ///
    /// # Errors
    /// [`Denied::KeysExhausted`] when the tenant has [`USABLE_MAX`] keys that open it.
    pub fn add(&self, changes: Changes, key: ApiKey, now: Timestamp) -> Result<Changes, Denied> {
        let is_usable = |it: &&UsableKey| it.until.is_none_or(|until| until > now);
        let mut usable: Vec<_> = self.usable.iter().filter(is_usable).cloned().collect();
        if usable.len() >= USABLE_MAX {
            return Err(Denied::KeysExhausted);
        }
        usable.push(UsableKey {
            id: key.id.clone(),
            until: key.expires_at,
        });
        let next = Self {
            made: self.made.saturating_add(1),
            usable,
            ..self.clone()
        };
        Ok(self
            .turned(changes, next)
            .insert(Record::ApiKey(Box::new(key))))
    }

    /// Takes a revoked key off the ring.
    pub(crate) fn remove(&self, changes: Changes, id: &str) -> Changes {
        let mut usable = self.usable.clone();
        usable.retain(|it| it.id != id);
        if usable == self.usable {
            return changes;
        }
        let next = Self {
            usable,
            ..self.clone()
        };
        self.turned(changes, next)
    }

    fn turned(&self, changes: Changes, next: Self) -> Changes {
        let record = Record::KeyRing(Box::new(Self {
            version: self.version + 1,
            ..next
        }));
        match self.version {
            0 => changes.insert(record),
            version => changes.replace(record, version),
        }
    }
}

/// Reads the ring of a tenant.
///
/// # Errors
/// `Unavailable`.
pub async fn read(store: &impl Store, tenant: &TenantId) -> Result<KeyRing, Error> {
    let found = store.fetch(&[Key::KeyRing(tenant.clone())]).await?;
    Ok(KeyRing::found(found.into_iter().next().flatten(), tenant))
}
