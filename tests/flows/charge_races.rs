//! Workers that meet at one charge, and answers that come late.

use std::sync::Arc;

use app::{
    breaker::Breaker,
    charge_card::Charger,
    memory::{Ending, ScriptedProvider},
    message::ChargeCard,
    port::{
        ChargeOrder, CreateOrder, Lookup, NotShown, Plaintext, Providers, Queue, Snapshot, Store,
        Vault,
    },
    seal::Seal,
};
use domain::{
    answer::Answer,
    attempt::Attempt,
    charge::ChargeOutcome,
    ids::{ChargeId, ProviderId},
    routing::Provider,
};

use crate::{
    books,
    charge_stage::{WISH, ask_for_sure, route, settle, status},
    charges::in_order,
    stage::{MarkingVault, Stage, WALLET},
};

/// A provider during whose calls other things happen.
#[derive(Clone)]
struct Meeting<F> {
    inner: ScriptedProvider,
    at: Moment,
    then: F,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Moment {
    Snapshot,
    Charge,
}

impl<F, Fut> Providers for Meeting<F>
where
    F: Fn() -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send,
{
    fn offers(&self, provider: Provider) -> bool {
        self.inner.offers(provider)
    }
    async fn snapshot(
        &self,
        provider: Provider,
        account: &Plaintext,
    ) -> Result<Snapshot, NotShown> {
        let snapshot = self.inner.snapshot(provider, account).await;
        if self.at == Moment::Snapshot {
            (self.then)().await;
        }
        snapshot
    }
    fn call_budget(&self) -> std::time::Duration {
        self.inner.call_budget()
    }
    async fn create(&self, order: CreateOrder<'_>) -> Answer {
        self.inner.create(order).await
    }
    async fn charge(&self, order: ChargeOrder<'_>) -> Answer {
        let answer = self.inner.charge(order).await;
        if self.at == Moment::Charge {
            (self.then)().await;
        }
        answer
    }
    async fn process(&self, attempt: &Attempt, object: &ProviderId) -> Answer {
        self.inner.process(attempt, object).await
    }
    async fn read(&self, attempt: &Attempt, lookup: &Lookup) -> Answer {
        self.inner.read(attempt, lookup).await
    }
}

/// A worker in the middle of whose call `then` happens.
async fn run_while<F, Fut>(stage: &Stage, id: &ChargeId, at: Moment, then: F)
where
    F: Fn() -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send,
{
    let (_, queue) = stage.call_store();
    let worker = Charger {
        store: stage.memory.clone(),
        queue: queue.clone(),
        providers: Meeting {
            inner: stage.provider.clone(),
            at,
            then,
        },
        vault: MarkingVault,
        seal: Seal::new([7; 32]),
        breaker: Breaker::default(),
    };
    run(stage, &worker, id).await;
}

async fn run<S: Store, Q: Queue, P: Providers, V: Vault>(
    stage: &Stage,
    worker: &Charger<S, Q, P, V>,
    id: &ChargeId,
) {
    let message = ChargeCard {
        tenant: stage.tenant.clone(),
        charge: id.clone(),
    };
    let done = worker.run(&stage.call("dispatch-payout"), &message).await;
    done.expect("worked");
}

#[tokio::test]
async fn of_two_workers_at_once_one_sends() {
    for at in [Moment::Snapshot, Moment::Charge] {
        let stage = Arc::new(Stage::new().await);
        let id = ask_for_sure(&stage, WISH).await;
        let (other, same) = (Arc::clone(&stage), id.clone());
        run_while(&stage, &id, at, move || {
            let (other, same) = (Arc::clone(&other), same.clone());
            async move { run(&other, &other.charger(), &same).await }
        })
        .await;
        assert_eq!(stage.provider.charge_calls(), 1);
        assert_eq!(status(&stage, &id).await, ("completed", None));
        in_order(&stage, &id).await;
    }
}

#[tokio::test]
async fn a_worker_that_answers_after_its_lease_still_knows_what_became_of_its_call() {
    for (ending, expected) in [(Ending::Paid, "completed"), (Ending::Failed, "failed")] {
        let stage = Arc::new(Stage::new().await);
        stage.provider.end_with(ending);
        let id = ask_for_sure(&stage, WISH).await;
        let (late, same) = (Arc::clone(&stage), id.clone());
        run_while(&stage, &id, Moment::Charge, move || {
            let (late, same) = (Arc::clone(&late), same.clone());
            async move {
                late.advance(600).await;
                let lost = Some("answer_lost".to_owned());
                assert_eq!(status(&late, &same).await, ("in_review", lost));
            }
        })
        .await;
        assert_eq!(status(&stage, &id).await.0, expected);
        assert_eq!(stage.provider.charge_calls(), 1);
        in_order(&stage, &id).await;
    }
}

#[tokio::test]
async fn an_answer_against_what_two_operators_decided_is_theirs_to_decide_again() {
    for (ending, decided, again) in [
        (Ending::Paid, ChargeOutcome::NotPaid, ChargeOutcome::Paid),
        (Ending::Failed, ChargeOutcome::Paid, ChargeOutcome::NotPaid),
    ] {
        for corrected in [true, false] {
            let stage = Arc::new(Stage::new().await);
            stage.provider.end_with(ending);
            let id = ask_for_sure(&stage, WISH).await;
            let (late, same) = (Arc::clone(&stage), id.clone());
            run_while(&stage, &id, Moment::Charge, move || {
                let (late, same) = (Arc::clone(&late), same.clone());
                async move {
                    late.advance(600).await;
                    settle(&late, &same, decided).await;
                }
            })
            .await;
            assert_eq!(status(&stage, &id).await.0, "in_review", "{decided:?}");
            assert!(
                route(&stage).await.stopped.is_none(),
                "one card stops nobody"
            );
            books::balance(&stage);
            let end = if corrected { again } else { decided };
            settle(&stage, &id, end).await;
            let (public, credited) = match end {
                ChargeOutcome::Paid => ("completed", 1),
                ChargeOutcome::NotPaid => ("failed", 0),
            };
            assert_eq!(status(&stage, &id).await.0, public, "{decided:?} {end:?}");
            let available = stage.balances().await.available.get();
            assert_eq!(
                available,
                WALLET + credited * WISH.amount,
                "{decided:?} {end:?}"
            );
            books::balance(&stage);
        }
    }
}
