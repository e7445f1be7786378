//! What the store keeps, and how a use case names it. The store spells the keys.

mod batch;
mod card;
mod outbox;
mod reconciliation;

use domain::{
    attempt::Attempt,
    batch::{Batch, Manifest, Tally},
    charge::Charge,
    day::Day,
    driver::{Driver, Method},
    ids::{
        AttemptRef, BatchId, ChargeId, DepositId, DriverId, LoadId, Mode, PayoutId, ProviderId,
        Submission, TenantId,
    },
    ledger::Posting,
    load::Load,
    money::{Cents, Currency},
    order_no::name_at,
    payout::Payout,
    rate::Bucket,
    review::Review,
    routing::{Provider, RouteSwitch},
    time::Timestamp,
    transition::{Actor, Transition},
};
use serde::{Deserialize, Serialize};

pub use self::batch::{BatchFile, Chunk, Journal, RejectedLine, Settings};
pub use self::card::{CardLock, Funding};
pub use self::outbox::{DueEntry, OUTBOX_SHARDS, OutboxEntry, due_shard};
pub use self::reconciliation::{
    Comparison, ListEnding, PartRows, PartSet, ProviderList, Reconciliation, ReconciliationPart,
    Settlement,
};
pub use crate::api_key::{ApiKey, PreviousSecret};
use crate::{key_ring::KeyRing, secret_answer::SealedAnswer};

/// The name of one stored item.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    Payout(TenantId, PayoutId),
    Attempt(TenantId, AttemptRef),
    Transition(TenantId, PayoutId, u32),
    Load(TenantId, LoadId),
    Driver(TenantId, DriverId),
    /// One immutable version of a driver's payout method.
    Method(TenantId, DriverId, u32),
    Deposit(TenantId, DepositId),
    /// What was proposed under a deposit's id.
    Proposal(TenantId, DepositId),
    Charge(TenantId, ChargeId),
    /// Money of a charge, by number.
    Funding(TenantId, ChargeId, u32),
    /// The record of a client's request key, by its digest.
    Request(TenantId, String),
    /// A part of a large answer: the digest of its request key, and a number from 1.
    AnswerPart(TenantId, String, u32),
    ApiKey(String),
    KeyRing(TenantId),
    /// The rate limiter's bucket of an API key.
    Bucket(String),
    Switch(Provider, Mode),
    /// The lock of a prepaid card, by its keyed digest.
    CardLock(Provider, Mode, String),
    /// Our reference at a provider: which attempt it is.
    /// By the provider's name of it: our reference, or the number of the call.
    Reference(Provider, Mode, String),
    /// A provider's object: which submission it belongs to.
    Object(Provider, Mode, ProviderId),
    Inbox(InboxId),
    Outbox(String),
    AuditEvent(TenantId, String),
    Batch(TenantId, BatchId),
    /// By number, from 1.
    Manifest(TenantId, BatchId, u32),
    /// By number, from 0.
    Chunk(TenantId, BatchId, u32),
    Tally(TenantId, BatchId, u8),
    /// A movement of a batch's money that is no transition of a payout, by name.
    Journal(TenantId, BatchId, String),
    /// Which batch was made of a file, by its digest.
    BatchFile(TenantId, String),
    Settings(TenantId),
    Reconciliation(TenantId, Day),
    /// By the number of its set, and its own from 1.
    ReconciliationPart(TenantId, Day, u32, u32),
    /// The one review of an attempt.
    Review(TenantId, AttemptRef),
}

/// One stored item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    Payout(Box<Payout>),
    Attempt(Box<Attempt>),
    Transition(Box<Transition>),
    Load(Box<Load>),
    Driver(Box<Driver>),
    Method(Box<MethodVersion>),
    Deposit(Box<Deposit>),
    Proposal(Box<DepositProposal>),
    Charge(Box<Charge>),
    Funding(Box<Funding>),
    Request(Box<RequestRecord>),
    AnswerPart(Box<AnswerPart>),
    ApiKey(Box<ApiKey>),
    KeyRing(Box<KeyRing>),
    Bucket(Box<Bucket>),
    Switch(Box<RouteSwitch>),
    CardLock(Box<CardLock>),
    Reference(Box<ReferenceLink>),
    Object(Box<ObjectLink>),
    Inbox(Box<Inbox>),
    Outbox(Box<OutboxEntry>),
    AuditEvent(Box<AuditEvent>),
    Batch(Box<Batch>),
    Manifest(Box<Manifest>),
    Chunk(Box<Chunk>),
    Tally(Box<Tally>),
    Journal(Box<Journal>),
    BatchFile(Box<BatchFile>),
    Settings(Box<Settings>),
    Reconciliation(Box<Reconciliation>),
    ReconciliationPart(Box<ReconciliationPart>),
    Review(Box<Review>),
}

