//! Lambda `retry-payout`.

use functions::{retry_payout, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("retry-payout", open::with_queue, |(backend, queue), request| {
        retry_payout::handle(backend, queue, request)
    })
}
