//! A 404 is not a disappearance: who says it, how often, and over how long a time.

use serde_json::json;

use crate::{
    batch_stage::WALLET,
    late_stage::{DAY, GROSS, HOUR, NET, first, plain, review_of},
    stage::Stage,
};

const GATEWAYS: [&str; 3] = [
    "gateway:404_before",
    "gateway_json:404_before",
    "gateway_empty:404_before",
];

/// A payout whose provider works on it, and whose callbacks are lost.
async fn under_way(stage: &Stage) -> String {
    stage.fault("callback", "lose", 1_000).await;
    stage.ends_with("payelata", "process_pending").await;
    let id = stage.create("L-12345").await;
    stage.advance(30).await;
    stage.assert_standing(&id, ("processing", "")).await;
    id
}

/// Advances until the payout waits for people.
async fn until_in_review(stage: &Stage, id: &str) {
    for _ in 0..60 {
        if stage.standing(id).await.1 == "in_review" {
            return;
        }
        stage.advance(120).await;
    }
    panic!("no review: {:?}", stage.standing(id).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_answers_404_for_a_minute_sends_nothing_to_review() {
    for gateway in GATEWAYS {
        let stage = Stage::new().await;
        let id = under_way(&stage).await;
        stage.fault("query", gateway, 1_000).await;
        stage.advance(2 * HOUR).await;
        stage.assert_standing(&id, ("processing", "")).await;
        stage.control("/_control/reset", &json!({})).await;
        let paid = json!({"provider": "payelata", "status": "processed", "reference": first(&id), "now": true});
        stage.control("/_control/outcomes", &paid).await;
        stage.advance(2 * HOUR).await;
        stage.assert_standing(&id, ("completed", "")).await;
        stage.fault("query", gateway, 1_000).await;
        stage.advance(15 * DAY).await;
        stage.assert_standing(&id, ("completed", "")).await;
        assert_eq!(stage.open_reviews().await, 0, "{gateway}");
        stage.assert_books().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_providers_own_404_three_times_over_a_quarter_of_an_hour_is_for_people_and_a_later_read_leads_out()
 {
    for decided_once in [false, true] {
        for end in ["processed", "process_failed", "process_pending"] {
            let stage = Stage::new().await;
            let id = under_way(&stage).await;
            stage.fault("query", "status:404_before", 1_000).await;
            let before = stage.host.world.backend.clock.now();
            until_in_review(&stage, &id).await;
            let took = stage.host.world.backend.clock.now().since(before);
            assert!(took.as_secs() >= 15 * 60 - 120, "{took:?}");
            let open = stage.review(&first(&id)).await;
            assert_eq!(open["reason"], "object_vanished", "{open}");
            if decided_once {
                let said = plain("not_paid");
                let review = review_of(&first(&id));
                let decided = stage.decide_fresh(stage.key(), (&review, &said)).await;
                assert_eq!(decided.status, 200, "{}", decided.text);
            }
            stage.control("/_control/reset", &json!({})).await;
            let shown = json!({"provider": "payelata", "status": end, "reference": first(&id), "now": true});
            stage.control("/_control/outcomes", &shown).await;
            stage.advance(2 * HOUR).await;
            let closed = stage.review(&first(&id)).await;
            let what = format!("{end} {decided_once}: {closed}");
            assert_eq!(closed["closedBy"], "provider", "{what}");
            let (status, available, out) = match end {
                "processed" => ("completed", WALLET - GROSS, NET),
                "process_failed" => ("failed", WALLET, 0),
                _ => ("processing", WALLET - GROSS, 0),
            };
            assert_eq!(stage.standing(&id).await.0, status, "{what}");
            assert_ne!(stage.standing(&id).await.1, "in_review", "{what}");
            assert_eq!(stage.balance().await.0, available, "{what}");
            assert_eq!(stage.out().await, out, "{what}");
            stage.assert_books().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paid_object_that_its_provider_no_longer_shows_is_held_until_it_shows_it_again() {
    let stage = Stage::new().await;
    let id = stage.create("L-12345").await;
    stage.advance(HOUR).await;
    stage.assert_standing(&id, ("completed", "")).await;
    stage.fault("query", "status:404_before", 1_000).await;
    for _ in 0..14 {
        if stage.standing(&id).await.1 == "contradicted" {
            break;
        }
        stage.advance(DAY).await;
    }
    stage
        .assert_standing(&id, ("completed", "contradicted"))
        .await;
    let open = stage.review(&first(&id)).await;
    assert_eq!(
        (&open["question"], &open["reason"]),
        (&json!("return"), &json!("object_vanished"))
    );
    assert_eq!(stage.balance().await, (WALLET - GROSS, 0, 0));
    stage.assert_invariants().await;
    stage.control("/_control/reset", &json!({})).await;
    stage.advance(2 * DAY).await;
    stage.assert_standing(&id, ("completed", "")).await;
    assert_eq!(stage.review(&first(&id)).await["closedBy"], "provider");
    stage.assert_books().await;
}
