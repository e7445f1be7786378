//! What people have to decide, over HTTP: the queue, who may say what, and payouts that only people can end.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{
    batch_stage::{path, reason},
    keys::{forbidden, get, refusal, text},
    late_stage,
    operators::operator,
    stage::{Answer, Call, Stage},
};

const REVIEWS: &str = late_stage::REVIEWS;
const START: i64 = 5_000_000;
const NET: i64 = 44_750;
/// What the twin pays of a payment that it calls partly processed.
const PART: i64 = NET / 2;

/// A payout of `L-12345` whose provider calls it partly processed, and its review.
async fn in_review(stage: &Stage) -> (String, String) {
    in_review_for(stage, "partially_processed").await
}

/// The same, whatever its provider calls it.
async fn in_review_for(stage: &Stage, word: &str) -> (String, String) {
    stage.ends_with("payelata", word).await;
    let payout = stage.create("L-12345").await;
    stage.advance(60).await;
    assert_eq!(stage.payout(&payout).await["statusReason"], "in_review");
    let review = format!("rev_{}-a01", &payout["pay_".len()..]);
    (payout, review)
}

fn paid(outcome: &str) -> Value {
    json!({"outcome": outcome, "evidenceId": "statement 7, line 14"})
}

fn part(amount: i64) -> Value {
    let mut body = paid("partial");
    body["paidAmount"] = amount.into();
    body
}

async fn decide(stage: &Stage, key: &str, said: (&str, &Value)) -> Answer {
    stage.decide(key, said).await
}

async fn review(stage: &Stage, id: &str) -> Value {
    stage.data("GET", &format!("{REVIEWS}/{id}"), None).await
}

