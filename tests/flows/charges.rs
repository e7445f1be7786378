//! Charges of a company's card: every row of the decision table, a crash at every await, one call at a time
//! on a card, and one charge for each reference.

use app::{
    error::Error,
    memory::{Ending, Operation, Trouble},
    message::{ChargeCard, Message, QueueName},
    request_key::Answered,
};
use domain::{
    answer::Refusal,
    charge::{CHARGER, ChargeOutcome, ChargeState},
    driver::MethodKind,
    fee::Rail,
    ids::{ChargeId, ProviderId, Submission},
    money::Cents,
    payout::PayoutStatus,
    routing::StopReason,
};

use crate::{
    books,
    charge_stage::{
        CARD, TAKEN, WISH, Wish, ask, ask_for_sure, charge, locks, open_route, route, settle,
        status,
    },
    stage::{Stage, WALLET},
};

pub(crate) const DAY: i64 = 86_400;

/// The wallet has what completed charges brought, and nothing else; a card is locked exactly while nobody
/// knows what became of its charge.
pub(crate) async fn in_order(stage: &Stage, id: &ChargeId) {
    books::balance(stage);
    let found = charge(stage, id).await;
    let brought = match found.state {
        ChargeState::Paid => found.amount.get(),
        ChargeState::Prepared | ChargeState::Sending | ChargeState::Review | ChargeState::Dead => 0,
    };
    assert_eq!(stage.balances().await.available.get(), WALLET + brought);
    let is_locked = matches!(found.state, ChargeState::Sending | ChargeState::Review);
    assert_eq!(
        locks(stage).len(),
        usize::from(is_locked),
        "{:?}",
        found.state
    );
}

#[tokio::test]
async fn a_charge_that_goes_well_brings_its_amount_once() {
    let stage = Stage::new().await;
    let id = ask_for_sure(&stage, WISH).await;
    assert_eq!(charge(&stage, &id).await.state, ChargeState::Prepared);
    in_order(&stage, &id).await;
    stage.work().await;
    assert_eq!(status(&stage, &id).await, ("completed", None));
    stage.advance(3 * DAY).await;
    assert_eq!(stage.provider.charge_calls(), 1);
    assert_eq!(stage.provider.charged(&id).get(), TAKEN);
    in_order(&stage, &id).await;
}

/// One row of the table: what goes wrong, where the charge ends, and how many calls there were.
struct Row {
    trouble: Option<Trouble>,
    ending: Ending,
    status: &'static str,
    reason: Option<&'static str>,
    calls: u32,
    stop: Option<StopReason>,
}

#[tokio::test]
async fn every_row_of_the_decision_table_ends_as_it_says() {
    let row = |ending, status, reason| Row {
        trouble: None,
        ending,
        status,
        reason,
        calls: 1,
        stop: None,
    };
    let lost = |trouble, calls| Row {
        trouble: Some(trouble),
        calls,
        ..row(Ending::Paid, "in_review", Some("timeout"))
    };
    let rows = [
        row(Ending::Paid, "completed", None),
        row(Ending::PaidShort, "in_review", Some("amount_differs")),
        row(Ending::Failed, "failed", Some("declined")),
        row(Ending::InFlight, "in_review", Some("pending")),
        row(Ending::Reversed, "in_review", Some("voided")),
        // Proven not to have left: sent again, and then it goes well.
        Row {
            trouble: Some(Trouble::NotSent),
            ..row(Ending::Paid, "completed", None)
        },
        lost(Trouble::LostBefore, 0),
        lost(Trouble::LostAfter, 1),
        Row {
            trouble: Some(Trouble::Refused(Refusal::Input)),
            calls: 0,
            ..row(Ending::Paid, "failed", Some("refused"))
        },
        Row {
            trouble: Some(Trouble::Refused(Refusal::Integration)),
            calls: 0,
            stop: Some(StopReason::IntegrationDefect),
            ..row(Ending::Paid, "in_review", Some("integration_defect"))
        },
        Row {
            trouble: Some(Trouble::Refused(Refusal::Credentials)),
            calls: 0,
            stop: Some(StopReason::Credentials),
            ..row(Ending::Paid, "processing", Some("route_stopped"))
        },
    ];
    for (number, row) in rows.into_iter().enumerate() {
        let stage = Stage::new().await;
        stage.provider.end_with(row.ending);
        if let Some(trouble) = row.trouble {
            stage.provider.trouble(Operation::Charge, trouble);
        }
        let id = ask_for_sure(&stage, WISH).await;
        stage.advance(3 * 3_600).await;
        let reason = row.reason.map(str::to_owned);
        assert_eq!(
            status(&stage, &id).await,
            (row.status, reason),
            "row {number}"
        );
        assert_eq!(stage.provider.charge_calls(), row.calls, "row {number}");
        let stopped = route(&stage).await.stopped.map(|stop| stop.reason);
        assert_eq!(stopped, row.stop, "row {number}");
        in_order(&stage, &id).await;
    }
}

