//! Routes that the breaker stops, and providers that an operator pauses and resumes.

use app::{
    list_providers::{self, ProviderStanding},
    memory::{Ending, Operation, Trouble},
    pause_provider::{self, TurnProvider},
    request_key::{Answered, Asking},
    resume_provider,
};
use domain::{
    answer::Refusal,
    fee::Rail,
    ids::PayoutId,
    payout::{PayoutStatus, Progress},
    routing::{Provider, RouteState},
};

use crate::{
    books,
    stage::{Stage, WALLET},
};

async fn new_payout(stage: &Stage, number: u32, rail: Rail) -> PayoutId {
    let load = format!("L-{number}");
    stage.put_load(&load).await;
    let created = stage.create(&load, rail, &format!("key-{number}")).await;
    let Ok(Answered::Fresh { it, .. }) = created else {
        panic!("accepted, whatever the route: {created:?}");
    };
    it.id
}

async fn standing(stage: &Stage) -> ProviderStanding {
    let call = stage.call("operator");
    let mut all = list_providers::run(&call, &stage.memory, stage.tenant.mode())
        .await
        .expect("in memory");
    let payelata = all
        .iter()
        .position(|it| it.switch.provider == Provider::Payelata);
    all.swap_remove(payelata.expect("every provider is listed"))
}

async fn state(stage: &Stage) -> RouteState {
    let standing = standing(stage).await;
    standing.switch.state(standing.at)
}

async fn turn(stage: &Stage, state: RouteState) -> ProviderStanding {
    let command = TurnProvider {
        asking: Asking {
            tenant: &stage.tenant,
            key: None,
            render: &|_| String::new(),
        },
        provider: Provider::Payelata,
        reason: "as agreed on the phone".to_owned(),
    };
    let call = stage.call("operator");
    let turned = if state == RouteState::Paused {
        pause_provider::run(&call, &stage.memory, command).await
    } else {
        resume_provider::run(&call, &stage.memory, command).await
    };
    match turned {
        Ok(Answered::Fresh { it, .. }) => it,
        other => panic!("turned: {other:?}"),
    }
}

async fn waits(stage: &Stage, id: &PayoutId) -> bool {
    let status = stage.payout(id).await.status;
    matches!(status, PayoutStatus::Validated | PayoutStatus::Queued)
}

#[tokio::test]
async fn nineteen_unclear_calls_leave_a_route_open() {
    let stage = Stage::new().await;
    for number in 1..=19 {
        stage
            .provider
            .trouble(Operation::Create, Trouble::LostBefore);
        new_payout(&stage, number, Rail::Standard).await;
    }
    stage.work().await;
    assert_eq!(state(&stage).await, RouteState::Open);
    let id = new_payout(&stage, 20, Rail::Standard).await;
    stage.work().await;
    assert!(!waits(&stage, &id).await);
    assert_eq!(
        state(&stage).await,
        RouteState::Stopped,
        "the twentieth call went well, and nineteen of twenty did not"
    );
}

#[tokio::test]
async fn a_provider_that_answers_half_of_twenty_calls_is_spared_until_a_probe_goes_through() {
    let stage = Stage::new().await;
    for _ in 0..10 {
        stage
            .provider
            .trouble(Operation::Create, Trouble::LostBefore);
    }
    for number in 1..=20 {
        new_payout(&stage, number, Rail::Standard).await;
    }
    stage.work().await;
    assert_eq!(state(&stage).await, RouteState::Stopped);
    assert_eq!(stage.provider.calls().0, 10);

    let waiting = [
        new_payout(&stage, 21, Rail::Standard).await,
        new_payout(&stage, 22, Rail::Standard).await,
    ];
    stage.advance(29).await;
    for id in &waiting {
        assert!(waits(&stage, id).await, "nothing fails, it waits");
    }
    assert_eq!(stage.provider.calls().0, 10, "nothing was sent");

    stage
        .provider
        .trouble(Operation::Create, Trouble::LostBefore);
    stage.advance(5).await;
    let mut still_waiting = 0;
    for id in &waiting {
        if waits(&stage, id).await {
            still_waiting += 1;
        } else {
            let progress = stage.payout(id).await.progress;
            assert_eq!(progress, Some(Progress::OutcomeUnknown), "the probe");
        }
    }
    assert_eq!(still_waiting, 1, "one probe, and it told nothing");
    assert_eq!(state(&stage).await, RouteState::Probing);

    stage.advance(31).await;
    assert_eq!(
        stage.provider.calls().0,
        11,
        "the second probe went through"
    );
    assert_eq!(state(&stage).await, RouteState::Open);

    stage.advance(86_400).await;
    assert_eq!(stage.provider.paid(), 22);
    books::balance(&stage);
}

#[tokio::test]
async fn a_provider_that_cannot_be_reached_is_spared_too() {
    let stage = Stage::new().await;
    for number in 1..=20 {
        stage.provider.trouble(Operation::Create, Trouble::NotSent);
        new_payout(&stage, number, Rail::Standard).await;
    }
    stage.work().await;
    assert_eq!(state(&stage).await, RouteState::Stopped);
    stage.advance(3_600).await;
    assert_eq!(stage.provider.paid(), 20);
    assert_eq!(state(&stage).await, RouteState::Open);
    books::balance(&stage);
}

#[tokio::test]
async fn a_route_that_works_writes_no_counts() {
    let stage = Stage::new().await;
    for number in 1..=22 {
        new_payout(&stage, number, Rail::Standard).await;
    }
    stage.advance(600).await;
    assert_eq!(stage.provider.paid(), 22);
    assert_eq!(standing(&stage).await.switch.version, 0);
}

