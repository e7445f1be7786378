//! Orders that OwlPay rejects: withdrawn by a call, dead once they are seen withdrawn, and paid by nobody twice.

use app::memory::{Ending, Operation, Trouble};
use domain::{
    answer::Refusal,
    attempt_machine::AttemptState,
    fee::Rail,
    ids::{AttemptRef, PayoutId},
    payout::PayoutStatus,
    routing::Provider,
};

use crate::{books, rare::attempt_of, stage::Stage, vendor_changes::approved};

const DAY: i64 = 24 * 3_600;

/// A payout whose order OwlPay rejects after it was released.
async fn rejected(stage: &Stage) -> PayoutId {
    stage.provider.end_with(Ending::InFlight);
    stage.put_load("L-2").await;
    let id = stage.create_for_sure("L-2", Rail::Standard).await;
    stage.advance(120).await;
    let attempt = attempt_of(stage, &id, 1).await;
    assert_eq!(
        (attempt.provider, attempt.state),
        (Provider::Owlpay, AttemptState::Submitted)
    );
    reject(stage, &id);
    id
}

/// The order is rejected, and whoever pays from now on pays.
fn reject(stage: &Stage, id: &PayoutId) {
    let reference = AttemptRef::new(id.clone(), 1).to_string();
    stage.provider.end(&reference, Ending::Rejected);
    stage.provider.end_with(Ending::Paid);
}

async fn assert_paid_by_the_next(stage: &Stage, id: &PayoutId, what: &str) {
    let first = attempt_of(stage, id, 1).await;
    assert_eq!(first.state, AttemptState::Dead, "{what}");
    let second = attempt_of(stage, id, 2).await;
    assert_eq!(
        (second.provider, second.state),
        (Provider::Payelata, AttemptState::Paid),
        "{what}"
    );
    let payout = stage.payout(id).await;
    assert_eq!(payout.status, PayoutStatus::Completed, "{what}");
    assert_eq!(stage.provider.paid(), 1, "{what}");
    books::balance(stage);
}

#[tokio::test]
async fn a_rejected_order_is_withdrawn_and_the_next_provider_pays_whatever_is_lost() {
    for trouble in [
        None,
        Some((Operation::Cancel, Trouble::LostBefore)),
        Some((Operation::Cancel, Trouble::LostAfter)),
        Some((Operation::Cancel, Trouble::NotSent)),
        Some((Operation::Read, Trouble::LostBefore)),
    ] {
        let stage = approved().await;
        let id = rejected(&stage).await;
        if let Some((operation, trouble)) = &trouble {
            stage.provider.trouble(*operation, trouble.clone());
        }
        stage.advance(3 * DAY).await;
        assert_paid_by_the_next(&stage, &id, &format!("{trouble:?}")).await;
    }
}

#[tokio::test]
async fn a_rejected_order_that_cannot_be_withdrawn_is_for_two_people_and_nobody_else_pays() {
    let stage = approved().await;
    let id = rejected(&stage).await;
    let refused = Trouble::Refused(Refusal::Input);
    stage.provider.trouble(Operation::Cancel, refused);
    stage.advance(3 * DAY).await;
    let attempt = attempt_of(&stage, &id, 1).await;
    assert_eq!(attempt.state, AttemptState::Review);
    let payout = stage.payout(&id).await;
    assert_eq!(
        (payout.status, payout.attempts),
        (PayoutStatus::Processing, 1)
    );
    assert_eq!(stage.provider.paid(), 0);
    books::balance(&stage);
}

#[tokio::test]
async fn an_order_is_withdrawn_with_a_crash_at_every_point() {
    let stage = approved().await;
    let id = rejected(&stage).await;
    let before = stage.points.names().len();
    stage.advance(3 * DAY).await;
    assert_paid_by_the_next(&stage, &id, "no crash").await;
    let names = stage.points.names();
    assert!(
        names[before..].iter().any(|it| it == "cancel after"),
        "{names:?}"
    );
    for (number, name) in names.iter().enumerate().skip(before) {
        let stage = approved().await;
        let id = rejected(&stage).await;
        stage.points.crash_at(number);
        stage.advance(3 * DAY).await;
        assert_paid_by_the_next(&stage, &id, name).await;
    }
}
