//! Lambda `get-settings`.

use functions::{get_settings, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("get-settings", get_settings::handle)
}
