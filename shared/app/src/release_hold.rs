//! Ends the wait of a payout, and of another one of its load, once a contradiction is decided: what waits is sent
//! again, what was about to be sent goes on, and a load that nobody has is given free.

use domain::{
    attempt::Attempt,
    denied::Denied,
    ids::PayoutId,
    load::LoadStatus,
    payout::{LateChange, LateOf, Note, Payout},
    routing::Provider,
};

use crate::{
    call::Call,
    changes::{Changes, Write},
    message::Message,
    record::Record,
    record_answer::{gone_outbox, load_settlement, next_dispatch},
    surroundings::Surroundings,
};

/// Whose wait ends.
pub(crate) struct Freed<'a> {
    /// The payout before the unit.
    pub(crate) before: &'a Payout,
    pub(crate) around: &'a Surroundings,
    /// The other payout of the load that waited for the same decision.
    pub(crate) other: Option<PayoutId>,
}

/// The unit with everything that goes on.
pub(crate) struct Released {
    pub(crate) changes: Changes,
    pub(crate) payout: Payout,
    pub(crate) message: Option<Message>,
}

/// `payout` is as the decision left it; it is written by the caller.
///
/// # Errors
/// [`Denied::WalletLimit`].
pub(crate) fn run(
    call: &Call,
    mut changes: Changes,
    mut payout: Payout,
    freed: Freed<'_>,
) -> Result<Released, Denied> {
    let mut message = None;
    if freed.before.is_held() && !payout.is_held() {
        changes = gone_on(changes, freed.around.live.as_ref(), call);
        changes = dispatched(changes, &mut payout, (call, &mut message));
    }
    if !payout.is_contradicted() {
        if !payout.is_held() {
            changes = changes.write_if(load_given_free(call, &payout, freed.around));
        }
        let other = freed.around.other.as_ref();
        if let Some(other) = other.filter(|it| freed.other.as_ref() == Some(&it.id)) {
            changes = other_freed(call, changes, (other, &payout.id, freed.around))?;
        }
    }
    Ok(Released {
        changes,
        payout,
        message,
    })
}

/// The next dispatch of a payout that waits for one.
fn dispatched(
    changes: Changes,
    payout: &mut Payout,
    (call, message): (&Call, &mut Option<Message>),
) -> Changes {
    if !payout.waits_for_dispatch() {
        return changes;
    }
    let outbox = next_dispatch(payout, call);
    *message = Some(outbox.message.clone());
    changes.write(Write::Insert(Record::Outbox(Box::new(outbox))))
}

/// An attempt that was set aside is due at once.
fn gone_on(changes: Changes, live: Option<&Attempt>, call: &Call) -> Changes {
    match live {
        Some(live) if live.next_at.is_none() => changes.replace(
            Record::Attempt(Box::new(live.postponed(call.now()))),
            live.version,
        ),
        Some(_) | None => changes,
    }
}

fn other_freed(
    call: &Call,
    changes: Changes,
    (other, decided, around): (&Payout, &PayoutId, &Surroundings),
) -> Result<Changes, Denied> {
    let tx_id = changes.tx_id.clone();
    let note = Note {
        actor: &call.actor,
        at: call.now(),
        tx_id: &tx_id,
        attempt: None,
        reason: Some("load_decided".to_owned()),
    };
    let of = LateOf {
        number: 0,
        // No leg of it moves anything.
        provider: Provider::Payelata,
    };
    let (mut after, transition) = other.late(of, &LateChange::FreedOf(decided.clone()), &note)?;
    let mut changes = changes.record(other, transition);
    if !after.is_held() {
        changes = changes.write_if(load_given_free(call, &after, around));
        changes = gone_on(changes, around.other_live.as_ref(), call);
        // Its message is left to the outbox.
        changes = dispatched(changes, &mut after, (call, &mut None));
    }
    Ok(changes
        .held(other, &after)
        .forget(gone_outbox(other, &after))
        .replace(Record::Payout(Box::new(after)), other.version))
}

/// A payout that gave its load up, and took it again for the time of the decision, gives it up once more.
fn load_given_free(call: &Call, payout: &Payout, around: &Surroundings) -> Option<Write> {
    let gives_up = payout.gave_its_load_up();
    let load = around.load.as_ref()?;
    let has_it = load.status != LoadStatus::Open && load.holder.as_ref() == Some(&payout.id);
    if gives_up && has_it {
        load_settlement(payout, LoadStatus::Open, call.now())
    } else {
        None
    }
}
