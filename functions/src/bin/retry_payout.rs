//! Lambda `retry-payout`.

use functions::{open, retry_payout};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve(
        "retry-payout",
        open::with_queue,
        |(backend, queue), request| retry_payout::handle(backend, queue, request),
    )
}
