//! What must hold of the books after anything.

use app::audit;
use domain::{ids::PayoutId, load::LoadStatus, payout::PayoutStatus};

use crate::stage::{AMOUNT, Stage, WALLET};

/// Checks every invariant against everything stored.
pub(crate) fn balance(stage: &Stage) {
    assert_eq!(audit::findings(&stage.memory.dump()), []);
}

/// The one end that counts: paid once, and nothing left reserved.
pub(crate) async fn paid_exactly_once(stage: &Stage, payout: &PayoutId) {
    balance(stage);
    let found = stage.payout(payout).await;
    assert_eq!(found.status, PayoutStatus::Completed);
    assert_eq!(stage.provider.paid(), 1, "the provider paid exactly once");
    assert_eq!(stage.load("L-1").await.status, LoadStatus::Paid);
    let balances = stage.balances().await;
    assert_eq!(balances.available.get(), WALLET - AMOUNT);
    assert_eq!((balances.pending.get(), balances.in_transit.get()), (0, 0));
}

#[tokio::test]
async fn an_audit_finds_what_is_wrong() {
    let stage = Stage::new().await;
    let id = stage
        .create_for_sure("L-1", domain::fee::Rail::Standard)
        .await;
    stage.advance(3_600).await;
    let clean = stage.memory.dump();
    assert_eq!(audit::findings(&clean), []);
    let invariants = |dump: &audit::Dump| -> Vec<&'static str> {
        audit::findings(dump)
            .into_iter()
            .map(|it| it.invariant)
            .collect()
    };

    let mut lost = clean.clone();
    lost.records
        .retain(|record| !matches!(record, app::record::Record::Transition(it) if it.seq == 3));
    assert!(invariants(&lost).contains(&"chain") && invariants(&lost).contains(&"V3"));

    let mut altered = clean.clone();
    for record in &mut altered.records {
        if let app::record::Record::Transition(it) = record {
            it.reason = Some("another".to_owned());
        }
    }
    assert!(invariants(&altered).contains(&"chain"));

    let mut reopened = clean;
    for record in &mut reopened.records {
        if let app::record::Record::Payout(it) = record
            && it.id == id
        {
            it.status = PayoutStatus::Processing;
        }
    }
    let broken = invariants(&reopened);
    for invariant in ["V4", "V5", "V6", "V7", "V8"] {
        assert!(broken.contains(&invariant), "{invariant}");
    }
}
