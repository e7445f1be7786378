//! Withdraws a payout before money could leave, or closes one that failed.

use domain::{
    ids::{PayoutId, TenantId},
    load::LoadStatus,
    payout::{Change, Note, Outcome, Payout},
};

use crate::{
    call::Call,
    changes::Changes,
    create_payout::ROUNDS,
    error::Error,
    line_end,
    port::{CommitError, Store},
    record::{Key, Record},
    record_answer::load_settlement,
    request_key::{Answered, Asking},
};

pub struct CancelPayout<'a> {
    pub asking: Asking<'a, Payout>,
    pub payout: PayoutId,
}

/// Canceling a canceled payout answers as the first time.
///
/// # Errors
/// `NotFound`; `Denied::WrongState` once an attempt owns the payout or it is final; `Unavailable`.
pub async fn run(
    call: &Call,
    store: &impl Store,
    command: CancelPayout<'_>,
) -> Result<Answered<Payout>, Error> {
    let asking = command.asking;
    for round in 0..ROUNDS {
        let (payout, stored) =
            read(store, asking.tenant, &command.payout, asking.stored_at()).await?;
        if let Some(replayed) = asking.replay(stored.as_ref(), call.now())? {
            return Ok(replayed);
        }
        let tx_id = call.tx_id(&format!("cancel {round}"));
        let note = Note {
            actor: &call.actor,
            at: call.now(),
            tx_id: &tx_id,
            attempt: None,
            reason: Some("canceled_by_client".to_owned()),
        };
        let (canceled, transition) = match payout.apply(Change::Cancel, &note)? {
            Outcome::Moved(canceled, transition) => (*canceled, *transition),
            Outcome::Ignored | Outcome::Contradiction => {
                if let Some(replayed) = asking.replay_now(store, call.now()).await? {
                    return Ok(replayed);
                }
                let body = (asking.render)(&payout);
                return Ok(Answered::Fresh { it: payout, body });
            }
        };
        let body = (asking.render)(&canceled);
        let changes = asking
            .remember(Changes::new("cancel", tx_id.clone()), &body, call.now())
            .record(&payout, transition)
            .replace(Record::Payout(Box::new(canceled.clone())), payout.version)
            .forget(payout.outbox.clone().map(Key::Outbox))
            .write_if(load_settlement(&payout, LoadStatus::Open, call.now()));
        match line_end::commit(call, store, changes).await {
            // What the last line of a batch says is left to the outbox.
            Ok(_) => return Ok(Answered::Fresh { it: canceled, body }),
            Err(error) => {
                if let Some(replayed) = asking.replay_after(&error, call.now())? {
                    return Ok(replayed);
                }
                refuse_unless_overtaken(error)?;
            }
        }
    }
    Err(Error::Conflict(
        "the payout kept changing; read it again".to_owned(),
    ))
}

/// The payout and, in the same round trip, the record of the request key.
pub(crate) async fn read(
    store: &impl Store,
    tenant: &TenantId,
    payout: &PayoutId,
    stored_at: Option<Key>,
) -> Result<(Payout, Option<Record>), Error> {
    let mut keys = vec![Key::Payout(tenant.clone(), payout.clone())];
    keys.extend(stored_at);
    let mut found = store.fetch(&keys).await?.into_iter();
    match found.next().flatten() {
        Some(Record::Payout(payout)) => Ok((*payout, found.next().flatten())),
        Some(_) | None => Err(Error::NotFound("payout")),
    }
}

/// A refusal is decided again from what is stored now; anything else is the caller's to see.
pub(crate) fn refuse_unless_overtaken(error: CommitError) -> Result<(), Error> {
    match error {
        CommitError::Refused(_) => Ok(()),
        CommitError::Contended | CommitError::Unreachable(_) => Err(error.into()),
    }
}
