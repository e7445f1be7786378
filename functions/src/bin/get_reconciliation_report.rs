//! Lambda `get-reconciliation-report`.

use functions::{get_reconciliation_report, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve(
        "get-reconciliation-report",
        get_reconciliation_report::handle,
    )
}
