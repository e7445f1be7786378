//! Lambda `add-batch-lines`.

use functions::{add_batch_lines, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("add-batch-lines", add_batch_lines::handle)
}
