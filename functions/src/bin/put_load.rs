//! Lambda `put-load`.

use functions::{put_load, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("put-load", open::backend, put_load::handle)
}
