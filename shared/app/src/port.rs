//! What use cases need from the outside. A trait exists only where two implementations run today.
//!
//! Methods spell out `+ Send` because the Lambda runtime moves handlers between threads.

use std::{collections::BTreeMap, future::Future};

use domain::{
    answer::{Answer, Refusal},
    attempt::Attempt,
    charge::Charge,
    driver::{Driver, VendorStanding},
    ids::{ChargeId, DriverId, Mode, PayoutId, ProviderId, TenantId},
    money::Cents,
    payout::PayoutStatus,
    reconciliation::ListedObject,
    routing::Provider,
    time::Timestamp,
    transition::Transition,
};

use crate::{
    changes::{Changes, Counted, Subject},
    error::{Error, FieldError},
    list::{Count, Entry, List, Range, Span},
    message::Message,
    record::{Balances, DueEntry, Key, OutboxEntry, Record},
};

/// A dependency that could not be reached, or did not answer in time. Whether a write happened is open
/// only where the method says so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unreachable: {0}")]
pub struct Unreachable(pub String);

impl From<Unreachable> for Error {
    fn from(unreachable: Unreachable) -> Self {
        Self::Unavailable {
            cause: unreachable.0,
        }
    }
}

/// One write that was refused, with what stands in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub subject: Subject,
    /// The stored record, where the subject is one and the store returned it.
    pub found: Option<Record>,
}

/// Why a unit of work did not happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommitError {
    /// At least one precondition failed; nothing was written. In the order of the writes.
    Refused(Vec<Refused>),
    /// Other writers were faster, each time; nothing was written.
    Contended,
    /// The store did not answer. The unit may have been written: repeat it as it is, or read.
    Unreachable(String),
}

impl CommitError {
    /// The refusal about `subject`, if that is among the reasons.
    pub fn refused(&self, subject: Subject) -> Option<&Refused> {
        match self {
            Self::Refused(refusals) => refusals.iter().find(|it| it.subject == subject),
            Self::Contended | Self::Unreachable(_) => None,
        }
    }
}

impl From<CommitError> for Error {
    /// What a use case says when it has no better reading of a refusal: somebody else was there first.
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Refused(refusals) => Self::Unavailable {
                cause: format!("refused: {:?}", refusals.first().map(|it| it.subject)),
            },
            CommitError::Contended => Self::Unavailable {
                cause: "contended".to_owned(),
            },
            CommitError::Unreachable(cause) => Self::Unavailable { cause },
        }
    }
}

/// The table: strong reads, and units of work that happen whole or not at all.
pub trait Store: Clone + Send + Sync + 'static {
    /// Reads up to 100 items strongly, in the order of the keys.
    fn fetch(
        &self,
        keys: &[Key],
    ) -> impl Future<Output = Result<Vec<Option<Record>>, Unreachable>> + Send;

    /// Writes the unit whole, or nothing. Repeating the same unit after [`CommitError::Unreachable`]
    /// is safe: it is recognised by its transaction id.
    fn commit(&self, changes: Changes) -> impl Future<Output = Result<(), CommitError>> + Send;

    /// Every transition of a payout, oldest first.
    fn transitions(
        &self,
        tenant: &TenantId,
        payout: &PayoutId,
    ) -> impl Future<Output = Result<Vec<Transition>, Unreachable>> + Send;

    /// The wallet's three figures, all of the same instant.
    fn balances(
        &self,
        tenant: &TenantId,
    ) -> impl Future<Output = Result<Balances, Unreachable>> + Send;

    /// Up to `limit` payouts, attempts, batches, drivers or charges of one due shard whose time has come, earliest first. May
    /// lag behind the table: the item decides.
    fn due(
        &self,
        shard: u8,
        until: Timestamp,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<DueEntry>, Unreachable>> + Send;

    /// Up to `limit` outbox entries of one shard made at or before `until`, oldest first.
    fn outbox(
        &self,
        shard: u8,
        until: Timestamp,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<OutboxEntry>, Unreachable>> + Send;
}

/// The lists of a tenant, and the exact counts behind their totals.
pub trait Lists: Clone + Send + Sync + 'static {
    /// Up to `limit` entries of a part of a list, newest first. May lag behind the table: the record
    /// decides.
    fn entries(
        &self,
        list: &List,
        span: &Span,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Entry>, Unreachable>> + Send;

    /// Counts the entries of a list within a range, newest first, up to `limit`. May lag.
    fn count(
        &self,
        list: &List,
        range: Range,
        limit: u32,
    ) -> impl Future<Output = Result<Count, Unreachable>> + Send;

    /// When the oldest entry of a list was made. May lag.
    fn oldest(
        &self,
        list: &List,
    ) -> impl Future<Output = Result<Option<Timestamp>, Unreachable>> + Send;

    /// How many payouts of the tenant are in each status. Exact: written with every transition.
    fn payout_counts(
        &self,
        tenant: &TenantId,
    ) -> impl Future<Output = Result<BTreeMap<PayoutStatus, u64>, Unreachable>> + Send;

    /// The counts of another list, by name. Exact.
    fn counts(
        &self,
        tenant: &TenantId,
        list: Counted,
    ) -> impl Future<Output = Result<BTreeMap<String, u64>, Unreachable>> + Send;
}

/// How many partitions the due index has; the last is for drivers alone.
pub const DUE_SHARDS: u8 = 9;

/// Hints to other functions. A lost message is repaired by the outbox and the due index.
pub trait Queue: Clone + Send + Sync + 'static {
    /// Hands over a message that should arrive after `delay_seconds` (0 to 900).
    fn send(
        &self,
        message: Message,
        delay_seconds: u32,
    ) -> impl Future<Output = Result<(), Unreachable>> + Send;
}

