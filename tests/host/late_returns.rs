//! Money that comes back after a payment, whole or in parts, and what was settled as a part.

use serde_json::{Value, json};

use crate::{
    batch_stage::{WALLET, reason},
    late_stage::{DAY, FEE, GROSS, HOUR, NET, first, legs, plain, review_of, says, sorted},
    rails::bank_driver,
    stage::Stage,
};

const HELD: &str = "contradicted";

async fn card(stage: &Stage) -> String {
    let id = stage.create("L-12345").await;
    stage.advance(HOUR).await;
    stage.assert_standing(&id, ("completed", "")).await;
    id
}

async fn bank(stage: &Stage) -> String {
    bank_driver(stage).await;
    let id = stage.create("RAIL-L").await;
    stage.advance(HOUR).await;
    stage.assert_standing(&id, ("completed", "")).await;
    id
}

fn returned(amount: i64) -> Value {
    says("returned", &json!({"amount": amount}))
}

/// What the driver of the newest payouts was paid, less what came back.
async fn total_paid(stage: &Stage, driver: &str) -> Value {
    let page = stage.data("GET", "/api/v1/drivers", None).await;
    let items = page["items"].as_array().expect("items").iter();
    let mut own = items.filter(|it| it["ovnDriverId"] == driver || it["id"] == driver);
    own.next().expect("a driver")["totalPaid"].clone()
}

