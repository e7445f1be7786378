//! Books a payout: for a delivered load, or for a driver and an amount. Standard payouts wait for their
//! dispatch; instant ones are owned by their first attempt from the start.
//!
//! One read, one transaction, one hint to the dispatcher.

use domain::{
    attempt::{Attempt, Opening},
    denied::{Denied, NotPayable},
    fee::{Channel, FeeSchedule, Rail},
    ids::{AttemptRef, DriverId, LoadId, PayoutId, Submission},
    money::{Cents, Currency},
    payout::{Booking, Note, Payout},
    routing::{FIRST_OF_INSTANT, ROUTING_VERSION},
};

use crate::{
    call::Call,
    changes::{Changes, Subject},
    error::Error,
    message::Message,
    port::{CommitError, Queue, Store},
    record::{Key, Record, ReferenceLink},
    record_answer::next_dispatch,
    request_key::{Answered, Asking},
    send,
};

/// How often a decision is made again after somebody else changed what it was based on.
pub const ROUNDS: u32 = 3;

pub struct CreatePayout<'a> {
    pub asking: Asking<'a, Payout>,
    pub source: Source,
    pub rail: Rail,
    /// Instant payouts only: whether the standard rail will do when nobody carries it by the instant one.
    pub may_fall_back: bool,
    pub requested_by: Option<String>,
    pub fees: &'a FeeSchedule,
}

/// Where driver and amount come from.
#[derive(Clone, Debug)]
pub enum Source {
    Load(LoadId),
    Driver {
        driver: DriverId,
        amount: Cents,
        description: Option<String>,
    },
}

/// # Errors
/// `NotFound` for an unknown load or driver; `Denied` when the load is held or paid, the driver cannot
/// be paid, the fee eats the amount or the wallet is too low; `KeyReused`; `Unavailable`.
pub async fn run(
    call: &Call,
    store: &impl Store,
    queue: &impl Queue,
    command: CreatePayout<'_>,
) -> Result<Answered<Payout>, Error> {
    for round in 0..ROUNDS {
        let mut keys = vec![source_key(&command)];
        keys.extend(command.asking.stored_at());
        let found = store.fetch(&keys).await?;
        let stored = found.get(1).and_then(Option::as_ref);
        if let Some(replayed) = command.asking.replay(stored, call.now())? {
            return Ok(replayed);
        }
        let source = found.into_iter().next().flatten();
        let planned = match plan(call, &command, source, round) {
            Err(Error::Denied(denied)) => {
                return match command.asking.replay_now(store, call.now()).await? {
                    Some(replayed) => Ok(replayed),
                    None => Err(denied.into()),
                };
            }
            other => other?,
        };
        match store.commit(planned.changes).await {
            Ok(()) => {
                send::now(queue, planned.message).await;
                return Ok(Answered::Fresh {
                    it: planned.payout,
                    body: planned.body,
                });
            }
            Err(error) => {
                if let Some(replayed) = command.asking.replay_after(&error, call.now())? {
                    return Ok(replayed);
                }
                explain(&error, &planned.payout)?;
            }
        }
    }
    Err(Error::Unavailable {
        cause: "the load changed in every round".to_owned(),
    })
}

/// What a refused creation means, the most telling reason first. Returns when the decision should be
/// made again.
fn explain(error: &CommitError, payout: &Payout) -> Result<(), Error> {
    match error {
        CommitError::Contended | CommitError::Unreachable(_) => return Err(error.clone().into()),
        CommitError::Refused(_) => {}
    }
    if error.refused(Subject::Load).is_some() {
        return Ok(());
    }
    if let Some(refused) = error.refused(Subject::Driver) {
        return Err(not_payable(refused.found.as_ref(), payout.payable_rail()).into());
    }
    if error.refused(Subject::Available).is_some() {
        return Err(Denied::InsufficientFunds {
            required: payout.amount,
        }
        .into());
    }
    Err(error.clone().into())
}

/// Why the driver condition refused, from the driver it met.
pub(crate) fn not_payable(found: Option<&Record>, rail: Rail) -> Denied {
    let reason = match found {
        Some(Record::Driver(driver)) => driver.require_payable(rail).err(),
        Some(_) | None => Some(NotPayable::Unknown),
    };
    // The driver became payable between the refusal and this reading: ask again.
    Denied::DriverNotPayable(reason.unwrap_or(NotPayable::NotActive))
}

