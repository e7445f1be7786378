//! Hands a payout to its provider: claim, create, process, with a durable step before each call.
//!
//! Nothing is ever sent from `sending`; a worker that finds its place taken stops. One read and three
//! transactions for a payout that goes well.

use std::time::Duration;

use domain::{
    answer::Answer,
    attempt::{Applied, Attempt, LEASE_MARGIN, Opening, PinnedMethod},
    attempt_machine::{AttemptEvent, AttemptState},
    denied::Denied,
    driver::Driver,
    fee::Rail,
    ids::{AttemptRef, ProviderId},
    load::LoadStatus,
    payout::{Change, Note, Outcome, Payout, PayoutStatus},
    resolution::Asked,
    routing::{self, Provider, RouteSwitch},
    time::Timestamp,
};
use tracing::{info, warn};

use crate::{
    call::Call,
    changes::{Changes, Subject, Write},
    error::Error,
    message::{Check, Dispatch, Message},
    port::{CommitError, CreateOrder, Plaintext, Providers, Queue, Store, Vault},
    record::{Key, Record, ReferenceLink},
    record_answer::{self, News, Recorded, Sight},
    seal::Seal,
    send,
};

/// How long a payout whose route is closed stays with its unsent attempt before it is given up.
const ROUTE_GRACE: Duration = Duration::from_secs(60);

/// What the dispatcher works with.
#[derive(Clone)]
pub struct Dispatcher<S, Q, P, V> {
    pub store: S,
    pub queue: Q,
    pub providers: P,
    pub vault: V,
    pub seal: Seal,
}

/// What one dispatch starts from.
struct Scene {
    payout: Payout,
    attempt: Option<Attempt>,
    driver: Driver,
    switch: RouteSwitch,
}

/// An attempt whose create may now be sent: the intent is durable.
struct Ready {
    payout: Payout,
    attempt: Attempt,
    account: Plaintext,
    switch: RouteSwitch,
}

impl<S: Store, Q: Queue, P: Providers, V: Vault> Dispatcher<S, Q, P, V> {
    /// Brings a payout one step on, as far as the stored state allows. Repeats and old messages do
    /// nothing.
    ///
    /// # Errors
    /// `Unavailable` when the store or the vault cannot be reached: the message should come again.
    pub async fn run(&self, call: &Call, message: &Dispatch) -> Result<(), Error> {
        let Some(scene) = self.read(message).await? else {
            return Ok(());
        };
        match scene.payout.status {
            PayoutStatus::Validated | PayoutStatus::Queued => {
                if message.seq != scene.payout.dispatch_seq {
                    return Ok(());
                }
                self.claim(call, scene).await
            }
            PayoutStatus::Processing => self.continue_attempt(call, scene).await,
            PayoutStatus::Scheduled
            | PayoutStatus::Completed
            | PayoutStatus::Failed
            | PayoutStatus::Canceled
            | PayoutStatus::Returned => Ok(()),
        }
    }

    /// Reads payout, attempt, driver and switch in one round trip when the message knows the driver.
    async fn read(&self, message: &Dispatch) -> Result<Option<Scene>, Error> {
        let tenant = &message.tenant;
        let provider = Provider::Payelata;
        let reference = AttemptRef::new(message.payout.clone(), message.attempt);
        let mut keys = vec![
            Key::Payout(tenant.clone(), message.payout.clone()),
            Key::Attempt(tenant.clone(), reference),
            Key::Switch(provider, tenant.mode()),
        ];
        keys.extend(
            message
                .driver
                .clone()
                .map(|driver| Key::Driver(tenant.clone(), driver)),
        );
        let mut found = self.store.fetch(&keys).await?.into_iter();
        let Some(Some(Record::Payout(payout))) = found.next() else {
            warn!(payout.id = %message.payout, "a message names a payout that does not exist");
            return Ok(None);
        };
        let attempt = match found.next().flatten() {
            Some(Record::Attempt(attempt)) => Some(*attempt),
            Some(_) | None => None,
        };
        let switch = match found.next().flatten() {
            Some(Record::Switch(switch)) => *switch,
            Some(_) | None => RouteSwitch::open(provider, tenant.mode()),
        };
        let driver = match found.next().flatten() {
            Some(record) => Some(record),
            None => {
                let key = Key::Driver(tenant.clone(), payout.driver.clone());
                self.store.fetch(&[key]).await?.into_iter().next().flatten()
            }
        };
        let Some(Record::Driver(driver)) = driver else {
            warn!(payout.id = %payout.id, "the driver of a payout does not exist");
            return Ok(None);
        };
        Ok(Some(Scene {
            payout: *payout,
            attempt,
            driver: *driver,
            switch,
        }))
    }

