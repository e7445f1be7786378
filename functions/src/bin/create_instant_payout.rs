//! Lambda `create-instant-payout`.

use functions::{create_instant_payout, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve(
        "create-instant-payout",
        open::with_queue,
        |(backend, queue), request| create_instant_payout::handle(backend, queue, request),
    )
}