#[tokio::test]
async fn refused_credentials_wait_for_people_who_open_the_route() {
    let stage = Stage::new().await;
    let refused = Trouble::Refused(Refusal::Credentials);
    stage.provider.trouble(Operation::Charge, refused);
    let id = ask_for_sure(&stage, WISH).await;
    stage.advance(6 * 3_600).await;
    assert_eq!(stage.provider.charge_calls(), 0, "no call finds it out");
    open_route(&stage).await;
    stage.advance(3_600).await;
    assert_eq!(status(&stage, &id).await, ("completed", None));
    assert_eq!(stage.provider.charge_calls(), 1);
    in_order(&stage, &id).await;
}

#[tokio::test]
async fn a_charge_that_cannot_be_sent_for_a_day_is_given_up() {
    let stage = Stage::new().await;
    let refused = Trouble::Refused(Refusal::Credentials);
    stage.provider.trouble(Operation::Charge, refused);
    let id = ask_for_sure(&stage, WISH).await;
    stage.advance(DAY + 3_600).await;
    let never = Some("never_sent".to_owned());
    assert_eq!(status(&stage, &id).await, ("failed", never));
    open_route(&stage).await;
    stage.advance(DAY).await;
    assert_eq!(stage.provider.charge_calls(), 0);
    in_order(&stage, &id).await;
}

#[tokio::test]
async fn an_unclear_charge_is_never_sent_again_and_its_card_is_looked_at_hourly() {
    let stage = Stage::new().await;
    stage
        .provider
        .trouble(Operation::Charge, Trouble::LostAfter);
    let id = ask_for_sure(&stage, WISH).await;
    stage.work().await;
    let before = charge(&stage, &id).await;
    assert_eq!(before.balance_before, Some(Cents::new(1_000_000)));
    assert_eq!(before.evidence, None);
    stage.advance(30 * 60).await;
    let first = charge(&stage, &id).await;
    let evidence = first.evidence.expect("looked at");
    assert_eq!(evidence.balance, Cents::new(1_000_000 - TAKEN));
    let message = ChargeCard {
        tenant: stage.tenant.clone(),
        charge: id.clone(),
    };
    stage.handle(Message::Charge(message)).await;
    assert_eq!(
        charge(&stage, &id).await,
        first,
        "not again within the hour"
    );
    stage.advance(3_600).await;
    let later = charge(&stage, &id).await.evidence.expect("looked at");
    assert!(later.at.since(evidence.at).as_secs() >= 3_600);
    stage.advance(9 * DAY).await;
    assert_eq!(stage.provider.charge_calls(), 1);
    assert_eq!(status(&stage, &id).await.0, "in_review");
    in_order(&stage, &id).await;
}

/// Everything a client, the workers and time do to one charge.
async fn live(stage: &Stage) -> ChargeId {
    let id = ask_for_sure(stage, WISH).await;
    stage.work().await;
    stage.advance(4 * 3_600).await;
    id
}

#[tokio::test]
async fn a_crash_at_every_point_debits_at_most_once_and_posts_only_what_is_known() {
    let stage = Stage::new().await;
    let id = live(&stage).await;
    assert_eq!(status(&stage, &id).await, ("completed", None));
    let names = stage.points.names();
    let mut reviews = Vec::new();
    for (number, name) in names.iter().enumerate() {
        let stage = Stage::new().await;
        stage.points.crash_at(number);
        let id = live(&stage).await;
        let (status, _) = status(&stage, &id).await;
        println!("crash at {number}: {name}: {status}");
        assert!(stage.provider.charge_calls() <= 1, "{name}");
        in_order(&stage, &id).await;
        match status {
            "completed" => assert_eq!(stage.provider.charged(&id).get(), TAKEN),
            // Between the intent and its outcome nobody knows.
            "in_review" => reviews.push(name.clone()),
            other => panic!("{name}: {other}"),
        }
    }
    assert!(names.len() > 20, "{} points", names.len());
    assert_eq!(
        reviews,
        [
            "commit charge-intend after",
            "charge before",
            "charge after",
            "commit charge-paid before",
        ]
    );
}

#[tokio::test]
async fn two_crashes_in_one_life_are_survived_too() {
    for first in 0..20 {
        for second in first + 1..26 {
            let stage = Stage::new().await;
            stage.points.crash_at(first);
            let id = ask_for_sure(&stage, WISH).await;
            stage.points.crash_at(second);
            stage.work().await;
            stage.advance(6 * 3_600).await;
            assert!(stage.provider.charge_calls() <= 1, "{first} {second}");
            in_order(&stage, &id).await;
            let state = charge(&stage, &id).await.state;
            assert!(
                matches!(state, ChargeState::Paid | ChargeState::Review),
                "{first} {second}: {state:?}"
            );
        }
    }
}

#[tokio::test]
async fn every_message_twice_charges_once() {
    let stage = Stage::new().await;
    let id = ask_for_sure(&stage, WISH).await;
    let message = stage.take(QueueName::Provider(CHARGER)).expect("sent");
    stage.handle(message.clone()).await;
    stage.handle(message.clone()).await;
    stage.advance(DAY).await;
    stage.handle(message).await;
    assert_eq!(stage.provider.charge_calls(), 1);
    in_order(&stage, &id).await;
}

