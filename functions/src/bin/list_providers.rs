//! Lambda `list-providers`.

use functions::{list_providers, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("list-providers", list_providers::handle)
}
