//! Lambda `put-payout-method`.

use functions::{open, put_payout_method};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve(
        "put-payout-method",
        open::with_vault,
        |(backend, vault), request| put_payout_method::handle(backend, vault, request),
    )
}
