//! Taking a payout for a new attempt, or withdrawing one that nothing can carry.

use domain::{
    attempt::{Attempt, Opening, PinnedMethod},
    attempt_machine::AttemptEvent,
    denied::Denied,
    ids::{AttemptRef, Submission},
    load::LoadStatus,
    payout::{Change, Note, Outcome, Payout, PayoutStatus},
    routing::{Choice, Provider, RouteSwitch},
    time::Timestamp,
};
use tracing::info;

use super::{Claim, Dispatcher, Ready, Scene, card::with_card, moved, overtaken};
use crate::{
    call::Call,
    changes::{Changes, Subject, Write},
    error::Error,
    line_end,
    port::{CommitError, NotShown, Providers, Queue, SealedFor, Snapshot, Store, Vault},
    record::{Key, Record, ReferenceLink},
    record_answer::{self, probing},
    seal::Seal,
    send,
};

impl<S: Store, Q: Queue, P: Providers, V: Vault> Dispatcher<S, Q, P, V> {
    /// T6: takes the payout for a new attempt, with the intent to create, in one transaction.
    pub(super) async fn claim(&self, call: &Call, scene: Scene) -> Result<Claim, Error> {
        let payout = &scene.payout;
        if let Err(reason) = scene.driver.require_payable(payout.payable_rail()) {
            return self.cancel(call, payout, &reason.to_string()).await;
        }
        let Some(method) = &scene.driver.method else {
            return self.cancel(call, payout, "payout_method_missing").await;
        };
        let choice = self.choose(call, &scene, (method.kind, &payout.tried));
        let provider = match choice.provider {
            Some(provider) => provider,
            None if choice.waits => {
                let probe_at = scene.next_probe(&choice.left);
                self.wait_for_route(call, payout, probe_at).await?;
                return Ok(Claim::Decided);
            }
            None => return self.cancel(call, payout, "no_route").await,
        };
        let account = self
            .vault
            .open(
                &payout.tenant,
                &SealedFor::Driver(payout.driver.clone()),
                &method.sealed,
            )
            .await?;
        let pinned = PinnedMethod {
            kind: method.kind,
            version: method.version,
        };
        let route = (provider, payout.tenant.mode());
        let snapshot = match self.snapshot(call, route, &account).await {
            Ok(snapshot) => snapshot,
            // Waiting would change nothing about what is stored.
            Err(NotShown::Unusable(reason)) => return self.cancel(call, payout, reason).await,
            Err(NotShown::Silent | NotShown::Answered) => {
                let switch = scene.switch(provider);
                self.wait_for_card(call, payout, switch).await?;
                return Ok(Claim::Decided);
            }
        };
        let means = Means {
            provider,
            method: pinned,
            snapshot,
            choice,
        };
        let claimed = claimed(call, &scene, &self.seal, means)?;
        match self.store.commit(claimed.changes).await {
            Ok(()) => {
                info!(payout.id = %payout.id, attempt = %claimed.attempt.reference, "payout claimed");
                let ready = Ready {
                    payout: claimed.payout,
                    attempt: claimed.attempt,
                    account,
                    switch: claimed.switch,
                };
                self.create(call, ready).await?;
                Ok(Claim::Decided)
            }
            Err(error) if is_number_taken(&error) => {
                tracing::error!(payout.id = %payout.id, "another call has the order number");
                self.cancel(call, payout, "order_number_taken").await
            }
            Err(error) => overtaken(error).map(|()| Claim::Overtaken),
        }
    }

    /// The driver became ineligible, or nothing can carry the payout: the system withdraws it.
    pub(super) async fn cancel(
        &self,
        call: &Call,
        payout: &Payout,
        reason: &str,
    ) -> Result<Claim, Error> {
        let tx_id = call.tx_id(&format!("cancel {}", payout.version));
        let note = Note {
            actor: &call.actor,
            at: call.now(),
            tx_id: &tx_id,
            attempt: None,
            reason: Some(reason.to_owned()),
        };
        let Outcome::Moved(canceled, transition) = payout.apply(Change::Cancel, &note)? else {
            return Ok(Claim::Decided);
        };
        let changes = Changes::new("cancel", tx_id)
            .record(payout, *transition)
            .replace(Record::Payout(canceled), payout.version)
            .forget(payout.outbox.clone().map(Key::Outbox))
            .write_if(record_answer::load_settlement(
                payout,
                LoadStatus::Open,
                call.now(),
            ));
        match line_end::commit(call, &self.store, changes).await {
            Ok(message) => {
                if let Some(message) = message {
                    send::now(&self.queue, message).await;
                }
                info!(payout.id = %payout.id, reason, "payout withdrawn by the system");
                Ok(Claim::Decided)
            }
            Err(error) => overtaken(error).map(|()| Claim::Overtaken),
        }
    }

