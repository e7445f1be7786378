//! Lambda `create-operator-key`.

use functions::{create_operator_key, open};
use platform::{Fatal, entry::invoke};

fn main() -> Result<(), Fatal> {
    invoke::run_with(open::backend, create_operator_key::handle)
}
