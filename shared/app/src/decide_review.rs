//! Records what an owner decides about an attempt. The second owner who says the same takes effect: attempt, money,
//! load and review move in one unit.

mod late;
mod settle;
mod suspense;

use domain::{
    attempt::{Attempt, Shown},
    batch::Hand,
    denied::Denied,
    ids::{AttemptRef, ReviewId},
    payout::Payout,
    review::{Case, Decided, Decision, Disposition, Question, Review},
};
use tracing::{info, warn};

use crate::{
    attempt_review,
    audit_event::{self, Done, changed},
    call::Call,
    cancel_payout::refuse_unless_overtaken,
    changes::{Changes, Subject},
    create_payout::ROUNDS,
    error::Error,
    get_review::{self, NOT_FOUND},
    line_end,
    message::{Check, Message},
    port::{Queue, Store},
    record::{Key, Record},
    request_key::{Answered, Asking},
    send,
    surroundings::Surroundings,
};

pub struct DecideReview<'a> {
    pub asking: Asking<'a, Review>,
    pub review: ReviewId,
    pub by: Hand,
    pub outcome: Disposition,
    /// Names what proves it.
    pub evidence_id: String,
    pub note: Option<String>,
}

/// What is decided on has to be known from the provider itself, and this function cannot ask it: where a read is
/// missing, or the withdrawal of an object, one is queued.
///
/// # Errors
/// `NotFound`; `Denied` for a review that is closed, an outcome that its provider still owns or that does not fit the
/// question, an owner who decided before, a second decision that differs, evidence that is stale or says otherwise,
/// another attempt that may hold money, and a wallet that is too low; `KeyReused`; `Unavailable`.
pub async fn run(
    call: &Call,
    store: &impl Store,
    queue: &impl Queue,
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
        let unit = match decided(call, &scene, (&command, tx_id)) {
            Ok(unit) => unit,
            Err(denied) => {
                // What was read is not one instant: this very request may have won meanwhile.
                if let Some(replayed) = asking.replay_now(store, call.now()).await? {
                    return Ok(replayed);
                }
                if matches!(denied, Denied::EvidenceStale | Denied::WithdrawalPending) {
                    ask(queue, &scene.attempt).await;
                }
                return Err(denied.into());
            }
        };
        // Another payout of the load is withdrawn first, and hands the load over: it waits for this very decision.
        if let Some(superseded) = unit.first {
            match line_end::commit(call, store, superseded).await {
                Ok(_) => continue,
                Err(error) => {
                    refuse_unless_overtaken(error)?;
                    continue;
                }
            }
        }
        let body = (asking.render)(&unit.review);
        let changes = asking.remember(unit.changes, &body, call.now());
        match line_end::commit(call, store, changes).await {
            Ok(ended) => {
                log(&unit.review, command.outcome);
                if let Some(message) = unit.message.or(ended) {
                    send::now(queue, message).await;
                }
                if unit.review.asks_for_withdrawal() {
                    ask(queue, &scene.attempt).await;
                }
                return Ok(Answered::Fresh {
                    it: unit.review,
                    body,
                });
            }
            Err(error) => {
                if let Some(replayed) = asking.replay_after(&error, call.now())? {
                    return Ok(replayed);
                }
                if error.refused(Subject::Available).is_some()
                    && error.refused(Subject::Payout).is_none()
                {
                    return Err(Denied::InsufficientFunds {
                        required: required(&scene, command.outcome),
                    }
                    .into());
                }
                refuse_unless_overtaken(error)?;
            }
        }
    }
    Err(Error::Conflict(
        "the review kept changing; read it again".to_owned(),
    ))
}

/// What the wallet has to have for the decision.
fn required(scene: &Scene, outcome: Disposition) -> domain::money::Cents {
    match outcome {
        Disposition::Absorbed(_) => scene.attempt.posted().surplus(),
        Disposition::Paid
        | Disposition::NotPaid
        | Disposition::Partly(_)
        | Disposition::PartlyRestReturned(_)
        | Disposition::Surplus
        | Disposition::Recovered(_)
        | Disposition::RestReturned(_)
        | Disposition::Returned(_)
        | Disposition::Nothing => scene.payout.amount,
    }
}

/// Has the provider asked about the attempt now.
async fn ask(queue: &impl Queue, attempt: &Attempt) {
    let check = Check {
        tenant: attempt.tenant.clone(),
        reference: attempt.reference.clone(),
        inbox: None,
    };
    send::now(queue, Message::Check(check)).await;
}

fn log(review: &Review, outcome: Disposition) {
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
    around: Surroundings,
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
    let around = match review.question {
        Question::LatePayment => Surroundings::read(store, &payout, &attempt).await?,
        Question::Return => Surroundings {
            load: None,
            ..Surroundings::default()
        },
        Question::Outcome | Question::Suspense => Surroundings::default(),
    };
    Ok(Scene {
        review: *review,
        attempt: *attempt,
        payout: *payout,
        around,
        stored: next(),
    })
}

