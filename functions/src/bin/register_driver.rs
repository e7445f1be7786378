//! Lambda `register-driver`.

use functions::{open, register_driver};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("register-driver", register_driver::handle)
}
