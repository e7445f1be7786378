//! What news of an ended attempt touches beside its own payout: the load, whoever else has it, and whatever could
//! still be sent.

use domain::{
    attempt::Attempt,
    ids::{AttemptRef, PayoutId},
    load::{Load, LoadStatus},
    payout::{Payout, PayoutStatus},
};

use crate::{
    error::Error,
    port::Store,
    record::{Key, Record},
};

/// Read when an attempt contradicts our books, and when people decide about it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Surroundings {
    pub(crate) load: Option<Load>,
    /// Another attempt of the payout, which is live.
    pub(crate) live: Option<Attempt>,
    /// Another payout that has the load.
    pub(crate) other: Option<Payout>,
    /// Its live attempt.
    pub(crate) other_live: Option<Attempt>,
}

impl Surroundings {
    /// # Errors
    /// `Unavailable`.
    pub(crate) async fn read(
        store: &impl Store,
        payout: &Payout,
        attempt: &Attempt,
    ) -> Result<Self, Error> {
        let mut keys: Vec<_> = live_of(payout, Some(attempt)).into_iter().collect();
        let has_live = !keys.is_empty();
        keys.extend(
            payout
                .load
                .clone()
                .map(|load| Key::Load(payout.tenant.clone(), load)),
        );
        if keys.is_empty() {
            return Ok(Self::default());
        }
        let mut found = store.fetch(&keys).await?.into_iter();
        let live = if has_live {
            found.next().flatten()
        } else {
            None
        };
        let load = match found.next().flatten() {
            Some(Record::Load(load)) => Some(*load),
            Some(_) | None => None,
        };
        let other = match load.as_ref().and_then(|load| other_holder(load, payout)) {
            Some(id) => read_payout(store, payout, id).await?,
            None => None,
        };
        let other_live = match other.as_ref().and_then(|other| live_of(other, None)) {
            Some(key) => store.fetch(&[key]).await?.into_iter().next().flatten(),
            None => None,
        };
        Ok(Self {
            load,
            live: live.and_then(as_attempt),
            other,
            other_live: other_live.and_then(as_attempt),
        })
    }

    /// Whether another attempt of the payout, or another payout of its load, has paid.
    pub(crate) fn another_paid(&self, payout: &Payout, attempt: &Attempt) -> bool {
        let by_another_attempt = payout.status == PayoutStatus::Completed
            && payout.settled_attempt != Some(attempt.reference.number);
        let by_another_payout = self
            .other
            .as_ref()
            .is_some_and(|it| it.status == PayoutStatus::Completed);
        by_another_attempt || by_another_payout
    }

    /// The other payout, while it is not paid: it waits for the same decision.
    pub(crate) fn waiting_other(&self) -> Option<&Payout> {
        self.other
            .as_ref()
            .filter(|it| it.status != PayoutStatus::Completed)
    }
}

fn live_of(payout: &Payout, except: Option<&Attempt>) -> Option<Key> {
    let number = payout
        .live_attempt
        .filter(|live| except.is_none_or(|it| it.reference.number != *live))?;
    let reference = AttemptRef::new(payout.id.clone(), number);
    Some(Key::Attempt(payout.tenant.clone(), reference))
}

fn other_holder<'a>(load: &'a Load, payout: &Payout) -> Option<&'a PayoutId> {
    let is_taken = load.status != LoadStatus::Open;
    load.holder
        .as_ref()
        .filter(|holder| is_taken && **holder != payout.id)
}

async fn read_payout(
    store: &impl Store,
    payout: &Payout,
    id: &PayoutId,
) -> Result<Option<Payout>, Error> {
    let key = Key::Payout(payout.tenant.clone(), id.clone());
    Ok(
        match store.fetch(&[key]).await?.into_iter().next().flatten() {
            Some(Record::Payout(other)) => Some(*other),
            Some(_) | None => None,
        },
    )
}

fn as_attempt(record: Record) -> Option<Attempt> {
    match record {
        Record::Attempt(attempt) => Some(*attempt),
        _ => None,
    }
}