/// Ids of the listed reviews, and their total.
async fn listed(stage: &Stage, query: &str) -> (Vec<String>, u64) {
    let page = stage.data("GET", &format!("{REVIEWS}{query}"), None).await;
    let items = page["items"].as_array().expect("items").iter();
    let ids = items.map(|it| text(it, "id").to_owned()).collect();
    (ids, page["total"].as_u64().expect("a total"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payout_that_only_people_can_end_is_settled_to_its_end_by_two_operators() {
    // A word about a refund proves nothing of the payment, so that people may say what they can prove; a part that is
    // shown is that part.
    for (word, body, status, why, available, legs) in [
        (
            "refund_failed",
            paid("paid"),
            "completed",
            Value::Null,
            START - 45_000,
            json!([
                ["in_transit", -45_000],
                ["clearing.payelata", NET],
                ["revenue.fees", 250]
            ]),
        ),
        (
            "refund_failed",
            paid("not_paid"),
            "failed",
            json!("settled_not_paid"),
            START,
            json!([["in_transit", -45_000], ["available", 45_000]]),
        ),
        (
            "partially_processed",
            part(PART),
            "completed",
            json!("settled_partial"),
            START - 45_000,
            json!([
                ["in_transit", -45_000],
                ["clearing.payelata", PART],
                ["revenue.fees", 250],
                ["suspense", NET - PART]
            ]),
        ),
    ] {
        let stage = Stage::new().await;
        let (payout, id) = in_review_for(&stage, word).await;
        let open = review(&stage, &id).await;
        assert_eq!(text(&open, "payoutId"), payout);
        assert_eq!(text(&open, "status"), "open");
        assert_eq!(text(&open, "reason"), word);
        let evidence = &open["evidence"];
        assert_eq!(text(evidence, "reference"), format!("{payout}-a01"));
        assert_eq!(text(evidence, "provider"), "payelata");
        assert_eq!(text(evidence, "providerStatus"), word);
        assert!(text(evidence, "providerReference").starts_with("cpoi_"));
        assert_eq!(evidence["expectedAmount"], NET);
        assert!(!open.to_string().contains("5123817234060000"), "{open}");
        assert_eq!(listed(&stage, "?status=open").await, (vec![id.clone()], 1));
        assert_eq!(listed(&stage, "?status=closed").await, (vec![], 0));

        let first = decide(&stage, stage.key(), (&id, &body)).await;
        assert_eq!(first.status, 200, "{}", first.text);
        assert_eq!(text(&first.body["data"], "status"), "open");
        assert_eq!(stage.payout(&payout).await["statusReason"], "in_review");
        stage.assert_books().await;

        let second = decide(&stage, stage.second(), (&id, &body)).await;
        assert_eq!(second.status, 200, "{}", second.text);
        let closed = &second.body["data"];
        assert_eq!(text(closed, "status"), "closed");
        assert_eq!(text(closed, "closedBy"), "operators");
        assert_eq!(*closed, review(&stage, &id).await);
        let owners: Vec<_> = closed["decisions"]
            .as_array()
            .expect("decisions")
            .iter()
            .map(|it| (text(it, "owner"), text(it, "outcome")))
            .collect();
        let said = text(&body, "outcome");
        assert_eq!(owners, [("local", said), ("local-second", said)]);

        let ended = stage.payout(&payout).await;
        assert_eq!(ended["status"], status);
        assert_eq!(ended["statusReason"], why);
        assert_eq!(stage.balance().await, (available, 0, 0));
        let settled = stage.newest(&payout).await;
        assert_eq!(text(&settled, "event"), "settle");
        assert_eq!(text(&settled, "reason"), "statement 7, line 14");
        assert_eq!(late_stage::legs(&settled), legs);
        assert_eq!(listed(&stage, "?status=open").await, (vec![], 0));
        assert_eq!(listed(&stage, "").await, (vec![id.clone()], 1));
        let late = decide(&stage, stage.second(), (&id, &body)).await;
        assert_eq!(reason(&late), (409, "review_closed"));
        stage.advance(24 * 3_600).await;
        assert_eq!(stage.payout(&payout).await["status"], status);
        if said == "not_paid" {
            // Here people say of the payment what its twin does not: their word is what is posted.
            stage.assert_invariants().await;
        } else {
            stage.assert_books().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_owner_is_not_two_and_only_the_owner_replaces_a_first_decision() {
    let stage = Stage::new().await;
    let (payout, id) = in_review(&stage).await;
    let ann = operator(&stage, "acme~test", "ann").await;
    let anns_second = operator(&stage, "acme~test", "Ann").await;
    let bob = operator(&stage, "acme~test", "bob").await;
    assert_eq!(decide(&stage, &ann, (&id, &part(PART))).await.status, 200);
    let before = review(&stage, &id).await;
    for key in [&ann, &anns_second] {
        let again = decide(&stage, key, (&id, &part(PART))).await;
        assert_eq!(reason(&again), (409, "own_decision"));
    }
    let mut other_proof = part(PART);
    other_proof["evidenceId"] = "statement 8".into();
    for body in [part(2), paid("paid"), paid("not_paid"), other_proof.clone()] {
        let other = decide(&stage, &bob, (&id, &body)).await;
        assert_eq!(reason(&other), (409, "decision_differs"), "{body}");
    }
    assert_eq!(review(&stage, &id).await, before);
    // What the provider shows denies every other figure, whoever says it.
    for body in [part(PART + 1), paid("paid"), paid("not_paid")] {
        let denied = decide(&stage, &anns_second, (&id, &body)).await;
        assert_eq!(reason(&denied), (409, "evidence_contradicts"), "{body}");
        assert_eq!(denied.body["error"]["details"]["proof"], "part");
    }
    assert_eq!(review(&stage, &id).await, before);
    let replaced = decide(&stage, &anns_second, (&id, &other_proof)).await;
    assert_eq!(replaced.status, 200, "{}", replaced.text);
    let decisions = &replaced.body["data"]["decisions"];
    assert_eq!(decisions.as_array().map(Vec::len), Some(1));
    assert_eq!(decisions[0]["evidenceId"], "statement 8");
    let late = decide(&stage, &bob, (&id, &part(PART))).await;
    assert_eq!(reason(&late), (409, "decision_differs"));
    assert_eq!(stage.payout(&payout).await["status"], "processing");
    assert_eq!(decide(&stage, &bob, (&id, &other_proof)).await.status, 200);
    assert_eq!(stage.payout(&payout).await["status"], "completed");
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_operators_decide_and_only_about_what_is_theirs() {
    let stage = Stage::new().await;
    let (_, id) = in_review(&stage).await;
    let body = paid("paid");
    let ready = &stage.host.ready.keys;
    let refused = decide(&stage, &ready.read, (&id, &body)).await;
    let missing = forbidden(json!({"scope": "reviews:write"}));
    assert_eq!(refusal(&refused), missing);
    assert_eq!(get(&stage, &ready.read, REVIEWS).await.status, 200);

    // The scope cannot be given to another key.
    let wish = json!({"name": "TMS", "scopes": ["reviews:read", "reviews:write"]});
    let call = Call::new("POST", "/api/v1/keys").key(stage.key());
    let refused = stage.call(call.json(&wish)).await;
    let operators_only = json!({"reason": "operator_only", "scope": "reviews:write"});
    assert_eq!(refusal(&refused), forbidden(operators_only));
    let wish = json!({"name": "TMS", "scopes": ["reviews:read"]});
    let key = stage.data("POST", "/api/v1/keys", Some(&wish)).await;
    let reader = text(&key, "secret");
    let path = format!("{REVIEWS}/{id}");
    assert_eq!(get(&stage, reader, &path).await.status, 200);
    let refused = decide(&stage, reader, (&id, &body)).await;
    assert_eq!(refusal(&refused), missing);

    // Another tenant, the other mode, and what is nobody's.
    let live = operator(&stage, "acme~live", "eve").await;
    let nothing = (404, "NOT_FOUND", json!({"resource": "review"}));
    for key in [ready.other.as_str(), &live] {
        assert_eq!(refusal(&get(&stage, key, &path).await), nothing);
        let refused = decide(&stage, key, (&id, &body)).await;
        assert_eq!(refusal(&refused), nothing);
        let page = get(&stage, key, REVIEWS).await;
        assert_eq!(page.body["data"]["total"], 0);
    }
    for unknown in ["rev_1-a01", "rev_x", "x", "rev_%23-a01"] {
        let path = format!("{REVIEWS}/{unknown}");
        assert_eq!(refusal(&get(&stage, stage.key(), &path).await), nothing);
        let refused = decide(&stage, stage.key(), (unknown, &body)).await;
        assert_eq!(refusal(&refused), nothing);
    }
    assert_eq!(review(&stage, &id).await["decisions"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_that_says_nothing_clear_is_refused_by_name() {
    let stage = Stage::new().await;
    let (_, id) = in_review(&stage).await;
    let long = "x".repeat(201);
    for (body, field) in [
        (json!({}), "outcome"),
        (json!({"outcome": "paid"}), "evidenceId"),
        (json!({"outcome": "maybe", "evidenceId": "x"}), "outcome"),
        (
            json!({"outcome": "partial", "evidenceId": "x"}),
            "paidAmount",
        ),
        (
            json!({"outcome": "paid", "evidenceId": "x", "paidAmount": 1}),
            "paidAmount",
        ),
        (
            json!({"outcome": "not_paid", "evidenceId": "x", "paidAmount": 1}),
            "paidAmount",
        ),
        (json!({"outcome": "paid", "evidenceId": long}), "evidenceId"),
        (
            json!({"outcome": "paid", "evidenceId": "x", "note": "a\u{0}b"}),
            "note",
        ),
        (
            json!({"outcome": "paid", "evidenceId": "x", "by": "me"}),
            "by",
        ),
        (part(0), "paidAmount"),
        (part(-1), "paidAmount"),
        (part(NET), "paidAmount"),
        (part(NET + 1), "paidAmount"),
    ] {
        let refused = decide(&stage, stage.key(), (&id, &body)).await;
        assert_eq!(refused.status, 400, "{body}: {}", refused.text);
        let fields = refused.body["error"]["details"]["fields"].to_string();
        assert!(
            fields.contains(&format!("\"path\":\"{field}\"")),
            "{fields}"
        );
    }
    assert_eq!(review(&stage, &id).await["decisions"], json!([]));
    for query in ["?status=paid", "?status=open&status=open", "?payoutId=x"] {
        let path = format!("{REVIEWS}{query}");
        let refused = get(&stage, stage.key(), &path).await;
        assert_eq!(refused.status, 400, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_with_its_key_is_answered_as_the_first_time_and_logged_once() {
    let stage = Stage::new().await;
    let (payout, id) = in_review(&stage).await;
    let bob = operator(&stage, "acme~test", "bob").await;
    let path = format!("{REVIEWS}/{id}/decisions");
    for (key, status) in [(stage.key(), "open"), (&bob, "closed")] {
        let call = Call::new("POST", &path).key(key).json(&part(PART));
        let call = call.header("idempotency-key", format!("decide {status}"));
        let first = stage.call(call.clone()).await;
        assert_eq!(text(&first.body["data"], "status"), status);
        let again = stage.call(call).await;
        assert!(again.replayed);
        assert_eq!(again.text, first.text);
    }
    let log = stage
        .data("GET", "/api/v1/audit-events?limit=10", None)
        .await;
    let items = log["items"].as_array().expect("items");
    let decisions: Vec<_> = items
        .iter()
        .filter(|it| text(it, "action") == "review.decide")
        .collect();
    assert_eq!(decisions.len(), 2, "{log}");
    assert_eq!(text(&decisions[0]["subject"], "id"), id);
    let changes = decisions[0]["changes"].to_string();
    assert!(changes.contains("statement 7, line 14") && changes.contains("closed"));
    assert_eq!(stage.payout(&payout).await["status"], "completed");
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_second_operators_at_once_settle_once() {
    let stage = Arc::new(Stage::new().await);
    let (payout, id) = in_review(&stage).await;
    let first = decide(&stage, stage.key(), (&id, &part(PART))).await;
    assert_eq!(first.status, 200, "{}", first.text);
    let mut keys = Vec::new();
    for number in 0..8 {
        keys.push(operator(&stage, "acme~test", &format!("operator {number}")).await);
    }
    let mut operators = JoinSet::new();
    for key in keys {
        let (stage, id) = (Arc::clone(&stage), id.clone());
        operators.spawn(async move { decide(&stage, &key, (&id, &part(PART))).await });
    }
    let answers = operators.join_all().await;
    let settled = answers.iter().filter(|it| it.status == 200).count();
    assert_eq!(settled, 1);
    for answer in answers.iter().filter(|it| it.status != 200) {
        assert_eq!(reason(answer), (409, "review_closed"), "{}", answer.text);
    }
    assert_eq!(
        review(&stage, &id).await["decisions"]
            .as_array()
            .map(Vec::len),
        Some(2)
    );
    assert_eq!(text(&stage.newest(&payout).await, "event"), "settle");
    assert_eq!(stage.balance().await, (START - 45_000, 0, 0));
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stays_unknown_is_shown_after_half_an_hour_and_closed_by_a_provider_that_answers() {
    let stage = Stage::new().await;
    stage.fault("create", "drop_after", 1).await;
    stage.fault("query", "status:500_before", 8).await;
    let payout = stage.create("L-12345").await;
    stage.advance(29 * 60).await;
    assert_eq!(listed(&stage, "").await, (vec![], 0));
    stage.advance(3 * 60).await;
    let (ids, total) = listed(&stage, "?status=open").await;
    assert_eq!(total, 1);
    let open = review(&stage, &ids[0]).await;
    assert_eq!(text(&open, "reason"), "unknown_too_long");
    assert_eq!(text(&open["evidence"], "attemptState"), "unknown");
    stage.assert_books().await;
    stage.advance(24 * 3_600).await;
    assert_eq!(stage.payout(&payout).await["status"], "completed");
    let closed = review(&stage, &ids[0]).await;
    assert_eq!(text(&closed, "closedBy"), "provider");
    let late = decide(&stage, stage.key(), (&ids[0], &paid("not_paid"))).await;
    assert_eq!(reason(&late), (409, "review_closed"));
    assert_eq!(stage.paid().await.len(), 1);
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_its_provider_works_on_is_for_people_once_it_takes_too_long() {
    let stage = Stage::new().await;
    stage.ends_with("payelata", "process_pending").await;
    let body = json!({"loadId": "L-12345", "requestedBy": "driver-789"});
    let payout = stage
        .data("POST", "/api/v1/payouts/instant", Some(&body))
        .await;
    let payout = text(&payout, "id").to_owned();
    stage.advance(10 * 60).await;
    assert_eq!(listed(&stage, "").await, (vec![], 0));
    stage.advance(7 * 60).await;
    let (ids, _) = listed(&stage, "?status=open").await;
    let id = ids.first().expect("a review");
    assert_eq!(review(&stage, id).await["reason"], "submitted_too_long");
    assert_eq!(stage.payout(&payout).await["status"], "processing");
    let settled = stage
        .agree(&late_stage::first(&payout), &paid("not_paid"))
        .await;
    assert_eq!(settled["closedBy"], "operators");
    assert_eq!(stage.payout(&payout).await["status"], "failed");
    // The same word once more is no news.
    stage.advance(24 * 3_600).await;
    let standing = stage.standing(&payout).await;
    assert_eq!(
        standing,
        ("failed".to_owned(), "settled_not_paid".to_owned())
    );
    assert_eq!(stage.balance().await, (START, 0, 0));
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_settlement_ends_the_batch_of_its_payout() {
    let stage = Stage::new().await;
    let outcome = json!({"provider": "payelata", "status": "partially_processed"});
    stage.control("/_control/outcomes", &outcome).await;
    let batch = stage.make_batch("Weekly", &["L-12345"]).await;
    stage.release(&batch).await;
    stage.advance(3_600).await;
    assert_eq!(stage.batch(&batch).await["status"], "processing");
    let (ids, _) = listed(&stage, "?status=open").await;
    let attempt = format!("pay_{}", &ids[0]["rev_".len()..]);
    let evidence = &review(&stage, &ids[0]).await["evidence"];
    let shown = evidence["reportedAmount"].as_i64().expect("a part");
    stage.agree(&attempt, &part(shown)).await;
    stage.advance(120).await;
    let ended = stage.batch(&batch).await;
    assert_eq!(
        (&ended["status"], &ended["paidCount"]),
        (&json!("completed"), &json!(1))
    );
    let report = get(&stage, stage.key(), &path(&batch, "/report.csv")).await;
    assert!(report.text.contains("completed"), "{}", report.text);
    stage.assert_books().await;
}
