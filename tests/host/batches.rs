//! Batches from their preview to their last line: what is shown first is what is made, released and paid.

use app::message::QueueName;
use serde_json::{Value, json};

use crate::{
    batch_stage::{BATCHES, WALLET, id, path, reason, wish},
    stage::{Call, Stage},
};

const SEED: [&str; 3] = ["L-12345", "L-12346", "L-12347"];
const PREVIEW: &str = "/api/v1/batches/preview";

/// Name, amount and so on of something with sums.
fn sums(of: &Value) -> [i64; 3] {
    ["totalAmount", "totalFees", "netAmount"].map(|name| of[name].as_i64().expect("a sum"))
}

fn counts(batch: &Value) -> [i64; 6] {
    let names = [
        "waitingCount",
        "openCount",
        "paidCount",
        "failedCount",
        "canceledCount",
        "rejectedCount",
    ];
    names.map(|name| batch[name].as_i64().expect("a count"))
}

fn statuses(lines: &[Value]) -> Vec<&str> {
    let statuses = lines.iter().map(|line| line["status"].as_str());
    statuses.map(|it| it.expect("a status")).collect()
}

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
async fn lines_that_cannot_be_paid_are_rejected_where_the_client_wants_the_others() {
    let stage = Stage::new().await;
    stage.create("L-12346").await;
    stage.advance(3_600).await;
    let loads = ["L-12345", "L-12346", "L-NONE", "L-12347", "L-12345"];
    let mut wish = wish("Weekly", &loads);
    wish["onInvalid"] = json!("rejectLines");
    let made = stage.make_of(&wish).await;
    let batch = stage.batch(&made).await;
    assert_eq!(counts(&batch), [0, 2, 0, 0, 0, 3], "{batch}");
    assert_eq!(sums(&batch), [90_000, 450, 89_550]);
    assert_eq!(batch["payoutCount"], 5);
    let lines = stage.lines(&made).await;
    let reasons: Vec<_> = lines.iter().map(|it| it["statusReason"].as_str()).collect();
    let expected = [
        None,
        Some("load_paid"),
        Some("load_not_found"),
        None,
        Some("duplicate_line"),
    ];
    assert_eq!(reasons, expected);
    stage.release(&made).await;
    stage.advance(3_600).await;
    let batch = stage.batch(&made).await;
    assert_eq!(counts(&batch), [0, 0, 2, 0, 0, 3], "{batch}");
    assert_eq!(batch["status"], "completed");
    assert_eq!(stage.paid().await.len(), 3);
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_that_changes_while_the_batch_is_built_is_not_paid_and_its_money_comes_back() {
    let stage = Stage::new().await;
    let held = stage.host.pump.hold(QueueName::Batch).await;
    let made = stage
        .data("POST", BATCHES, Some(&wish("Weekly", &SEED)))
        .await;
    let id = id(&made);
    stage.put_load("L-12346", 45_001).await;
    stage.release(&id).await;
    drop(held);
    stage.advance(3_600).await;
    let batch = stage.batch(&id).await;
    assert_eq!(counts(&batch), [0, 0, 2, 0, 0, 1], "{batch}");
    assert_eq!(stage.lines(&id).await[1]["statusReason"], "load_changed");
    assert_eq!(stage.paid().await.len(), 2);
    assert_eq!(stage.balance().await, (WALLET - 90_000, 0, 0));
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_payouts_get_another_run_and_those_that_may_be_paid_do_not() {
    let stage = Stage::new().await;
    let outcome = |status: &str| json!({"provider": "payelata", "status": status});
    for status in ["process_failed", "process_pending"] {
        stage.control("/_control/outcomes", &outcome(status)).await;
    }
    let made = stage.make_batch("Weekly", &SEED).await;
    let early = stage
        .idle_post(&path(&made, "/retry-failed"), &json!({}))
        .await;
    assert_eq!(reason(&early), (409, "wrong_state"));
    stage.release(&made).await;
    stage.advance(3_600).await;
    assert_eq!(counts(&stage.batch(&made).await), [0, 1, 1, 1, 0, 0]);
    let before = stage.paid().await.len();
    let call = Call::new("POST", "").key(stage.key());
    let retry_path = path(&made, "/retry-failed");
    let retry = Call {
        path: &retry_path,
        ..call
    }
    .header("idempotency-key", "retry");
    let retried = stage.call(retry.clone()).await;
    assert_eq!(retried.body["data"]["retrying"], 1, "{}", retried.text);
    let untouched = &retried.body["data"]["untouched"];
    let left = ["outcomeUnknown", "inReview", "open"].map(|name| untouched[name].as_i64());
    assert_eq!(left.into_iter().flatten().sum::<i64>(), 1, "{untouched}");
    let again = stage.call(retry).await;
    assert!(again.replayed);
    assert_eq!(again.text, retried.text);
    stage.advance(3_600).await;
    let batch = stage.batch(&made).await;
    assert_eq!(batch["failedCount"], 0, "{batch}");
    assert_eq!(stage.paid().await.len(), before + 1);
    stage.assert_books().await;
}
