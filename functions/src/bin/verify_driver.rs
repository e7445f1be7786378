//! Lambda `verify-driver`.

use functions::{open, verify_driver};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("verify-driver", verify_driver::handle)
}