    /// T6: takes the payout for a new attempt, with the intent to create, in one transaction.
    async fn claim(&self, call: &Call, scene: Scene) -> Result<(), Error> {
        let payout = &scene.payout;
        if let Err(reason) = scene.driver.require_payable(payout.rail) {
            return self.cancel(call, payout, &reason.to_string()).await;
        }
        let Some(method) = &scene.driver.method else {
            return self.cancel(call, payout, "payout_method_missing").await;
        };
        let Some(provider) = routing::route_left(method.kind, payout.rail, &payout.tried) else {
            return self.cancel(call, payout, "no_route").await;
        };
        if !scene.switch.lets_through(call.now()) {
            return self.wait_for_route(call, &scene).await;
        }
        let account = self
            .vault
            .open(&payout.tenant, &payout.driver, &method.sealed)
            .await?;
        let pinned = PinnedMethod {
            kind: method.kind,
            version: method.version,
        };
        let claimed = claimed(call, &scene, provider, pinned)?;
        match self.store.commit(claimed.changes).await {
            Ok(()) => {
                info!(payout.id = %payout.id, attempt = %claimed.attempt.reference, "payout claimed");
                let ready = Ready {
                    payout: claimed.payout,
                    attempt: claimed.attempt,
                    account,
                    switch: claimed.switch,
                };
                self.create(call, ready).await
            }
            Err(error) => overtaken(error),
        }
    }

    /// The driver became ineligible, or nothing can carry the payout: the system withdraws it.
    async fn cancel(&self, call: &Call, payout: &Payout, reason: &str) -> Result<(), Error> {
        let tx_id = call.tx_id("cancel");
        let note = Note {
            actor: &call.actor,
            at: call.now(),
            tx_id: &tx_id,
            attempt: None,
            reason: Some(reason.to_owned()),
        };
        let Outcome::Moved(canceled, transition) = payout.apply(Change::Cancel, &note)? else {
            return Ok(());
        };
        let changes = Changes::new("cancel", tx_id)
            .record(*transition)
            .replace(Record::Payout(canceled), payout.version)
            .forget(payout.outbox.clone().map(Key::Outbox))
            .write_if(record_answer::load_settlement(
                payout,
                LoadStatus::Open,
                call.now(),
            ));
        info!(payout.id = %payout.id, reason, "payout withdrawn by the system");
        self.store.commit(changes).await.or_else(overtaken)
    }

    /// The route is closed: nothing fails, the payout is looked at again when it may be open.
    async fn wait_for_route(&self, call: &Call, scene: &Scene) -> Result<(), Error> {
        let payout = &scene.payout;
        let probe_at = scene.switch.stopped.as_ref().and_then(|stop| stop.probe_at);
        let waiting = payout.waiting_for_route(call.now(), probe_at);
        let changes = Changes::new("wait", call.tx_id("wait"))
            .replace(Record::Payout(Box::new(waiting)), payout.version)
            .forget(payout.outbox.clone().map(Key::Outbox));
        self.store.commit(changes).await.or_else(overtaken)
    }

    /// Continues the attempt that owns the payout, when nobody else may hold it.
    async fn continue_attempt(&self, call: &Call, scene: Scene) -> Result<(), Error> {
        let Some(attempt) = scene.attempt.clone() else {
            return Ok(());
        };
        let is_live = scene.payout.live_attempt == Some(attempt.reference.number);
        if !is_live || attempt.is_leased(call.now()) {
            return Ok(());
        }
        match attempt.state {
            AttemptState::Prepared => self.resume_prepared(call, scene, attempt).await,
            AttemptState::Created => self.resume_created(call, scene, attempt).await,
            AttemptState::Sending
            | AttemptState::ProcessSending
            | AttemptState::Submitted
            | AttemptState::Unknown
            | AttemptState::Review
            | AttemptState::Paid
            | AttemptState::Dead => Ok(()),
        }
    }

