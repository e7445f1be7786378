//! Lambda `list-drivers`.

use functions::{list_drivers, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("list-drivers", list_drivers::handle)
}