impl Record {
    pub fn key(&self) -> Key {
        match self {
            Self::Payout(it) => Key::Payout(it.tenant.clone(), it.id.clone()),
            Self::Attempt(it) => Key::Attempt(it.tenant.clone(), it.reference.clone()),
            Self::Transition(it) => Key::Transition(it.tenant.clone(), it.payout.clone(), it.seq),
            Self::Load(it) => Key::Load(it.tenant.clone(), it.id.clone()),
            Self::Driver(it) => Key::Driver(it.tenant.clone(), it.id.clone()),
            Self::Method(it) => {
                Key::Method(it.tenant.clone(), it.driver.clone(), it.method.version)
            }
            Self::Deposit(it) => Key::Deposit(it.tenant.clone(), it.id.clone()),
            Self::Proposal(it) => Key::Proposal(it.tenant.clone(), it.id.clone()),
            Self::Charge(it) => Key::Charge(it.tenant.clone(), it.id.clone()),
            Self::Funding(it) => Key::Funding(it.tenant.clone(), it.charge.clone(), it.number),
            Self::Request(it) => Key::Request(it.tenant.clone(), it.digest.clone()),
            Self::AnswerPart(it) => {
                Key::AnswerPart(it.tenant.clone(), it.digest.clone(), it.number)
            }
            Self::ApiKey(it) => Key::ApiKey(it.id.clone()),
            Self::KeyRing(it) => Key::KeyRing(it.tenant.clone()),
            Self::Bucket(it) => Key::Bucket(it.key_id.clone()),
            Self::Switch(it) => Key::Switch(it.provider, it.mode),
            Self::CardLock(it) => Key::CardLock(it.provider, it.mode, it.card.clone()),
            Self::Reference(it) => Key::Reference(it.provider, it.tenant.mode(), it.name()),
            Self::Object(it) => Key::Object(it.provider, it.tenant.mode(), it.object.clone()),
            Self::Inbox(it) => Key::Inbox(it.id.clone()),
            Self::Outbox(it) => Key::Outbox(it.id.clone()),
            Self::AuditEvent(it) => Key::AuditEvent(it.tenant.clone(), it.id.clone()),
            Self::Batch(it) => Key::Batch(it.tenant.clone(), it.id.clone()),
            Self::Manifest(it) => Key::Manifest(it.tenant.clone(), it.batch.clone(), it.number),
            Self::Chunk(it) => Key::Chunk(it.tenant.clone(), it.batch.clone(), it.number),
            Self::Tally(it) => Key::Tally(it.tenant.clone(), it.batch.clone(), it.number),
            Self::Journal(it) => Key::Journal(it.tenant.clone(), it.batch.clone(), it.name.clone()),
            Self::BatchFile(it) => Key::BatchFile(it.tenant.clone(), it.digest.clone()),
            Self::Settings(it) => Key::Settings(it.tenant.clone()),
            Self::Reconciliation(it) => Key::Reconciliation(it.tenant.clone(), it.day),
            Self::ReconciliationPart(it) => {
                Key::ReconciliationPart(it.tenant.clone(), it.day, it.set, it.number)
            }
            Self::Review(it) => Key::Review(it.tenant.clone(), it.reference.clone()),
        }
    }

    /// When somebody has to look at the record again, and the payout, batch, driver or charge it belongs to.
    /// Nothing else is ever due.
    pub fn due(&self) -> Option<(Timestamp, &str)> {
        match self {
            Self::Payout(it) => it.next_at.map(|at| (at, it.id.as_str())),
            Self::Attempt(it) => it.next_at.map(|at| (at, it.reference.payout.as_str())),
            Self::Batch(it) => it.next_at.map(|at| (at, it.id.as_str())),
            Self::Driver(it) => it.vendor_next_at.map(|at| (at, it.id.as_str())),
            Self::Charge(it) => it.next_at.map(|at| (at, it.id.as_str())),
            Self::Transition(_)
            | Self::Load(_)
            | Self::Method(_)
            | Self::Deposit(_)
            | Self::Proposal(_)
            | Self::Funding(_)
            | Self::Request(_)
            | Self::AnswerPart(_)
            | Self::ApiKey(_)
            | Self::KeyRing(_)
            | Self::Bucket(_)
            | Self::Switch(_)
            | Self::CardLock(_)
            | Self::Reference(_)
            | Self::Object(_)
            | Self::Inbox(_)
            | Self::Outbox(_)
            | Self::AuditEvent(_)
            | Self::Manifest(_)
            | Self::Chunk(_)
            | Self::Tally(_)
            | Self::Journal(_)
            | Self::BatchFile(_)
            | Self::Settings(_)
            | Self::Reconciliation(_)
            | Self::ReconciliationPart(_)
            | Self::Review(_) => None,
        }
    }

