//! Choices row by row, and the switch through its stops and probes.

use std::time::Duration;

use super::*;
use crate::{
    answer::Answer,
    breaker::{Operation, Window},
    ids::Mode,
    time::Timestamp,
};

const WISH: Wish<'_> = Wish {
    method: MethodKind::BankAccount,
    rail: Rail::Standard,
    net: Cents::new(44_750),
    currency: Currency::Usd,
    tried: &[],
    may_fall_back: false,
};

#[test]
fn the_first_provider_of_the_table_without_an_obstacle_carries_the_payout() {
    let choice = choose(WISH, |_| None);
    assert_eq!(choice.provider, Some(Provider::Owlpay));
    assert_eq!(choice.left, [Provider::Payelata]);
    assert_eq!(
        choice.explanation,
        "owlpay/bank_account: standard rail, routing 2026-11"
    );
}

#[test]
fn a_skipped_provider_is_named_with_the_reason_and_only_one_that_may_open_again_is_left() {
    for (reason, left) in [
        (Skipped::DriverNotApproved, vec![]),
        (Skipped::NotConfigured, vec![]),
        (Skipped::RouteStopped, vec![Provider::Owlpay]),
    ] {
        let choice = choose(WISH, |it| (it == Provider::Owlpay).then_some(reason));
        assert_eq!(choice.provider, Some(Provider::Payelata));
        assert_eq!(choice.left, left, "{reason:?}");
        assert_eq!(
            choice.explanation,
            format!(
                "payelata/bank_account: standard rail, routing 2026-11; owlpay skipped: {}",
                reason.name()
            )
        );
    }
}

#[test]
fn a_provider_that_was_tried_in_this_run_is_not_chosen_again() {
    let both = [Provider::Owlpay, Provider::Payelata];
    let choice = choose(
        Wish {
            tried: &both,
            ..WISH
        },
        |_| None,
    );
    assert_eq!((choice.provider, choice.waits), (None, false));
}

#[test]
fn a_payout_waits_only_when_a_stopped_route_could_carry_it() {
    let stopped = choose(WISH, |_| Some(Skipped::RouteStopped));
    assert_eq!((stopped.provider, stopped.waits), (None, true));
    let unknown = choose(WISH, |_| Some(Skipped::NotConfigured));
    assert_eq!((unknown.provider, unknown.waits), (None, false));
}

const CASH_OUT: Wish<'_> = Wish {
    rail: Rail::Instant,
    may_fall_back: true,
    ..WISH
};

#[test]
fn an_instant_payout_goes_by_the_standard_rail_only_when_it_may_and_only_when_it_must() {
    let refused = Wish {
        may_fall_back: false,
        ..CASH_OUT
    };
    let refused = choose(refused, |_| None);
    assert_eq!((refused.provider, refused.waits), (None, false));

    let bank = choose(CASH_OUT, |_| None);
    assert_eq!(
        (bank.provider, bank.rail),
        (Some(Provider::Owlpay), Rail::Standard)
    );
    assert_eq!(
        bank.explanation,
        "owlpay/bank_account: standard rail, routing 2026-11; \
         instead of nobody/bank_account: instant rail, routing 2026-11"
    );

    let method = MethodKind::Card;
    let card = choose(Wish { method, ..CASH_OUT }, |_| None);
    assert_eq!(
        (card.provider, card.rail, card.fallback),
        (
            Some(Provider::Payelata),
            Rail::Instant,
            vec![Provider::Payelata]
        )
    );
}

#[test]
fn what_was_tried_on_the_instant_rail_may_be_tried_on_the_standard_one() {
    let tried = Wish {
        method: MethodKind::Card,
        tried: &[Provider::Payelata],
        ..CASH_OUT
    };
    let choice = choose(tried, |_| None);
    assert_eq!(
        (choice.provider, choice.rail),
        (Some(Provider::Payelata), Rail::Standard)
    );
    assert!(choice.fallback.is_empty(), "there is no third rail");
}

#[test]
fn a_payout_that_may_fall_back_waits_when_both_rails_are_stopped() {
    let choice = choose(CASH_OUT, |_| Some(Skipped::RouteStopped));
    assert_eq!((choice.provider, choice.waits), (None, true));
    assert_eq!(choice.rail, Rail::Instant);
    assert_eq!(choice.left, [Provider::Owlpay, Provider::Payelata]);
}

#[test]
fn an_amount_outside_the_limits_of_a_provider_is_not_given_to_it() {
    let net = Cents::new(100_000_001);
    let choice = choose(Wish { net, ..WISH }, |_| None);
    assert_eq!((choice.provider, choice.waits), (None, false));
    assert!(
        choice
            .explanation
            .contains("payelata skipped: outside its limits")
    );
}

#[test]
fn refused_credentials_are_not_probed_where_a_call_cannot_be_asked_about() {
    let switch = RouteSwitch::open(Provider::Paywizard, Mode::Test)
        .stopped_by(StopReason::Credentials, Timestamp::default());
    assert!(!switch.lets_through(Timestamp::from_millis(i64::MAX)));
}

