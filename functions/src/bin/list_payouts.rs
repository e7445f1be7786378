//! Lambda `list-payouts`.

use functions::{list_payouts, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("list-payouts", list_payouts::handle)
}