    /// When the store may forget the record; none for what is kept.
    pub fn forgotten_at(&self) -> Option<Timestamp> {
        match self {
            Self::Request(it) => Some(it.expires_at),
            Self::AnswerPart(it) => Some(it.expires_at),
            Self::Inbox(it) => Some(it.expires_at),
            Self::Manifest(it) => it.expires_at,
            Self::Payout(_)
            | Self::Attempt(_)
            | Self::Transition(_)
            | Self::Load(_)
            | Self::Driver(_)
            | Self::Method(_)
            | Self::Deposit(_)
            | Self::Proposal(_)
            | Self::Charge(_)
            | Self::Funding(_)
            | Self::ApiKey(_)
            | Self::KeyRing(_)
            | Self::Bucket(_)
            | Self::Switch(_)
            | Self::CardLock(_)
            | Self::Reference(_)
            | Self::Object(_)
            | Self::Outbox(_)
            | Self::AuditEvent(_)
            | Self::Batch(_)
            | Self::Chunk(_)
            | Self::Tally(_)
            | Self::Journal(_)
            | Self::BatchFile(_)
            | Self::Settings(_)
            | Self::Reconciliation(_)
            | Self::ReconciliationPart(_)
            | Self::Review(_) => None,
        }
    }

    /// The write that made the record, where that is kept: it tells a repeat of our own write from a
    /// stranger's.
    pub fn tx_id(&self) -> Option<&str> {
        match self {
            Self::Transition(it) => Some(&it.tx_id),
            Self::Deposit(it) => Some(&it.tx_id),
            Self::Journal(it) => Some(&it.tx_id),
            Self::Funding(it) => Some(&it.tx_id),
            Self::Payout(_)
            | Self::Attempt(_)
            | Self::Load(_)
            | Self::Driver(_)
            | Self::Method(_)
            | Self::Proposal(_)
            | Self::Charge(_)
            | Self::Request(_)
            | Self::AnswerPart(_)
            | Self::ApiKey(_)
            | Self::KeyRing(_)
            | Self::Bucket(_)
            | Self::Switch(_)
            | Self::CardLock(_)
            | Self::Reference(_)
            | Self::Object(_)
            | Self::Inbox(_)
            | Self::Outbox(_)
            | Self::AuditEvent(_)
            | Self::Batch(_)
            | Self::Manifest(_)
            | Self::Chunk(_)
            | Self::Tally(_)
            | Self::BatchFile(_)
            | Self::Settings(_)
            | Self::Reconciliation(_)
            | Self::ReconciliationPart(_)
            | Self::Review(_) => None,
        }
    }

    /// The version a replacement is conditioned on; 0 for records that are written once.
    pub fn version(&self) -> u32 {
        match self {
            Self::Payout(it) => it.version,
            Self::Attempt(it) => it.version,
            Self::Load(it) => it.version,
            Self::Driver(it) => it.version,
            Self::Switch(it) => it.version,
            Self::CardLock(it) => it.version,
            Self::Inbox(it) => it.version,
            Self::ApiKey(it) => it.version,
            Self::KeyRing(it) => it.version,
            Self::Bucket(it) => it.version,
            Self::Batch(it) => it.version,
            Self::Manifest(it) => it.version,
            Self::Chunk(it) => it.version,
            Self::Settings(it) => it.version,
            Self::Charge(it) => it.version,
            Self::BatchFile(it) => it.version,
            Self::Reconciliation(it) => it.version,
            Self::Review(it) => it.version,
            Self::Transition(_)
            | Self::Method(_)
            | Self::Deposit(_)
            | Self::Proposal(_)
            | Self::Funding(_)
            | Self::Request(_)
            | Self::AnswerPart(_)
            | Self::Reference(_)
            | Self::Object(_)
            | Self::Outbox(_)
            | Self::AuditEvent(_)
            | Self::Tally(_)
            | Self::Journal(_)
            | Self::ReconciliationPart(_) => 0,
        }
    }
}

