//! What was seen paid is never paid again without people: attempts that had ended and show a payment later.

use serde_json::{Value, json};

use crate::{
    batch_stage::{WALLET, reason},
    late_stage::{DAY, FEE, GROSS, HOUR, NET, first, legs, plain, review_of, sorted},
    rails::bank_driver,
    stage::Stage,
};

pub(crate) const HELD: &str = "contradicted";

/// A bank payout that OwlPay rejected and withdrew; it waits for Payelata, which is paused.
pub(crate) async fn withdrawn_and_waiting(stage: &Stage) -> String {
    bank_driver(stage).await;
    stage.switch("payelata", "pause").await;
    stage.ends_with("owlpay", "owlpay.order_rejected").await;
    let id = stage.create("RAIL-L").await;
    stage.advance(HOUR).await;
    let rows = stage.payments().await;
    assert_eq!(rows[0]["status"], "platform.order_cancelled", "{rows:?}");
    assert_eq!(stage.standing(&id).await.0, "queued");
    id
}

/// A card payout whose provider says that it failed.
async fn failed(stage: &Stage) -> String {
    stage.ends_with("payelata", "process_failed").await;
    let id = stage.create("L-12345").await;
    stage.advance(HOUR).await;
    assert_eq!(stage.standing(&id).await.0, "failed");
    id
}

pub(crate) async fn canceled(stage: &Stage) -> String {
    let id = failed(stage).await;
    let path = format!("/api/v1/payouts/{id}/cancel");
    stage.data("POST", &path, None).await;
    id
}

/// A card payout that was paid and came back, whole.
pub(crate) async fn returned(stage: &Stage) -> String {
    let id = stage.create("L-12345").await;
    stage.advance(HOUR).await;
    stage.show(("payelata", "refunded"), &first(&id)).await;
    assert_eq!(stage.standing(&id).await.0, "returned");
    assert_eq!(stage.balance().await, (WALLET, 0, 0));
    id
}

/// Nobody acts on it, however long it takes.
pub(crate) async fn assert_held(stage: &Stage, id: &str, status: &str) {
    stage.assert_standing(id, (status, HELD)).await;
    stage.assert_closed_to_clients(id).await;
    let out = stage.out().await;
    stage.advance(2 * DAY).await;
    assert_eq!(stage.out().await, out, "nothing was sent");
    stage.assert_standing(id, (status, HELD)).await;
    stage.assert_invariants().await;
}

