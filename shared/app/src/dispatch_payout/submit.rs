//! The two calls to a provider, with the durable step between them.

use domain::{
    answer::Answer,
    attempt::{Attempt, LEASE_MARGIN},
    attempt_machine::AttemptEvent,
    breaker::{Operation, is_unclear},
    ids::ProviderId,
    resolution::{Asked, Step, proves},
    time::Timestamp,
};

use super::{Dispatcher, Ready, Started, moved, overtaken};
use crate::{
    call::Call,
    changes::Changes,
    error::Error,
    port::{CreateOrder, Providers, Queue, Store, Vault},
    record::Record,
    record_answer::{self, News, Sight},
};

impl<S: Store, Q: Queue, P: Providers, V: Vault> Dispatcher<S, Q, P, V> {
    /// Sends the create and, when the object is there and inert, goes on to process it.
    pub(super) async fn create(&self, call: &Call, ready: Ready) -> Result<(), Error> {
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
        self.note(call, (&attempt, Operation::Create), &answer);
        if let Some(object) = inert_object(&attempt, &answer, call) {
            let created = record_answer::with_object(&attempt, &answer);
            let created = moved(&created, AttemptEvent::Created, call)?;
            let processing = Attempt {
                version: attempt.version + 1,
                ..moved(&created, AttemptEvent::IntendProcess, call)?
            };
            let processing = with_lease_kept(&attempt, processing, call.now().plus(budget));
            let changes = record_answer::link_object(
                Changes::new("created", call.tx_id("created")),
                &processing,
            )
            .replace(
                Record::Attempt(Box::new(processing.clone())),
                attempt.version,
            );
            return match self.store.commit(changes).await {
                Ok(()) => {
                    let opens = switch.is_opened_by(Operation::Create, &answer);
                    if opens {
                        record_answer::reopen_route(call, &self.store, &switch).await;
                    }
                    let started = Started {
                        payout,
                        attempt: processing,
                        switch: if opens { switch.reopened() } else { switch },
                    };
                    self.process(call, started, &object).await
                }
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
        self.record(call, sight, &news).await
    }

    pub(super) async fn process(
        &self,
        call: &Call,
        started: Started,
        object: &ProviderId,
    ) -> Result<(), Error> {
        let Started {
            payout,
            attempt,
            switch,
        } = started;
        if !attempt.lease_covers(call.now(), self.providers.call_budget()) {
            return Ok(());
        }
        let answer = self.providers.process(&attempt, object).await;
        self.note(call, (&attempt, Operation::Process), &answer);
        let sight = Sight {
            payout,
            attempt,
            inbox: None,
            switch: Some(switch),
        };
        let news = News {
            asked: Asked::Process,
            answer,
        };
        self.record(call, sight, &news).await
    }

    fn note(&self, call: &Call, (attempt, operation): (&Attempt, Operation), answer: &Answer) {
        let route = record_answer::route_of(attempt);
        self.breaker
            .note(route, (operation, is_unclear(answer)), call.now());
    }
}

/// The object of a create that went well: ours, fitting in every figure, and inert.
fn inert_object(attempt: &Attempt, answer: &Answer, call: &Call) -> Option<ProviderId> {
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