#[tokio::test]
async fn a_second_charge_waits_while_nobody_knows_what_became_of_the_first_on_its_card() {
    let stage = Stage::new().await;
    stage
        .provider
        .trouble(Operation::Charge, Trouble::LostBefore);
    let first = ask_for_sure(&stage, WISH).await;
    stage.work().await;
    let second = Wish {
        reference: "topup-2",
        ..WISH
    };
    let second = ask_for_sure(&stage, second).await;
    stage.advance(5 * 3_600).await;
    let busy = Some("card_busy".to_owned());
    assert_eq!(status(&stage, &second).await, ("processing", busy));
    assert_eq!(stage.provider.charge_calls(), 0);
    assert_eq!(
        locks(&stage)[0].reference,
        Submission::Charge(first.clone())
    );

    let another = Wish {
        reference: "topup-3",
        card: r#"{"accountId":"6000000000000002"}"#,
        ..WISH
    };
    let another = ask_for_sure(&stage, another).await;
    stage.work().await;
    assert_eq!(
        status(&stage, &another).await,
        ("completed", None),
        "another card is free"
    );

    settle(&stage, &first, ChargeOutcome::NotPaid).await;
    stage.advance(3_600).await;
    assert_eq!(status(&stage, &second).await, ("completed", None));
    assert_eq!(stage.provider.charged(&first), Cents::ZERO);
    assert_eq!(stage.balances().await.available.get(), WALLET + 2 * TAKEN);
    assert_eq!(locks(&stage), []);
    books::balance(&stage);
}

#[tokio::test]
async fn a_payout_and_a_charge_never_move_money_on_one_card_together() {
    let stage = Stage::new().await;
    stage.put_method(MethodKind::PrepaidCard).await;
    stage
        .provider
        .trouble(Operation::Create, Trouble::LostAfter);
    let payout = stage.create_for_sure("L-1", Rail::Standard).await;
    stage.work().await;
    assert_eq!(stage.payout(&payout).await.status, PayoutStatus::Processing);
    // The account of the stage's payout methods.
    let same_card = Wish { card: "{}", ..WISH };
    let id = ask_for_sure(&stage, same_card).await;
    stage.advance(3_600).await;
    let busy = Some("card_busy".to_owned());
    assert_eq!(status(&stage, &id).await, ("processing", busy));
    assert_eq!(stage.provider.charge_calls(), 0);
    books::balance(&stage);
}

#[tokio::test]
async fn a_reference_stands_for_one_charge() {
    let stage = Stage::new().await;
    let id = ask_for_sure(&stage, WISH).await;
    stage.work().await;
    let Ok(Answered::Replayed { body }) = ask(&stage, WISH, WISH.reference).await else {
        panic!("the stored answer");
    };
    assert_eq!(
        body,
        format!("{id} processing"),
        "the bytes of the first answer"
    );
    let Ok(Answered::Fresh { it, .. }) = ask(&stage, WISH, "another key").await else {
        panic!("the charge that is there");
    };
    assert_eq!((&it.id, it.state), (&id, ChargeState::Paid));
    let others = [
        Wish {
            amount: TAKEN + 1,
            ..WISH
        },
        Wish {
            card: r#"{"accountId":"6000000000000002"}"#,
            ..WISH
        },
    ];
    for other in others {
        let refused = ask(&stage, other, "a third key").await;
        assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    }
    let reused = ask(&stage, others[0], WISH.reference).await;
    assert_eq!(reused, Err(Error::KeyReused));
    stage.advance(DAY).await;
    assert_eq!(stage.provider.charge_calls(), 1);
    in_order(&stage, &id).await;
}

#[tokio::test]
async fn an_answer_that_names_another_payment_is_not_believed() {
    let stage = Stage::new().await;
    let object = ProviderId::parse("930000000000000001").expect("valid");
    stage.provider.answer_with(object);
    let first = ask_for_sure(&stage, WISH).await;
    stage.work().await;
    assert_eq!(status(&stage, &first).await, ("completed", None));
    let second = Wish {
        reference: "topup-2",
        ..WISH
    };
    let second = ask_for_sure(&stage, second).await;
    stage.work().await;
    let reason = Some("object_of_another".to_owned());
    assert_eq!(status(&stage, &second).await, ("in_review", reason));
    assert_eq!(stage.balances().await.available.get(), WALLET + TAKEN);
    books::balance(&stage);
}

#[tokio::test]
async fn the_number_of_the_card_stands_nowhere_but_sealed() {
    let stage = Stage::new().await;
    stage
        .provider
        .trouble(Operation::Charge, Trouble::LostAfter);
    let id = ask_for_sure(&stage, WISH).await;
    stage.advance(3_600).await;
    settle(&stage, &id, ChargeOutcome::Paid).await;
    for record in stage.memory.dump().records {
        let printed = format!("{record:?}").replace(&format!("{:?}", format!("sealed:{CARD}")), "");
        assert!(!printed.contains("6000000000000001"), "{printed}");
    }
}
