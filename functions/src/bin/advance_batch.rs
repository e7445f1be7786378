//! Lambda `advance-batch`.

use functions::{advance_batch, open};
use platform::{Fatal, entry::sqs};

fn main() -> Result<(), Fatal> {
    sqs::run_with(open::for_batches, advance_batch::handle)
}