    /// A prepared attempt: the first claim of an instant payout, or a repeat under the same reference.
    async fn resume_prepared(
        &self,
        call: &Call,
        scene: Scene,
        attempt: Attempt,
    ) -> Result<(), Error> {
        let now = call.now();
        if !scene.switch.lets_through(now) {
            let graced = now.since(attempt.created_at) >= ROUTE_GRACE;
            if attempt.was_never_sent() && graced {
                return self.give_up_unsent(call, &scene, &attempt).await;
            }
            let probe_at = scene.switch.stopped.as_ref().and_then(|stop| stop.probe_at);
            let grace = attempt
                .created_at
                .plus(ROUTE_GRACE)
                .max(now.plus(ROUTE_GRACE));
            let next_at = probe_at.unwrap_or(grace).min(grace);
            let changes = Changes::new("wait", call.tx_id("wait"))
                .replace(
                    Record::Attempt(Box::new(attempt.postponed(next_at))),
                    attempt.version,
                )
                .forget(scene.payout.outbox.clone().map(Key::Outbox));
            return self.store.commit(changes).await.or_else(overtaken);
        }
        let Some((pinned, sealed)) = self.method_of(&scene, &attempt).await? else {
            return self.give_up_unsent(call, &scene, &attempt).await;
        };
        let account = self
            .vault
            .open(&attempt.tenant, &attempt.driver, &sealed)
            .await?;
        let reclaimed = moved(&attempt, AttemptEvent::Reclaim, call)?;
        let sending = Attempt {
            method: Some(pinned),
            version: attempt.version + 1,
            ..moved(&reclaimed, AttemptEvent::IntendCreate, call)?
        };
        let (changes, switch) = probing(
            Changes::new("intend-create", call.tx_id("intend-create")),
            &scene.switch,
            call,
        );
        let changes = changes
            .replace(Record::Attempt(Box::new(sending.clone())), attempt.version)
            .forget(scene.payout.outbox.clone().map(Key::Outbox));
        match self.store.commit(changes).await {
            Ok(()) => {
                let ready = Ready {
                    payout: scene.payout,
                    attempt: sending,
                    account,
                    switch,
                };
                self.create(call, ready).await
            }
            Err(error) => overtaken(error),
        }
    }

    /// The method an attempt is pinned to, or the driver's newest for one that was never sent.
    async fn method_of(
        &self,
        scene: &Scene,
        attempt: &Attempt,
    ) -> Result<Option<(PinnedMethod, String)>, Error> {
        let newest = scene.driver.method.as_ref();
        if let (None, Some(method)) = (attempt.method, newest) {
            let pinned = PinnedMethod {
                kind: method.kind,
                version: method.version,
            };
            return Ok(Some((pinned, method.sealed.clone())));
        }
        let Some(pinned) = attempt.method else {
            return Ok(None);
        };
        if let Some(method) = newest.filter(|method| method.version == pinned.version) {
            return Ok(Some((pinned, method.sealed.clone())));
        }
        let key = Key::Method(
            attempt.tenant.clone(),
            attempt.driver.clone(),
            pinned.version,
        );
        match self.store.fetch(&[key]).await?.into_iter().next().flatten() {
            Some(Record::Method(stored)) => Ok(Some((pinned, stored.method.sealed))),
            Some(_) | None => Ok(None),
        }
    }

    /// Nothing was ever sent and the route stays closed: the payout goes back to waiting, where it can
    /// be canceled. The attempt does not count.
    async fn give_up_unsent(
        &self,
        call: &Call,
        scene: &Scene,
        attempt: &Attempt,
    ) -> Result<(), Error> {
        let dead = Attempt {
            reason: Some("route_closed".to_owned()),
            ..moved(attempt, AttemptEvent::Abandon, call)?
        };
        let tx_id = call.tx_id("give-up");
        let note = Note {
            actor: &call.actor,
            at: call.now(),
            tx_id: &tx_id,
            attempt: Some(&dead),
            reason: dead.reason.clone(),
        };
        let change = Change::DeadWithRoute { counts: false };
        let Outcome::Moved(queued, transition) = scene.payout.apply(change, &note)? else {
            return Ok(());
        };
        let probe_at = scene.switch.stopped.as_ref().and_then(|stop| stop.probe_at);
        let queued = queued.waiting_for_route(call.now(), probe_at);
        let changes = Changes::new("give-up", tx_id.clone())
            .record(*transition)
            .replace(Record::Payout(Box::new(queued)), scene.payout.version)
            .replace(Record::Attempt(Box::new(dead)), attempt.version)
            .forget(scene.payout.outbox.clone().map(Key::Outbox));
        self.store.commit(changes).await.or_else(overtaken)
    }

