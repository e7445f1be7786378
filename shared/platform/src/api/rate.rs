//! The rate limit of keys: leases of a key's bucket in the table, spent from memory.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use app::{
    call::{Call, Caller},
    changes::Changes,
    error::Error,
    port::{CommitError, Store, Unreachable},
    record::{Key, Record},
};
use domain::{
    rate::{Bucket, Standing, Tap, Wanted},
    time::Timestamp,
};

use crate::api::envelope::Reply;

/// The most keys one process holds leases of.
pub const TAPS_MAX: usize = 1_000;
/// How often a lease is tried when other instances are faster.
const ROUNDS: u32 = 3;
/// How long a caller waits when they still are, in seconds.
const CONTENDED_SECONDS: u64 = 1;

/// What one request got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    Granted(Standing),
    /// Nothing for now; it is worth asking again in that many seconds.
    Refused {
        standing: Standing,
        retry_after: u64,
    },
}

/// The leases of a process. Clones share them.
#[derive(Clone, Default)]
pub struct Limiter(Arc<Mutex<HashMap<String, Held>>>);

struct Held {
    /// None until the bucket was read, and after a write whose end nobody knows.
    tap: Arc<tokio::sync::Mutex<Option<Tap>>>,
    used_at: Timestamp,
}

impl Limiter {
    /// Takes one token of the caller's key. Requests of one key wait for each other only while a lease is
    /// written.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the table does not answer.
    pub async fn take<S: Store>(
        &self,
        store: &S,
        call: &Call,
        caller: &Caller,
    ) -> Result<Taken, Error> {
        let held = self.tap(&caller.key_id, call.now());
        let mut held = held.lock().await;
        // Out of its place while the table is asked: whoever is dropped on the way leaves no half-known tap.
        let mut tap = match held.take() {
            Some(tap) => tap,
            None => Tap::new(read(store, caller, call.now()).await?),
        };
        let taken = draw(store, call, (caller, &mut tap)).await?;
        *held = Some(tap);
        Ok(taken)
    }

    fn tap(&self, key_id: &str, now: Timestamp) -> Arc<tokio::sync::Mutex<Option<Tap>>> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(it) = held.get_mut(key_id) {
            it.used_at = now;
            return Arc::clone(&it.tap);
        }
        if held.len() >= TAPS_MAX {
            let oldest = held.iter().min_by_key(|(_, it)| it.used_at);
            let oldest = oldest.map(|(id, _)| id.clone()).unwrap_or_default();
            held.remove(&oldest);
        }
        let tap = Arc::default();
        let it = Held {
            tap: Arc::clone(&tap),
            used_at: now,
        };
        held.insert(key_id.to_owned(), it);
        tap
    }
}

async fn read<S: Store>(store: &S, caller: &Caller, now: Timestamp) -> Result<Bucket, Unreachable> {
    let key = Key::Bucket(caller.key_id.clone());
    let found = store.fetch(&[key]).await?.into_iter().next().flatten();
    Ok(stored(found, caller, now))
}

/// A bucket that is not stored is a full one.
fn stored(found: Option<Record>, caller: &Caller, now: Timestamp) -> Bucket {
    match found {
        Some(Record::Bucket(bucket)) => *bucket,
        Some(_) | None => Bucket::full(caller.key_id.clone(), caller.limit, now),
    }
}

/// Draws one token, leasing a block when there is none in hand.
async fn draw<S: Store>(
    store: &S,
    call: &Call,
    (caller, tap): (&Caller, &mut Tap),
) -> Result<Taken, Error> {
    let limit = caller.limit;
    for round in 0..=ROUNDS {
        // Read again in each round: a lease counts from before its write.
        let now = call.now();
        if tap.draw(now) {
            return Ok(Taken::Granted(tap.standing(limit, now)));
        }
        if round == ROUNDS {
            break;
        }
        match tap.ask(limit, now) {
            Ok(wanted) => {
                let tx_id = call.tx_id(&format!("lease {round}"));
                lease(store, tx_id, (caller, tap, wanted)).await?;
            }
            Err(until) => {
                let millis = u64::try_from(until.since(now).as_millis()).unwrap_or(u64::MAX);
                return Ok(Taken::Refused {
                    standing: tap.standing(limit, now),
                    retry_after: millis.div_ceil(1_000).max(1),
                });
            }
        }
    }
    Ok(Taken::Refused {
        standing: tap.standing(limit, call.now()),
        retry_after: CONTENDED_SECONDS,
    })
}

/// Writes a lease, or learns what another instance left.
async fn lease<S: Store>(
    store: &S,
    tx_id: String,
    (caller, tap, wanted): (&Caller, &mut Tap, Wanted),
) -> Result<(), Error> {
    let record = Record::Bucket(Box::new(wanted.bucket.clone()));
    let changes = Changes::new("lease", tx_id);
    let changes = match tap.version() {
        0 => changes.insert(record),
        version => changes.replace(record, version),
    };
    match store.commit(changes).await {
        Ok(()) => tap.leased(wanted),
        Err(CommitError::Refused(refusals)) => {
            let found = refusals.into_iter().find_map(|it| it.found);
            tap.overtaken(stored(found, caller, wanted.taken_at()));
        }
        Err(CommitError::Contended) => {}
        Err(CommitError::Unreachable(cause)) => return Err(Error::Unavailable { cause }),
    }
    Ok(())
}

/// Tells the caller where their key stands.
#[must_use]
pub fn with_headers(reply: Reply, standing: &Standing) -> Reply {
    let full_at = standing.full_at.millis();
    // Rounded up: at the second that is named, all is back.
    let reset = full_at.div_euclid(1_000) + i64::from(full_at.rem_euclid(1_000) > 0);
    reply
        .header("x-ratelimit-limit", standing.limit.per_minute.to_string())
        .header("x-ratelimit-remaining", standing.remaining.to_string())
        .header("x-ratelimit-reset", reset.to_string())
}
