//! Lambda `cancel-payout`.

use functions::{cancel_payout, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("cancel-payout", cancel_payout::handle)
}
