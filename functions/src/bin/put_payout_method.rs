//! Lambda `put-payout-method`.

use functions::{put_payout_method, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("put-payout-method", open::with_vault, |(backend, vault), request| {
        put_payout_method::handle(backend, vault, request)
    })
}