/// What is sealed, opened: the account details of a payout method as the driver's portal sent them (compact
/// JSON), or an answer that shows the secret of an API key. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Plaintext(pub String);

impl std::fmt::Debug for Plaintext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Plaintext(..)")
    }
}

/// What a sealed text belongs to. It opens for nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SealedFor {
    /// A driver's payout method.
    Driver(DriverId),
    /// An API key, by its id.
    Key(String),
    /// A charge of a company's card.
    Charge(ChargeId),
}

impl SealedFor {
    /// The name under which the id is bound to the ciphertext. Stable for ever: permissions name it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Driver(_) => "driver",
            Self::Key(_) => "key",
            Self::Charge(_) => "charge",
        }
    }

    pub fn id(&self) -> &str {
        match self {
            Self::Driver(driver) => driver.as_str(),
            Self::Key(id) => id,
            Self::Charge(charge) => charge.as_str(),
        }
    }
}

/// Encryption of payout methods, of charged cards and of keys' secrets. Tenant and owner are bound to the ciphertext.
pub trait Vault: Clone + Send + Sync + 'static {
    fn seal(
        &self,
        tenant: &TenantId,
        owner: &SealedFor,
        plain: &Plaintext,
    ) -> impl Future<Output = Result<String, Unreachable>> + Send;

    fn open(
        &self,
        tenant: &TenantId,
        owner: &SealedFor,
        sealed: &str,
    ) -> impl Future<Output = Result<Plaintext, Unreachable>> + Send;
}

/// What a provider needs to create an object for one attempt.
#[derive(Clone, Debug)]
pub struct CreateOrder<'a> {
    pub attempt: &'a Attempt,
    pub method: domain::driver::MethodKind,
    pub account: &'a Plaintext,
    pub callback_token: String,
}

/// What a provider needs to charge a card. What it calls the charge is a pure function of the charge's id:
/// a repeat of what provably never left carries the same.
#[derive(Clone, Debug)]
pub struct ChargeOrder<'a> {
    pub charge: &'a Charge,
    /// Compact JSON: the members of a prepaid card's payout method.
    pub account: &'a Plaintext,
}

/// A prepaid card as its issuer shows it.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// What identifies the card; it is only ever used under a keyed digest.
    pub card: Plaintext,
    pub balance: Cents,
}

/// Why an issuer did not show what is on a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotShown {
    /// It could not be reached, or said nothing of the card or against it.
    Silent,
    /// It answered, and does not show this card, or not to us.
    Answered,
    /// Nobody was asked: the account cannot be used as it was stored, and why, as a stable word.
    Unusable(&'static str),
}

/// What is being looked for at a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    Object(ProviderId),
    /// By our reference, when no object is known yet.
    Reference,
}

/// Which page of a provider's list is asked for.
#[derive(Clone, Copy, Debug)]
pub struct ListAsk<'a> {
    pub provider: Provider,
    pub mode: Mode,
    /// What the reader needs: the first moment, and the one after the last. Objects made outside of it may be
    /// left out.
    pub made: (Timestamp, Timestamp),
    /// The `next` of the page before; none for the first.
    pub after: Option<&'a str>,
}

/// A page of a provider's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listing {
    /// Objects of the page, and where the list goes on; none after the last page. The newest come first, unless
    /// the list was narrowed to what was asked for.
    Page {
        objects: Vec<ListedObject>,
        next: Option<String>,
    },
    /// The provider has no list, or not for this mode.
    CannotList,
    /// No page, and why, as a stable word. It says nothing of any payout.
    Failed(String),
}