/// What a decision writes.
struct Unit {
    review: Review,
    changes: Changes,
    /// A unit that has to happen before; then everything is read again.
    first: Option<Changes>,
    message: Option<Message>,
}

fn decided(
    call: &Call,
    scene: &Scene,
    (command, tx_id): (&DecideReview<'_>, String),
) -> Result<Unit, Denied> {
    let decision = Decision {
        by: command.by.clone(),
        at: call.now(),
        outcome: command.outcome,
        evidence_id: command.evidence_id.clone(),
        note: command.note.clone(),
        unread: None,
    };
    let case = Case {
        attempt: &scene.attempt,
        another_paid: scene.around.another_paid(&scene.payout, &scene.attempt),
    };
    let Decided { review, agreed } = scene.review.decided(decision, case)?;
    let mut effect = Effect {
        call,
        scene,
        evidence_id: &command.evidence_id,
        changes: Changes::new("decide-review", tx_id),
        payout: scene.payout.clone(),
        attempt: scene.attempt.clone(),
        first: None,
        message: None,
    };
    match agreed {
        Some(agreed) => effect.take(review.question, agreed)?,
        // The first word about money in suspense opens the review again.
        None => effect.reviewed(&review),
    }
    if effect.first.is_some() {
        return Ok(Unit {
            review,
            changes: effect.changes,
            first: effect.first,
            message: None,
        });
    }
    let message = effect.message.take();
    let changes = effect.written();
    let changes = attempt_review::write(changes, &scene.review, &review).insert(noted(
        call,
        (&scene.review, &review),
        command,
    ));
    Ok(Unit {
        review,
        changes,
        first: None,
        message,
    })
}

/// Collects what two owners bring about.
struct Effect<'a> {
    call: &'a Call,
    scene: &'a Scene,
    evidence_id: &'a str,
    changes: Changes,
    payout: Payout,
    attempt: Attempt,
    first: Option<Changes>,
    message: Option<Message>,
}

impl Effect<'_> {
    fn take(&mut self, question: Question, agreed: Disposition) -> Result<(), Denied> {
        match question {
            _ if agreed.explains() => self.explain(agreed)?,
            Question::Outcome => self.settle(agreed)?,
            Question::LatePayment | Question::Return | Question::Suspense => self.late(agreed)?,
        }
        let read = self.scene.review.evidence.read.as_ref();
        if let Some(shown) = read
            .and_then(|read| read.shown.clone())
            .filter(|_| !agreed.explains())
        {
            self.attempt.decided_on = Some::<Shown>(shown);
        }
        if self.attempt.undecided.is_none() {
            self.attempt.reviewed_at = None;
        }
        Ok(())
    }

    /// The attempt knows since when people are asked about it.
    fn reviewed(&mut self, review: &Review) {
        if self.attempt.reviewed_at.is_none() {
            self.attempt.reviewed_at = Some(review.opened_at);
        }
    }

    fn add(&mut self, add: impl FnOnce(Changes) -> Changes) {
        let tx_id = self.changes.tx_id.clone();
        let changes = std::mem::replace(&mut self.changes, Changes::new("decide-review", tx_id));
        self.changes = add(changes);
    }

    /// The unit with payout and attempt, where they moved.
    fn written(self) -> Changes {
        let (before, payout) = (&self.scene.payout, self.payout);
        let mut changes = self.changes;
        if payout != *before {
            changes = changes
                .held(before, &payout)
                .forget(crate::record_answer::gone_outbox(before, &payout))
                .replace(Record::Payout(Box::new(payout)), before.version);
        }
        if self.attempt != self.scene.attempt {
            let version = self.scene.attempt.version;
            let attempt = Attempt {
                version: version + 1,
                ..self.attempt
            };
            changes = changes.replace(Record::Attempt(Box::new(attempt)), version);
        }
        changes
    }
}

fn noted(call: &Call, (before, after): (&Review, &Review), command: &DecideReview<'_>) -> Record {
    let status = |review: &Review| Some(review.status().name().to_owned());
    let sum = |sum: Option<domain::money::Cents>| sum.map(|it| it.to_string());
    let bearer = match command.outcome {
        Disposition::Absorbed(bearer) => Some(bearer.name().to_owned()),
        _ => None,
    };
    let unread = after.decisions.last().and_then(|it| it.unread);
    let members = [
        changed("outcome", None, Some(command.outcome.name().to_owned())),
        changed("paidAmount", None, sum(command.outcome.part())),
        changed("amount", None, sum(command.outcome.amount())),
        changed("absorbedBy", None, bearer),
        changed("evidenceId", None, Some(command.evidence_id.clone())),
        changed("owner", None, Some(command.by.owner.clone())),
        changed("unread", None, unread.map(|it| it.name().to_owned())),
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
