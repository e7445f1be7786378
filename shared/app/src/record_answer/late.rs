//! News of an attempt that has ended for us. What our books do not explain holds the payout, and whoever else has its
//! load, in the unit that records it: a worker that was about to send loses its place, and people decide.

use domain::{
    attempt::{Attempt, AttemptMoney, DEAD_READS_APART, Undecided},
    load::LoadStatus,
    money::Cents,
    payout::{Change, GivenBack, LateChange, LateOf, Note, Outcome, Payout},
    resolution::{self, Asked, Contradiction, LateNews},
    review::{Review, Sighting},
    routing::StopReason,
    time::Timestamp,
};
use tracing::{error, info};

use super::{
    Draft, News, Recorded, Sight, load_given_back, mark_done, overtaken, route_of, stop_route,
    with_object,
};
use crate::{
    attempt_review,
    call::Call,
    changes::Changes,
    error::Error,
    line_end,
    message::Message,
    port::{CommitError, Store},
    record::{Key, Record},
    release_hold::{self, Freed},
    surroundings::Surroundings,
};

/// What a read of the ended attempt leads to.
enum Step {
    /// Only the next read is put off.
    Watched,
    /// One answer more that the object is gone.
    Absent,
    /// A read shows a dead attempt dead again, in the provider's own words.
    DeadAgain,
    /// The provider itself took its contradiction back.
    Lifted,
    /// All of a payment came back, and the provider proves it.
    Returned,
    Contradicted(Contradiction),
}

fn step(attempt: &Attempt, news: &LateNews, now: Timestamp) -> Step {
    match (news, &attempt.undecided) {
        (LateNews::Silent | LateNews::Nothing, _) | (LateNews::Confirms, None) => Step::Watched,
        (LateNews::AbsentOnce, _) => Step::Absent,
        (LateNews::Returned, _) => Step::Returned,
        (LateNews::Confirms, Some(_)) if attempt.has_paid() => Step::Lifted,
        (LateNews::Confirms, Some(undecided)) => {
            let long_enough = |first: Timestamp| now.since(first) >= DEAD_READS_APART;
            let nothing_paid = attempt.posted().surplus() == Cents::ZERO;
            if nothing_paid && undecided.dead_at.is_some_and(long_enough) {
                Step::Lifted
            } else {
                Step::DeadAgain
            }
        }
        (LateNews::Contradicts(said), Some(_)) if said.more == Cents::ZERO => Step::Watched,
        (LateNews::Contradicts(said), _) => Step::Contradicted(said.clone()),
    }
}

/// Applies one answer to an attempt that has ended.
pub(super) async fn run(
    call: &Call,
    store: &impl Store,
    sight: &Sight,
    news: &News,
) -> Result<Recorded, Error> {
    let told = resolution::late_news(&sight.attempt, &news.answer, call.now());
    // What a create or process call says too late is news only where it shows something.
    if news.asked != Asked::Read && !matches!(told, LateNews::Contradicts(_)) {
        return Ok(Recorded::Stale);
    }
    let step = step(&sight.attempt, &told, call.now());
    let known = Known::read(store, sight, &step).await?;
    let Some(draft) = draft(call, (sight, news), &told, (&step, &known))? else {
        return Ok(Recorded::Stale);
    };
    if let Step::Contradicted(said) = &step {
        let (reason, more) = (&said.reason, said.more.get());
        error!(attempt = %sight.attempt.reference, reason, more, "a provider contradicts our books");
        if said.more.is_positive() && known.around.another_paid(&sight.payout, &sight.attempt) {
            // Stopped first: a crash in between leaves a stopped route, not a forgotten second payment.
            stop_route(
                call,
                store,
                route_of(&sight.attempt),
                StopReason::Contradiction,
            )
            .await?;
        }
    }
    let ended = match line_end::commit(call, store, draft.changes).await {
        Ok(ended) => ended,
        Err(error @ CommitError::Refused(_)) => return overtaken(&error),
        Err(error) => return Err(error.into()),
    };
    if draft.payout != sight.payout {
        let (payout, status) = (&draft.payout, draft.payout.status.name());
        let held = payout.is_held();
        info!(payout.id = %payout.id, attempt = %draft.attempt.reference, status, held, "payout {} is {status}", payout.id);
    }
    Ok(Recorded::Written {
        payout: Box::new(draft.payout),
        attempt: Box::new(draft.attempt),
        message: draft.message.or(ended),
    })
}

/// What is read beside payout and attempt, where the news needs it.
#[derive(Default)]
struct Known {
    review: Option<Review>,
    around: Surroundings,
}

