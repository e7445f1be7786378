//! Lambda `remove-batch-line`.

use functions::{open, remove_batch_line};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("remove-batch-line", remove_batch_line::handle)
}
