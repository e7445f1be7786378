//! Lambda `verify-driver`.

use functions::{open, verify_driver};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("verify-driver", open::backend, verify_driver::handle)
}
