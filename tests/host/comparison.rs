//! The comparison of our books with the twins' notices every way in which they can differ.

use local::comparison::{Direction, Movement, compare};
use serde_json::json;

use crate::stage::Stage;

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
