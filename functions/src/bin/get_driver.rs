//! Lambda `get-driver`.

use functions::{get_driver, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("get-driver", get_driver::handle)
}
