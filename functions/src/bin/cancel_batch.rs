//! Lambda `cancel-batch`.

use functions::{cancel_batch, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve_with("cancel-batch", open::queue, cancel_batch::handle)
}