impl Known {
    async fn read(store: &impl Store, sight: &Sight, step: &Step) -> Result<Self, Error> {
        let is_reviewed = sight.attempt.reviewed_at.is_some();
        let moves = match step {
            Step::Watched | Step::Absent | Step::DeadAgain | Step::Returned => false,
            Step::Lifted | Step::Contradicted(_) => true,
        };
        if !is_reviewed && !moves {
            return Ok(Self::default());
        }
        Ok(Self {
            review: attempt_review::of(store, &sight.attempt).await?,
            around: if moves {
                Surroundings::read(store, &sight.payout, &sight.attempt).await?
            } else {
                Surroundings::default()
            },
        })
    }
}

fn draft(
    call: &Call,
    (sight, news): (&Sight, &News),
    told: &LateNews,
    (step, known): (&Step, &Known),
) -> Result<Option<Draft>, Error> {
    let (now, before) = (call.now(), &sight.attempt);
    let tx_id = call.tx_id(&format!(
        "late {} {} {}",
        before.version,
        sight.payout.version,
        known.review.as_ref().map_or(0, |it| it.version)
    ));
    let mut late = Late {
        call,
        sight,
        around: &known.around,
        tx_id: &tx_id,
        payout: sight.payout.clone(),
        attempt: with_object(before, &news.answer),
        changes: Changes::new("late", tx_id.clone()),
        message: None,
    };
    match step {
        Step::Watched => late.watched(told),
        Step::Absent => {
            late.attempt.absences += 1;
            late.attempt.absent_at = Some(now);
        }
        Step::DeadAgain => late.dead_again(),
        Step::Lifted => late.lifted()?,
        Step::Returned => {
            if !late.returned()? {
                return Ok(None);
            }
        }
        Step::Contradicted(said) => late.contradicted(said)?,
    }
    let news_of_read = resolution::final_news(&late.attempt, told, &news.answer);
    let attempt = late
        .attempt
        .read_again(now, news_of_read, call.entropy.chance());
    let attempt = Attempt {
        version: before.version + 1,
        ..attempt
    };
    let mut changes = late
        .changes
        .replace(Record::Attempt(Box::new(attempt.clone())), before.version);
    if attempt_review::is_written(before, &attempt) {
        let sighting = Sighting {
            answer: &news.answer,
            at: now,
            is_read: true,
        };
        changes = attempt_review::follow(changes, (known.review.as_ref(), &attempt), sighting);
    }
    let informative = resolution::is_informative(before, &news.answer);
    if let Some(inbox) = sight.inbox.as_ref().filter(|_| informative) {
        changes = mark_done(changes, inbox);
    }
    if late.payout != sight.payout {
        changes = changes
            .held(&sight.payout, &late.payout)
            .forget(gone_outbox(&sight.payout, &late.payout))
            .replace(
                Record::Payout(Box::new(late.payout.clone())),
                sight.payout.version,
            );
    }
    Ok(Some(Draft {
        payout: late.payout,
        attempt,
        changes,
        message: late.message,
    }))
}

/// The outbox entry that a payout no longer waits for.
pub(crate) fn gone_outbox(before: &Payout, after: &Payout) -> Option<Key> {
    let gone = before
        .outbox
        .clone()
        .filter(|_| before.outbox != after.outbox);
    gone.map(Key::Outbox)
}

/// Collects what the news changes.
struct Late<'a> {
    call: &'a Call,
    sight: &'a Sight,
    around: &'a Surroundings,
    tx_id: &'a str,
    payout: Payout,
    attempt: Attempt,
    changes: Changes,
    message: Option<Message>,
}

