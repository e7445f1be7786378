//! Lambda `list-keys`.

use functions::{list_keys, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("list-keys", list_keys::handle)
}
