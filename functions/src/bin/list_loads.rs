//! Lambda `list-loads`.

use functions::{list_loads, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("list-loads", list_loads::handle)
}
