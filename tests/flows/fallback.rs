//! Instant payouts that may go by the standard rail: only when nobody carries them by the instant one, only
//! before anything was sent or after an attempt that provably paid nothing, and for the fee that was quoted.

use app::{
    changes::Changes,
    error::Error,
    memory::{Operation, Trouble},
    port::Store,
    record::{Key, Record},
    request_key::Answered,
};
use domain::{
    answer::Refusal,
    attempt::Attempt,
    denied::{Denied, NotPayable},
    driver::MethodKind,
    fee::Rail,
    ids::{AttemptRef, PayoutId},
    payout::{Payout, PayoutStatus, Progress},
    routing::{Provider, RouteSwitch, StopReason},
};

use crate::{
    books,
    stage::{AMOUNT, Stage, WALLET},
};

const INSTANT_FEE: i64 = AMOUNT / 100;

async fn cash_out(stage: &Stage, load: &str, may_fall_back: bool) -> PayoutId {
    stage.put_load(load).await;
    let asked = stage.ask(load, (Rail::Instant, may_fall_back), load).await;
    match asked {
        Ok(Answered::Fresh { it, .. }) => it.id,
        other => panic!("accepted: {other:?}"),
    }
}

async fn attempts(stage: &Stage, payout: &Payout) -> Vec<Attempt> {
    let mut found = Vec::new();
    for number in 1..=payout.attempts {
        let reference = AttemptRef::new(payout.id.clone(), number);
        match stage
            .record(Key::Attempt(stage.tenant.clone(), reference))
            .await
        {
            Some(Record::Attempt(attempt)) => found.push(*attempt),
            other => panic!("no attempt: {other:?}"),
        }
    }
    found
}

/// Paid once on this rail, for the fee of an instant payout.
async fn paid_on(stage: &Stage, id: &PayoutId, rail: Rail) -> Vec<Attempt> {
    let payout = stage.payout(id).await;
    assert_eq!(payout.status, PayoutStatus::Completed);
    assert_eq!(payout.rail, rail);
    assert_eq!(payout.quote.fee.get(), INSTANT_FEE);
    assert_eq!(stage.provider.paid(), 1);
    let booked = stage.provider.booked();
    assert!(booked.values().all(|it| it.net == payout.net()));
    assert_eq!(stage.balances().await.available.get(), WALLET - AMOUNT);
    books::balance(stage);
    attempts(stage, &payout).await
}

/// Stops Payelata's route until somebody opens it.
async fn stop_payelata(stage: &Stage) {
    let (provider, mode) = (Provider::Payelata, stage.tenant.mode());
    let known = match stage.record(Key::Switch(provider, mode)).await {
        Some(Record::Switch(switch)) => *switch,
        Some(_) | None => RouteSwitch::open(provider, mode),
    };
    let stopped = known.stopped_by(StopReason::IntegrationDefect, stage.clock.now());
    let record = Record::Switch(Box::new(stopped));
    let changes = Changes::new("stop", stage.call("test").tx_id("stop"));
    let changes = match known.version {
        0 => changes.insert(record),
        version => changes.replace(record, version),
    };
    stage.memory.commit(changes).await.expect("stopped");
}

#[tokio::test]
async fn a_bank_account_has_no_instant_rail_and_is_paid_by_the_standard_one_where_that_will_do() {
    let stage = Stage::new().await;
    stage.put_method(MethodKind::BankAccount).await;
    let id = cash_out(&stage, "L-2", true).await;
    let asked = stage.payout(&id).await;
    assert_eq!(
        (asked.rail, asked.quote.fee.get()),
        (Rail::Instant, INSTANT_FEE)
    );
    stage.advance(7_200).await;
    let attempts = paid_on(&stage, &id, Rail::Standard).await;
    let [unsent, paid] = &attempts[..] else {
        panic!("two attempts: {attempts:?}");
    };
    assert_eq!(unsent.reason.as_deref(), Some("rail_fallback"));
    assert_eq!((unsent.tries, unsent.rail), (0, Rail::Instant));
    assert_eq!(paid.rail, Rail::Standard);
    let standard = "payelata/bank_account: standard rail, routing 2026-11; owlpay skipped: driver not approved there; \
        instead of nobody/bank_account: instant rail, routing 2026-11";
    assert_eq!(paid.route, standard);
    assert_eq!(
        stage.payout(&id).await.counted,
        1,
        "what was not sent does not count"
    );
}

#[tokio::test]
async fn without_the_callers_word_a_bank_account_is_refused_as_ever() {
    let stage = Stage::new().await;
    stage.put_method(MethodKind::BankAccount).await;
    let refused = stage.create("L-1", Rail::Instant, "key-1").await;
    let none = Denied::DriverNotPayable(NotPayable::InstantNotAvailable);
    assert_eq!(refused, Err(Error::Denied(none)));
    assert_eq!(stage.balances().await.available.get(), WALLET);
}

