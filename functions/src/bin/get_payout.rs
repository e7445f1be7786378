//! Lambda `get-payout`.

use functions::{get_payout, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("get-payout", get_payout::handle)
}
