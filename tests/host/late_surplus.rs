//! A second payment of the same load: nobody can explain two, so it is a surplus until somebody bears it.

use serde_json::{Value, json};

use crate::{
    batch_stage::{WALLET, reason},
    late_news::{HELD, assert_held, canceled, returned, withdrawn_and_waiting},
    late_stage::{GROSS, HOUR, NET, first, legs, plain, review_of, says, sorted},
    stage::Stage,
};

/// The end of a surplus, and what it leaves in the wallet and moves by which legs.
fn ends_of_a_surplus() -> [(Value, i64, Value); 3] {
    let absorbed = |by: &str| says("absorbed", &json!({"absorbedBy": by}));
    [
        (
            says("recovered", &json!({"amount": NET})),
            WALLET - GROSS,
            json!([["clearing.payelata", -NET], ["suspense", NET]]),
        ),
        (
            absorbed("tenant"),
            WALLET - GROSS - NET,
            json!([["available", -NET], ["suspense", NET]]),
        ),
        (
            absorbed("platform"),
            WALLET - GROSS,
            json!([["expense.losses", -NET], ["suspense", NET]]),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_payment_of_a_load_stops_its_route_and_is_a_surplus_until_somebody_bears_it() {
    for came_back in [false, true] {
        for (end, available, moved) in ends_of_a_surplus() {
            let stage = Stage::new().await;
            let old = if came_back {
                returned(&stage).await
            } else {
                canceled(&stage).await
            };
            let status = stage.standing(&old).await.0;
            let new = stage.create("L-12345").await;
            stage.advance(HOUR).await;
            stage.assert_standing(&new, ("completed", "")).await;
            stage.show(("payelata", "processed"), &first(&old)).await;
            assert_eq!(stage.route("payelata").await, "stopped");
            stage.assert_standing(&new, ("completed", "")).await;
            assert_held(&stage, &old, &status).await;
            let review = review_of(&first(&old));
            for word in ["paid", "not_paid", "returned", "nothing", "partial"] {
                let body = match word {
                    "returned" => says(word, &json!({"amount": 1})),
                    "partial" => says(word, &json!({"paidAmount": 1})),
                    _ => plain(word),
                };
                let refused = stage.decide_fresh(stage.key(), (&review, &body)).await;
                assert_eq!(reason(&refused), (409, "outcome_not_offered"), "{word}");
                let offered = &refused.body["error"]["details"]["offered"];
                assert!(offered.to_string().contains("surplus"), "{offered}");
            }
            stage.agree(&first(&old), &plain("surplus")).await;
            stage.assert_decided(&old, "surplus", &json!([])).await;
            assert_eq!(stage.standing(&old).await.0, status);
            assert_ne!(stage.standing(&old).await.1, HELD);
            stage.assert_invariants().await;
            let explained = stage.agree(&first(&old), &end).await;
            assert_eq!(
                (&explained["round"], &explained["question"]),
                (&json!(2), &json!("suspense"))
            );
            let word = end["outcome"].as_str().expect("a word");
            let newest = stage.newest(&old).await;
            assert_eq!(newest["event"], word, "{newest}");
            assert_eq!(sorted(&legs(&newest)), sorted(&moved), "{newest}");
            stage.assert_logged(&first(&old), word).await;
            assert_eq!(stage.balance().await, (available, 0, 0), "{end}");
            let late = stage.decide_fresh(stage.key(), (&review, &end)).await;
            assert_eq!(reason(&late), (409, "review_closed"));
            stage.assert_invariants().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_settled_as_paid_while_another_attempt_may_hold_money() {
    let stage = Stage::new().await;
    let id = withdrawn_and_waiting(&stage).await;
    stage.ends_with("payelata", "process_pending").await;
    stage.switch("payelata", "resume").await;
    stage.advance(HOUR).await;
    stage.assert_standing(&id, ("processing", "")).await;
    stage
        .show(("owlpay", "owlpay.payout_succeed"), &first(&id))
        .await;
    stage.assert_standing(&id, ("processing", HELD)).await;
    let refused = stage.refused_of_two(&first(&id), &plain("paid")).await;
    assert_eq!(
        reason(&refused),
        (409, "attempt_in_flight"),
        "{}",
        refused.text
    );
    // It pays as well: the books know of both, and nobody is paid a third time.
    stage
        .show(("payelata", "processed"), &format!("{id}-a02"))
        .await;
    stage.assert_standing(&id, ("completed", HELD)).await;
    assert_eq!(stage.route("owlpay").await, "stopped");
    stage.agree(&first(&id), &plain("surplus")).await;
    stage.assert_standing(&id, ("completed", "")).await;
    assert_eq!(stage.out().await, 2 * NET);
    assert_eq!(stage.balance().await, (WALLET - GROSS, 0, 0));
    stage.assert_invariants().await;
}
