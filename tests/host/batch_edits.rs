//! Batches that change before they go.

use serde_json::{Value, json};

use crate::{
    batch_stage::{WALLET, counts, path, reason},
    stage::{Answer, Stage},
};

async fn add(stage: &Stage, batch: &str, (loads, version): (&[&str], u32)) -> Answer {
    let body = json!({"loadIds": loads, "version": version});
    stage.post(&path(batch, "/lines"), &body).await
}

async fn remove(stage: &Stage, batch: &str, (load, version): (&str, u32)) -> Answer {
    let path = path(batch, &format!("/lines/{load}?version={version}"));
    stage.as_full("DELETE", &path, None).await
}

/// Version, number of payouts, and what they come to.
fn edition(answer: &Answer) -> [i64; 3] {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let data = &answer.body["data"];
    ["version", "payoutCount", "totalAmount"].map(|name| data[name].as_i64().expect("a figure"))
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_are_added_and_taken_out_by_who_knows_the_version() {
    let stage = Stage::new().await;
    stage.put_load("L-MORE", 10_000).await;
    let batch = stage.make_batch("Weekly", &["L-12345", "L-12346"]).await;
    let first = stage.batch(&batch).await;
    assert_eq!(first["version"], 1);
    let added = add(&stage, &batch, (&["L-12347", "L-MORE"], 1)).await;
    assert_eq!(edition(&added), [2, 4, 145_000]);
    assert_ne!(added.body["data"]["planHash"], first["planHash"]);
    assert_eq!(stage.balance().await, (WALLET - 145_000, 145_000, 0));

    for stale in [
        add(&stage, &batch, (&["L-MORE"], 1)).await,
        remove(&stage, &batch, ("L-12345", 1)).await,
        remove(&stage, &batch, ("L-12345", 3)).await,
    ] {
        assert_eq!(reason(&stale), (409, "stale_version"), "{}", stale.text);
        assert_eq!(stale.body["error"]["details"]["version"], 2);
    }
    let removed = remove(&stage, &batch, ("L-12346", 2)).await;
    assert_eq!(edition(&removed), [3, 3, 100_000]);
    assert_eq!(stage.balance().await, (WALLET - 100_000, 100_000, 0));
    assert_eq!(remove(&stage, &batch, ("L-12346", 3)).await.status, 404);

    let stale = stage
        .post(&path(&batch, "/release"), &json!({"version": 2}))
        .await;
    assert_eq!(reason(&stale), (409, "stale_version"));
    let released = stage
        .post(&path(&batch, "/release"), &json!({"version": 3}))
        .await;
    assert_eq!(released.status, 200, "{}", released.text);
    stage.advance(3_600).await;
    let lines = stage.lines(&batch).await;
    let numbers: Vec<_> = lines
        .iter()
        .map(|it| (it["line"].as_u64(), it["status"].as_str()))
        .collect();
    let paid = Some("completed");
    assert_eq!(numbers, [(Some(1), paid), (Some(3), paid), (Some(4), paid)]);
    assert_eq!(stage.balance().await, (WALLET - 100_000, 0, 0));
    let late = add(&stage, &batch, (&["L-12346"], 3)).await;
    assert_eq!(reason(&late), (409, "wrong_state"));
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_editors_with_one_version_one_is_told_the_new_one() {
    let stage = Stage::new().await;
    let batch = stage.make_batch("Weekly", &["L-12345"]).await;
    let (one, other) = tokio::join!(
        add(&stage, &batch, (&["L-12346"], 1)),
        add(&stage, &batch, (&["L-12347"], 1)),
    );
    let (won, lost) = match one.status {
        200 => (one, other),
        _ => (other, one),
    };
    assert_eq!(edition(&won), [2, 2, 90_000]);
    assert_eq!(reason(&lost), (409, "stale_version"), "{}", lost.text);
    assert_eq!(lost.body["error"]["details"]["version"], 2);
    assert_eq!(stage.balance().await, (WALLET - 90_000, 90_000, 0));
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_adds_every_load_or_none() {
    let stage = Stage::new().await;
    let loads = stage.put_loads("E", 21).await;
    let batch = stage.make_batch("Weekly", &["L-12345"]).await;
    stage.put_load("L-DEAR", WALLET).await;
    let lines = path(&batch, "/lines");
    for (load_ids, status, code) in [
        (json!(["L-12346", "L-NONE"]), 404, "NOT_FOUND"),
        (json!(["L-12346", "L-12345"]), 409, "CONFLICT"),
        (json!(["L-12346", "L-DEAR"]), 400, "INSUFFICIENT_FUNDS"),
        (json!(["L-12346", "L-12346"]), 400, "VALIDATION_ERROR"),
        (json!(loads), 400, "VALIDATION_ERROR"),
    ] {
        let body = json!({"loadIds": load_ids, "version": 1});
        let refused = stage.idle_post(&lines, &body).await;
        let code_of = &refused.body["error"]["code"];
        assert_eq!(
            (refused.status, code_of),
            (status, &json!(code)),
            "{}",
            refused.text
        );
    }
    let twenty: Vec<_> = loads[1..].iter().map(String::as_str).collect();
    assert_eq!(
        edition(&add(&stage, &batch, (&twenty, 1)).await),
        [2, 21, 945_000]
    );
}

/// A load that left a batch line behind, by itself or before it was a payout, comes in again and out again.
#[tokio::test(flavor = "multi_thread")]
async fn a_load_that_comes_back_can_be_taken_out_again() {
    let stage = Stage::new().await;
    let batch = stage.make_batch("Weekly", &["L-12345", "L-12346"]).await;
    let payout = stage.lines(&batch).await[0]["id"].clone();
    let cancel = format!("/api/v1/payouts/{}/cancel", payout.as_str().expect("an id"));
    stage.data("POST", &cancel, None).await;
    let added = add(&stage, &batch, (&["L-12345"], 1)).await;
    assert_eq!(edition(&added)[..2], [2, 3]);
    let removed = remove(&stage, &batch, ("L-12345", 2)).await;
    assert_eq!(edition(&removed)[..2], [3, 2]);
    assert_eq!(stage.balance().await, (WALLET - 45_000, 45_000, 0));
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_without_lines_pays_nobody_and_ends_at_once() {
    let stage = Stage::new().await;
    let batch = stage.make_batch("Weekly", &["L-12345"]).await;
    let removed = remove(&stage, &batch, ("L-12345", 1)).await;
    assert_eq!(edition(&removed), [2, 0, 0]);
    assert_eq!(stage.lines(&batch).await, [Value::Null; 0]);
    stage.release(&batch).await;
    stage.host.pump.settle().await;
    let ended = stage.batch(&batch).await;
    assert_eq!(ended["status"], "failed", "{ended}");
    assert_eq!(counts(&ended), [0; 6]);
    stage.advance(3_600).await;
    assert_eq!(stage.payments().await, [Value::Null; 0]);
    assert_eq!(stage.balance().await, (WALLET, 0, 0));
    stage.assert_books().await;
}
