//! Lambda `get-load`.

use functions::{get_load, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("get-load", get_load::handle)
}
