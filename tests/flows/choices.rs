//! Whole lives of payouts over several providers: who is chosen, who takes over, and who never does.

use app::{
    changes::Changes,
    memory::{Ending, Operation, Trouble},
    port::Store,
    record::{Key, Record},
    request_key::Answered,
};
use domain::{
    answer::Refusal,
    attempt::Attempt,
    attempt_machine::AttemptState,
    driver::{Driver, MethodKind, Vendor, VendorStanding},
    fee::Rail,
    ids::{PayoutId, ProviderId},
    ledger::Account,
    payout::PayoutStatus,
    routing::Provider,
};

use crate::{books, rare::attempt_of, stage::Stage};

async fn driver(stage: &Stage) -> Driver {
    let key = Key::Driver(stage.tenant.clone(), stage.driver.clone());
    match stage.memory.fetch(&[key]).await.expect("read").remove(0) {
        Some(Record::Driver(driver)) => *driver,
        other => panic!("no driver: {other:?}"),
    }
}

/// OwlPay has approved the driver, with the bank account that is on file.
async fn approve_at_owlpay(stage: &Stage) {
    stage.put_method(MethodKind::BankAccount).await;
    let driver = driver(stage).await;
    let version = driver.version;
    let approved = Driver {
        version: version + 1,
        vendor: Some(Vendor {
            id: ProviderId::parse("ven_X1abcd").expect("valid"),
            standing: VendorStanding::Approved,
            told_method: driver.method.as_ref().map(|method| method.version),
            told_details: None,
            approved_at: None,
            leaving: false,
        }),
        ..driver
    };
    let changes = Changes::new("approve", "approve".to_owned())
        .replace(Record::Driver(Box::new(approved)), version);
    stage.memory.commit(changes).await.expect("written");
}

async fn routes(stage: &Stage, id: &PayoutId) -> Vec<(Provider, AttemptState, String)> {
    let mut found = Vec::new();
    for number in 1..=stage.payout(id).await.attempts {
        let Attempt {
            provider,
            state,
            route,
            ..
        } = attempt_of(stage, id, number).await;
        found.push((provider, state, route));
    }
    found
}

#[tokio::test]
async fn a_bank_payout_of_an_approved_driver_goes_to_owlpay_and_names_the_driver_there() {
    let stage = Stage::new().await;
    approve_at_owlpay(&stage).await;
    let id = stage.create_for_sure("L-1", Rail::Standard).await;
    stage.work().await;
    stage.advance(120).await;
    let attempt = attempt_of(&stage, &id, 1).await;
    assert_eq!(attempt.provider, Provider::Owlpay);
    assert_eq!(attempt.payee.expect("a vendor").as_str(), "ven_X1abcd");
    assert_eq!(stage.payout(&id).await.status, PayoutStatus::Completed);
    let history = stage.history(&id).await;
    let paid = history.last().expect("a transition");
    let clearing = paid
        .legs
        .legs()
        .iter()
        .find(|leg| leg.account == Account::ClearingOwlpay);
    assert_eq!(
        clearing.expect("a leg").amount,
        stage.payout(&id).await.net()
    );
    books::paid_exactly_once(&stage, &id).await;
}

#[tokio::test]
async fn a_driver_whom_owlpay_has_not_approved_is_paid_by_the_next_provider_and_the_attempt_says_why()
 {
    let stage = Stage::new().await;
    stage.put_method(MethodKind::BankAccount).await;
    let id = stage.create_for_sure("L-1", Rail::Standard).await;
    stage.work().await;
    stage.advance(120).await;
    let expected = "payelata/bank_account: standard rail, routing 2026-11; owlpay skipped: driver not approved there";
    assert_eq!(
        routes(&stage, &id).await,
        [(Provider::Payelata, AttemptState::Paid, expected.to_owned())]
    );
}

#[tokio::test]
async fn an_account_that_owlpay_was_not_told_is_not_paid_there() {
    let stage = Stage::new().await;
    approve_at_owlpay(&stage).await;
    stage.put_method(MethodKind::BankAccount).await;
    let id = stage.create_for_sure("L-1", Rail::Standard).await;
    stage.work().await;
    assert_eq!(
        attempt_of(&stage, &id, 1).await.provider,
        Provider::Payelata
    );
}

#[tokio::test]
async fn a_payout_that_owlpay_surely_did_not_make_is_taken_over_by_the_next_provider() {
    let stage = Stage::new().await;
    approve_at_owlpay(&stage).await;
    stage
        .provider
        .trouble(Operation::Create, Trouble::Refused(Refusal::Input));
    let id = stage.create_for_sure("L-1", Rail::Standard).await;
    stage.work().await;
    stage.advance(120).await;
    let routes = routes(&stage, &id).await;
    assert_eq!(
        (routes[0].0, routes[0].1),
        (Provider::Owlpay, AttemptState::Dead)
    );
    assert_eq!(
        (routes[1].0, routes[1].1),
        (Provider::Payelata, AttemptState::Paid)
    );
    assert!(
        routes[1].2.ends_with("owlpay skipped: tried before"),
        "{}",
        routes[1].2
    );
    assert_eq!(stage.payout(&id).await.status, PayoutStatus::Completed);
    books::paid_exactly_once(&stage, &id).await;
}

