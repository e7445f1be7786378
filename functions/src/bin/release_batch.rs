//! Lambda `release-batch`.

use functions::{open, release_batch};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve_with("release-batch", open::queue, release_batch::handle)
}
