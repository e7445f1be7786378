//! The only code that applies a provider's answer. The create answer, the process answer, the read a
//! callback caused and the poll all end here, in any order, any number of times: an attempt only moves
//! forward, and late or repeated news is ignored or is a contradiction.

mod late;
mod pen;
mod route;
mod second_payment;

use domain::{
    answer::Answer,
    attempt::Attempt,
    attempt_machine::AttemptState,
    ids::Mode,
    load::LoadStatus,
    payout::Payout,
    resolution::{self, Asked, Step, Verdict},
    review::{Review, Sighting},
    routing::{Provider, RouteSwitch},
    time::Timestamp,
};
use tracing::{error, info, warn};

pub(crate) use self::late::gone_outbox;
use self::pen::Pen;
pub(crate) use self::route::{probing, read_switch, reopen_route, stop_route, write_switch};
use crate::{
    attempt_review,
    call::Call,
    changes::{Changes, Subject, Write},
    error::Error,
    line_end,
    message::{Dispatch, Message},
    port::{CommitError, Store},
    record::{Inbox, Key, ObjectLink, OutboxEntry, Owner, Record},
};

/// How often the route's switch is written again after somebody else changed it.
const ROUNDS: u32 = 3;

/// What is known when an answer arrives.
#[derive(Clone, Debug)]
pub struct Sight {
    pub payout: Payout,
    pub attempt: Attempt,
    /// The callback that caused the read, if one did.
    pub inbox: Option<Inbox>,
    /// The route's switch, where the caller read it.
    pub switch: Option<RouteSwitch>,
}

/// One answer and the call it belongs to.
#[derive(Clone, Debug)]
pub struct News {
    pub asked: Asked,
    pub answer: Answer,
}

/// What an answer led to.
#[derive(Debug)]
pub enum Recorded {
    /// Written; the payout and attempt as they are now, and what should be sent.
    Written {
        payout: Box<Payout>,
        attempt: Box<Attempt>,
        message: Option<Message>,
    },
    /// Another worker was faster. Nothing was written.
    Overtaken,
    /// The attempt is past this answer. Nothing is to be written.
    Stale,
    /// Nothing new, and another worker is in the middle of a call: writing would take its place away.
    WorkerBusy,
}

/// Applies one answer.
///
/// # Errors
/// `Unavailable` when the store cannot be reached; the same news can be recorded again.
pub async fn run(
    call: &Call,
    store: &impl Store,
    sight: &Sight,
    news: &News,
) -> Result<Recorded, Error> {
    if sight.attempt.is_final() {
        return late::run(call, store, sight, news).await;
    }
    let verdict = resolution::proves(&sight.attempt, news.asked, &news.answer, call.now());
    let mut review = match sight.attempt.reviewed_at {
        Some(_) => attempt_review::of(store, &sight.attempt).await?,
        None => None,
    };
    let Some(mut draft) = draft(call, sight, news, (&verdict, review.as_ref())) else {
        return Ok(Recorded::Stale);
    };
    let is_opened = sight.attempt.reviewed_at.is_none() && draft.attempt.reviewed_at.is_some();
    if is_opened {
        // It may have had a review before, which is opened again.
        review = attempt_review::of(store, &sight.attempt).await?;
        match self::draft(call, sight, news, (&verdict, review.as_ref())) {
            Some(again) => draft = again,
            None => return Ok(Recorded::Stale),
        }
    }
    let is_quiet = draft.payout == sight.payout && draft.attempt.state == sight.attempt.state;
    if news.asked == Asked::Read && is_quiet && sight.attempt.is_leased(call.now()) {
        return Ok(Recorded::WorkerBusy);
    }
    if draft.attempt.state == AttemptState::Paid {
        second_payment::stop_routes(call, store, &sight.payout).await?;
    }
    let ended = match line_end::commit(call, store, draft.changes).await {
        Ok(ended) => ended,
        Err(error @ CommitError::Refused(_)) => return overtaken(&error),
        Err(error) => return Err(error.into()),
    };
    if !is_quiet {
        log(&draft.payout, &draft.attempt, &verdict);
    }
    if is_opened {
        let (attempt, reason) = (&draft.attempt, verdict.reason.as_deref().unwrap_or(""));
        let state = attempt.state.name();
        error!(attempt = %attempt.reference, state, reason, "an attempt needs an operator's review");
    }
    if let Some(reason) = verdict.stop {
        stop_route(call, store, route_of(&sight.attempt), reason).await?;
    } else if let Some(switch) = &sight.switch
        && switch.is_opened_by(news.asked.into(), &news.answer)
    {
        reopen_route(call, store, switch).await;
    }
    Ok(Recorded::Written {
        payout: Box::new(draft.payout),
        attempt: Box::new(draft.attempt),
        // A payout that ends a batch's line has no further dispatch.
        message: draft.message.or(ended),
    })
}