    /// The route is closed: nothing fails, the payout is looked at again when it may be open.
    pub(super) async fn wait_for_route(
        &self,
        call: &Call,
        payout: &Payout,
        probe_at: Option<Timestamp>,
    ) -> Result<(), Error> {
        let changes = waiting(call, payout, probe_at);
        self.store.commit(changes).await.or_else(overtaken)
    }

    /// The card was not shown, so nothing was sent. When that was a stopped route's probe, it is used up.
    async fn wait_for_card(
        &self,
        call: &Call,
        payout: &Payout,
        switch: &RouteSwitch,
    ) -> Result<(), Error> {
        let next = switch.probing(call.now()).stopped;
        let probe_at = next.and_then(|stop| stop.probe_at);
        let (changes, _) = probing(waiting(call, payout, probe_at), switch, call);
        self.store.commit(changes).await.or_else(overtaken)
    }
}

/// Another submission has the number under which the provider would know this one. A worker that was faster
/// has moved the payout too.
fn is_number_taken(error: &CommitError) -> bool {
    error.refused(Subject::Reference).is_some() && error.refused(Subject::Payout).is_none()
}

fn waiting(call: &Call, payout: &Payout, probe_at: Option<Timestamp>) -> Changes {
    let waiting = payout.waiting_for_route(call.now(), probe_at);
    Changes::new("wait", call.tx_id("wait"))
        .replace(Record::Payout(Box::new(waiting)), payout.version)
        .forget(payout.outbox.clone().map(Key::Outbox))
}

/// What an attempt is made with.
struct Means {
    provider: Provider,
    method: PinnedMethod,
    snapshot: Option<Snapshot>,
    choice: Choice,
}

struct Claimed {
    payout: Payout,
    attempt: Attempt,
    changes: Changes,
    switch: RouteSwitch,
}

/// `enqueue` (when nobody recorded it) and `claim` as two transitions of one transaction.
fn claimed(call: &Call, scene: &Scene, seal: &Seal, means: Means) -> Result<Claimed, Error> {
    let provider = means.provider;
    let tx_id = call.tx_id(&format!("claim {}", scene.payout.version));
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
        changes = changes.record(&payout, *transition);
    }
    payout = payout.on_rail(means.choice.rail);
    let reference = AttemptRef::new(payout.id.clone(), payout.attempts + 1);
    let opening = Opening {
        reference: reference.clone(),
        provider,
        method: Some(means.method),
        route: means.choice.explanation,
        left: means.choice.left,
        fallback: means.choice.fallback,
        at: call.now(),
    };
    let attempt = Attempt {
        payee: scene.driver.payee_at(provider).cloned(),
        ..Attempt::prepared(&payout, opening)
    };
    let (attempt, lock) = with_card(attempt, means.snapshot, seal);
    note.attempt = Some(&attempt);
    let Outcome::Moved(payout, transition) = payout.apply(Change::Claim(provider), &note)? else {
        return Err(Denied::WrongState(scene.payout.status).into());
    };
    let attempt = Attempt {
        version: 1,
        ..moved(&attempt, AttemptEvent::IntendCreate, call)?
    };
    let submission = Submission::Attempt(reference);
    let link = ReferenceLink::new(provider, attempt.tenant.clone(), submission);
    let (changes, switch) = probing(changes, scene.switch(provider), call);
    let changes = changes
        .record(&payout, *transition)
        .require_payable(&payout)
        .replace(Record::Payout(payout.clone()), scene.payout.version)
        .insert(Record::Attempt(Box::new(attempt.clone())))
        .insert(Record::Reference(Box::new(link)))
        .write_if(lock.map(|lock| Write::Insert(Record::CardLock(Box::new(lock)))))
        .forget(scene.payout.outbox.clone().map(Key::Outbox));
    Ok(Claimed {
        payout: *payout,
        attempt,
        changes,
        switch,
    })
}