#[tokio::test]
async fn an_unclear_order_is_never_taken_over() {
    let stage = Stage::new().await;
    approve_at_owlpay(&stage).await;
    stage.provider.end_with(Ending::InFlight);
    stage
        .provider
        .trouble(Operation::Create, Trouble::LostAfter);
    let id = stage.create_for_sure("L-1", Rail::Standard).await;
    stage.work().await;
    stage.advance(3 * 24 * 3600).await;
    assert_eq!(stage.payout(&id).await.attempts, 1);
    assert_eq!(stage.payout(&id).await.status, PayoutStatus::Processing);
    assert_eq!(stage.provider.booked().len(), 1);
}

#[tokio::test]
async fn when_every_provider_refused_the_payout_fails_and_the_money_is_back() {
    let stage = Stage::new().await;
    approve_at_owlpay(&stage).await;
    for _ in 0..2 {
        stage
            .provider
            .trouble(Operation::Create, Trouble::Refused(Refusal::Input));
    }
    let before = stage.balances().await;
    let id = stage.create_for_sure("L-1", Rail::Standard).await;
    stage.work().await;
    stage.advance(120).await;
    let payout = stage.payout(&id).await;
    assert_eq!((payout.status, payout.attempts), (PayoutStatus::Failed, 2));
    assert_eq!(stage.balances().await, before);
}

#[tokio::test]
async fn an_instant_payout_to_a_prepaid_card_is_carried_by_the_provider_of_such_cards() {
    let stage = Stage::new().await;
    stage.put_method(MethodKind::PrepaidCard).await;
    let id = stage.create_for_sure("L-1", Rail::Instant).await;
    stage.work().await;
    let routes = routes(&stage, &id).await;
    assert_eq!(
        (routes[0].0, routes[0].1),
        (Provider::Payelata, AttemptState::Dead)
    );
    assert_eq!(
        (routes[1].0, routes[1].1),
        (Provider::Paywizard, AttemptState::Paid)
    );
    let payout = stage.payout(&id).await;
    assert_eq!(
        (payout.status, payout.counted),
        (PayoutStatus::Completed, 1)
    );
    books::paid_exactly_once(&stage, &id).await;
}

#[tokio::test]
async fn an_unclear_top_up_goes_to_review_and_is_never_repeated() {
    for trouble in [Trouble::LostBefore, Trouble::LostAfter] {
        let stage = Stage::new().await;
        stage.put_method(MethodKind::PrepaidCard).await;
        stage.provider.trouble(Operation::Create, trouble);
        let id = stage.create_for_sure("L-1", Rail::Standard).await;
        stage.work().await;
        stage.advance(7 * 24 * 3600).await;
        let attempt = attempt_of(&stage, &id, 1).await;
        assert_eq!(attempt.state, AttemptState::Review);
        assert!(
            attempt.balance_before.is_some(),
            "evidence for whoever decides"
        );
        assert_eq!(stage.payout(&id).await.attempts, 1);
        assert!(stage.provider.calls().0 <= 1);
    }
}

#[tokio::test]
async fn a_top_up_that_surely_never_left_is_sent_again_under_the_same_number() {
    let stage = Stage::new().await;
    stage.put_method(MethodKind::PrepaidCard).await;
    stage.provider.trouble(Operation::Create, Trouble::NotSent);
    let id = stage.create_for_sure("L-1", Rail::Standard).await;
    stage.work().await;
    stage.advance(60).await;
    let payout = stage.payout(&id).await;
    assert_eq!(
        (payout.status, payout.attempts),
        (PayoutStatus::Completed, 1)
    );
    books::paid_exactly_once(&stage, &id).await;
}

/// The second payout waits until nobody can doubt any more what the first did to the card.
#[tokio::test]
async fn one_card_takes_one_money_call_at_a_time() {
    let stage = Stage::new().await;
    stage.put_method(MethodKind::PrepaidCard).await;
    stage
        .provider
        .trouble(Operation::Create, Trouble::LostAfter);
    let first = stage.create_for_sure("L-1", Rail::Standard).await;
    stage.work().await;
    stage.put_load("L-2").await;
    let second = match stage.create("L-2", Rail::Standard, "k2").await {
        Ok(Answered::Fresh { it, .. }) => it.id,
        other => panic!("not created: {other:?}"),
    };
    stage.work().await;
    stage.advance(3600).await;
    assert_eq!(
        attempt_of(&stage, &first, 1).await.state,
        AttemptState::Review
    );
    let waiting = stage.payout(&second).await;
    assert_eq!(
        (waiting.status, waiting.attempts),
        (PayoutStatus::Queued, 0)
    );
    assert_eq!(stage.provider.calls().0, 1);
}
