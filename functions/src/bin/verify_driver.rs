//! Lambda `verify-driver`.

use functions::{verify_driver, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("verify-driver", open::backend, verify_driver::handle)
}
