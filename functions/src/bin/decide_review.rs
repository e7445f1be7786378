//! Lambda `decide-review`.

use functions::{decide_review, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("decide-review", decide_review::handle)
}
