//! Lambda `register-driver`.

use functions::{register_driver, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("register-driver", open::backend, register_driver::handle)
}
