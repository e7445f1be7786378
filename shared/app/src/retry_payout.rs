//! Gives a failed payout another run: its money is reserved again and it waits for a dispatch.

use domain::{
    denied::Denied,
    ids::PayoutId,
    payout::{Change, Note, Outcome, Payout},
};

use crate::{
    call::Call,
    cancel_payout::{read, refuse_unless_overtaken},
    changes::{Changes, Subject},
    create_payout::{ROUNDS, not_payable},
    error::Error,
    port::{Queue, Store},
    record::Record,
    record_answer::next_dispatch,
    request_key::{Answered, Asking},
    send,
};

pub struct RetryPayout<'a> {
    pub asking: Asking<'a, Payout>,
    pub payout: PayoutId,
}

/// # Errors
/// `NotFound`; `Denied` when the payout is not failed, is out of attempts, the driver cannot be paid or
/// the wallet is too low; `KeyReused`; `Unavailable`.
pub async fn run(
    call: &Call,
    store: &impl Store,
    queue: &impl Queue,
    command: RetryPayout<'_>,
) -> Result<Answered<Payout>, Error> {
    let asking = command.asking;
    for round in 0..ROUNDS {
        let (payout, stored) =
            read(store, asking.tenant, &command.payout, asking.stored_at()).await?;
        if let Some(replayed) = asking.replay(stored.as_ref(), call.now())? {
            return Ok(replayed);
        }
        let tx_id = call.tx_id(&format!("retry {round}"));
        let note = Note {
            actor: &call.actor,
            at: call.now(),
            tx_id: &tx_id,
            attempt: None,
            reason: None,
        };
        let (mut queued, transition) = match payout.apply(Change::Retry, &note) {
            Ok(Outcome::Moved(queued, transition)) => (queued, transition),
            Ok(Outcome::Ignored | Outcome::Contradiction) | Err(Denied::WrongState(_)) => {
                return match asking.replay_now(store, call.now()).await? {
                    Some(replayed) => Ok(replayed),
                    None => Err(Denied::WrongState(payout.status).into()),
                };
            }
            Err(denied) => return Err(denied.into()),
        };
        let outbox = next_dispatch(&mut queued, call);
        let message = outbox.message.clone();
        let body = (asking.render)(&queued);
        let changes = asking
            .remember(Changes::new("retry", tx_id.clone()), &body, call.now())
            .require_payable(&payout)
            .record(&payout, *transition)
            .replace(Record::Payout(queued.clone()), payout.version)
            .insert(Record::Outbox(Box::new(outbox)));
        match store.commit(changes).await {
            Ok(()) => {
                send::now(queue, message).await;
                return Ok(Answered::Fresh { it: *queued, body });
            }
            Err(error) => {
                if let Some(replayed) = asking.replay_after(&error, call.now())? {
                    return Ok(replayed);
                }
                if let Some(refused) = error.refused(Subject::Driver) {
                    return Err(not_payable(refused.found.as_ref(), payout.payable_rail()).into());
                }
                if error.refused(Subject::Available).is_some()
                    && error.refused(Subject::Payout).is_none()
                {
                    return Err(Denied::InsufficientFunds {
                        required: payout.amount,
                    }
                    .into());
                }
                refuse_unless_overtaken(error)?;
            }
        }
    }
    Err(Error::Conflict(
        "the payout kept changing; read it again".to_owned(),
    ))
}