#[tokio::test]
async fn an_instant_payout_that_somebody_carries_stays_instant() {
    let stage = Stage::new().await;
    let id = cash_out(&stage, "L-2", true).await;
    stage.advance(600).await;
    let attempts = paid_on(&stage, &id, Rail::Instant).await;
    assert_eq!(attempts.len(), 1);
}

#[tokio::test]
async fn after_an_instant_attempt_that_provably_paid_nothing_the_standard_rail_is_tried() {
    for (may_fall_back, expected) in [
        (true, PayoutStatus::Completed),
        (false, PayoutStatus::Failed),
    ] {
        let stage = Stage::new().await;
        let refused = Trouble::Refused(Refusal::Input);
        stage.provider.trouble(Operation::Create, refused);
        let id = cash_out(&stage, "L-2", may_fall_back).await;
        stage.advance(7_200).await;
        assert_eq!(stage.payout(&id).await.status, expected);
        if may_fall_back {
            let attempts = paid_on(&stage, &id, Rail::Standard).await;
            let rails: Vec<_> = attempts.iter().map(|it| it.rail).collect();
            assert_eq!(rails, [Rail::Instant, Rail::Standard]);
            let why = "payelata skipped: tried before";
            assert!(attempts[1].route.ends_with(why), "{}", attempts[1].route);
        } else {
            assert_eq!(stage.payout(&id).await.attempts, 1);
        }
        books::balance(&stage);
    }
}

#[tokio::test]
async fn there_is_no_third_rail() {
    let stage = Stage::new().await;
    for _ in 0..2 {
        let refused = Trouble::Refused(Refusal::Input);
        stage.provider.trouble(Operation::Create, refused);
    }
    let id = cash_out(&stage, "L-2", true).await;
    stage.advance(7_200).await;
    let payout = stage.payout(&id).await;
    assert_eq!((payout.status, payout.attempts), (PayoutStatus::Failed, 2));
    assert_eq!(stage.balances().await.available.get(), WALLET);
    books::balance(&stage);
}

#[tokio::test]
async fn an_unclear_instant_attempt_is_never_left_for_the_standard_rail() {
    let stage = Stage::new().await;
    let lost = Trouble::LostAfter;
    stage.provider.trouble(Operation::Create, lost);
    let id = cash_out(&stage, "L-2", true).await;
    stage.work().await;
    stop_payelata(&stage).await;
    for _ in 0..3 {
        stage.provider.trouble(Operation::Read, Trouble::LostBefore);
    }
    stage.advance(600).await;
    let payout = stage.payout(&id).await;
    assert_eq!((payout.rail, payout.attempts), (Rail::Instant, 1));
    assert_eq!(payout.progress, Some(Progress::OutcomeUnknown));
    stage.provider.calm();
    stage.advance(86_400).await;
    let attempts = paid_on(&stage, &id, Rail::Instant).await;
    assert_eq!(attempts.len(), 1);
}

#[tokio::test]
async fn a_payout_whose_both_rails_are_stopped_waits_as_it_is() {
    let stage = Stage::new().await;
    stop_payelata(&stage).await;
    let id = cash_out(&stage, "L-2", true).await;
    stage.advance(3_600).await;
    let payout = stage.payout(&id).await;
    assert_eq!(
        (payout.status, payout.rail),
        (PayoutStatus::Queued, Rail::Instant)
    );
    assert_eq!(stage.provider.calls(), (0, 0));
    books::balance(&stage);
}

#[tokio::test]
async fn a_crash_at_every_point_of_a_fallback_pays_once() {
    let stage = Stage::new().await;
    stage.put_method(MethodKind::BankAccount).await;
    let start = stage.points.names().len();
    let id = cash_out(&stage, "L-2", true).await;
    stage.advance(7_200).await;
    paid_on(&stage, &id, Rail::Standard).await;
    let names = stage.points.names();
    for (number, name) in names.iter().enumerate().skip(start) {
        let stage = Stage::new().await;
        stage.put_method(MethodKind::BankAccount).await;
        stage.put_load("L-2").await;
        stage.points.crash_at(number);
        let id = loop {
            match stage.ask("L-2", (Rail::Instant, true), "L-2").await {
                Ok(Answered::Fresh { body, .. } | Answered::Replayed { body }) => {
                    break PayoutId::parse(&body).expect("an id");
                }
                Err(Error::Unavailable { .. }) if stage.points.is_down() => stage.points.revive(),
                Err(error) => panic!("{name}: {error}"),
            }
        };
        stage.advance(86_400).await;
        println!("crash at {number}: {name}");
        paid_on(&stage, &id, Rail::Standard).await;
    }
    assert!(names.len() - start > 20, "{}", names.len() - start);
}
