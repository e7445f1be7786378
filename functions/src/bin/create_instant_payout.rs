//! Lambda `create-instant-payout`.

use functions::{create_instant_payout, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve_with(
        "create-instant-payout",
        open::queue,
        create_instant_payout::handle,
    )
}
