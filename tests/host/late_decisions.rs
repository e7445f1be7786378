//! Decisions and the evidence: what people may not say against a read, and what they may say where none ends it.

use serde_json::json;

use crate::{
    batch_stage::{WALLET, reason},
    late_stage::{DAY, GROSS, HOUR, NET, first, plain, review_of, says},
    rails::{bank_driver, driver, fault},
    stage::Stage,
};

/// A bank payout whose order rests at this word until people are asked.
async fn resting(stage: &Stage, word: &str) -> String {
    bank_driver(stage).await;
    stage.ends_with("owlpay", word).await;
    let id = stage.create("RAIL-L").await;
    stage.advance(DAY).await;
    assert_eq!(stage.open_reviews().await, 0, "{word}: not yet");
    stage.advance(6 * DAY).await;
    let open = stage.review(&first(&id)).await;
    assert_eq!(
        (&open["reason"], &open["status"]),
        (&json!("submitted_too_long"), &json!("open")),
        "{word}: {open}"
    );
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_decision_on_old_evidence_waits_for_a_read_that_is_made() {
    let stage = Stage::new().await;
    stage.ends_with("payelata", "partially_processed").await;
    let id = stage.create("L-12345").await;
    stage.advance(60).await;
    let review = review_of(&first(&id));
    let part = says("partial", &json!({"paidAmount": NET / 2}));
    let begun = stage.decide(stage.key(), (&review, &part)).await;
    assert_eq!(begun.status, 200, "{}", begun.text);
    stage.advance(11 * 60).await;
    let read_at = async || {
        let review = stage.review(&first(&id)).await;
        let at = review["evidence"]["readAt"].as_str().expect("a time");
        at.to_owned()
    };
    let before = read_at().await;
    let checks = stage.host.pump.hold(app::message::QueueName::Check).await;
    for _ in 0..2 {
        let stale = stage.decide(stage.second(), (&review, &part)).await;
        assert_eq!(reason(&stale), (409, "evidence_stale"), "{}", stale.text);
    }
    stage
        .assert_standing(&id, ("processing", "in_review"))
        .await;
    drop(checks);
    stage.host.pump.settle().await;
    assert!(read_at().await > before);
    let second = stage.decide(stage.second(), (&review, &part)).await;
    assert_eq!(second.status, 200, "{}", second.text);
    stage
        .assert_standing(&id, ("completed", "settled_partial"))
        .await;
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_newest_read_denies_is_refused_whoever_says_it() {
    let stage = Stage::new().await;
    stage.ends_with("payelata", "process_failed").await;
    let id = stage.create("L-12345").await;
    stage.advance(HOUR).await;
    let (reference, review) = (first(&id), review_of(&first(&id)));
    stage
        .show(("payelata", "process_pending"), &reference)
        .await;
    for (word, denied, proof) in [
        ("process_failed", "paid", "nothing_paid"),
        ("processed", "not_paid", "paid_in_full"),
    ] {
        // Read once: a second read would lift what shows no money.
        let order =
            json!({"provider": "payelata", "status": word, "reference": reference, "now": true});
        stage.control("/_control/outcomes", &order).await;
        stage.advance(5).await;
        for key in [stage.key(), stage.second()] {
            let refused = stage.decide_fresh(key, (&review, &plain(denied))).await;
            assert_eq!(reason(&refused), (409, "evidence_contradicts"), "{word}");
            assert_eq!(refused.body["error"]["details"]["proof"], proof, "{word}");
        }
    }
    assert_eq!(stage.review(&reference).await["decisions"], json!([]));
    stage.assert_standing(&id, ("failed", "contradicted")).await;
    stage.assert_invariants().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_rests_too_long_is_paid_once_two_owners_say_so_and_the_same_word_is_no_news()
{
    for word in [
        "owlpay.order_settled",
        "bank.transfer_end",
        "owlpay.order_confirmed",
    ] {
        let stage = Stage::new().await;
        let id = resting(&stage, word).await;
        let reference = first(&id);
        let closed = stage.agree(&reference, &plain("paid")).await;
        assert_eq!(closed["closedBy"], "operators", "{word}: {closed}");
        stage.assert_standing(&id, ("completed", "")).await;
        stage.assert_logged(&reference, "paid").await;
        assert_eq!(stage.balance().await, (WALLET - GROSS, 0, 0));
        stage.advance(3 * DAY).await;
        stage.assert_standing(&id, ("completed", "")).await;
        stage
            .show(("owlpay", "owlpay.payout_failed"), &reference)
            .await;
        stage
            .assert_standing(&id, ("completed", "contradicted"))
            .await;
        // People say that it was paid, which the twin never did.
        stage.assert_invariants().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resting_payment_whose_provider_later_shows_it_paid_confirms_what_people_said() {
    let stage = Stage::new().await;
    let id = resting(&stage, "owlpay.order_settled").await;
    stage.agree(&first(&id), &plain("paid")).await;
    stage
        .show(("owlpay", "owlpay.payout_succeed"), &first(&id))
        .await;
    stage.assert_standing(&id, ("completed", "")).await;
    assert_eq!(stage.open_reviews().await, 0);
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_still_be_withdrawn_is_withdrawn_before_anybody_says_not_paid() {
    let stage = Stage::new().await;
    let id = resting(&stage, "owlpay.received_order").await;
    let reference = first(&id);
    let said = plain("not_paid");
    let begun = stage
        .decide_fresh(stage.key(), (&review_of(&reference), &said))
        .await;
    assert_eq!(begun.status, 200, "{}", begun.text);
    stage.advance(2 * HOUR).await;
    let closed = stage.review(&reference).await;
    assert_eq!(closed["closedBy"], "provider", "{closed}");
    let rows = stage.payments().await;
    let order = rows.iter().find(|row| row["provider"] == "owlpay");
    assert_eq!(
        order.expect("an order")["status"],
        "platform.order_cancelled"
    );
    stage.assert_standing(&id, ("completed", "")).await;
    assert_eq!(stage.out().await, NET, "Payelata pays it, once");
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_provider_refuses_to_withdraw_the_decision_of_two_owners_stands() {
    let stage = Stage::new().await;
    let id = resting(&stage, "owlpay.received_order").await;
    for _ in 0..20 {
        fault(&stage, "owlpay", "cancel", "status:402_before").await;
    }
    let reference = first(&id);
    let (review, said) = (review_of(&reference), plain("not_paid"));
    let begun = stage.decide_fresh(stage.key(), (&review, &said)).await;
    assert_eq!(begun.status, 200, "{}", begun.text);
    stage.host.pump.settle().await;
    let mut second = stage.decide_fresh(stage.second(), (&review, &said)).await;
    for _ in 0..20 {
        if reason(&second) != (409, "withdrawal_pending") {
            break;
        }
        stage.advance(60).await;
        second = stage.decide_fresh(stage.second(), (&review, &said)).await;
    }
    assert_eq!(second.status, 200, "{}", second.text);
    stage
        .assert_standing(&id, ("failed", "settled_not_paid"))
        .await;
    assert_eq!(stage.balance().await, (WALLET, 0, 0));
    stage.advance(3 * DAY).await;
    stage
        .assert_standing(&id, ("failed", "settled_not_paid"))
        .await;
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_withdrawn_any_more_is_settled_not_paid_and_another_word_holds_it() {
    let stage = Stage::new().await;
    let id = resting(&stage, "bank.transfer_end").await;
    let reference = first(&id);
    stage.agree(&reference, &plain("not_paid")).await;
    stage
        .assert_standing(&id, ("failed", "settled_not_paid"))
        .await;
    stage.advance(3 * DAY).await;
    stage
        .assert_standing(&id, ("failed", "settled_not_paid"))
        .await;
    stage
        .show(("owlpay", "owlpay.payout_succeed"), &reference)
        .await;
    stage.assert_standing(&id, ("failed", "contradicted")).await;
    stage.agree(&reference, &plain("paid")).await;
    stage.assert_standing(&id, ("completed", "")).await;
    assert_eq!(stage.balance().await, (WALLET - GROSS, 0, 0));
    assert_eq!(stage.out().await, NET);
    stage.assert_books().await;
}

/// A second decision that needs a read, as often as it takes until none is waited for; it stands, and says why.
async fn assert_stands_unread(stage: &Stage, id: &str, why: &str) {
    let (review, said) = (review_of(&first(id)), plain("not_paid"));
    let begun = stage.decide(stage.key(), (&review, &said)).await;
    assert_eq!(begun.status, 200, "{}", begun.text);
    stage.advance(11 * 60).await;
    let mut second = stage.decide(stage.second(), (&review, &said)).await;
    for _ in 0..4 {
        if second.status == 200 {
            break;
        }
        assert_eq!(reason(&second), (409, "evidence_stale"), "{}", second.text);
        // Reads closer than two seconds are one.
        stage.advance(5).await;
        second = stage.decide(stage.second(), (&review, &said)).await;
    }
    let known = stage.review(&first(id)).await;
    assert_eq!(second.status, 200, "{}: {known}", second.text);
    let decision = &second.body["data"]["decisions"][1];
    assert_eq!(decision["unread"], why, "{decision}");
    stage
        .assert_standing(id, ("failed", "settled_not_paid"))
        .await;
    assert_eq!(stage.balance().await, (WALLET, 0, 0));
    stage.assert_invariants().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_stands_without_a_read_where_three_said_nothing_and_records_that() {
    let stage = Stage::new().await;
    stage.ends_with("payelata", "refund_failed").await;
    let id = stage.create("L-12345").await;
    stage.advance(60).await;
    stage
        .assert_standing(&id, ("processing", "in_review"))
        .await;
    stage.fault("query", "status:500_before", 1_000).await;
    assert_stands_unread(&stage, &id, "unclear").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_stands_without_a_read_where_our_credentials_are_refused_and_records_that() {
    let stage = Stage::new().await;
    let method = json!({"type": "prepaid_card", "accountId": "6000000000001203"});
    driver(&stage, &method, true).await;
    stage.ends_with("paywizard", "order_state_1").await;
    let id = stage.create("RAIL-L").await;
    stage.advance(180).await;
    stage
        .assert_standing(&id, ("processing", "in_review"))
        .await;
    let order = json!({"provider": "paywizard", "operation": "query", "fault": "code:401_before", "times": 1_000});
    stage.control("/_control/faults", &order).await;
    assert_stands_unread(&stage, &id, "credentials_refused").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_about_a_top_up_that_nobody_can_be_asked_about_stands_and_records_that() {
    let stage = Stage::new().await;
    let method = json!({"type": "prepaid_card", "accountId": "6000000000001234"});
    driver(&stage, &method, true).await;
    fault(&stage, "paywizard", "topup", "drop_before").await;
    let id = stage.create("RAIL-L").await;
    stage.advance(HOUR).await;
    stage
        .assert_standing(&id, ("processing", "in_review"))
        .await;
    assert_stands_unread(&stage, &id, "no_query").await;
}
