//! Lambda `retry-payout`.

use functions::{open, retry_payout};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve_with("retry-payout", open::queue, retry_payout::handle)
}
