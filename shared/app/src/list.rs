//! Lists: which records stand in which, in what order, and how the store is asked for a part of one.
//!
//! Every list runs from the newest to the oldest. A place in it never changes, so a page that follows a
//! place shows nothing twice and misses nothing when records are added. The index behind a list may lag
//! and only suggests: the record itself decides what is shown.

use domain::{
    batch::BatchStatus,
    driver::DriverStatus,
    ids::{DriverId, Mode, TenantId},
    payout::{PayoutStatus, SHARDS},
    review::ReviewStatus,
    time::{Month, Timestamp},
    transition::Actor,
};

use crate::record::{Key, Record};

/// One list, most of them of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum List {
    Payouts(TenantId),
    PayoutsOfDriver(TenantId, DriverId),
    /// Those made in one month: a status is kept in parts, because most payouts end in the same one.
    PayoutsOfStatus(TenantId, PayoutStatus, Month),
    Drivers(TenantId),
    DriversOfStatus(TenantId, DriverStatus),
    Loads(TenantId),
    ApiKeys(TenantId),
    Batches(TenantId),
    /// By public status.
    BatchesOfStatus(TenantId, BatchStatus),
    Reviews(TenantId),
    ReviewsOfStatus(TenantId, ReviewStatus),
    /// What API keys changed: audit events, and transitions of payouts that a key caused.
    Audit(TenantId),
    /// Every tenant that ever had a key, as its key ring.
    Tenants(Mode),
}

/// Where a record stands in its lists: by the moment it was made, then by its id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub at: Timestamp,
    pub id: String,
}

/// The records of a list made in `from <= at < to`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range {
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
}

impl Range {
    pub const fn is_open(&self) -> bool {
        self.from.is_none() && self.to.is_none()
    }

    pub fn holds(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to)
    }
}

/// A part of a list: within a range, and only what follows a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Span {
    pub range: Range,
    pub after: Option<Place>,
}

/// One entry of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub place: Place,
    pub key: Key,
}

/// How many entries were counted, and where the last of them stands when the limit cut the count off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub entries: u32,
    pub cut_at: Option<Place>,
}

/// In which shard something with this id is counted. Stable for ever: stored counts depend on it.
pub fn list_shard(id: &str) -> u8 {
    id.bytes().fold(0_u8, u8::wrapping_add) % SHARDS
}

/// Where a record is listed. A record stands at the same place in all its lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub place: Place,
    pub lists: Vec<List>,
}

impl Record {
    /// The lists the record stands in, or none.
    pub fn listed(&self) -> Option<Listed> {
        match self {
            Self::Payout(it) => Some(Listed {
                place: place(it.requested_at, it.id.as_str()),
                lists: vec![
                    List::Payouts(it.tenant.clone()),
                    List::PayoutsOfDriver(it.tenant.clone(), it.driver.clone()),
                    List::PayoutsOfStatus(it.tenant.clone(), it.status, it.requested_at.month()),
                ],
            }),
            Self::Driver(it) => Some(Listed {
                place: place(it.created_at, it.id.as_str()),
                lists: vec![
                    List::Drivers(it.tenant.clone()),
                    List::DriversOfStatus(it.tenant.clone(), it.status),
                ],
            }),
            Self::Load(it) => Some(Listed {
                place: place(it.created_at, it.id.as_str()),
                lists: vec![List::Loads(it.tenant.clone())],
            }),
            Self::Batch(it) => Some(Listed {
                place: place(it.created_at, it.id.as_str()),
                lists: vec![
                    List::Batches(it.tenant.clone()),
                    List::BatchesOfStatus(it.tenant.clone(), it.status.public()),
                ],
            }),
            Self::Review(it) => Some(Listed {
                place: place(it.opened_at, it.id().as_str()),
                lists: vec![
                    List::Reviews(it.tenant.clone()),
                    List::ReviewsOfStatus(it.tenant.clone(), it.status()),
                ],
            }),
            Self::ApiKey(it) => Some(Listed {
                place: place(it.created_at, &it.id),
                lists: vec![List::ApiKeys(it.tenant.clone())],
            }),
            Self::Transition(it) => match &it.actor {
                Actor::Key(_) => Some(Listed {
                    place: place(it.at, &format!("{}.{:07}", it.payout, it.seq)),
                    lists: vec![List::Audit(it.tenant.clone())],
                }),
                Actor::System(_) => None,
            },
            Self::AuditEvent(it) => Some(Listed {
                place: place(it.at, &it.id),
                lists: vec![List::Audit(it.tenant.clone())],
            }),
            // A ring does not know when it was made, and nobody reads this list by time.
            Self::KeyRing(it) => Some(Listed {
                place: place(Timestamp::default(), &it.tenant.to_string()),
                lists: vec![List::Tenants(it.tenant.mode())],
            }),
            Self::Attempt(_)
            | Self::Method(_)
            | Self::Deposit(_)
            | Self::Proposal(_)
            | Self::Charge(_)
            | Self::Funding(_)
            | Self::Request(_)
            | Self::AnswerPart(_)
            | Self::Switch(_)
            | Self::CardLock(_)
            | Self::Reference(_)
            | Self::Object(_)
            | Self::Inbox(_)
            | Self::Outbox(_)
            | Self::Bucket(_)
            | Self::Manifest(_)
            | Self::Chunk(_)
            | Self::Tally(_)
            | Self::Journal(_)
            | Self::BatchFile(_)
            | Self::Settings(_)
            | Self::Reconciliation(_)
            | Self::ReconciliationPart(_) => None,
        }
    }
}

fn place(at: Timestamp, id: &str) -> Place {
    Place {
        at,
        id: id.to_owned(),
    }
}