/// The legs by which X is posted, and taken back.
fn posted(provider: &str, sum: i64) -> Value {
    json!([["suspense", -sum], [format!("clearing.{provider}"), sum]])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_order_that_owlpay_shows_paid_holds_the_payout_and_payelata_never_pays_it_again()
 {
    for word in ["owlpay.payout_succeed", "dest_bank.validated"] {
        let stage = Stage::new().await;
        let id = withdrawn_and_waiting(&stage).await;
        stage.show(("owlpay", word), &first(&id)).await;
        let news = stage.newest(&id).await;
        assert_eq!(
            (&news["event"], &news["reason"]),
            (&json!("contradiction"), &json!(word))
        );
        assert_eq!(sorted(&legs(&news)), sorted(&posted("owlpay", NET)));
        stage.switch("payelata", "resume").await;
        assert_held(&stage, &id, "queued").await;
        assert_eq!(stage.route("owlpay").await, "open", "a hold stops no route");
        let review = stage.review(&first(&id)).await;
        assert_eq!(review["question"], "late_payment", "{review}");
        assert_eq!(review["evidence"]["proof"], "paid_in_full", "{review}");

        stage.agree(&first(&id), &plain("paid")).await;
        stage.assert_standing(&id, ("completed", "")).await;
        let legs = json!([
            ["pending", -GROSS],
            ["revenue.fees", FEE],
            ["suspense", NET]
        ]);
        stage.assert_decided(&id, "late_paid", &legs).await;
        stage.assert_logged(&first(&id), "paid").await;
        assert_eq!(stage.balance().await, (WALLET - GROSS, 0, 0));
        assert_eq!(stage.load_status("RAIL-L").await, "paid");
        stage.advance(20 * DAY).await;
        assert_eq!(stage.out().await, NET, "paid once");
        stage.assert_books().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_order_whose_payment_owlpay_takes_back_is_paid_by_payelata_once_two_owners_agree()
 {
    let stage = Stage::new().await;
    let id = withdrawn_and_waiting(&stage).await;
    let reference = first(&id);
    stage
        .show(("owlpay", "owlpay.payout_succeed"), &reference)
        .await;
    stage.switch("payelata", "resume").await;
    let denied = stage
        .decide_fresh(stage.key(), (&review_of(&reference), &plain("not_paid")))
        .await;
    assert_eq!(
        reason(&denied),
        (409, "evidence_contradicts"),
        "{}",
        denied.text
    );
    let back = ("owlpay", "platform.order_cancelled");
    stage.show_moved(back, (&reference, NET)).await;
    // Money was booked, so that no number of reads lifts it.
    assert_held(&stage, &id, "queued").await;
    stage.show(back, &reference).await;
    let review = review_of(&reference);
    let denied = stage
        .decide_fresh(stage.second(), (&review, &plain("paid")))
        .await;
    assert_eq!(reason(&denied), (409, "evidence_contradicts"));
    assert_eq!(denied.body["error"]["details"]["proof"], "nothing_paid");
    stage.agree(&reference, &plain("not_paid")).await;
    stage.assert_logged(&reference, "not_paid").await;
    let timeline = stage
        .data("GET", &format!("/api/v1/payouts/{id}/timeline"), None)
        .await;
    let items = timeline["items"].as_array().expect("items");
    let decided = items.iter().find(|it| it["event"] == "late_not_paid");
    let decided = decided.expect("the decision");
    assert_eq!(
        sorted(&legs(decided)),
        sorted(&json!([["clearing.owlpay", -NET], ["suspense", NET]]))
    );
    stage.advance(HOUR).await;
    stage.assert_standing(&id, ("completed", "")).await;
    assert_eq!(stage.out().await, NET);
    assert_eq!(stage.balance().await, (WALLET - GROSS, 0, 0));
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_payout_that_payelata_shows_processed_is_closed_to_retry_and_cancel_until_decided()
{
    let stage = Stage::new().await;
    let id = failed(&stage).await;
    stage.show(("payelata", "processed"), &first(&id)).await;
    assert_held(&stage, &id, "failed").await;
    let refused = stage
        .post("/api/v1/payouts", &json!({"loadId": "L-12345"}))
        .await;
    assert_eq!(refused.status, 409, "{}", refused.text);
    stage.agree(&first(&id), &plain("paid")).await;
    let legs = json!([
        ["available", -GROSS],
        ["revenue.fees", FEE],
        ["suspense", NET]
    ]);
    stage.assert_decided(&id, "late_paid", &legs).await;
    stage.assert_standing(&id, ("completed", "")).await;
    assert_eq!(stage.out().await, NET);
    assert_eq!(stage.balance().await, (WALLET - GROSS, 0, 0));
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_without_money_about_a_dead_attempt_holds_it_until_two_reads_show_it_dead() {
    let stage = Stage::new().await;
    let id = failed(&stage).await;
    stage
        .show(("payelata", "process_pending"), &first(&id))
        .await;
    assert_held(&stage, &id, "failed").await;
    let order = json!({"provider": "payelata", "status": "process_failed",
        "reference": first(&id), "now": true});
    stage.control("/_control/outcomes", &order).await;
    stage.advance(5).await;
    stage.assert_standing(&id, ("failed", HELD)).await;
    stage.advance(2 * HOUR).await;
    assert_eq!(stage.standing(&id).await.0, "failed");
    assert_ne!(stage.standing(&id).await.1, HELD);
    assert_eq!(stage.review(&first(&id)).await["closedBy"], "provider");
    let path = format!("/api/v1/payouts/{id}/retry");
    stage.data("POST", &path, None).await;
    stage.advance(HOUR).await;
    stage.assert_standing(&id, ("completed", "")).await;
    assert_eq!(stage.out().await, NET);
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_payout_that_waits_for_the_same_load_is_held_too_and_one_of_them_is_paid() {
    for outcome in ["paid", "not_paid"] {
        for came_back in [false, true] {
            let what = format!("{outcome}, came back: {came_back}");
            let stage = Stage::new().await;
            let old = if came_back {
                returned(&stage).await
            } else {
                canceled(&stage).await
            };
            let status = stage.standing(&old).await.0;
            stage.switch("payelata", "pause").await;
            let new = stage.create("L-12345").await;
            stage.advance(HOUR).await;
            stage.show(("payelata", "processed"), &first(&old)).await;
            stage.switch("payelata", "resume").await;
            assert_eq!(stage.standing(&new).await.1, HELD, "{what}");
            assert_held(&stage, &old, &status).await;
            stage.assert_closed_to_clients(&new).await;
            if outcome == "not_paid" {
                let back = if came_back { "refunded" } else { "canceled" };
                stage.show(("payelata", back), &first(&old)).await;
            }
            stage.agree(&first(&old), &plain(outcome)).await;
            stage.assert_logged(&first(&old), outcome).await;
            stage.advance(HOUR).await;
            let ended = (stage.standing(&old).await.0, stage.standing(&new).await.0);
            let expected = match outcome {
                "paid" => ("completed".to_owned(), "canceled".to_owned()),
                _ => (status, "completed".to_owned()),
            };
            assert_eq!(ended, expected, "{what}");
            assert_eq!(stage.out().await, NET, "{what}");
            assert_eq!(stage.balance().await, (WALLET - GROSS, 0, 0), "{what}");
            assert_eq!(stage.load_status("L-12345").await, "paid", "{what}");
            stage.assert_invariants().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_that_is_too_low_keeps_a_late_payment_open_until_money_arrives() {
    let stage = Stage::new().await;
    let id = failed(&stage).await;
    stage.show(("payelata", "processed"), &first(&id)).await;
    stage.put_load("BIG", WALLET - GROSS + 1).await;
    stage.create("BIG").await;
    stage.host.pump.settle().await;
    let refused = stage.refused_of_two(&first(&id), &plain("paid")).await;
    let error = &refused.body["error"];
    assert_eq!(
        (refused.status, &error["code"]),
        (400, &json!("INSUFFICIENT_FUNDS"))
    );
    assert_eq!(error["details"]["required"], GROSS);
    stage.assert_standing(&id, ("failed", HELD)).await;
    assert_eq!(stage.review(&first(&id)).await["status"], "open");
    let deposit = json!({"amount": GROSS, "reference": "more"});
    stage
        .data("POST", "/api/v1/wallet/deposits", Some(&deposit))
        .await;
    let review = review_of(&first(&id));
    let paid = stage
        .decide_fresh(stage.second(), (&review, &plain("paid")))
        .await;
    assert_eq!(paid.status, 200, "{}", paid.text);
    stage.assert_standing(&id, ("completed", "")).await;
    stage.assert_invariants().await;
}
