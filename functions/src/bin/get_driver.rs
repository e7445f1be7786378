//! Lambda `get-driver`.

use functions::{get_driver, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("get-driver", open::backend, get_driver::handle)
}
