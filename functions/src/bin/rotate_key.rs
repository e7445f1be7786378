//! Lambda `rotate-key`.

use functions::{open, rotate_key};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve_with("rotate-key", open::vault, rotate_key::handle)
}
