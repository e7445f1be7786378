//! Lambda `put-settings`.

use functions::{open, put_settings};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("put-settings", put_settings::handle)
}
