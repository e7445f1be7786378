//! Continuing an attempt that nobody holds: the first send of an instant payout, a repeat under the same
//! reference, an object that was left inert.

use domain::{
    attempt::{Attempt, PinnedMethod},
    attempt_machine::{AttemptEvent, AttemptState},
    payout::{Change, Note, Outcome},
    routing::{Choice, Provider, RouteState},
};

use super::{Dispatcher, ROUTE_GRACE, Ready, Scene, Started, UNSENT_MAX, moved, overtaken};
use crate::{
    call::Call,
    changes::{Changes, Write},
    error::Error,
    port::{Providers, Queue, SealedFor, Store, Vault},
    record::{Key, Record},
    record_answer::{card_key, next_dispatch, probing},
    send,
};

/// Why an attempt is given up before anything of it was sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum GivenUp {
    /// Its route stays closed.
    RouteClosed,
    /// The driver's method has no instant rail any more.
    MethodCannotServe,
    /// Another provider carries the driver's method, and takes over at once.
    CarriedElsewhere,
    /// Nobody carries it by the instant rail, and the standard one will do: at once.
    FallsBack,
}

impl GivenUp {
    const fn name(self) -> &'static str {
        match self {
            Self::RouteClosed => "route_closed",
            Self::MethodCannotServe => "method_cannot_serve_rail",
            Self::CarriedElsewhere => "method_carried_elsewhere",
            Self::FallsBack => "rail_fallback",
        }
    }
}

/// Why an attempt that was never sent gives way to this choice, if it does.
pub(super) fn taken_over(choice: &Choice, attempt: &Attempt) -> Option<GivenUp> {
    let provider = choice.provider?;
    if choice.rail != attempt.rail {
        return Some(GivenUp::FallsBack);
    }
    (provider != attempt.provider).then_some(GivenUp::CarriedElsewhere)
}

