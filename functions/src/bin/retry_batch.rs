//! Lambda `retry-batch`.

use functions::{open, retry_batch};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve_with("retry-batch", open::queue, retry_batch::handle)
}
