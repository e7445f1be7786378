//! Lambda `register-driver`.

use functions::{open, register_driver};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("register-driver", open::backend, register_driver::handle)
}