/// A refusal because somebody else moved the payout or the attempt is normal. A refused balance is not:
/// money we hold is missing, and a person has to look.
fn overtaken(refusal: &CommitError) -> Result<Recorded, Error> {
    let moved = [
        Subject::Payout,
        Subject::Attempt,
        Subject::Transition,
        Subject::Object,
        Subject::Inbox,
        Subject::Load,
        Subject::Review,
    ];
    if moved.iter().any(|it| refusal.refused(*it).is_some()) {
        return Ok(Recorded::Overtaken);
    }
    error!("a balance refused a movement that the payout's state allows");
    Err(refusal.clone().into())
}

fn log(payout: &Payout, attempt: &Attempt, verdict: &Verdict) {
    let reason = verdict.reason.as_deref().unwrap_or("");
    match verdict.step {
        Step::Nothing | Step::AbsentOnce => {}
        Step::Attempt(_) | Step::PaidThenReturned => info!(
            payout.id = %payout.id,
            attempt = %attempt.reference,
            state = attempt.state.name(),
            status = payout.status.name(),
            reason,
            "payout {} is {}", payout.id, payout.status.name()
        ),
    }
    if reason == "unrecognised_status" {
        warn!(attempt = %attempt.reference, status = attempt.last_status, "unrecognised provider status");
    }
}

struct Draft {
    payout: Payout,
    attempt: Attempt,
    changes: Changes,
    message: Option<Message>,
}

/// Works out everything one answer writes, or none when it is too late to matter.
fn draft(
    call: &Call,
    sight: &Sight,
    news: &News,
    (verdict, review): (&Verdict, Option<&Review>),
) -> Option<Draft> {
    let before = with_object(&sight.attempt, &news.answer);
    let tx_id = call.tx_id(&format!(
        "answer {} {} {}",
        sight.attempt.version,
        sight.payout.version,
        review.map_or(0, |it| it.version)
    ));
    let mut pen = Pen {
        call,
        verdict,
        tx_id: &tx_id,
        payout: sight.payout.clone(),
        transitions: Vec::new(),
        writes: Vec::new(),
        message: None,
    };
    let after = pen.step(&before, &news.answer)?;
    let informative = resolution::is_informative(&sight.attempt, &news.answer);
    let attempt = Attempt {
        version: sight.attempt.version + 1,
        checked_at: match news.asked {
            Asked::Read => Some(call.now()),
            Asked::Create | Asked::Process => after.checked_at,
        },
        ..after
    };
    let mut changes = Changes::new(label(verdict.step), tx_id.clone());
    for transition in pen.transitions {
        changes = changes.record(&sight.payout, transition);
    }
    for write in pen.writes {
        changes = changes.write(write);
    }
    changes = changes.held(&sight.payout, &pen.payout).replace(
        Record::Attempt(Box::new(attempt.clone())),
        sight.attempt.version,
    );
    if attempt.is_final() {
        changes = changes.forget(card_key(&attempt));
    }
    if sight.attempt.object.is_none() {
        changes = link_object(changes, &attempt);
    }
    if attempt_review::is_written(&sight.attempt, &attempt) {
        let sighting = Sighting {
            answer: &news.answer,
            at: call.now(),
            is_read: news.asked == Asked::Read,
        };
        changes = attempt_review::follow(changes, (review, &attempt), sighting);
    }
    // A callback is answered only by a read that said something.
    if let Some(inbox) = sight.inbox.as_ref().filter(|_| informative) {
        changes = mark_done(changes, inbox);
    }
    if pen.payout != sight.payout {
        changes = changes.replace(
            Record::Payout(Box::new(pen.payout.clone())),
            sight.payout.version,
        );
    }
    Some(Draft {
        payout: pen.payout,
        attempt,
        changes,
        message: pen.message,
    })
}

