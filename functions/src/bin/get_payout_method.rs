//! Lambda `get-payout-method`.

use functions::{get_payout_method, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("get-payout-method", get_payout_method::handle)
}
