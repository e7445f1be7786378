//! Lambda `get-docs`.

use functions::{get_docs, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("get-docs", get_docs::handle)
}
