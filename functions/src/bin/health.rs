//! Lambda `health`.

use functions::{health, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("health", health::handle)
}
