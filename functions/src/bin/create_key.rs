//! Lambda `create-key`.

use functions::{create_key, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve_with("create-key", open::vault, create_key::handle)
}
