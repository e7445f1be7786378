//! Lambda `list-reviews`.

use functions::{list_reviews, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("list-reviews", list_reviews::handle)
}