/// What is asked about a driver at a provider that pays registered payees only. It has no debug form: it holds
/// a name and an account.
#[derive(Clone, Copy)]
pub enum PayeeAsk<'a> {
    /// Make the driver known. `again`: an earlier call may have done so, and its answer was lost.
    Register { driver: &'a Driver, again: bool },
    /// Tell where the payee's money goes.
    Tell {
        driver: &'a Driver,
        payee: &'a ProviderId,
        account: &'a Plaintext,
    },
    /// Tell the payee's name and address of mail as they are now.
    Change {
        driver: &'a Driver,
        payee: &'a ProviderId,
    },
    /// What became of the payee's review.
    Read { payee: &'a ProviderId, mode: Mode },
    /// Forget the payee. Without an id: whatever payee there may be of an earlier call whose answer was lost.
    Delete {
        driver: &'a Driver,
        payee: Option<&'a ProviderId>,
    },
}

/// What a provider says of a payee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PayeeAnswer {
    /// It knows the payee under `id`. `status` is its own word for the standing.
    Known {
        id: ProviderId,
        standing: VendorStanding,
        status: String,
    },
    /// It has no such payee, or not any more.
    Absent,
    /// It refuses, and will refuse the same again.
    Refused { reason: String },
    /// Nothing can be said; whether it did what was asked is open.
    Unclear { cause: String },
}

/// An account that a driver's money shall go to, before it is saved. It has no debug form.
#[derive(Clone, Copy)]
pub struct AccountAsk<'a> {
    pub kind: domain::driver::MethodKind,
    /// Compact JSON, as it would be sealed.
    pub account: &'a Plaintext,
    pub mode: Mode,
    /// What was learned a while before is used until it is too old.
    pub now: Timestamp,
}

/// What the provider that would carry it says of an account. It is advice from outside: it moves no money, and
/// only [`AccountCheck::Refused`] keeps a method from being saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountCheck {
    /// Nobody is asked about such accounts here.
    NotAsked,
    Fits,
    /// A payout to it would be refused: members of the account, and what is expected of each. Never a value.
    Refused(Vec<FieldError>),
    /// Nothing can be said, and why, as a stable word.
    Unchecked {
        cause: String,
    },
}

/// The providers. Every method returns an [`Answer`], never an error: a failed call is an unclear
/// payment, and the type makes every caller face that.
pub trait Providers: Clone + Send + Sync + 'static {
    /// Whether this deployment has an account with the provider.
    fn offers(&self, provider: Provider) -> bool;

    /// The balance of a prepaid card, where the provider cannot be asked about a payment: the evidence for
    /// whoever has to decide.
    fn snapshot(
        &self,
        provider: Provider,
        account: &Plaintext,
    ) -> impl Future<Output = Result<Snapshot, NotShown>> + Send;

    /// The most time a create or a process call may take.
    fn call_budget(&self) -> std::time::Duration;

    /// Makes the object for an attempt; inert where the provider has two steps.
    fn create(&self, order: CreateOrder<'_>) -> impl Future<Output = Answer> + Send;

    /// Takes a charge's amount from its card, at once. Never more than the card holds.
    fn charge(&self, order: ChargeOrder<'_>) -> impl Future<Output = Answer> + Send;

    /// Starts an inert object (two-step providers only).
    fn process(
        &self,
        attempt: &Attempt,
        object: &ProviderId,
    ) -> impl Future<Output = Answer> + Send;

    /// Withdraws an object that must not be paid later. Whether it is withdrawn is told by a read. By default
    /// nothing can be.
    fn cancel(
        &self,
        _attempt: &Attempt,
        _object: &ProviderId,
    ) -> impl Future<Output = Answer> + Send {
        std::future::ready(Answer::Refused {
            by: Refusal::Input,
            reason: "cannot_be_withdrawn".to_owned(),
        })
    }

    /// Reads the object of an attempt over an authenticated call.
    fn read(&self, attempt: &Attempt, lookup: &Lookup) -> impl Future<Output = Answer> + Send;

    /// Reads what became of a charge that the provider has named, over an authenticated call. By default nobody can be
    /// asked.
    fn read_charge(
        &self,
        _charge: &Charge,
        _object: &ProviderId,
    ) -> impl Future<Output = Answer> + Send {
        std::future::ready(Answer::Unclear {
            cause: "no_look_up".to_owned(),
        })
    }

    /// One page of what a provider holds. By default nobody has a list.
    fn list(&self, _ask: ListAsk<'_>) -> impl Future<Output = Listing> + Send {
        std::future::ready(Listing::CannotList)
    }

    /// Whether a payout to an account could be ordered. By default nobody is asked.
    fn check_account(&self, _ask: AccountAsk<'_>) -> impl Future<Output = AccountCheck> + Send {
        std::future::ready(AccountCheck::NotAsked)
    }

    /// Tells or asks about a driver where a provider pays registered payees only. By default nobody does.
    fn payee(&self, _ask: PayeeAsk<'_>) -> impl Future<Output = PayeeAnswer> + Send {
        std::future::ready(PayeeAnswer::Refused {
            reason: "not_configured".to_owned(),
        })
    }
}