    /// An object that is inert, found by a read or left by a worker that died: process it.
    async fn resume_created(
        &self,
        call: &Call,
        scene: Scene,
        attempt: Attempt,
    ) -> Result<(), Error> {
        let Some(object) = attempt.object.clone() else {
            return Ok(());
        };
        let reclaimed = moved(&attempt, AttemptEvent::Reclaim, call)?;
        let processing = Attempt {
            version: attempt.version + 1,
            ..moved(&reclaimed, AttemptEvent::IntendProcess, call)?
        };
        let changes = Changes::new("intend-process", call.tx_id("intend-process")).replace(
            Record::Attempt(Box::new(processing.clone())),
            attempt.version,
        );
        match self.store.commit(changes).await {
            Ok(()) => self.process(call, scene.payout, processing, &object).await,
            Err(error) => overtaken(error),
        }
    }

    /// Sends the create and, when the object is there and inert, goes on to process it.
    async fn create(&self, call: &Call, ready: Ready) -> Result<(), Error> {
        let Ready {
            payout,
            attempt,
            account,
            switch,
        } = ready;
        let Some(method) = attempt.method else {
            return Ok(());
        };
        let budget = self.providers.call_budget();
        if !attempt.lease_covers(call.now(), budget) {
            return Ok(());
        }
        let answer = self
            .providers
            .create(CreateOrder {
                attempt: &attempt,
                method: method.kind,
                account: &account,
                callback_token: self
                    .seal
                    .callback_token(&attempt.tenant, &attempt.reference),
            })
            .await;
        if let Some(object) = inert_object(&attempt, &answer, call) {
            let created = record_answer::with_object(&attempt, &answer);
            let created = moved(&created, AttemptEvent::Created, call)?;
            let processing = Attempt {
                version: attempt.version + 1,
                ..moved(&created, AttemptEvent::IntendProcess, call)?
            };
            let processing = with_lease_kept(&attempt, processing, call.now().plus(budget));
            let mut changes = record_answer::link_object(
                Changes::new("created", call.tx_id("created")),
                &processing,
            )
            .replace(
                Record::Attempt(Box::new(processing.clone())),
                attempt.version,
            );
            if switch.stopped.is_some() {
                changes = record_answer::write_switch(changes, &switch, switch.reopened());
            }
            return match self.store.commit(changes).await {
                Ok(()) => self.process(call, payout, processing, &object).await,
                Err(error) => overtaken(error),
            };
        }
        let sight = Sight {
            payout,
            attempt,
            inbox: None,
            switch: Some(switch),
        };
        let news = News {
            asked: Asked::Create,
            answer,
        };
        self.record(call, &sight, &news).await
    }

    async fn process(
        &self,
        call: &Call,
        payout: Payout,
        attempt: Attempt,
        object: &ProviderId,
    ) -> Result<(), Error> {
        if !attempt.lease_covers(call.now(), self.providers.call_budget()) {
            return Ok(());
        }
        let answer = self.providers.process(&attempt, object).await;
        let sight = Sight {
            payout,
            attempt,
            inbox: None,
            switch: None,
        };
        let news = News {
            asked: Asked::Process,
            answer,
        };
        self.record(call, &sight, &news).await
    }

    async fn record(&self, call: &Call, sight: &Sight, news: &News) -> Result<(), Error> {
        match record_answer::run(call, &self.store, sight, news).await? {
            Recorded::Overtaken => Ok(()),
            Recorded::Written {
                attempt, message, ..
            } => {
                if let Some(message) = message {
                    send::now(&self.queue, message).await;
                }
                send_next_check(call, &self.queue, &attempt).await;
                Ok(())
            }
        }
    }
}

/// Instant payouts are read within seconds, sooner than the due index ticks: the next read travels as a
/// delayed message. Everything else is left to the due index.
pub(crate) async fn send_next_check(call: &Call, queue: &impl Queue, attempt: &Attempt) {
    let Some(next_at) = attempt.next_at else {
        return;
    };
    let delay = next_at.since(call.now()).as_secs();
    let soon = attempt.state == AttemptState::Submitted && attempt.rail == Rail::Instant;
    if soon && delay <= 60 {
        let check = Message::Check(Check {
            tenant: attempt.tenant.clone(),
            reference: attempt.reference.clone(),
            inbox: None,
        });
        send::after(queue, check, u32::try_from(delay).unwrap_or(60)).await;
    }
}

