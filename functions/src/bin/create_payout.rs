//! Lambda `create-payout`.

use functions::{create_payout, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve_with("create-payout", open::queue, create_payout::handle)
}