#[test]
fn a_stopped_route_probes_later_each_time_up_to_a_quarter_of_an_hour() {
    let mut now = Timestamp::from_millis(0);
    let mut switch = RouteSwitch::open(Provider::Payelata, Mode::Test);
    let mut gaps = Vec::new();
    for _ in 0..8 {
        switch = switch.stopped_by(StopReason::Credentials, now);
        let at = switch
            .stopped
            .as_ref()
            .and_then(|stop| stop.probe_at)
            .expect("probes");
        assert!(!switch.lets_through(now));
        assert!(switch.lets_through(at));
        gaps.push(at.since(now).as_secs());
        now = at;
    }
    assert_eq!(gaps, [30, 60, 120, 240, 480, 900, 900, 900]);
    assert!(switch.reopened().lets_through(now));
}

#[test]
fn an_integration_defect_waits_for_an_operator() {
    let switch = RouteSwitch::open(Provider::Payelata, Mode::Live)
        .stopped_by(StopReason::IntegrationDefect, Timestamp::default());
    assert!(!switch.lets_through(Timestamp::from_millis(i64::MAX)));
}

const NOW: Timestamp = Timestamp::from_millis(1_000_000);

fn after(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

fn open() -> RouteSwitch {
    RouteSwitch::open(Provider::Payelata, Mode::Test)
}

fn calls(operation: Operation, (clear, unclear): (u32, u32)) -> Window {
    let clear = (0..clear).map(|_| false);
    clear
        .chain((0..unclear).map(|_| true))
        .fold(Window::EMPTY, |window, it| {
            window.noted((operation, it), NOW)
        })
}

#[test]
fn the_breaker_trips_on_what_several_instances_counted_together() {
    let one = open().counting(&calls(Operation::Create, (5, 5)), NOW);
    assert_eq!((one.state(NOW), one.version), (RouteState::Open, 1));
    let two = one.counting(&calls(Operation::Create, (5, 4)), NOW);
    assert_eq!(two.state(NOW), RouteState::Open, "nineteen calls");
    let three = two.counting(&calls(Operation::Create, (0, 1)), NOW);
    assert_eq!(three.state(NOW), RouteState::Stopped);
    assert!(!three.lets_through(after(29)));
    assert!(three.lets_through(after(30)));
    assert_eq!(three.reopened().calls, Window::EMPTY);
}

#[test]
fn the_breaker_probes_every_thirty_seconds_and_any_clear_answer_opens() {
    let tripped = open().counting(&calls(Operation::Create, (0, 20)), NOW);
    let probing = tripped.probing(after(30));
    assert_eq!(probing.state(after(31)), RouteState::Probing);
    assert!(!probing.lets_through(after(59)), "one probe at a time");
    assert!(probing.lets_through(after(60)));
    let cause = "timeout".to_owned();
    assert!(!probing.is_opened_by(Operation::Create, &Answer::Unclear { cause }));
    let reason = String::new();
    let by = crate::answer::Refusal::Input;
    assert!(probing.is_opened_by(Operation::Create, &Answer::Refused { by, reason }));
    assert!(probing.is_opened_by(Operation::Read, &Answer::Absent));
}

#[test]
fn a_route_that_process_calls_stopped_is_opened_by_one_of_them_only() {
    let tripped = open().counting(&calls(Operation::Process, (0, 20)), NOW);
    let probing = tripped.probing(after(30)).probing(after(60));
    for operation in Operation::ALL {
        let opens = probing.is_opened_by(operation, &Answer::Absent);
        assert_eq!(opens, operation == Operation::Process, "{operation:?}");
    }
    let cause = "timeout".to_owned();
    assert!(!probing.is_opened_by(Operation::Process, &Answer::Unclear { cause }));
    let by_reads = open().counting(&calls(Operation::Read, (0, 20)), NOW);
    assert!(by_reads.is_opened_by(Operation::Create, &Answer::Absent));
}

#[test]
fn a_paused_route_lets_nothing_through_and_no_answer_opens_it() {
    let paused = open().paused("maintenance".to_owned(), NOW);
    let far = after(365 * 24 * 3_600);
    assert_eq!(paused.state(far), RouteState::Paused);
    assert!(!paused.lets_through(far));
    assert!(!paused.is_probing());
    assert!(!paused.is_opened_by(Operation::Process, &Answer::Absent));
    assert_eq!(paused.reopened().state(NOW), RouteState::Open);
}

#[test]
fn a_stop_gives_way_only_to_a_stronger_one() {
    let weaker_first = [
        StopReason::Unclear,
        StopReason::Credentials,
        StopReason::Paused,
        StopReason::Contradiction,
    ];
    for (weak, stop) in weaker_first.into_iter().enumerate() {
        let stopped = match stop {
            StopReason::Paused => open().paused("maintenance".to_owned(), NOW),
            StopReason::Unclear
            | StopReason::Credentials
            | StopReason::IntegrationDefect
            | StopReason::Contradiction => open().stopped_by(stop, NOW),
        };
        for (strong, reason) in weaker_first.into_iter().enumerate() {
            let adds_nothing = stopped.is_stopped_for(reason, NOW);
            assert_eq!(adds_nothing, strong <= weak, "{stop:?}, then {reason:?}");
        }
    }
}
