//! What late news needs of a stage: payouts in every state whose first attempt, dead or given back, is heard of again.

use app::{
    error::Error,
    memory::{Ending, Operation, Trouble},
    port::Store,
    record::{Key, Record},
};
use domain::{
    attempt_machine::AttemptState,
    denied::Denied,
    fee::Rail,
    ids::{Mode, PayoutId},
    ledger::Account,
    money::Cents,
    payout::PayoutStatus,
    review::Disposition,
    routing::{Provider, StopReason},
};

use crate::{
    books,
    lives::{cancel, retry},
    rare::attempt_of,
    review_stage::{NET, agree, balance},
    stage::{Stage, WALLET},
    troubles::ring,
    vendor_changes::approved,
};

pub(crate) const HOUR: i64 = 3_600;
pub(crate) const DAY: i64 = 24 * HOUR;

/// Where a payout stands when its first attempt, dead or given back, is heard of again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum World {
    /// It waits for a route that is stopped.
    Queued,
    /// Its second attempt exists, and nothing of it was processed.
    Preparing,
    Failed,
    Canceled,
    Returned,
}

impl World {
    pub(crate) const ALL: [Self; 5] = [
        Self::Queued,
        Self::Preparing,
        Self::Failed,
        Self::Canceled,
        Self::Returned,
    ];

    pub(crate) const fn status(self) -> PayoutStatus {
        match self {
            Self::Queued => PayoutStatus::Queued,
            Self::Preparing => PayoutStatus::Processing,
            Self::Failed => PayoutStatus::Failed,
            Self::Canceled => PayoutStatus::Canceled,
            Self::Returned => PayoutStatus::Returned,
        }
    }

    /// A stage with such a payout of `L-2`, whose driver is paid by OwlPay first and Payelata then.
    pub(crate) async fn stage(self) -> (Stage, PayoutId) {
        let stage = approved().await;
        stage.put_load("L-2").await;
        let first = match self {
            Self::Returned => Ending::Paid,
            Self::Queued | Self::Preparing | Self::Failed | Self::Canceled => Ending::InFlight,
        };
        stage.provider.end_with(first);
        let id = stage.create_for_sure("L-2", Rail::Standard).await;
        stage.advance(120).await;
        match self {
            Self::Returned => {
                // Two owners found that all of it came back.
                stage.advance(HOUR).await;
                show(&stage, &id, Ending::Failed).await;
                agree(&stage, &id, Disposition::Returned(Cents::new(NET))).await;
            }
            Self::Queued => {
                stop(&stage, Provider::Payelata, true).await;
                reject(&stage, &id).await;
            }
            Self::Preparing => {
                for _ in 0..20 {
                    stage.provider.trouble(Operation::Create, Trouble::NotSent);
                }
                reject(&stage, &id).await;
                let second = attempt_of(&stage, &id, 2).await;
                assert_eq!(second.state, AttemptState::Prepared);
            }
            Self::Failed | Self::Canceled => {
                stage.provider.end_with(Ending::Failed);
                reject(&stage, &id).await;
                stage.advance(HOUR).await;
                if self == Self::Canceled {
                    cancel(&stage, &id).await.expect("canceled");
                }
            }
        }
        assert_eq!(stage.payout(&id).await.status, self.status(), "{self:?}");
        if self != Self::Preparing {
            stage.provider.calm();
        }
        books::balance(&stage);
        (stage, id)
    }
}

/// OwlPay rejects the first attempt, and it is seen withdrawn.
pub(crate) async fn reject(stage: &Stage, id: &PayoutId) {
    stage.provider.end(&format!("{id}-a01"), Ending::Rejected);
    stage.advance(300).await;
    assert_eq!(attempt_of(stage, id, 1).await.state, AttemptState::Dead);
}

/// The provider shows the first attempt so, and somebody looks.
pub(crate) async fn show(stage: &Stage, id: &PayoutId, ending: Ending) {
    stage.provider.end(&format!("{id}-a01"), ending);
    let body = format!("{ending:?} {}", stage.provider.reads());
    ring(stage, id, 1, &body).await;
    stage.advance(5).await;
    stage.provider.calm();
}

pub(crate) async fn stop(stage: &Stage, provider: Provider, stopped: bool) {
    let key = Key::Switch(provider, Mode::Test);
    let found = stage.memory.fetch(&[key]).await.expect("in memory");
    let known = match found.into_iter().next().flatten() {
        Some(Record::Switch(switch)) => *switch,
        Some(_) | None => domain::routing::RouteSwitch::open(provider, Mode::Test),
    };
    let now = stage.clock.now();
    let next = if stopped {
        known.stopped_by(StopReason::IntegrationDefect, now)
    } else {
        known.reopened()
    };
    let changes = app::changes::Changes::new("by-hand", stage.call("test").tx_id("switch"));
    let record = Record::Switch(Box::new(next));
    let changes = match known.version {
        0 => changes.insert(record),
        version => changes.replace(record, version),
    };
    stage.memory.commit(changes).await.expect("switched");
}

pub(crate) async fn route_is_stopped(stage: &Stage, provider: Provider) -> bool {
    match stage.record(Key::Switch(provider, Mode::Test)).await {
        Some(Record::Switch(switch)) => switch.stopped.is_some(),
        Some(_) | None => false,
    }
}

/// Nothing happens for it, whoever asks and however long it takes.
pub(crate) async fn assert_held(stage: &Stage, id: &PayoutId, status: PayoutStatus) {
    let payout = stage.payout(id).await;
    assert_eq!(payout.status, status);
    assert!(payout.is_held());
    for refused in [retry(stage, id).await, cancel(stage, id).await] {
        assert_eq!(refused.map(|_| ()), Err(Denied::Contradicted.into()));
    }
    let another = stage.create("L-2", Rail::Standard, "another").await;
    assert!(
        matches!(another, Err(Error::Denied(Denied::LoadHeld { .. }))),
        "{another:?}"
    );
    let calls = stage.provider.calls();
    stage.advance(2 * DAY).await;
    assert_eq!(stage.provider.calls(), calls, "nothing was sent");
    let later = stage.payout(id).await;
    assert_eq!(later.status, status);
    assert!(later.is_held());
    books::balance(stage);
}

/// What left the wallet, what the provider is booked to have paid, and what nobody explains.
pub(crate) async fn books_of(stage: &Stage) -> (i64, i64, i64) {
    let clearing = [
        Account::ClearingOwlpay,
        Account::ClearingPayelata,
        Account::ClearingPaywizard,
    ];
    (
        stage.balances().await.available.get() - WALLET,
        clearing
            .iter()
            .map(|account| balance(stage, *account))
            .sum(),
        balance(stage, Account::Suspense),
    )
}
