//! Lambda `put-payout-method`.

use functions::{open, put_payout_method};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve_with(
        "put-payout-method",
        open::for_payout_methods,
        put_payout_method::handle,
    )
}
