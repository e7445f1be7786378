//! Operators who decide what became of a charge.

use app::{
    error::Error,
    memory::{Operation, Trouble},
};
use domain::{
    charge::{ChargeOutcome, ChargeState},
    denied::Denied,
    ids::ChargeId,
    money::Cents,
};

use crate::{
    books,
    charge_stage::{WISH, ask_for_sure, charge, decide, status},
    charges::{DAY, in_order},
    stage::{Stage, WALLET},
};

#[tokio::test]
async fn two_operators_settle_what_nobody_can_be_asked_about() {
    for (outcome, expected) in [
        (ChargeOutcome::Paid, "completed"),
        (ChargeOutcome::NotPaid, "failed"),
    ] {
        let stage = Stage::new().await;
        stage
            .provider
            .trouble(Operation::Charge, Trouble::LostAfter);
        let id = ask_for_sure(&stage, WISH).await;
        stage.work().await;
        let first = decide(&stage, &id, ("ann", outcome, "S-1")).await;
        assert_eq!(first.expect("proposed").state, ChargeState::Review);
        let again = decide(&stage, &id, ("ANN ", outcome, "S-1")).await;
        assert_eq!(again.expect("known").state, ChargeState::Review);
        let other = decide(&stage, &id, ("bob", outcome, "S-2")).await;
        assert!(matches!(other, Err(Error::Conflict(_))), "{other:?}");
        in_order(&stage, &id).await;
        let second = decide(&stage, &id, ("bob", outcome, "S-1")).await;
        assert_eq!(second.expect("settled").state.public(), expected);
        let third = decide(&stage, &id, ("eve", outcome, "S-1")).await;
        let denied = Denied::ChargeState(charge(&stage, &id).await.state);
        assert_eq!(third, Err(denied.into()));
        stage.advance(DAY).await;
        assert_eq!(stage.provider.charge_calls(), 1);
        in_order(&stage, &id).await;
    }
}

#[tokio::test]
async fn nobody_decides_about_a_charge_that_is_under_way_or_not_there() {
    let stage = Stage::new().await;
    let id = ask_for_sure(&stage, WISH).await;
    let word = ("ann", ChargeOutcome::Paid, "S-1");
    let early = decide(&stage, &id, word).await;
    assert_eq!(
        early,
        Err(Denied::ChargeState(ChargeState::Prepared).into())
    );
    let unknown = ChargeId::parse("chg_unknown").expect("valid");
    let nothing = decide(&stage, &unknown, word).await;
    assert_eq!(nothing, Err(Error::NotFound("card charge")));
}

#[tokio::test]
async fn a_debit_that_the_wallet_cannot_take_is_for_operators() {
    let stage = Stage::new().await;
    let full = Cents::WALLET_MAX.get() - WALLET;
    stage.deposit("full", full).await;
    let id = ask_for_sure(&stage, WISH).await;
    stage.work().await;
    let reason = Some("wallet_limit".to_owned());
    assert_eq!(status(&stage, &id).await, ("in_review", reason));
    let word = |owner| (owner, ChargeOutcome::Paid, "S-1");
    decide(&stage, &id, word("ann")).await.expect("proposed");
    let refused = decide(&stage, &id, word("bob")).await;
    assert_eq!(refused, Err(Denied::WalletLimit.into()));
    assert_eq!(stage.balances().await.available, Cents::WALLET_MAX);
    books::balance(&stage);
}
