//! The number under which PayWizard knows a call belongs to one submission, whatever digests say.

use app::{
    changes::Changes,
    port::Store,
    record::{Key, Record, ReferenceLink},
};
use domain::{
    charge::CHARGER,
    driver::MethodKind,
    fee::Rail,
    ids::{AttemptRef, ChargeId, PayoutId, Submission},
    order_no::OrderNo,
    payout::PayoutStatus,
};

use crate::{
    books,
    charge_stage::{TAKEN, WISH, ask_for_sure, charge, locks, status},
    stage::{Stage, WALLET},
};

/// Another submission that has the number of `reference`: nobody can make one on purpose.
async fn take_number_of(stage: &Stage, reference: &str) {
    let other = ChargeId::parse("chg_another").expect("valid");
    let link = ReferenceLink {
        order_no: Some(OrderNo::of(reference).to_string()),
        ..ReferenceLink::new(CHARGER, stage.tenant.clone(), Submission::Charge(other))
    };
    let changes = Changes::new("other", stage.call("test").tx_id("other"))
        .insert(Record::Reference(Box::new(link)));
    stage.memory.commit(changes).await.expect("planted");
}

async fn holder(stage: &Stage, reference: &str) -> Option<Submission> {
    let number = OrderNo::of(reference).to_string();
    let key = Key::Reference(CHARGER, stage.tenant.mode(), number);
    match stage.record(key).await? {
        Record::Reference(link) => Some(link.reference),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn each_charge_and_each_top_up_has_its_number_to_itself() {
    let stage = Stage::new().await;
    stage.put_method(MethodKind::PrepaidCard).await;
    let id = ask_for_sure(&stage, WISH).await;
    stage.work().await;
    let held = holder(&stage, id.as_str()).await;
    assert_eq!(held, Some(Submission::Charge(id)));
    let payout = stage.create_for_sure("L-1", Rail::Standard).await;
    stage.work().await;
    let reference = AttemptRef::new(payout, 1);
    let held = holder(&stage, &reference.to_string()).await;
    assert_eq!(held, Some(Submission::Attempt(reference)));
}

#[tokio::test]
async fn a_charge_whose_number_is_taken_is_not_sent() {
    let stage = Stage::new().await;
    let id = ask_for_sure(&stage, WISH).await;
    take_number_of(&stage, id.as_str()).await;
    stage.advance(3_600).await;
    let taken = Some("order_number_taken".to_owned());
    assert_eq!(status(&stage, &id).await, ("failed", taken));
    assert_eq!(stage.provider.charge_calls(), 0);
    assert_eq!(
        (charge(&stage, &id).await.sends, locks(&stage).len()),
        (0, 0)
    );
    books::balance(&stage);
}

#[tokio::test]
async fn a_charge_that_is_sent_again_keeps_its_number() {
    let stage = Stage::new().await;
    let unsent = app::memory::Trouble::NotSent;
    stage
        .provider
        .trouble(app::memory::Operation::Charge, unsent);
    let id = ask_for_sure(&stage, WISH).await;
    stage.advance(3_600).await;
    assert_eq!(status(&stage, &id).await, ("completed", None));
    assert_eq!(charge(&stage, &id).await.sends, 2);
    assert_eq!(stage.balances().await.available.get(), WALLET + TAKEN);
}

#[tokio::test]
async fn a_top_up_whose_number_is_taken_is_not_sent_and_its_money_is_free_again() {
    let stage = Stage::new().await;
    stage.put_method(MethodKind::PrepaidCard).await;
    let payout: PayoutId = stage.create_for_sure("L-1", Rail::Standard).await;
    let reference = AttemptRef::new(payout.clone(), 1);
    take_number_of(&stage, &reference.to_string()).await;
    stage.advance(3_600).await;
    let payout = stage.payout(&payout).await;
    assert_eq!(payout.status, PayoutStatus::Canceled);
    assert_eq!(payout.reason.as_deref(), Some("order_number_taken"));
    assert_eq!(stage.provider.calls(), (0, 0));
    assert_eq!(stage.balances().await.available.get(), WALLET);
    assert_eq!(locks(&stage).len(), 0);
    books::balance(&stage);
}