impl<S: Store, Q: Queue, P: Providers, V: Vault> Dispatcher<S, Q, P, V> {
    /// Continues the attempt that owns the payout, when nobody else may hold it.
    pub(super) async fn continue_attempt(&self, call: &Call, scene: Scene) -> Result<(), Error> {
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
    pub(super) async fn resume_prepared(
        &self,
        call: &Call,
        scene: Scene,
        attempt: Attempt,
    ) -> Result<(), Error> {
        let now = call.now();
        let switch = scene.switch(attempt.provider);
        let choice = self.first_choice(call, &scene, &attempt);
        if let Some(why) = choice.as_ref().and_then(|it| taken_over(it, &attempt)) {
            return self.give_up_unsent(call, &scene, (&attempt, why)).await;
        }
        if !switch.lets_through(now) {
            let graced = now.since(attempt.created_at) >= ROUTE_GRACE;
            if attempt.was_never_sent() && graced && scene.payout.attempts < UNSENT_MAX {
                return self
                    .give_up_unsent(call, &scene, (&attempt, GivenUp::RouteClosed))
                    .await;
            }
            let probe_at = switch.stopped.as_ref().and_then(|stop| stop.probe_at);
            let grace = attempt
                .created_at
                .plus(ROUTE_GRACE)
                .max(now.plus(ROUTE_GRACE));
            let next_at = probe_at.unwrap_or(grace).min(grace);
            return self
                .postpone(call, &scene, attempt.postponed(next_at))
                .await;
        }
        let Some((pinned, sealed)) = self.method_of(&scene, &attempt).await? else {
            let why = (&attempt, GivenUp::MethodCannotServe);
            return self.give_up_unsent(call, &scene, why).await;
        };
        let account = self
            .vault
            .open(
                &attempt.tenant,
                &SealedFor::Driver(attempt.driver.clone()),
                &sealed,
            )
            .await?;
        let reclaimed = moved(&attempt, AttemptEvent::Reclaim, call)?;
        let sending = Attempt {
            method: Some(pinned),
            version: attempt.version + 1,
            ..moved(&reclaimed, AttemptEvent::IntendCreate, call)?
        };
        let sending = match choice {
            Some(choice) => Attempt {
                route: choice.explanation,
                left: choice.left,
                fallback: choice.fallback,
                ..sending
            },
            None => sending,
        };
        let (changes, switch) = probing(
            Changes::new("intend-create", call.tx_id("intend-create")),
            switch,
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

    /// Who carries an attempt whose method nobody read yet: the first of an instant payout.
    pub(super) fn first_choice(
        &self,
        call: &Call,
        scene: &Scene,
        attempt: &Attempt,
    ) -> Option<Choice> {
        let method = scene.driver.method.as_ref()?;
        if attempt.method.is_some() {
            return None;
        }
        let others = |provider: &Provider| *provider != attempt.provider;
        let tried = scene.payout.tried.iter().copied().filter(others);
        let tried: Vec<_> = tried.collect();
        Some(self.choose(call, scene, (method.kind, &tried)))
    }

    /// Leaves the attempt as it is until it is due again.
    async fn postpone(&self, call: &Call, scene: &Scene, postponed: Attempt) -> Result<(), Error> {
        let version = postponed.version - 1;
        let changes = Changes::new("wait", call.tx_id("wait"))
            .replace(Record::Attempt(Box::new(postponed)), version)
            .forget(scene.payout.outbox.clone().map(Key::Outbox));
        self.store.commit(changes).await.or_else(overtaken)
    }

    /// The method an attempt is pinned to, or the driver's newest for one that was never sent.
    pub(super) async fn method_of(
        &self,
        scene: &Scene,
        attempt: &Attempt,
    ) -> Result<Option<(PinnedMethod, String)>, Error> {
        let newest = scene.driver.method.as_ref();
        if let (None, Some(method)) = (
            attempt.method,
            newest.filter(|method| method.kind.serves(attempt.rail)),
        ) {
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

    /// Nothing was ever sent and this provider will not carry it now: the payout goes back to waiting, where
    /// it can be canceled. The attempt does not count.
    pub(super) async fn give_up_unsent(
        &self,
        call: &Call,
        scene: &Scene,
        (attempt, why): (&Attempt, GivenUp),
    ) -> Result<(), Error> {
        let dead = Attempt {
            reason: Some(why.name().to_owned()),
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
        let mut queued = *queued;
        let outbox = match why {
            GivenUp::CarriedElsewhere | GivenUp::FallsBack => {
                Some(next_dispatch(&mut queued, call))
            }
            GivenUp::RouteClosed | GivenUp::MethodCannotServe => {
                let probe_at = scene.next_probe(&[attempt.provider]);
                queued = queued.waiting_for_route(call.now(), probe_at);
                None
            }
        };
        let message = outbox.as_ref().map(|outbox| outbox.message.clone());
        let changes = Changes::new("give-up", tx_id.clone())
            .record(&scene.payout, *transition)
            .replace(Record::Payout(Box::new(queued)), scene.payout.version)
            .forget(card_key(&dead))
            .replace(Record::Attempt(Box::new(dead)), attempt.version)
            .forget(scene.payout.outbox.clone().map(Key::Outbox))
            .write_if(outbox.map(|outbox| Write::Insert(Record::Outbox(Box::new(outbox)))));
        match self.store.commit(changes).await {
            Ok(()) => {
                if let Some(message) = message {
                    send::now(&self.queue, message).await;
                }
                Ok(())
            }
            Err(error) => overtaken(error),
        }
    }

    /// An object that is inert, found by a read or left by a worker that died: process it, unless an operator
    /// paused the provider.
    pub(super) async fn resume_created(
        &self,
        call: &Call,
        scene: Scene,
        attempt: Attempt,
    ) -> Result<(), Error> {
        let Some(object) = attempt.object.clone() else {
            return Ok(());
        };
        if scene.switch(attempt.provider).state(call.now()) == RouteState::Paused {
            let next_at = call.now().plus(ROUTE_GRACE);
            return self
                .postpone(call, &scene, attempt.postponed(next_at))
                .await;
        }
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
            Ok(()) => {
                let switch = scene.switch(attempt.provider).clone();
                let ready = Started {
                    payout: scene.payout,
                    attempt: processing,
                    switch,
                };
                self.process(call, ready, &object).await
            }
            Err(error) => overtaken(error),
        }
    }
}
