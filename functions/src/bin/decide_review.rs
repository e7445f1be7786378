//! Lambda `decide-review`.

use functions::{decide_review, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve_with("decide-review", open::queue, decide_review::handle)
}
