//! Lambda `run-reconciliation`.

use functions::{open, run_reconciliation};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve_with(
        "run-reconciliation",
        open::for_reconciliation,
        run_reconciliation::handle,
    )
}