impl Late<'_> {
    fn of(&self) -> LateOf {
        LateOf {
            number: self.attempt.reference.number,
            provider: self.attempt.provider,
        }
    }

    fn note<'n>(&'n self, reason: Option<&str>) -> Note<'n> {
        Note {
            actor: &self.call.actor,
            at: self.call.now(),
            tx_id: self.tx_id,
            attempt: Some(&self.attempt),
            reason: reason.map(str::to_owned),
        }
    }

    fn change(&mut self, change: &LateChange, reason: Option<&str>) -> Result<(), Error> {
        let (payout, transition) = self.payout.late(self.of(), change, &self.note(reason))?;
        self.payout = payout;
        let changes = std::mem::replace(&mut self.changes, Changes::new("late", String::new()));
        self.changes = changes.record(&self.sight.payout, transition);
        Ok(())
    }

    fn add(&mut self, add: impl FnOnce(Changes) -> Changes) {
        let changes = std::mem::replace(&mut self.changes, Changes::new("late", String::new()));
        self.changes = add(changes);
    }

    /// Nothing new. What says that the attempt may hold money takes a first sign of its death back.
    fn watched(&mut self, told: &LateNews) {
        let takes_back = match told {
            LateNews::Contradicts(_) => true,
            LateNews::Silent
            | LateNews::Nothing
            | LateNews::Confirms
            | LateNews::Returned
            | LateNews::AbsentOnce => false,
        };
        if let Some(undecided) = self.attempt.undecided.as_mut().filter(|_| takes_back) {
            undecided.dead_at = None;
        }
        let shows = !matches!(told, LateNews::Silent);
        if shows {
            self.attempt.absences = 0;
            self.attempt.absent_at = None;
        }
    }

    fn dead_again(&mut self) {
        let now = self.call.now();
        if let Some(undecided) = &mut self.attempt.undecided {
            undecided.dead_at.get_or_insert(now);
        }
    }

    fn lifted(&mut self) -> Result<(), Error> {
        self.change(&LateChange::Lifted, Some("the provider took it back"))?;
        let undecided = self.attempt.undecided.take();
        self.attempt.reviewed_at = None;
        let freed = Freed {
            before: &self.sight.payout,
            around: self.around,
            other: undecided.and_then(|it| it.holds),
        };
        let payout = self.payout.clone();
        let changes = std::mem::replace(&mut self.changes, Changes::new("late", String::new()));
        let released = release_hold::run(self.call, changes, payout, freed)?;
        self.changes = released.changes;
        self.payout = released.payout;
        self.message = released.message;
        Ok(())
    }

    /// False when the payout is past it.
    fn returned(&mut self) -> Result<bool, Error> {
        let money = self.attempt.posted();
        let back = GivenBack {
            provider: self.attempt.provider,
            cleared: money.returnable(),
            rest: money.rest(),
        };
        let reason = self.attempt.last_status.clone();
        let note = self.note(reason.as_deref());
        let Outcome::Moved(payout, transition) =
            self.payout.apply(Change::Returned(back), &note)?
        else {
            return Ok(false);
        };
        self.payout = *payout;
        self.attempt.money = Some(money.all_back());
        self.attempt.undecided = None;
        self.attempt.reviewed_at = None;
        let load = load_given_back(&self.payout, self.call.now());
        let before = self.sight.payout.clone();
        self.add(|changes| changes.record(&before, *transition).write_if(load));
        Ok(true)
    }

    fn contradicted(&mut self, said: &Contradiction) -> Result<(), Error> {
        let now = self.call.now();
        let more = said.more;
        self.change(&LateChange::Contradicted { more }, Some(&said.reason))?;
        let attempt = &mut self.attempt;
        if let Some(object) = said.object.as_ref().filter(|_| more.is_positive()) {
            let money: AttemptMoney = attempt.posted().unexplained(object, said.is_own, more);
            attempt.money = Some(money);
        }
        let held = self.around.other.as_ref().map(|other| other.id.clone());
        let since = attempt.undecided.as_ref().map_or(now, |it| it.since);
        let holds = attempt.undecided.take().and_then(|it| it.holds).or(held);
        attempt.undecided = Some(Undecided {
            since,
            reason: said.reason.clone(),
            dead_at: None,
            holds,
        });
        attempt.reviewed_at.get_or_insert(now);
        self.fence()?;
        self.take_load();
        Ok(())
    }

    /// Whoever was about to send for the payout, or for another one of its load, loses its place.
    fn fence(&mut self) -> Result<(), Error> {
        let around = self.around;
        for live in [&around.live, &around.other_live].into_iter().flatten() {
            let fenced = live.fenced(self.call.now());
            let version = live.version;
            self.add(|changes| changes.replace(Record::Attempt(Box::new(fenced)), version));
        }
        let Some(other) = &around.other else {
            return Ok(());
        };
        let of = LateOf {
            number: self.attempt.reference.number,
            provider: self.attempt.provider,
        };
        let note = Note {
            attempt: None,
            ..self.note(Some("load_contradicted"))
        };
        let change = LateChange::HeldFor(self.payout.id.clone());
        let (held, transition) = other.late(of, &change, &note)?;
        self.add(|changes| {
            changes
                .record(other, transition)
                .held(other, &held)
                .forget(gone_outbox(other, &held))
                .replace(Record::Payout(Box::new(held)), other.version)
        });
        Ok(())
    }

    /// A load that is open is taken again: the payout may have paid it.
    fn take_load(&mut self) {
        let gave_it_up = self.payout.gave_its_load_up();
        let load = self.around.load.as_ref();
        let open = load.filter(|load| gave_it_up && load.status == LoadStatus::Open);
        if let Some(load) = open {
            let taken = load.taken_again_by(&self.payout.id, self.call.now());
            let version = load.version;
            self.add(|changes| changes.replace(Record::Load(Box::new(taken)), version));
        }
    }
}
