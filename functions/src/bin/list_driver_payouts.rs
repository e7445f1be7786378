//! Lambda `list-driver-payouts`.

use functions::{list_driver_payouts, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("list-driver-payouts", list_driver_payouts::handle)
}
