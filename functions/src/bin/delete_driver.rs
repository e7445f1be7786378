//! Lambda `delete-driver`.

use functions::{delete_driver, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("delete-driver", delete_driver::handle)
}
