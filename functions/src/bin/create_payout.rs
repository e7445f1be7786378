//! Lambda `create-payout`.

use functions::{create_payout, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve(
        "create-payout",
        open::with_queue,
        |(backend, queue), request| create_payout::handle(backend, queue, request),
    )
}
