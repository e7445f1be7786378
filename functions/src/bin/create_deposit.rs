//! Lambda `create-deposit`.

use functions::{create_deposit, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("create-deposit", open::backend, create_deposit::handle)
}
