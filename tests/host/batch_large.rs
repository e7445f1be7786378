//! Batches of more lines than are kept together: their order, their edits and their end are those of small ones.

use serde_json::{Value, json};

use crate::{
    batch_stage::{BATCHES, WALLET, counts, id, path, wish},
    stage::Stage,
};

/// The loads of all lines, page after page.
async fn loads_of(stage: &Stage, batch: &str) -> Vec<String> {
    let mut loads = Vec::new();
    let mut next = Some(path(batch, "/payouts?pageSize=100"));
    while let Some(page) = next {
        let page = stage.data("GET", &page, None).await;
        let items = page["items"].as_array().expect("items").iter();
        loads.extend(items.map(|it| it["loadId"].as_str().expect("a load").to_owned()));
        let cursor = page["nextCursor"].as_str();
        next = cursor.map(|it| path(batch, &format!("/payouts?pageSize=100&cursor={it}")));
    }
    loads
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_batch_keeps_its_order_through_edits_and_comes_back_whole() {
    let stage = Stage::new().await;
    let deposit = json!({"amount": 95_000_000, "reference": "large"});
    let deposits = "/api/v1/wallet/deposits";
    stage.data("POST", deposits, Some(&deposit)).await;
    let wallet = WALLET + 95_000_000;
    let mut loads = stage.put_loads("LARGE", 1_201).await;
    let batch = stage.make_batch("Weekly", &loads).await;
    assert_eq!(counts(&stage.batch(&batch).await), [0, 1_201, 0, 0, 0, 0]);
    assert_eq!(loads_of(&stage, &batch).await, loads);

    let added = json!({"loadIds": ["L-12345", "L-12346"], "version": 1});
    stage
        .data("POST", &path(&batch, "/lines"), Some(&added))
        .await;
    let removed = path(&batch, "/lines/LARGE-700?version=2");
    stage.data("DELETE", &removed, None).await;
    loads.remove(700);
    loads.extend(["L-12345", "L-12346"].map(str::to_owned));
    assert_eq!(loads_of(&stage, &batch).await, loads);
    let report = stage
        .as_full("GET", &path(&batch, "/report.csv"), None)
        .await;
    let rows = report.text.lines().skip(1);
    let rows: Vec<_> = rows
        .map(|row| row.split(',').next().unwrap_or_default())
        .collect();
    assert_eq!(rows, loads);
    let reserved = 1_202 * 45_000;
    assert_eq!(stage.balance().await, (wallet - reserved, reserved, 0));
    let deep = path(&batch, "/payouts?pageSize=100&page=13");
    let page = stage.data("GET", &deep, None).await;
    assert_eq!(
        (&page["total"], &page["hasNextPage"]),
        (&json!(1_202), &json!(false))
    );
    assert_eq!(page["items"].as_array().map(Vec::len), Some(2));

    stage.data("POST", &path(&batch, "/cancel"), None).await;
    stage.host.pump.settle().await;
    let canceled = stage.batch(&batch).await;
    assert_eq!(counts(&canceled), [0, 0, 0, 0, 1_202, 0], "{canceled}");
    assert_eq!(stage.balance().await, (wallet, 0, 0));
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_released_while_it_is_built_is_paid_whole() {
    let stage = Stage::new().await;
    let deposit = json!({"amount": 45_000_000, "reference": "large"});
    let deposits = "/api/v1/wallet/deposits";
    stage.data("POST", deposits, Some(&deposit)).await;
    let loads = stage.put_loads("LARGE", 510).await;
    let made = stage
        .data("POST", BATCHES, Some(&wish("Weekly", &loads)))
        .await;
    let id = id(&made);
    loop {
        let open = counts(&stage.batch(&id).await)[1];
        if open > 0 {
            break;
        }
        tokio::task::yield_now().await;
    }
    stage.release(&id).await;
    stage.advance(3_600).await;
    let paid: Value = stage.batch(&id).await;
    assert_eq!(paid["status"], "completed");
    assert_eq!(counts(&paid), [0, 0, 510, 0, 0, 0], "{paid}");
    assert_eq!(stage.paid().await.len(), 510);
    let left = WALLET + 45_000_000 - 510 * 45_000;
    assert_eq!(stage.balance().await, (left, 0, 0));
    stage.assert_books().await;
}
