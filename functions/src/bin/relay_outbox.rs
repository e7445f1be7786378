//! Lambda `relay-outbox`.

use functions::{open, relay_outbox};
use platform::{Fatal, entry::timer};

fn main() -> Result<(), Fatal> {
    timer::run_with(open::with_queue, |(backend, queue)| {
        relay_outbox::handle(backend, queue)
    })
}