fn source_key(command: &CreatePayout<'_>) -> Key {
    let tenant = command.asking.tenant.clone();
    match &command.source {
        Source::Load(load) => Key::Load(tenant, load.clone()),
        Source::Driver { driver, .. } => Key::Driver(tenant, driver.clone()),
    }
}

struct Planned {
    payout: Payout,
    changes: Changes,
    message: Message,
    body: String,
}

fn plan(
    call: &Call,
    command: &CreatePayout<'_>,
    source: Option<Record>,
    round: u32,
) -> Result<Planned, Error> {
    let now = call.now();
    let tx_id = call.tx_id(&format!("create {round}"));
    let id = PayoutId::mint(now, call.entropy.of("payout"));
    let mut changes = Changes::new("create", tx_id.clone());
    let (driver, driver_name, amount, description) = match (&command.source, source) {
        (Source::Load(_), Some(Record::Load(load))) => {
            let held = load.held_by(&id, now)?;
            let parts = (
                load.driver.clone(),
                load.driver_name.clone(),
                load.amount,
                load.description.clone(),
            );
            changes = changes.replace(Record::Load(Box::new(held)), load.version);
            parts
        }
        (
            Source::Driver {
                amount,
                description,
                ..
            },
            Some(Record::Driver(driver)),
        ) => (driver.id, driver.name, *amount, description.clone()),
        (Source::Load(_), _) => return Err(Error::NotFound("load")),
        (Source::Driver { .. }, _) => return Err(Error::NotFound("driver")),
    };
    let quote = command.fees.quote(command.rail, Channel::Single, amount)?;
    let booking = Booking {
        tenant: command.asking.tenant.clone(),
        id,
        driver: driver.clone(),
        driver_name,
        load: match &command.source {
            Source::Load(load) => Some(load.clone()),
            Source::Driver { .. } => None,
        },
        batch: None,
        description,
        amount,
        quote,
        currency: Currency::Usd,
        rail: command.rail,
        may_fall_back: command.may_fall_back,
        requested_by: command.requested_by.clone(),
    };
    let note = Note {
        actor: &call.actor,
        at: now,
        tx_id: &tx_id,
        attempt: None,
        reason: None,
    };
    let (mut payout, transition) = match command.rail {
        Rail::Standard => Payout::book_standard(booking, &note),
        Rail::Instant => Payout::book_instant(booking, FIRST_OF_INSTANT, &note),
    };
    let outbox = next_dispatch(&mut payout, call);
    let message = outbox.message.clone();
    let body = (command.asking.render)(&payout);
    changes = command.asking.remember(changes, &body, now);
    changes = changes.require_payable(&payout).record(&payout, transition);
    if payout.live_attempt.is_some() {
        changes = with_first_attempt(changes, &payout);
    }
    changes = changes
        .insert(Record::Payout(Box::new(payout.clone())))
        .insert(Record::Outbox(Box::new(outbox)));
    Ok(Planned {
        payout,
        changes,
        message,
        body,
    })
}

/// An instant payout is born with its first attempt, which the first worker claims. The method is
/// pinned then, because only the dispatcher reads it.
fn with_first_attempt(changes: Changes, payout: &Payout) -> Changes {
    let reference = AttemptRef::new(payout.id.clone(), 1);
    let attempt = Attempt::prepared(
        payout,
        Opening {
            reference: reference.clone(),
            provider: FIRST_OF_INSTANT,
            method: None,
            route: format!(
                "{}: instant rail, routing {ROUTING_VERSION}",
                FIRST_OF_INSTANT.name()
            ),
            left: Vec::new(),
            fallback: Vec::new(),
            at: payout.requested_at,
        },
    );
    let submission = Submission::Attempt(reference);
    let link = ReferenceLink::new(attempt.provider, payout.tenant.clone(), submission);
    changes
        .insert(Record::Attempt(Box::new(attempt)))
        .insert(Record::Reference(Box::new(link)))
}
