//! Batches from their preview to their last line: what is shown first is what is made, released and paid.

use app::message::QueueName;
use serde_json::{Value, json};

use crate::{
    batch_stage::{BATCHES, WALLET, counts, id, path, reason, statuses, sums, wish},
    stage::Stage,
};

const SEED: [&str; 3] = ["L-12345", "L-12346", "L-12347"];
const PREVIEW: &str = "/api/v1/batches/preview";

async fn load(stage: &Stage, id: &str) -> Value {
    stage
        .data("GET", &format!("/api/v1/loads/{id}"), None)
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_published_batch_is_paid_to_the_cent() {
    let stage = Stage::new().await;
    let made = stage
        .data("POST", BATCHES, Some(&wish("Weekly Payouts", &SEED)))
        .await;
    assert_eq!(sums(&made), [135_000, 675, 134_325]);
    assert_eq!(
        (&made["payoutCount"], &made["status"]),
        (&json!(3), &json!("queued"))
    );
    let id = id(&made);
    stage.host.pump.settle().await;
    let (available, pending, transit) = stage.balance().await;
    assert_eq!(
        (available, pending, transit),
        (WALLET - 135_000, 135_000, 0)
    );
    let built = stage.batch(&id).await;
    assert_eq!(counts(&built), [0, 3, 0, 0, 0, 0]);
    assert_eq!(statuses(&stage.lines(&id).await), ["scheduled"; 3]);
    assert_eq!(stage.paid().await.len(), 0, "nothing goes by itself");

    let released = stage.release(&id).await;
    assert_eq!(released["status"], "processing");
    stage.advance(3_600).await;
    let batch = stage.batch(&id).await;
    assert_eq!(batch["status"], "completed", "{batch}");
    assert_eq!(counts(&batch), [0, 0, 3, 0, 0, 0]);
    assert_eq!(batch["amounts"]["paid"], 135_000);
    assert!(batch["completedAt"].is_string());
    let lines = stage.lines(&id).await;
    let line = |it: &Value| {
        json!([
            it["line"],
            it["loadId"],
            it["amount"],
            it["fee"],
            it["netAmount"],
            it["status"]
        ])
    };
    let expected = |(number, load): (usize, &&str)| {
        json!([number + 1, load, 45_000, 225, 44_775, "completed"])
    };
    let expected: Vec<_> = SEED.iter().enumerate().map(expected).collect();
    assert_eq!(lines.iter().map(line).collect::<Vec<_>>(), expected);
    let paid = stage.paid().await;
    let amounts: Vec<_> = paid.iter().map(|row| row["amountMinor"].clone()).collect();
    assert_eq!(amounts, [44_775, 44_775, 44_775], "{paid:?}");
    assert_eq!(stage.balance().await, (WALLET - 135_000, 0, 0));
    for id in SEED {
        assert_eq!(load(&stage, id).await["status"], "paid");
    }
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_moves_nothing_and_is_what_is_made() {
    let stage = Stage::new().await;
    stage.put_load("L-SMALL", 4_444).await;
    let wish = wish("Weekly", &["L-12346", "L-SMALL", "L-12345"]);
    let preview = stage.idle_post(PREVIEW, &wish).await;
    let again = stage.idle_post(PREVIEW, &wish).await;
    assert_eq!(preview.status, 200, "{}", preview.text);
    assert_eq!(again.body["data"], preview.body["data"]);
    let preview = &preview.body["data"];
    assert_eq!(sums(preview), [94_444, 225 + 225 + 22, 93_972]);
    assert_eq!(preview["availableBefore"], WALLET);
    assert_eq!(preview["availableAfter"], WALLET - 94_444);
    assert_eq!(
        (&preview["acceptedCount"], &preview["rejectedCount"]),
        (&json!(3), &json!(0))
    );

    let made = stage.make_of(&wish).await;
    let batch = stage.batch(&made).await;
    assert_eq!(sums(&batch), sums(preview));
    let hash = preview["planHash"].as_str().expect("a hash");
    let digest = batch["planHash"].as_str().expect("a digest");
    assert!(hash.starts_with(digest), "one plan: {hash} and {digest}");
    for (planned, line) in preview["lines"]
        .as_array()
        .expect("lines")
        .iter()
        .zip(stage.lines(&made).await)
    {
        for member in [
            "line",
            "loadId",
            "driverId",
            "driverName",
            "amount",
            "fee",
            "netAmount",
        ] {
            assert_eq!(planned[member], line[member], "{member}");
        }
    }
    assert_eq!(stage.balance().await.0, WALLET - 94_444);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_made_as_previewed_or_not_at_all() {
    let stage = Stage::new().await;
    let mut wish = wish("Weekly", &SEED);
    let preview = stage.data("POST", PREVIEW, Some(&wish)).await;
    wish["planHash"] = preview["planHash"].clone();
    stage.put_load("L-12346", 45_001).await;
    let refused = stage.idle_post(BATCHES, &wish).await;
    assert_eq!(reason(&refused), (409, "plan_changed"), "{}", refused.text);
    let lines = &refused.body["error"]["details"]["lines"];
    assert_eq!(lines.as_array().expect("lines").len(), 1, "{lines}");
    let shown = ["line", "loadId", "amount", "result"].map(|name| &lines[0][name]);
    assert_eq!(
        shown,
        [
            &json!(2),
            &json!("L-12346"),
            &json!(45_001),
            &json!("accepted")
        ]
    );

    stage.put_load("L-12346", 45_000).await;
    let made = stage.make_of(&wish).await;
    assert_eq!(sums(&stage.batch(&made).await), [135_000, 675, 134_325]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_goes_by_itself_when_its_time_has_come_unless_that_had_passed() {
    let stage = Stage::new().await;
    let past = json!({"name": "Past", "loadIds": ["L-12345"], "scheduledFor": stage.in_seconds(0)});
    let later =
        json!({"name": "Later", "loadIds": ["L-12346"], "scheduledFor": stage.in_seconds(7_200)});
    let (past, later) = (stage.make_of(&past).await, stage.make_of(&later).await);
    stage.advance(7_100).await;
    for id in [&past, &later] {
        assert_eq!(stage.batch(id).await["status"], "queued");
    }
    assert_eq!(stage.paid().await.len(), 0);
    stage.advance(3_600).await;
    assert_eq!(stage.batch(&past).await["status"], "queued");
    let gone = stage.batch(&later).await;
    assert_eq!(gone["status"], "completed", "{gone}");
    assert!(
        gone["releasedAt"].as_str() >= gone["scheduledFor"].as_str(),
        "{gone}"
    );
    stage.advance(90 * 24 * 3_600).await;
    assert_eq!(stage.batch(&past).await["status"], "queued");
    stage.release(&past).await;
    stage.advance(3_600).await;
    assert_eq!(stage.batch(&past).await["status"], "completed");
    assert_eq!(stage.paid().await.len(), 2);
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canceled_batch_gives_everything_back_and_its_loads_may_be_paid_again() {
    let stage = Stage::new().await;
    for builds in [true, false] {
        let held = match builds {
            true => None,
            false => Some(stage.host.pump.hold(QueueName::Batch).await),
        };
        let made = stage
            .data("POST", BATCHES, Some(&wish("Weekly", &SEED)))
            .await;
        let id = id(&made);
        if builds {
            stage.host.pump.settle().await;
        }
        assert_eq!(stage.balance().await, (WALLET - 135_000, 135_000, 0));
        let canceled = stage.data("POST", &path(&id, "/cancel"), None).await;
        assert_eq!(canceled["status"], "canceled");
        drop(held);
        stage.host.pump.settle().await;
        assert_eq!(stage.balance().await, (WALLET, 0, 0));
        let batch = stage.batch(&id).await;
        assert_eq!(counts(&batch), [0, 0, 0, 0, 3, 0], "{batch}");
        let lines = stage.lines(&id).await;
        assert_eq!(statuses(&lines), ["canceled"; 3]);
        for load_id in SEED {
            assert_eq!(load(&stage, load_id).await["status"], "open");
        }
        let again = stage.data("POST", &path(&id, "/cancel"), None).await;
        assert_eq!(again, canceled);
        let released = stage.idle_post(&path(&id, "/release"), &json!({})).await;
        assert_eq!(reason(&released), (409, "wrong_state"));
        assert_eq!(released.body["error"]["details"]["status"], "canceled");
    }
    let last = stage.make_batch("Weekly", &SEED).await;
    stage.release(&last).await;
    stage.advance(3_600).await;
    assert_eq!(stage.paid().await.len(), 3);
    let late = stage.idle_post(&path(&last, "/cancel"), &json!({})).await;
    assert_eq!(reason(&late), (409, "wrong_state"));
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_are_listed_newest_first_and_by_status() {
    let stage = Stage::new().await;
    let mut made = Vec::new();
    for load in SEED {
        made.insert(0, stage.make_batch("Weekly", &[load]).await);
        stage.advance(1).await;
    }
    stage.release(&made[0]).await;
    stage.data("POST", &path(&made[1], "/cancel"), None).await;
    stage.advance(3_600).await;
    let ids = |page: &Value| -> Vec<String> {
        page["items"]
            .as_array()
            .expect("items")
            .iter()
            .map(id)
            .collect()
    };
    let all = stage.data("GET", BATCHES, None).await;
    assert_eq!((ids(&all), &all["pageSize"]), (made.clone(), &json!(20)));
    for (status, expected) in [
        ("completed", &made[..1]),
        ("canceled", &made[1..2]),
        ("queued", &made[2..]),
        ("processing", &[]),
        ("failed", &[]),
    ] {
        let page = stage
            .data("GET", &format!("{BATCHES}?status={status}"), None)
            .await;
        assert_eq!(ids(&page), expected, "{status}");
        assert_eq!(page["total"], expected.len());
    }
    let first = stage
        .data("GET", &format!("{BATCHES}?pageSize=2"), None)
        .await;
    let cursor = first["nextCursor"].as_str().expect("a cursor");
    let next = format!("{BATCHES}?pageSize=2&cursor={cursor}");
    let next = stage.data("GET", &next, None).await;
    assert_eq!([ids(&first), ids(&next)].concat(), made);
    let other = path(&made[0], &format!("/payouts?cursor={cursor}"));
    assert_eq!(stage.as_full("GET", &other, None).await.status, 400);
}