async fn assert_moved(stage: &Stage, payout: &str, (event, expected): (&str, &Value)) {
    let newest = stage.newest(payout).await;
    assert_eq!(newest["event"], event, "{newest}");
    assert_eq!(sorted(&legs(&newest)), sorted(expected), "{newest}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_payment_that_owlpay_takes_back_is_returned_once_two_owners_say_how_much() {
    for (word, moved) in [
        ("owlpay.payout_failed", None),
        ("platform.order_cancelled", Some(NET)),
    ] {
        let stage = Stage::new().await;
        let id = bank(&stage).await;
        let reference = first(&id);
        match moved {
            None => stage.show(("owlpay", word), &reference).await,
            Some(sum) => stage.show_moved(("owlpay", word), (&reference, sum)).await,
        }
        stage.assert_standing(&id, ("completed", HELD)).await;
        assert_eq!(stage.review(&reference).await["question"], "return");
        assert_eq!(
            stage.route("owlpay").await,
            "open",
            "one return stops no route"
        );
        stage.assert_closed_to_clients(&id).await;
        stage.assert_invariants().await;
        for outcome in ["paid", "not_paid", "surplus"] {
            let said = plain(outcome);
            let refused = stage
                .decide_fresh(stage.key(), (&review_of(&reference), &said))
                .await;
            assert_eq!(reason(&refused), (409, "outcome_not_offered"), "{outcome}");
        }
        stage.agree(&reference, &returned(NET)).await;
        stage.assert_logged(&reference, "returned").await;
        let expected = json!([["clearing.owlpay", -NET], ["available", NET]]);
        assert_moved(&stage, &id, ("part_returned", &expected)).await;
        stage.assert_standing(&id, ("returned", "returned")).await;
        assert_eq!(stage.load_status("RAIL-L").await, "open");
        assert_eq!(
            stage.balance().await,
            (WALLET - FEE, 0, 0),
            "the fee is kept"
        );
        assert_eq!(stage.out().await, 0);
        stage.advance(20 * DAY).await;
        stage.assert_books().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_comes_back_in_parts_until_all_of_it_did() {
    let stage = Stage::new().await;
    let id = card(&stage).await;
    let reference = first(&id);
    let driver = stage.payout(&id).await["driverId"].clone();
    let driver = driver.as_str().expect("a driver").to_owned();
    let mut back = 0;
    for (word, part) in [
        ("partially_refunded", 4_750),
        ("partially_canceled", 10_000),
    ] {
        stage
            .show_moved(("payelata", word), (&reference, part))
            .await;
        stage.assert_standing(&id, ("completed", HELD)).await;
        let most = says("returned", &json!({"amount": NET - back + 1}));
        let refused = stage
            .decide_fresh(stage.key(), (&review_of(&reference), &most))
            .await;
        assert_eq!(refused.status, 400, "{}", refused.text);
        stage.agree(&reference, &returned(part)).await;
        back += part;
        let expected = json!([["clearing.payelata", -part], ["available", part]]);
        assert_moved(&stage, &id, ("part_returned", &expected)).await;
        stage
            .assert_standing(&id, ("completed", "partly_returned"))
            .await;
        assert_eq!(stage.load_status("L-12345").await, "paid");
        assert_eq!(stage.balance().await, (WALLET - GROSS + back, 0, 0));
        assert_eq!(total_paid(&stage, &driver).await, NET - back);
        assert_eq!(stage.out().await, NET - back);
        // The same word, read again, is no news.
        stage.advance(2 * DAY).await;
        stage
            .assert_standing(&id, ("completed", "partly_returned"))
            .await;
        stage.assert_invariants().await;
    }
    stage.show(("payelata", "refund_failed"), &reference).await;
    stage.assert_standing(&id, ("completed", HELD)).await;
    stage.agree(&reference, &plain("nothing")).await;
    assert_moved(&stage, &id, ("nothing_returned", &json!([]))).await;
    assert_eq!(stage.balance().await, (WALLET - GROSS + back, 0, 0));
    stage
        .show_moved(("payelata", "partially_refunded"), (&reference, NET - back))
        .await;
    let ended = stage.review(&reference).await;
    assert_eq!(
        (&ended["status"], &ended["round"]),
        (&json!("open"), &json!(4))
    );
    stage.agree(&reference, &returned(NET - back)).await;
    stage.assert_standing(&id, ("returned", "returned")).await;
    assert_eq!(total_paid(&stage, &driver).await, 0);
    assert_eq!(stage.balance().await, (WALLET - FEE, 0, 0));
    assert_eq!(stage.load_status("L-12345").await, "open");
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_payelatas_own_word_takes_a_payment_back_by_itself_and_the_fee_with_it() {
    for word in ["refunded", "canceled"] {
        let stage = Stage::new().await;
        let id = card(&stage).await;
        stage.show(("payelata", word), &first(&id)).await;
        stage.assert_standing(&id, ("returned", word)).await;
        assert_eq!(stage.balance().await, (WALLET, 0, 0));
        assert_eq!(stage.open_reviews().await, 0);
        stage.assert_books().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_operators_were_wrong_about_is_given_back_by_two_of_them() {
    let stage = Stage::new().await;
    stage.ends_with("payelata", "process_pending").await;
    let id = stage.create("L-12345").await;
    stage.advance(7 * DAY).await;
    let reference = first(&id);
    stage.agree(&reference, &plain("paid")).await;
    stage.assert_standing(&id, ("completed", "")).await;
    stage.show(("payelata", "process_failed"), &reference).await;
    stage.assert_standing(&id, ("completed", HELD)).await;
    assert_eq!(stage.route("payelata").await, "open");
    stage.agree(&reference, &returned(NET)).await;
    stage.assert_standing(&id, ("returned", "returned")).await;
    assert_eq!(stage.balance().await, (WALLET - FEE, 0, 0));
    assert_eq!(stage.out().await, 0);
    stage.assert_books().await;
}

/// A payout of N = 9750 of which the twin paid a half.
async fn half_paid(stage: &Stage) -> String {
    stage.put_load("PART", 10_000).await;
    stage.ends_with("payelata", "partially_processed").await;
    let id = stage.create("PART").await;
    stage.advance(60).await;
    stage
        .assert_standing(&id, ("processing", "in_review"))
        .await;
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_was_settled_comes_back_with_what_is_left_of_the_rest_and_the_fee() {
    for explained in [0, 1_000, 4_875] {
        let stage = Stage::new().await;
        let id = half_paid(&stage).await;
        let reference = first(&id);
        let part = says("partial", &json!({"paidAmount": 4_875}));
        stage.agree(&reference, &part).await;
        let expected = json!([
            ["in_transit", -10_000],
            ["clearing.payelata", 4_875],
            ["revenue.fees", 250],
            ["suspense", 4_875]
        ]);
        assert_moved(&stage, &id, ("settle", &expected)).await;
        stage.assert_logged(&reference, "partial").await;
        stage
            .assert_standing(&id, ("completed", "settled_partial"))
            .await;
        if explained > 0 {
            let rest = says("rest_returned", &json!({"amount": explained}));
            let round = stage.agree(&reference, &rest).await;
            assert_eq!(round["question"], "suspense", "{round}");
            let expected = json!([["suspense", -explained], ["available", explained]]);
            assert_moved(&stage, &id, ("rest_returned", &expected)).await;
            stage.assert_logged(&reference, "rest_returned").await;
            let available = WALLET - 10_000 + explained;
            assert_eq!(stage.balance().await, (available, 0, 0));
        }
        stage.assert_invariants().await;
        stage.show(("payelata", "refunded"), &reference).await;
        stage.assert_standing(&id, ("returned", "refunded")).await;
        let left = 4_875 - explained;
        let mut expected = json!([
            ["clearing.payelata", -4_875],
            ["revenue.fees", -250],
            ["available", 10_000 - explained]
        ]);
        if left > 0 {
            let rest = json!(["suspense", -left]);
            expected.as_array_mut().expect("legs").push(rest);
        }
        let newest = stage.newest(&id).await;
        assert_eq!(sorted(&legs(&newest)), sorted(&expected), "{newest}");
        assert_eq!(stage.balance().await, (WALLET, 0, 0), "{explained}");
        assert_eq!(stage.out().await, 0);
        stage.assert_books().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rest_of_a_part_goes_back_with_the_decision_and_stays_there_when_the_part_follows() {
    let stage = Stage::new().await;
    let id = half_paid(&stage).await;
    let part = says("partial", &json!({"paidAmount": 4_875, "rest": "returned"}));
    let closed = stage.agree(&first(&id), &part).await;
    assert_eq!(closed["decisions"][1]["rest"], "returned", "{closed}");
    let expected = json!([["suspense", -4_875], ["available", 4_875]]);
    assert_moved(&stage, &id, ("rest_returned", &expected)).await;
    assert_eq!(stage.balance().await, (WALLET - 10_000 + 4_875, 0, 0));
    let more = says("rest_returned", &json!({"amount": 1}));
    let refused = stage
        .decide_fresh(stage.key(), (&review_of(&first(&id)), &more))
        .await;
    assert_eq!(reason(&refused), (409, "review_closed"));
    stage.assert_invariants().await;
    stage.show(("payelata", "refunded"), &first(&id)).await;
    stage.assert_standing(&id, ("returned", "refunded")).await;
    assert_eq!(stage.balance().await, (WALLET, 0, 0));
    stage.assert_books().await;
}
