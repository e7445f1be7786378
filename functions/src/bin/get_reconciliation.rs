//! Lambda `get-reconciliation`.

use functions::{get_reconciliation, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("get-reconciliation", get_reconciliation::handle)
}
