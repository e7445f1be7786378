//! What a client can read of a payout's life.

use serde_json::json;

use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn the_timeline_tells_every_transition_with_its_money_and_what_comes_next() {
    let stage = Stage::new().await;
    let id = stage.create("L-12345").await;
    stage.advance(3_600).await;
    let timeline = stage
        .data("GET", &format!("/api/v1/payouts/{id}/timeline"), None)
        .await;
    let items = timeline["items"].as_array().expect("a list");
    let events: Vec<_> = items.iter().map(|item| item["event"].clone()).collect();
    assert_eq!(events, ["create", "enqueue", "claim", "accepted", "paid"]);
    let paid = &items[4];
    assert_eq!(
        paid["legs"],
        json!([
            {"account": "in_transit", "amount": -45_000},
            {"account": "clearing.payelata", "amount": 44_750},
            {"account": "revenue.fees", "amount": 250}
        ])
    );
    assert_eq!(paid["reference"], format!("{id}-a01"));
    assert!(
        paid["providerReference"]
            .as_str()
            .is_some_and(|id| id.starts_with("cpoi_"))
    );
    for item in items {
        let sentence = |name: &str| item[name].as_str().is_some_and(|text| text.ends_with('.'));
        assert!(sentence("message") && sentence("next"), "{item}");
        let sum: i64 = item["legs"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|leg| leg["amount"].as_i64())
            .sum();
        assert_eq!(sum, 0, "{item}");
    }
}
