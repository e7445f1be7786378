//! Lambda `get-payout-timeline`.

use functions::{get_payout_timeline, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("get-payout-timeline", get_payout_timeline::handle)
}
