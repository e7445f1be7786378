//! Lambda `revoke-key`.

use functions::{open, revoke_key};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("revoke-key", revoke_key::handle)
}
