//! Lambda `cancel-payout`.

use functions::{cancel_payout, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("cancel-payout", open::backend, cancel_payout::handle)
}
