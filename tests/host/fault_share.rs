//! Payouts over every provider while a fifth of everything misbehaves.

use domain::payout::PayoutStatus;
use local::{
    host::Place,
    load::{FaultRun, run_faults},
};

use crate::figures;

/// `local load --faults 20 --payouts 2000` runs more of the same.
const PAYOUTS: usize = 200;

#[tokio::test(flavor = "multi_thread")]
async fn a_fifth_of_all_calls_misbehaves_and_no_payment_is_doubled_or_lost() {
    let run = FaultRun {
        payouts: PAYOUTS,
        percent: 20,
        seed: 1,
        place: Place::Memory,
    };
    let report = run_faults(run).await.expect("run");
    assert_eq!(report.findings, [""; 0], "{report}");
    assert_eq!(report.met.len(), 5, "{report}");
    for met in &report.met {
        let share = met.misbehaved * 100 / met.calls.max(1);
        assert!((8..=35).contains(&share), "{report}");
    }
    let completed = report.statuses.get(&PayoutStatus::Completed).copied();
    let waiting = report.comparison.open.len();
    assert!(completed.unwrap_or(0) >= 160, "{report}");
    figures::report(&format!(
        "faults in a fifth of all calls: {} payouts, {waiting} in review, {} findings, {} s",
        report.payouts(),
        report.findings.len(),
        report.elapsed.as_secs(),
    ));
}
