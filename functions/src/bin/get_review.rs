//! Lambda `get-review`.

use functions::{get_review, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("get-review", get_review::handle)
}