#[tokio::test]
async fn a_paused_provider_gets_nothing_new_and_what_it_has_is_read_on() {
    let stage = Stage::new().await;
    stage.provider.end_with(Ending::InFlight);
    let sent = stage.create_for_sure("L-1", Rail::Standard).await;
    stage.work().await;
    turn(&stage, RouteState::Paused).await;
    let standard = new_payout(&stage, 2, Rail::Standard).await;
    let instant = new_payout(&stage, 3, Rail::Instant).await;
    stage.advance(7_200).await;
    assert!(waits(&stage, &standard).await);
    assert!(
        waits(&stage, &instant).await,
        "given up unsent after its grace"
    );
    assert_eq!(stage.provider.calls(), (1, 1));
    stage.provider.end(&format!("{sent}-a01"), Ending::Paid);
    stage.advance(7_200).await;
    assert_eq!(stage.payout(&sent).await.status, PayoutStatus::Completed);
    assert_eq!(state(&stage).await, RouteState::Paused);

    stage.provider.end_with(Ending::Paid);
    turn(&stage, RouteState::Open).await;
    stage.advance(180).await;
    for id in [&standard, &instant] {
        assert_eq!(stage.payout(id).await.status, PayoutStatus::Completed);
    }
    books::balance(&stage);
}

#[tokio::test]
async fn an_inert_object_is_not_processed_while_its_provider_is_paused() {
    let stage = Stage::new().await;
    stage
        .provider
        .trouble(Operation::Create, Trouble::LostAfter);
    let id = stage.create_for_sure("L-1", Rail::Standard).await;
    stage.work().await;
    turn(&stage, RouteState::Paused).await;
    stage.advance(7_200).await;
    assert_eq!(stage.provider.calls(), (1, 0));
    assert_eq!(stage.payout(&id).await.status, PayoutStatus::Processing);
    turn(&stage, RouteState::Open).await;
    stage.advance(7_200).await;
    books::paid_exactly_once(&stage, &id).await;
}

#[tokio::test]
async fn an_operator_opens_a_route_that_a_defect_or_the_breaker_stopped() {
    let stage = Stage::new().await;
    stage
        .provider
        .trouble(Operation::Create, Trouble::Refused(Refusal::Integration));
    new_payout(&stage, 1, Rail::Standard).await;
    stage.work().await;
    assert_eq!(state(&stage).await, RouteState::Stopped);
    let waiting = new_payout(&stage, 2, Rail::Standard).await;
    stage.advance(3_600).await;
    assert!(waits(&stage, &waiting).await);
    turn(&stage, RouteState::Open).await;
    stage.advance(180).await;
    assert_eq!(stage.payout(&waiting).await.status, PayoutStatus::Completed);

    for number in 3..=22 {
        stage.provider.trouble(Operation::Create, Trouble::NotSent);
        new_payout(&stage, number, Rail::Standard).await;
    }
    stage.work().await;
    assert_eq!(state(&stage).await, RouteState::Stopped);
    let resumed = turn(&stage, RouteState::Open).await;
    assert_eq!(resumed.switch.state(resumed.at), RouteState::Open);
    stage.advance(3_600).await;
    assert_eq!(stage.provider.paid(), 21);
    assert!(stage.balances().await.available.get() < WALLET);
    books::balance(&stage);
}

#[tokio::test]
async fn turning_a_provider_twice_changes_it_once_and_each_change_is_in_the_audit() {
    let stage = Stage::new().await;
    for wanted in [
        RouteState::Open,
        RouteState::Paused,
        RouteState::Paused,
        RouteState::Open,
        RouteState::Open,
    ] {
        turn(&stage, wanted).await;
        assert_eq!(state(&stage).await, wanted);
    }
    let dump = stage.memory.dump();
    let mut actions: Vec<_> = dump
        .records
        .iter()
        .filter_map(|record| match record {
            app::record::Record::AuditEvent(it) if it.subject == "provider" => {
                Some(it.action.as_str())
            }
            _ => None,
        })
        .collect();
    actions.sort_unstable();
    assert_eq!(actions, ["provider.pause", "provider.resume"]);
    assert_eq!(standing(&stage).await.switch.version, 2);
}

#[tokio::test]
async fn a_route_that_process_calls_stopped_stays_stopped_until_one_of_them_is_answered() {
    let stage = Stage::new().await;
    for number in 1..=20 {
        stage
            .provider
            .trouble(Operation::Process, Trouble::LostBefore);
        new_payout(&stage, number, Rail::Standard).await;
    }
    stage.work().await;
    assert_eq!(state(&stage).await, RouteState::Stopped);

    let waiting = [
        new_payout(&stage, 21, Rail::Standard).await,
        new_payout(&stage, 22, Rail::Standard).await,
    ];
    stage
        .provider
        .trouble(Operation::Process, Trouble::LostBefore);
    stage.advance(31).await;
    assert_eq!(stage.provider.calls().0, 21, "the probe's create went well");
    assert_eq!(
        state(&stage).await,
        RouteState::Probing,
        "which proves nothing of the calls that stopped the route"
    );
    stage.advance(86_400).await;
    assert_eq!(state(&stage).await, RouteState::Open);
    for id in &waiting {
        assert_eq!(stage.payout(id).await.status, PayoutStatus::Completed);
    }
    assert_eq!(stage.provider.paid(), 22);
    books::balance(&stage);
}