/// One version of a payout method, kept for attempts that were sent with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MethodVersion {
    pub tenant: TenantId,
    pub driver: DriverId,
    pub method: Method,
}

/// Money that came from the bank into the wallet, with its posting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deposit {
    pub tenant: TenantId,
    pub id: DepositId,
    pub amount: Cents,
    pub currency: Currency,
    pub reference: String,
    pub actor: Actor,
    pub created_at: Timestamp,
    pub legs: Posting,
    pub tx_id: String,
}

/// A deposit that waits for a second operator. It moves no money, and stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DepositProposal {
    pub tenant: TenantId,
    /// Of the deposit it becomes.
    pub id: DepositId,
    pub amount: Cents,
    pub currency: Currency,
    pub reference: String,
    pub actor: Actor,
    /// Whose key proposed it: another owner's posts it.
    pub owner: String,
    pub created_at: Timestamp,
}

/// What a request key answered, so that a repeat gets the same bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestRecord {
    pub tenant: TenantId,
    pub digest: String,
    pub fingerprint: String,
    pub status: u16,
    pub body: String,
    /// Where the answer showed a secret: the whole of it, sealed.
    pub secret: Option<SealedAnswer>,
    /// Judged when read; the store's own expiry only cleans up.
    pub expires_at: Timestamp,
    /// How many [`AnswerPart`]s hold the answer; 0 when `body` does.
    #[serde(default)]
    pub parts: u32,
}

/// A part of an answer that is too large for one item. Written with the record that counts the parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerPart {
    pub tenant: TenantId,
    pub digest: String,
    /// From 1.
    pub number: u32,
    pub text: String,
    pub expires_at: Timestamp,
}

/// Which submission a reference at a provider belongs to. Written once, with the intent to call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferenceLink {
    pub provider: Provider,
    pub tenant: TenantId,
    pub reference: Submission,
    /// What the provider knows it by, where that is not the reference itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_no: Option<String>,
}

impl ReferenceLink {
    pub fn new(provider: Provider, tenant: TenantId, reference: Submission) -> Self {
        Self {
            order_no: name_at(provider, &reference),
            provider,
            tenant,
            reference,
        }
    }

    /// What the provider knows it by: no two submissions to it have the same.
    pub fn name(&self) -> String {
        match &self.order_no {
            Some(number) => number.clone(),
            None => self.reference.to_string(),
        }
    }
}

/// What here a provider's object or callback belongs to. Their texts begin differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Owner {
    Submission(Submission),
    /// The driver who is a payee there.
    Driver(DriverId),
}

impl Owner {
    pub const fn attempt(reference: AttemptRef) -> Self {
        Self::Submission(Submission::Attempt(reference))
    }
}

/// To whom a provider's object belongs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectLink {
    pub provider: Provider,
    pub tenant: TenantId,
    pub reference: Owner,
    pub object: ProviderId,
}

/// The name of one received callback: provider, mode, object and SHA-256 of the raw body.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct InboxId {
    pub provider: Provider,
    pub mode: Mode,
    pub object: ProviderId,
    pub body_sha256: String,
}

/// A callback we have seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inbox {
    pub id: InboxId,
    pub version: u32,
    pub tenant: TenantId,
    pub reference: Owner,
    /// Whether the provider was asked since, or will be.
    pub done: bool,
    pub first_seen: Timestamp,
    /// When the store may forget it: 90 days after the first sight.
    pub expires_at: Timestamp,
}

/// What one call changed, other than a payout: payouts have their transitions. Kept for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEvent {
    pub tenant: TenantId,
    /// `aud_` and a ULID.
    pub id: String,
    pub at: Timestamp,
    pub actor: Actor,
    /// What was done, as `driver.update`.
    pub action: String,
    /// What it was done to, as `driver` and its public id.
    pub subject: String,
    pub subject_id: String,
    /// Members that changed. Secrets and account numbers never stand here.
    pub changes: Vec<FieldChange>,
}

/// One member before and after a change; none where it was or became absent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    #[serde(rename = "f")]
    pub field: String,
    #[serde(rename = "b")]
    pub before: Option<String>,
    #[serde(rename = "a")]
    pub after: Option<String>,
}

/// The three public figures of a wallet, read at one instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balances {
    pub available: Cents,
    pub pending: Cents,
    pub in_transit: Cents,
}
