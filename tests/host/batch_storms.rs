//! Many hands on the same batches, loads and money at one moment: each line is paid once, no wallet pays what
//! it does not have, and the books stay right.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    batch_stage::{BATCHES, DRIVER, WALLET, counts, id, path, wish},
    stage::Stage,
    storms::{assert_one_answer, report, request, storm},
    wire::{Request, Response},
};

fn reasons(responses: &[Response]) -> BTreeSet<(u16, String)> {
    let refused = responses.iter().filter(|it| it.status != 200);
    let reason = |it: &Response| {
        let error = &it.body["error"];
        let reason = error["details"]["reason"].as_str();
        let reason = reason.or_else(|| error["code"].as_str());
        (it.status, reason.unwrap_or_default().to_owned())
    };
    refused.map(reason).collect()
}

fn good(responses: &[Response]) -> Vec<String> {
    let good = responses.iter().filter(|it| it.status == 200);
    good.map(|it| id(&it.body["data"])).collect()
}

fn expected<const N: usize>(all: [(u16, &str); N]) -> BTreeSet<(u16, String)> {
    let owned = |(status, reason): (u16, &str)| (status, reason.to_owned());
    all.into_iter().map(owned).collect()
}

/// Every movement out is paid once, under a reference of its own.
async fn paid_once(stage: &Stage) -> usize {
    let paid = stage.paid().await;
    let references: BTreeSet<_> = paid
        .iter()
        .map(|row| row["reference"].to_string())
        .collect();
    assert_eq!(references.len(), paid.len(), "{paid:?}");
    paid.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_batch_that_many_release_goes_once() {
    let stage = Stage::new().await;
    let loads = stage.put_loads("R", 45).await;
    let batch = stage.make_batch("Weekly", &loads).await;
    let release = path(&batch, "/release");
    // Each with a request key of its own, so that none is a mere repeat.
    let plan = stage.batch(&batch).await["planHash"].clone();
    let body = json!({"version": 1, "planHash": plan});
    let one = |number: usize| {
        let key = format!("release-{number}");
        request(&stage, ("POST", &release), Some(&key), &body)
    };
    let (responses, time) = storm(&stage, (0..20).map(one).collect()).await;
    let answers: BTreeSet<_> = responses
        .iter()
        .map(|it| it.body["data"].to_string())
        .collect();
    assert_eq!(reasons(&responses), BTreeSet::new());
    assert_eq!(answers.len(), 1, "{answers:?}");
    stage.advance(3_600).await;
    let after = stage.batch(&batch).await;
    assert_eq!(
        (&after["status"], &after["paidCount"]),
        (&json!("completed"), &json!(45))
    );
    assert_eq!(paid_once(&stage).await, 45);
    assert_eq!(stage.balance().await, (WALLET - 45 * 45_000, 0, 0));
    stage.assert_books().await;
    report("releases let 1 batch go", 20, time);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn batches_and_payouts_together_spend_no_more_than_there_is() {
    let stage = Stage::new().await;
    // 40 batches of 225000 and 40 payouts of 100000: more than twice what the wallet has.
    let mut calls = Vec::new();
    for number in 0..40 {
        let loads = stage.put_loads(&format!("S{number}"), 5).await;
        let batch = wish("Weekly", &loads);
        let payout = json!({"driverId": DRIVER, "amount": 100_000});
        let key = format!("storm-{number}");
        calls.push(request(&stage, ("POST", BATCHES), None, &batch));
        calls.push(request(
            &stage,
            ("POST", "/api/v1/payouts"),
            Some(&key),
            &payout,
        ));
    }
    let count = calls.len();
    let (responses, time) = storm(&stage, calls).await;
    let short = expected([(400, "INSUFFICIENT_FUNDS")]);
    assert_eq!(reasons(&responses), short);
    stage.host.pump.settle().await;
    let (available, ..) = stage.balance().await;
    assert!((0..225_000).contains(&available), "{available} is left");
    stage.assert_books().await;

    let (batches, payouts): (Vec<_>, Vec<_>) = good(&responses)
        .into_iter()
        .partition(|id| id.starts_with("batch_"));
    let release = |id: &String| request(&stage, ("POST", &path(id, "/release")), None, &json!({}));
    let (released, _) = storm(&stage, batches.iter().map(release).collect()).await;
    assert_eq!(good(&released).len(), batches.len());
    stage.advance(3_600).await;
    assert_eq!(paid_once(&stage).await, 5 * batches.len() + payouts.len());
    assert_eq!(stage.balance().await, (available, 0, 0));
    stage.assert_books().await;
    let what = format!("creates spent a wallet for {} batches", batches.len());
    report(&what, count, time);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn fifty_creates_under_one_key_are_one_batch() {
    let stage = Stage::new().await;
    let loads = stage.put_loads("I", 45).await;
    let create = request(
        &stage,
        ("POST", BATCHES),
        Some("storm"),
        &wish("Weekly", &loads),
    );
    let (responses, time) = storm(&stage, vec![create; 50]).await;
    assert_one_answer(&responses);
    stage.host.pump.settle().await;
    assert_eq!(stage.data("GET", BATCHES, None).await["total"], 1);
    let reserved = 45 * 45_000;
    assert_eq!(stage.balance().await, (WALLET - reserved, reserved, 0));
    stage.assert_books().await;
    report("creates under one key made 1 batch", 50, time);
}

fn upload(stage: &Stage, key: Option<&str>) -> Request {
    let file = "loadId\nL-12345\nL-12346\nL-12347\n";
    let mut upload = request(stage, ("POST", BATCHES), key, &Value::Null);
    upload.headers.retain(|(name, _)| name != "content-type");
    let csv = ("content-type".to_owned(), "text/csv".to_owned());
    upload.headers.push(csv);
    upload.body = Some(file.as_bytes().to_vec());
    upload
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn one_file_that_many_send_is_one_batch() {
    for key in [None, Some("storm")] {
        let stage = Stage::new().await;
        let (responses, _) = storm(&stage, vec![upload(&stage, key); 50]).await;
        match key {
            Some(_) => assert_one_answer(&responses),
            None => {
                assert_eq!(good(&responses).len(), 1);
                // Who looked for the file just before it was known finds its loads taken.
                let known = expected([(409, "file_known"), (409, "bad_lines")]);
                assert!(reasons(&responses).is_subset(&known), "{responses:?}");
            }
        }
        stage.host.pump.settle().await;
        assert_eq!(stage.balance().await, (WALLET - 135_000, 135_000, 0));
        stage.assert_books().await;
    }
}

/// What wants the same loads may be accepted more than once; each load is paid once, and what was kept for it
/// elsewhere comes back.
#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn loads_that_many_batches_and_payouts_want_are_paid_once() {
    let stage = Stage::new().await;
    let loads = stage.put_loads("O", 20).await;
    let mut wish = wish("Weekly", &loads);
    wish["onInvalid"] = json!("rejectLines");
    let mut calls = vec![request(&stage, ("POST", BATCHES), None, &wish); 5];
    for load in &loads[..10] {
        calls.push(request(
            &stage,
            ("POST", "/api/v1/payouts"),
            None,
            &json!({"loadId": load}),
        ));
    }
    let (responses, _) = storm(&stage, calls).await;
    let known = expected([(409, "bad_lines"), (409, "load_held"), (409, "load_paid")]);
    let refused = reasons(&responses);
    assert!(refused.is_subset(&known), "{refused:?}");
    stage.host.pump.settle().await;
    for id in good(&responses)
        .iter()
        .filter(|it| it.starts_with("batch_"))
    {
        stage.release(id).await;
    }
    stage.advance(7_200).await;
    assert_eq!(paid_once(&stage).await, 20);
    assert_eq!(stage.balance().await, (WALLET - 20 * 45_000, 0, 0));
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_batch_that_some_release_and_some_cancel_does_one_of_both() {
    let stage = Stage::new().await;
    let loads = stage.put_loads("C", 45).await;
    let made = stage
        .data("POST", BATCHES, Some(&wish("Weekly", &loads)))
        .await;
    let id = id(&made);
    let call = |number: usize| -> Request {
        let rest = if number.is_multiple_of(2) {
            "/release"
        } else {
            "/cancel"
        };
        request(&stage, ("POST", &path(&id, rest)), None, &json!({}))
    };
    let (responses, _) = storm(&stage, (0..20).map(call).collect()).await;
    assert_eq!(good(&responses).len(), 10);
    assert_eq!(reasons(&responses), expected([(409, "wrong_state")]));
    stage.advance(3_600).await;
    let batch = stage.batch(&id).await;
    let (status, paid) = match paid_once(&stage).await {
        0 => ("canceled", 0),
        paid => ("completed", paid),
    };
    assert_eq!(batch["status"], status, "{batch}");
    assert!([0, 45].contains(&paid), "{paid}");
    let left = WALLET - i64::try_from(paid).expect("few") * 45_000;
    assert_eq!(stage.balance().await, (left, 0, 0));
    stage.assert_books().await;
}

/// Lines of a batch by state, as its counters have them.
async fn states(stage: &Stage, batch: &str) -> [i64; 6] {
    let mut counts = [0; 6];
    for line in stage.lines(batch).await {
        let place = match line["status"].as_str().expect("a status") {
            "waiting" => 0,
            "completed" | "returned" => 2,
            "failed" => 3,
            "canceled" => 4,
            "rejected" => 5,
            _ => 1,
        };
        counts[place] += 1;
    }
    counts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn whatever_happens_to_batches_at_once_their_counters_are_their_lines() {
    let stage = Stage::new().await;
    let loads = stage.put_loads("X", 60).await;
    let mut calls = Vec::new();
    for number in 0..20 {
        let mut wish = wish("Weekly", &loads[number..number + 40]);
        wish["onInvalid"] = json!("rejectLines");
        calls.push(request(&stage, ("POST", BATCHES), None, &wish));
        let load = format!("/api/v1/loads/{}", loads[3 * number]);
        let changed = json!({"driverId": DRIVER, "amount": 45_001});
        calls.push(request(&stage, ("PUT", &load), None, &changed));
        let payout = json!({"loadId": loads[2 * number]});
        calls.push(request(&stage, ("POST", "/api/v1/payouts"), None, &payout));
    }
    let (made, _) = storm(&stage, calls).await;
    let batches: Vec<_> = made
        .iter()
        .filter_map(|it| it.body["data"]["id"].as_str())
        .filter(|id| id.starts_with("batch_"))
        .collect();
    assert!(batches.len() > 1, "{made:?}");
    let mut calls = Vec::new();
    for (number, batch) in batches.iter().enumerate() {
        let failed = json!({"provider": "payelata", "status": "process_failed"});
        stage.control("/_control/outcomes", &failed).await;
        let more = json!({"loadIds": [loads[number]], "version": 1});
        let fewer = format!("/lines/{}?version=1", loads[number + 20]);
        for (method, rest, body) in [
            ("POST", "/lines", more),
            ("DELETE", &fewer, json!({})),
            ("POST", ["/release", "/cancel"][number % 2], json!({})),
            ("POST", "/retry-failed", json!({})),
            ("POST", "/cancel", json!({})),
        ] {
            calls.push(request(&stage, (method, &path(batch, rest)), None, &body));
        }
    }
    let (done, _) = storm(&stage, calls).await;
    for answer in made.iter().chain(&done) {
        assert!(answer.status < 500, "{}", answer.text);
    }
    stage.advance(7_200).await;
    for batch in batches {
        let after = stage.batch(batch).await;
        let counted = counts(&after);
        assert_eq!(counted, states(&stage, batch).await, "{after}");
        assert_eq!(
            after["payoutCount"],
            counted.into_iter().sum::<i64>(),
            "{after}"
        );
        assert_eq!(counted[..2], [0, 0], "{after}");
    }
    paid_once(&stage).await;
    let (_, pending, transit) = stage.balance().await;
    assert_eq!((pending, transit), (0, 0));
    stage.assert_books().await;
}
