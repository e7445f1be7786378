//! Records what an owner decides about an attempt. The second owner who says the same settles the payout: attempt,
//! money, load and review move in one unit.

use domain::{
    attempt::{Applied, Attempt},
    attempt_machine::AttemptEvent,
    batch::Hand,
    denied::Denied,
    ids::{AttemptRef, ReviewId},
    load::LoadStatus,
    payout::{Change, Note, Outcome, Payout, Settlement},
    review::{Decision, Review},
};
use tracing::{info, warn};

use crate::{
    attempt_review,
    audit_event::{self, Done, changed},
    call::Call,
    cancel_payout::refuse_unless_overtaken,
    changes::Changes,
    create_payout::ROUNDS,
    error::Error,
    get_review::{self, NOT_FOUND},
    line_end,
    port::Store,
    record::{Key, Record},
    record_answer::{card_key, load_settlement},
    request_key::{Answered, Asking},
};

pub struct DecideReview<'a> {
    pub asking: Asking<'a, Review>,
    pub review: ReviewId,
    pub by: Hand,
    pub outcome: Settlement,
    /// Names what proves it.
    pub evidence_id: String,
    pub note: Option<String>,
}

/// # Errors
/// `NotFound`; `Denied` for a review that is closed, an outcome that its provider still owns, an owner who decided
/// before, a second decision that differs, and a part that is none; `KeyReused`; `Unavailable`.
pub async fn run(
    call: &Call,
    store: &impl Store,
    command: DecideReview<'_>,
) -> Result<Answered<Review>, Error> {
    let asking = &command.asking;
    let attempt = get_review::attempt_of(&command.review)?;
    for round in 0..ROUNDS {
        let scene = read(store, asking, &attempt).await?;
        if let Some(replayed) = asking.replay(scene.stored.as_ref(), call.now())? {
            return Ok(replayed);
        }
        let tx_id = call.tx_id(&format!("decide-review {round}"));
        let decided = match decided(call, &scene, (&command, tx_id)) {
            Ok(decided) => decided,
            Err(denied) => {
                // What was read is not one instant: this very request may have won meanwhile.
                let replayed = asking.replay_now(store, call.now()).await?;
                return replayed.ok_or_else(|| denied.into());
            }
        };
        let body = (asking.render)(&decided.review);
        let changes = asking.remember(decided.changes, &body, call.now());
        match line_end::commit(call, store, changes).await {
            // What the last line of a batch says is left to the outbox.
            Ok(_) => {
                log(&decided.review, command.outcome);
                return Ok(Answered::Fresh {
                    it: decided.review,
                    body,
                });
            }
            Err(error) => {
                if let Some(replayed) = asking.replay_after(&error, call.now())? {
                    return Ok(replayed);
                }
                refuse_unless_overtaken(error)?;
            }
        }
    }
    Err(Error::Conflict(
        "the review kept changing; read it again".to_owned(),
    ))
}

fn log(review: &Review, outcome: Settlement) {
    let (id, payout) = (review.id(), &review.reference.payout);
    let outcome = outcome.name();
    match review.closing {
        Some(_) => {
            warn!(review.id = %id, payout.id = %payout, outcome, "operators settled a payout")
        }
        None => {
            info!(review.id = %id, payout.id = %payout, outcome, "a review has its first decision")
        }
    }
}

struct Scene {
    review: Review,
    attempt: Attempt,
    payout: Payout,
    stored: Option<Record>,
}

async fn read(
    store: &impl Store,
    asking: &Asking<'_, Review>,
    reference: &AttemptRef,
) -> Result<Scene, Error> {
    let tenant = asking.tenant;
    let mut keys = vec![
        Key::Review(tenant.clone(), reference.clone()),
        Key::Attempt(tenant.clone(), reference.clone()),
        Key::Payout(tenant.clone(), reference.payout.clone()),
    ];
    keys.extend(asking.stored_at());
    let mut found = store.fetch(&keys).await?.into_iter();
    let mut next = || found.next().flatten();
    let (
        Some(Record::Review(review)),
        Some(Record::Attempt(attempt)),
        Some(Record::Payout(payout)),
    ) = (next(), next(), next())
    else {
        return Err(Error::NotFound(NOT_FOUND));
    };
    Ok(Scene {
        review: *review,
        attempt: *attempt,
        payout: *payout,
        stored: next(),
    })
}

struct Decided {
    review: Review,
    changes: Changes,
}

fn decided(
    call: &Call,
    scene: &Scene,
    (command, tx_id): (&DecideReview<'_>, String),
) -> Result<Decided, Denied> {
    let decision = Decision {
        by: command.by.clone(),
        at: call.now(),
        outcome: command.outcome,
        evidence_id: command.evidence_id.clone(),
        note: command.note.clone(),
    };
    let review = scene.review.decided(decision, &scene.attempt)?;
    let changes = Changes::new("decide-review", tx_id);
    let changes = match review.closing {
        None => changes,
        Some(_) => settle(call, scene, (command, changes))?,
    };
    let changes = attempt_review::write(changes, &scene.review, &review).insert(noted(
        call,
        (&scene.review, &review),
        command,
    ));
    Ok(Decided { review, changes })
}

/// T17: the attempt ends as the owners say, and the payout with it.
fn settle(
    call: &Call,
    scene: &Scene,
    (command, changes): (&DecideReview<'_>, Changes),
) -> Result<Changes, Denied> {
    let (attempt, payout) = (&scene.attempt, &scene.payout);
    if payout.live_attempt != Some(attempt.reference.number) {
        return Err(Denied::WrongState(payout.status));
    }
    let (event, load) = match command.outcome {
        Settlement::Paid | Settlement::Partly(_) => (AttemptEvent::OperatorPaid, true),
        Settlement::NotPaid => (AttemptEvent::OperatorDead, false),
    };
    let Applied::Changed(ended) = attempt.apply(event, call.now())? else {
        return Err(Denied::AttemptState);
    };
    let tx_id = changes.tx_id.clone();
    let note = Note {
        actor: &call.actor,
        at: call.now(),
        tx_id: &tx_id,
        attempt: Some(&ended),
        reason: Some(command.evidence_id.clone()),
    };
    let change = Change::Settle(attempt.provider, command.outcome);
    let Outcome::Moved(settled, transition) = payout.apply(change, &note)? else {
        return Err(Denied::WrongState(payout.status));
    };
    let paid_load = load.then(|| load_settlement(payout, LoadStatus::Paid, call.now()));
    Ok(changes
        .record(payout, *transition)
        .replace(Record::Payout(settled), payout.version)
        .forget(card_key(&ended))
        .replace(Record::Attempt(ended), attempt.version)
        .forget(payout.outbox.clone().map(Key::Outbox))
        .write_if(paid_load.flatten()))
}

fn noted(call: &Call, (before, after): (&Review, &Review), command: &DecideReview<'_>) -> Record {
    let status = |review: &Review| Some(review.status().name().to_owned());
    let part = command.outcome.part().map(|paid| paid.to_string());
    let members = [
        changed("outcome", None, Some(command.outcome.name().to_owned())),
        changed("paidAmount", None, part),
        changed("evidenceId", None, Some(command.evidence_id.clone())),
        changed("status", status(before), status(after)),
    ];
    let id = after.id();
    let done = Done {
        tenant: &after.tenant,
        action: "review.decide",
        subject: ("review", id.as_str()),
        changes: members.into_iter().flatten().collect(),
    };
    audit_event::event(call, done)
}
