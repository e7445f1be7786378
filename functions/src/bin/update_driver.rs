//! Lambda `update-driver`.

use functions::{open, update_driver};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("update-driver", update_driver::handle)
}
