//! Lambda `put-load`.

use functions::{open, put_load};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("put-load", put_load::handle)
}