/// The object of a create that went well: ours, fitting in every figure, and inert.
fn inert_object(attempt: &Attempt, answer: &Answer, call: &Call) -> Option<ProviderId> {
    use domain::resolution::{Step, proves};
    let verdict = proves(attempt, Asked::Create, answer, call.now());
    match (verdict.step, answer) {
        (Step::Attempt(AttemptEvent::Created), Answer::Exists { object, .. }) => {
            Some(object.clone())
        }
        _ => None,
    }
}

/// The lease of the create usually covers the process call too; a fresh one would move the attempt in
/// the due index for nothing.
fn with_lease_kept(before: &Attempt, processing: Attempt, until: Timestamp) -> Attempt {
    if before.is_leased(until.plus(LEASE_MARGIN)) {
        Attempt {
            lease_until: before.lease_until,
            next_at: before.next_at,
            ..processing
        }
    } else {
        processing
    }
}

fn moved(attempt: &Attempt, event: AttemptEvent, call: &Call) -> Result<Attempt, Error> {
    match attempt.apply(event, call.now())? {
        Applied::Changed(next) => Ok(*next),
        Applied::Unchanged | Applied::Contradiction => Err(Denied::AttemptState.into()),
    }
}

/// While a stopped route's probe runs, the next one is put off.
fn probing(changes: Changes, switch: &RouteSwitch, call: &Call) -> (Changes, RouteSwitch) {
    if switch.stopped.is_none() {
        return (changes, switch.clone());
    }
    let probing = switch.probing(call.now());
    (
        record_answer::write_switch(changes, switch, probing.clone()),
        probing,
    )
}

struct Claimed {
    payout: Payout,
    attempt: Attempt,
    changes: Changes,
    switch: RouteSwitch,
}

/// `enqueue` (when nobody recorded it) and `claim` as two transitions of one transaction.
fn claimed(
    call: &Call,
    scene: &Scene,
    provider: Provider,
    method: PinnedMethod,
) -> Result<Claimed, Error> {
    let tx_id = call.tx_id("claim");
    let mut note = Note {
        actor: &call.actor,
        at: call.now(),
        tx_id: &tx_id,
        attempt: None,
        reason: None,
    };
    let mut changes = Changes::new("claim", tx_id.clone());
    let mut payout = scene.payout.clone();
    if payout.status == PayoutStatus::Validated
        && let Outcome::Moved(queued, transition) = payout.apply(Change::Enqueue, &note)?
    {
        payout = *queued;
        changes = changes.record(*transition);
    }
    let reference = AttemptRef::new(payout.id.clone(), payout.attempts + 1);
    let opening = Opening {
        reference: reference.clone(),
        provider,
        method: Some(method),
        at: call.now(),
    };
    let attempt = Attempt::prepared(&payout, opening);
    note.attempt = Some(&attempt);
    let Outcome::Moved(payout, transition) = payout.apply(Change::Claim(provider), &note)? else {
        return Err(Denied::WrongState(scene.payout.status).into());
    };
    let attempt = Attempt {
        version: 1,
        ..moved(&attempt, AttemptEvent::IntendCreate, call)?
    };
    let link = ReferenceLink {
        provider,
        tenant: attempt.tenant.clone(),
        reference,
    };
    let (changes, switch) = probing(changes, &scene.switch, call);
    let changes = changes
        .record(*transition)
        .write(Write::RequirePayable {
            tenant: attempt.tenant.clone(),
            driver: attempt.driver.clone(),
            rail: attempt.rail,
        })
        .replace(Record::Payout(payout.clone()), scene.payout.version)
        .insert(Record::Attempt(Box::new(attempt.clone())))
        .insert(Record::Reference(Box::new(link)))
        .forget(scene.payout.outbox.clone().map(Key::Outbox));
    Ok(Claimed {
        payout: *payout,
        attempt,
        changes,
        switch,
    })
}

/// A refusal means that another worker or a cancellation was faster; its message or the due index goes
/// on. A driver who just became ineligible is met again by the due index.
fn overtaken(error: CommitError) -> Result<(), Error> {
    match &error {
        CommitError::Refused(refusals) => {
            let missing = refusals.iter().all(|it| it.subject == Subject::Balance);
            if missing {
                tracing::error!("a balance refused a movement that the payout's state allows");
                return Err(error.into());
            }
            Ok(())
        }
        CommitError::Contended | CommitError::Unreachable(_) => Err(error.into()),
    }
}
