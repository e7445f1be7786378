//! Lambda `list-batch-payouts`.

use functions::{list_batch_payouts, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("list-batch-payouts", list_batch_payouts::handle)
}
