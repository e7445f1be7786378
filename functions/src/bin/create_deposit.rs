//! Lambda `create-deposit`.

use functions::{create_deposit, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("create-deposit", create_deposit::handle)
}
