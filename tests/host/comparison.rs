//! The comparison of our books with the twins' notices every way in which they can differ.

use local::comparison::{Direction, Movement, compare};
use serde_json::{Value, json};

use crate::stage::{Call, Stage};

const NET: i64 = 44_750;

/// A payout that is completed, and one that failed.
async fn paid_and_failed(stage: &Stage) -> (String, String) {
    let paid = stage.create("L-12345").await;
    stage.advance(3_600).await;
    let outcome = json!({"provider": "payelata", "status": "process_failed"});
    stage.control("/_control/outcomes", &outcome).await;
    let failed = stage.create("L-12346").await;
    stage.advance(3_600).await;
    stage.assert_books().await;
    (paid, failed)
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_twin_does_behind_our_books_is_a_difference() {
    let stage = Stage::new().await;
    let (paid, failed) = paid_and_failed(&stage).await;
    let (dump, rows) = (stage.dump().await, stage.movements().await);
    let row = |reference: String| {
        let found = rows.iter().find(|row| row.reference == reference);
        found.cloned().expect("a row")
    };
    let (good, bad) = (row(format!("{paid}-a01")), row(format!("{failed}-a01")));
    assert!(good.paid && !bad.paid);
    let with = |more: Vec<Movement>| [rows.clone(), more].concat();
    let without = |reference: &str| {
        let kept = rows.iter().filter(|row| row.reference != reference);
        kept.cloned().collect::<Vec<_>>()
    };
    let lost = without(&good.reference);
    let cheaper = Movement {
        amount_minor: NET - 1,
        ..good.clone()
    };
    let foreign = Movement {
        reference: "pay_nobody-a01".to_owned(),
        ..good.clone()
    };
    let back = Movement {
        direction: Direction::In,
        ..good.clone()
    };
    let after_all = Movement { paid: true, ..bad };
    for (what, rows, told) in [
        ("paid twice", with(vec![good.clone()]), "2 times"),
        ("not paid at all", lost.clone(), "our books say 44750"),
        (
            "another amount",
            [lost, vec![cheaper]].concat(),
            "payelata paid 44749",
        ),
        ("nobody's payment", with(vec![foreign]), "which is nobody's"),
        ("taken back", with(vec![back]), "payelata paid 0"),
        (
            "paid though failed",
            with(vec![after_all]),
            "failed with 44750 paid",
        ),
    ] {
        let differences = compare(&dump, &rows).differences;
        assert!(
            differences.iter().any(|it| it.contains(told)),
            "{what}: {differences:?}"
        );
        let total = "clearing.payelata holds 44750";
        assert!(
            differences.iter().any(|it| it.contains(total)),
            "{what}: {differences:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_not_ended_is_open_and_its_payment_waits() {
    let stage = Stage::new().await;
    let outcome = json!({"provider": "payelata", "status": "partially_processed"});
    stage.control("/_control/outcomes", &outcome).await;
    let id = stage.create("L-12345").await;
    stage.advance(3_600).await;
    let compared = stage.compared().await;
    assert_eq!(compared.differences, [""; 0]);
    assert_eq!(compared.open.len(), 1);
    assert_eq!(compared.open[0].payout.as_str(), id);
    assert_eq!(
        compared.open[0].review.as_deref(),
        Some("partially_processed")
    );
}

/// The first attempt of a payout changes its mind; somebody hears of it.
async fn later(stage: &Stage, payout: &str, (status, amount): (&str, Option<i64>)) {
    let reference = format!("{payout}-a01");
    let order = json!({"provider": "payelata", "status": status, "reference": reference,
        "now": true, "amount": amount});
    stage.control("/_control/outcomes", &order).await;
    stage.advance(60).await;
}

/// Both owners say so of the first attempt.
async fn agree(stage: &Stage, payout: &str, mut said: Value) {
    said["evidenceId"] = "statement 7".into();
    let path = format!(
        "/api/v1/reviews/rev_{}-a01/decisions",
        &payout["pay_".len()..]
    );
    for key in [stage.key(), stage.second()] {
        let answer = stage
            .call(Call::new("POST", &path).key(key).json(&said))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
}

/// What is wrong when one more such row of the payout is there.
async fn with_row(
    stage: &Stage,
    payout: &str,
    (amount, direction): (i64, Direction),
) -> Vec<String> {
    let mut rows = stage.movements().await;
    let reference = format!("{payout}-a01");
    let own = rows.iter().find(|row| row.reference == reference);
    let row = Movement {
        amount_minor: amount,
        direction,
        paid: true,
        ..own.cloned().expect("a row")
    };
    rows.push(row);
    compare(&stage.dump().await, &rows).differences
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_payment_is_open_with_its_name_in_suspense_until_it_is_decided() {
    let stage = Stage::new().await;
    let (_, failed) = paid_and_failed(&stage).await;
    later(&stage, &failed, ("processed", None)).await;
    let compared = stage.compared().await;
    assert_eq!(compared.differences, [""; 0]);
    let open = &compared.open[..];
    assert_eq!(open.len(), 1, "{open:?}");
    assert_eq!(open[0].payout.as_str(), failed);
    assert_eq!(
        (open[0].review.as_deref(), open[0].held),
        (Some("processed"), true)
    );
    assert_eq!(open[0].unposted, 0, "it was posted to suspense");
    let named: Vec<_> = compared
        .suspense
        .iter()
        .map(|(reference, cents)| (reference.to_string(), *cents))
        .collect();
    assert_eq!(named, [(format!("{failed}-a01"), -NET)]);

    agree(&stage, &failed, json!({"outcome": "paid"})).await;
    let compared = stage.compared().await;
    assert_eq!((compared.differences, compared.open), (vec![], vec![]));
    assert!(compared.suspense.is_empty());
    let told = with_row(&stage, &failed, (NET, Direction::Out)).await;
    assert!(told.iter().any(|it| it.contains("2 times")), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_payment_is_a_difference_unless_an_attempt_names_it() {
    let stage = Stage::new().await;
    let (_, failed) = paid_and_failed(&stage).await;
    let path = format!("/api/v1/payouts/{failed}/retry");
    stage.data("POST", &path, Some(&json!({}))).await;
    stage.advance(3_600).await;
    assert_eq!(stage.payout(&failed).await["status"], "completed");
    // Nobody has heard of it yet.
    let told = with_row(&stage, &failed, (NET, Direction::Out)).await;
    assert!(
        told.iter().any(|it| it.contains("2 payments of 89500")),
        "{told:?}"
    );
    later(&stage, &failed, ("processed", None)).await;
    stage.assert_books().await;
    agree(&stage, &failed, json!({"outcome": "surplus"})).await;
    let compared = stage.compared().await;
    assert_eq!((compared.differences, compared.open), (vec![], vec![]));
    assert_eq!(compared.suspense.values().sum::<i64>(), -NET);
    agree(
        &stage,
        &failed,
        json!({"outcome": "absorbed", "absorbedBy": "platform"}),
    )
    .await;
    let compared = stage.compared().await;
    assert_eq!(compared.differences, [""; 0]);
    assert!(compared.suspense.is_empty());
    let told = with_row(&stage, &failed, (1, Direction::In)).await;
    let figures = "paid 44749, our books say 44750";
    assert!(told.iter().any(|it| it.contains(figures)), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_back_of_a_payment_is_open_until_it_is_decided_and_counts_then() {
    let stage = Stage::new().await;
    let (paid, _) = paid_and_failed(&stage).await;
    later(&stage, &paid, ("partially_refunded", Some(750))).await;
    let compared = stage.compared().await;
    assert_eq!(compared.differences, [""; 0]);
    assert_eq!(compared.open.len(), 1);
    assert_eq!(compared.open[0].unposted, -750);
    agree(&stage, &paid, json!({"outcome": "returned", "amount": 750})).await;
    let compared = stage.compared().await;
    assert_eq!((compared.differences, compared.open), (vec![], vec![]));
    let told = with_row(&stage, &paid, (1, Direction::In)).await;
    let figures = "paid 43999, our books say 44000";
    assert!(told.iter().any(|it| it.contains(figures)), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_payouts_that_paid_one_load_are_a_difference() {
    let stage = Stage::new().await;
    let (_, failed) = paid_and_failed(&stage).await;
    let path = format!("/api/v1/payouts/{failed}/cancel");
    stage.data("POST", &path, Some(&json!({}))).await;
    let second = stage.create("L-12346").await;
    stage.advance(3_600).await;
    stage.assert_books().await;
    let told = with_row(&stage, &failed, (NET, Direction::Out)).await;
    let both = |it: &String| it.contains("load L-12346 is paid by") && it.contains(&second);
    assert!(told.iter().any(both), "{told:?}");
    later(&stage, &failed, ("processed", None)).await;
    stage.assert_books().await;
}
