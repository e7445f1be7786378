//! Lambda `pause-provider`.

use functions::{open, pause_provider};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("pause-provider", pause_provider::handle)
}
