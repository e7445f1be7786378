//! Lambda `list-batches`.

use functions::{list_batches, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("list-batches", list_batches::handle)
}
