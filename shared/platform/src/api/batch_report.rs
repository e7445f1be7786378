//! A batch as a CSV report: one row a line, in the order of the batch. The same state gives the same bytes.

use app::{
    batch_lines::{Fate, LineNow},
    error::Error,
    report_batch::BatchReport,
};

use crate::api::{
    batch_view::{line_reason, line_status},
    csv_file,
};

/// The columns of a report.
pub const COLUMNS: [&str; 9] = [
    "loadId",
    "driverId",
    "amount",
    "fee",
    "netAmount",
    "status",
    "reason",
    "providerReference",
    "settledAt",
];

/// # Errors
/// `Unavailable` when the text cannot be made, which would be a defect.
pub fn text(report: &BatchReport) -> Result<String, Error> {
    let rows = report.lines.iter().map(|line| row(report, line));
    csv_file::text(COLUMNS, rows)
}

fn row(report: &BatchReport, now: &LineNow) -> [String; 9] {
    let line = &now.line;
    let driver = line.driver.as_ref().map(ToString::to_string);
    let (reference, settled) = match &now.fate {
        Fate::Payout(payout) => {
            let attempt = report.attempts.get(&payout.id);
            let object = attempt.and_then(|it| it.object.as_ref());
            let reference = match object {
                Some(object) => Some(object.to_string()),
                None => attempt.map(|it| it.reference.to_string()),
            };
            (reference, payout.completed_at.map(|at| at.to_string()))
        }
        Fate::Waiting | Fate::Rejected(_) | Fate::Canceled => (None, None),
    };
    [
        line.load.to_string(),
        driver.unwrap_or_default(),
        line.amount.to_string(),
        line.fee.to_string(),
        line.net().to_string(),
        line_status(now).to_owned(),
        line_reason(now).unwrap_or_default().to_owned(),
        reference.unwrap_or_default(),
        settled.unwrap_or_default(),
    ]
}
