//! Lambda `get-batch-report`.

use functions::{get_batch_report, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("get-batch-report", get_batch_report::handle)
}
