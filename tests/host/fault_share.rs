//! Payouts over every provider while a fifth of everything misbehaves, and providers change their minds.

use domain::payout::PayoutStatus;
use local::{
    host::Place,
    load::{FaultRun, Met, run_faults},
};

use crate::figures;

/// `local load --faults 20 --payouts 2000` runs more of the same.
const PAYOUTS: usize = 120;

#[tokio::test(flavor = "multi_thread")]
async fn a_fifth_of_all_calls_misbehaves_news_comes_late_and_no_payment_is_doubled_or_lost() {
    let run = FaultRun {
        payouts: PAYOUTS,
        percent: 20,
        seed: 1,
        place: Place::Memory,
    };
    let report = run_faults(run).await.expect("run");
    assert_eq!(report.findings, [""; 0], "{report}");
    assert_eq!(report.met.len(), 5, "{report}");
    let sum = |count: fn(&Met) -> u64| report.met.iter().map(count).sum::<u64>();
    let share = sum(|met| met.misbehaved) * 100 / sum(|met| met.calls);
    assert!((8..=35).contains(&share), "{report}");
    let completed = report.statuses.get(&PayoutStatus::Completed).copied();
    assert!(completed.unwrap_or(0) >= 96, "{report}");
    // News came late, and people decided all of it.
    let (late, decided) = (&report.late, &report.deeds.decided);
    let (dead, whole, parts) = late.ordered;
    assert!(dead > 0 && whole > 0 && parts > 0, "{report}");
    assert!(late.contradictions >= dead && late.held > 0, "{report}");
    let back = late.proven_returns + late.decided_returns + late.part_returns;
    assert!(back >= whole + parts, "{report}");
    assert!(decided.contains_key("paid"), "{report}");
    assert!(decided.contains_key("returned"), "{report}");
    assert_eq!(report.comparison.open, [], "{report}");
    assert!(report.comparison.suspense.is_empty(), "{report}");
    figures::report(&format!(
        "faults in a fifth of all calls: {} payouts, {} contradictions, {} findings, {} s",
        report.payouts(),
        report.late.contradictions,
        report.findings.len(),
        report.elapsed.as_secs(),
    ));
}
