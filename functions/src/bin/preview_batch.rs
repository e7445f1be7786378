//! Lambda `preview-batch`.

use functions::{open, preview_batch};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("preview-batch", preview_batch::handle)
}
