//! Charges and the route of their provider: the breaker counts them and holds them back, a probe is one call,
//! and a pause keeps what waits.

use app::{
    memory::{Operation, Trouble},
    pause_provider::{self, TurnProvider},
    request_key::Asking,
    resume_provider,
};
use domain::{
    answer::Refusal,
    charge::CHARGER,
    ids::ChargeId,
    routing::{RouteState, StopReason},
};

use crate::{
    books,
    charge_stage::{Wish, ask_for_sure, charge, route, status},
    charges::DAY,
    stage::{Stage, WALLET},
};

async fn ask(stage: &Stage, number: usize) -> ChargeId {
    let wish = Wish {
        reference: format!("topup-{number}").leak(),
        amount: 100,
        card: format!(r#"{{"accountId":"60000000000000{number:02}"}}"#).leak(),
    };
    ask_for_sure(stage, wish).await
}

/// That many charges, each of another card and in the same trouble.
async fn in_trouble(stage: &Stage, (operation, trouble): (Operation, Trouble), count: usize) {
    for number in 0..count {
        stage.provider.trouble(operation, trouble.clone());
        ask(stage, number).await;
    }
    stage.work().await;
}

async fn state(stage: &Stage) -> RouteState {
    route(stage).await.state(stage.clock.now())
}

async fn turn(stage: &Stage, wanted: RouteState) {
    let command = TurnProvider {
        asking: Asking {
            tenant: &stage.tenant,
            key: None,
            render: &|_| String::new(),
        },
        provider: CHARGER,
        reason: "as agreed on the phone".to_owned(),
    };
    let call = stage.call("operator");
    let turned = if wanted == RouteState::Paused {
        pause_provider::run(&call, &stage.memory, command).await
    } else {
        resume_provider::run(&call, &stage.memory, command).await
    };
    turned.expect("turned");
}

#[tokio::test]
async fn a_provider_that_answers_no_charge_is_spared_until_one_probe_goes_through() {
    let stage = Stage::new().await;
    in_trouble(&stage, (Operation::Charge, Trouble::NotSent), 20).await;
    let stopped = route(&stage).await.stopped.map(|stop| stop.reason);
    assert_eq!(stopped, Some(StopReason::Unclear));
    assert_eq!(stage.provider.charge_calls(), 0);

    let waiting = ask(&stage, 20).await;
    stage.work().await;
    let stopped = Some("route_stopped".to_owned());
    assert_eq!(status(&stage, &waiting).await, ("processing", stopped));

    // All of them meet the probe's moment.
    stage.provider.trouble(Operation::Charge, Trouble::NotSent);
    let shows = stage.provider.shows();
    stage.advance(31).await;
    assert_eq!(stage.provider.shows(), shows + 1, "one probe");
    assert_eq!(stage.provider.charge_calls(), 0, "it told nothing");
    assert_eq!(state(&stage).await, RouteState::Probing);

    stage.advance(3_600).await;
    assert_eq!(state(&stage).await, RouteState::Open);
    assert_eq!(stage.provider.charge_calls(), 21);
    assert_eq!(stage.balances().await.available.get(), WALLET + 21 * 100);
    books::balance(&stage);
}

#[tokio::test]
async fn cards_that_nobody_shows_stop_the_route_and_a_probe_that_is_not_shown_is_used_up() {
    let stage = Stage::new().await;
    in_trouble(&stage, (Operation::Show, Trouble::LostBefore), 20).await;
    let stopped = route(&stage).await.stopped.expect("stopped");
    assert_eq!(stopped.reason, StopReason::Unclear);

    stage.provider.trouble(Operation::Show, Trouble::LostBefore);
    let shows = stage.provider.shows();
    stage.advance(31).await;
    assert_eq!(stage.provider.shows(), shows + 1, "one probe");
    let next = route(&stage).await.stopped.expect("still stopped");
    assert!(next.probe_at > stopped.probe_at);

    stage.advance(3_600).await;
    assert_eq!(state(&stage).await, RouteState::Open);
    assert_eq!(stage.provider.charge_calls(), 20);
    books::balance(&stage);
}

#[tokio::test]
async fn cards_that_the_provider_refuses_to_show_stop_no_route() {
    let stage = Stage::new().await;
    let refused = Trouble::Refused(Refusal::Input);
    in_trouble(&stage, (Operation::Show, refused), 40).await;
    assert_eq!(state(&stage).await, RouteState::Open);
    assert_eq!(route(&stage).await.version, 0, "and write no counts");
}

#[tokio::test]
async fn a_pause_of_any_length_keeps_a_charge_that_was_not_sent() {
    let stage = Stage::new().await;
    turn(&stage, RouteState::Paused).await;
    let id = ask(&stage, 1).await;
    stage.advance(3 * DAY).await;
    let paused = Some("provider_paused".to_owned());
    assert_eq!(status(&stage, &id).await, ("processing", paused));
    assert_eq!(stage.provider.shows(), 0, "nothing at all was asked");

    turn(&stage, RouteState::Open).await;
    stage.advance(120).await;
    assert_eq!(status(&stage, &id).await, ("completed", None));
    assert_eq!(stage.provider.charge_calls(), 1);
    books::balance(&stage);
}

#[tokio::test]
async fn after_a_pause_a_charge_has_a_day_to_be_sent() {
    let stage = Stage::new().await;
    turn(&stage, RouteState::Paused).await;
    let id = ask(&stage, 1).await;
    stage.advance(2 * DAY).await;
    let silent = (Operation::Show, Trouble::LostBefore);
    for _ in 0..2_000 {
        stage.provider.trouble(silent.0, silent.1.clone());
    }
    turn(&stage, RouteState::Open).await;
    stage.advance(DAY - 3_600).await;
    assert_eq!(status(&stage, &id).await.0, "processing");
    stage.advance(7_200).await;
    let never = Some("never_sent".to_owned());
    assert_eq!(status(&stage, &id).await, ("failed", never));
    assert_eq!(charge(&stage, &id).await.sends, 0);
    books::balance(&stage);
}
