//! What became of a call: the charge, the money, the object and the lock, in one unit.

use domain::{
    charge::{Applied, CHARGER, Charge, ChargeEvent, ChargeState, ChargeVerdict},
    ids::Submission,
};
use tracing::{error, info, warn};

use super::Charger;
use crate::{
    call::Call,
    changes::{Changes, Subject},
    error::Error,
    list::list_shard,
    port::{CommitError, Providers, Queue, Store, Vault},
    record::{Funding, Key, ObjectLink, Owner, Record},
    record_answer,
};

/// How often the outcome of a call is written before it is left to people: nobody can be asked for it again.
const ROUNDS: u32 = 5;

impl<S: Store, Q: Queue, P: Providers, V: Vault> Charger<S, Q, P, V> {
    /// Records what the newest send of `sent` led to. The answer exists only here, so a write that fails is
    /// tried again.
    ///
    /// # Errors
    /// `Unavailable` when the store cannot be reached: the lease ends, and people decide.
    pub(super) async fn record(
        &self,
        call: &Call,
        sent: &Charge,
        verdict: ChargeVerdict,
    ) -> Result<(), Error> {
        let (mut current, mut verdict) = (sent.clone(), verdict);
        let mut failed = None;
        for _ in 0..ROUNDS {
            let next = match current.apply(verdict.event, call.now()) {
                Ok(Applied::Changed(next)) => next.answered(&verdict, call.now()),
                Ok(Applied::Unchanged) => return Ok(()),
                Err(_) => {
                    warn!(charge.id = %sent.id, "an answer came too late to matter");
                    return Ok(());
                }
            };
            let purpose = format!("charge {:?} {}", verdict.event, current.version);
            let changes = Changes::new(label(next.state), call.tx_id(&purpose));
            let changes = moved(call, &current, &next, changes);
            match self.store.commit(changes).await {
                Ok(()) => return self.recorded(call, &next, &verdict).await,
                Err(error @ CommitError::Refused(_)) => {
                    if error.refused(Subject::Charge).is_none() {
                        verdict = unpostable(&error, verdict);
                        continue;
                    }
                    let key = Key::Charge(sent.tenant.clone(), sent.id.clone());
                    match self.store.fetch(&[key]).await?.into_iter().next().flatten() {
                        // An answer belongs to one send.
                        Some(Record::Charge(found)) if found.sends == sent.sends => {
                            current = *found;
                        }
                        Some(_) | None => return Ok(()),
                    }
                }
                // The same unit again: it is recognised when it was written.
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(()), |error| Err(error.into()))
    }

    async fn recorded(
        &self,
        call: &Call,
        charge: &Charge,
        verdict: &ChargeVerdict,
    ) -> Result<(), Error> {
        let (state, reason) = (charge.state.name(), charge.reason.as_deref());
        match charge.state {
            // Its provider is asked first; see `look`.
            ChargeState::Review if charge.object.is_some() => {
                info!(charge.id = %charge.id, reason, "a card charge will be asked about");
            }
            ChargeState::Review => {
                error!(charge.id = %charge.id, reason, "a card charge needs two operators");
            }
            ChargeState::Prepared
            | ChargeState::Sending
            | ChargeState::Paid
            | ChargeState::Dead => {
                info!(charge.id = %charge.id, state, reason, "card charge moved")
            }
        }
        self.send_again(call, charge).await;
        match verdict.stop {
            Some(reason) => {
                let route = (CHARGER, charge.tenant.mode());
                record_answer::stop_route(call, &self.store, route, reason).await
            }
            None => Ok(()),
        }
    }
}

const fn label(state: ChargeState) -> &'static str {
    match state {
        ChargeState::Prepared => "charge-unsent",
        ChargeState::Sending => "charge-intend",
        ChargeState::Review => "charge-review",
        ChargeState::Paid => "charge-paid",
        ChargeState::Dead => "charge-dead",
    }
}

/// The card may have been debited, and the books cannot take it as it is.
fn unpostable(error: &CommitError, verdict: ChargeVerdict) -> ChargeVerdict {
    let (reason, object, told) = if error.refused(Subject::Object).is_some() {
        // The provider answered with what it calls another payment, and with the figures of that one.
        ("object_of_another", None, None)
    } else if error.refused(Subject::Available).is_some() {
        ("wallet_limit", verdict.object, verdict.told)
    } else {
        ("not_postable", verdict.object, verdict.told)
    };
    ChargeVerdict {
        event: ChargeEvent::Unclear,
        reason: Some(reason.to_owned()),
        object,
        stop: verdict.stop,
        told,
    }
}

/// The unit that replaces `before` by `after`, with all that follows from the move: the money of a card that
/// was debited, the provider's object, the lock of a charge that no longer needs it.
pub(crate) fn moved(call: &Call, before: &Charge, after: &Charge, changes: Changes) -> Changes {
    let legs = after.moved_money(before);
    let after = Charge {
        postings: before.postings + u32::from(legs.is_some()),
        ..after.clone()
    };
    let mut changes = changes.replace(Record::Charge(Box::new(after.clone())), before.version);
    if after.outbox.is_none() {
        changes = changes.forget(before.outbox.clone().map(Key::Outbox));
    }
    if after.card_lock.is_none() {
        let lock = before.card_lock.clone();
        let mode = before.tenant.mode();
        changes = changes.forget(lock.map(|card| Key::CardLock(CHARGER, mode, card)));
    }
    if let (None, Some(object)) = (&before.object, &after.object) {
        changes = changes.insert(Record::Object(Box::new(ObjectLink {
            provider: CHARGER,
            tenant: after.tenant.clone(),
            reference: Owner::Submission(Submission::Charge(after.id.clone())),
            object: object.clone(),
        })));
    }
    if let Some(legs) = legs {
        let tx_id = changes.tx_id.clone();
        changes = changes.funding(Funding {
            tenant: after.tenant.clone(),
            charge: after.id.clone(),
            number: after.postings,
            shard: list_shard(after.id.as_str()),
            actor: call.actor.clone(),
            at: call.now(),
            legs,
            tx_id,
        });
    }
    changes
}