const fn label(step: Step) -> &'static str {
    match step {
        Step::Attempt(_) => "answer",
        Step::PaidThenReturned => "returned",
        Step::AbsentOnce | Step::Nothing => "polled",
    }
}

/// Records which attempt the provider's object belongs to, once.
pub(crate) fn link_object(changes: Changes, attempt: &Attempt) -> Changes {
    let Some(object) = attempt.object.clone() else {
        return changes;
    };
    changes.insert(Record::Object(Box::new(ObjectLink {
        provider: attempt.provider,
        tenant: attempt.tenant.clone(),
        reference: Owner::attempt(attempt.reference.clone()),
        object,
    })))
}

fn mark_done(changes: Changes, inbox: &Inbox) -> Changes {
    let done = Inbox {
        done: true,
        version: inbox.version + 1,
        ..inbox.clone()
    };
    changes.replace(Record::Inbox(Box::new(done)), inbox.version)
}

/// The attempt with what the answer shows of the provider's object, when it is our object.
pub(crate) fn with_object(attempt: &Attempt, answer: &Answer) -> Attempt {
    let Answer::Exists { object, seen } = answer else {
        return attempt.clone();
    };
    let ours = seen.facts.reference == attempt.reference.to_string();
    if !ours || seen.updated < attempt.object_updated {
        return attempt.clone();
    }
    Attempt {
        object: attempt.object.clone().or_else(|| Some(object.clone())),
        object_updated: seen.updated,
        last_status: Some(seen.status.clone()),
        ..attempt.clone()
    }
}

pub(crate) const fn route_of(attempt: &Attempt) -> (Provider, Mode) {
    (attempt.provider, attempt.tenant.mode())
}

/// The lock on the prepaid card that an attempt holds, to be given back once it is final.
pub(crate) fn card_key(attempt: &Attempt) -> Option<Key> {
    let card = attempt.card_lock.clone()?;
    Some(Key::CardLock(attempt.provider, attempt.tenant.mode(), card))
}

/// Marks the payout's load as paid, or gives it free. Nothing for a payout without a load.
pub(crate) fn load_settlement(payout: &Payout, status: LoadStatus, at: Timestamp) -> Option<Write> {
    payout.load.clone().map(|load| Write::SettleLoad {
        tenant: payout.tenant.clone(),
        load,
        payout: payout.id.clone(),
        status,
        at,
    })
}

/// Gives the load of a payout free that came back; while an earlier attempt, or another payout, may have paid it too,
/// the payout keeps it.
pub(crate) fn load_given_back(payout: &Payout, at: Timestamp) -> Option<Write> {
    let status = if payout.is_held() {
        LoadStatus::Held
    } else {
        LoadStatus::Open
    };
    load_settlement(payout, status, at)
}

/// The outbox entry of the payout's next dispatch, noted on the payout.
pub(crate) fn next_dispatch(payout: &mut Payout, call: &Call) -> OutboxEntry {
    let message = Message::Dispatch(Dispatch {
        tenant: payout.tenant.clone(),
        payout: payout.id.clone(),
        driver: Some(payout.driver.clone()),
        attempt: payout
            .live_attempt
            .unwrap_or(payout.attempts.saturating_add(1)),
        seq: payout.dispatch_seq,
        provider: None,
    });
    let outbox = OutboxEntry::new(message, call.now(), call.entropy.of("outbox"));
    payout.outbox = Some(outbox.id.clone());
    outbox
}
