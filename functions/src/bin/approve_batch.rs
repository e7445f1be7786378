//! Lambda `approve-batch`.

use functions::{approve_batch, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("approve-batch", approve_batch::handle)
}
