//! Lambda `sweep-due`.

use functions::{open, sweep_due};
use platform::{Fatal, entry::timer};

fn main() -> Result<(), Fatal> {
    timer::run_with(open::with_queue, |(backend, queue)| {
        sweep_due::handle(backend, queue)
    })
}
