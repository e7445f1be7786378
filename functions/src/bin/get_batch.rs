//! Lambda `get-batch`.

use functions::{get_batch, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("get-batch", get_batch::handle)
}
