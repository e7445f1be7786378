//! Lambda `create-batch`.

use functions::{create_batch, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve_with("create-batch", open::queue, create_batch::handle)
}
