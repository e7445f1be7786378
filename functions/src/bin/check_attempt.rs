//! Lambda `check-attempt`.

use functions::{check_attempt, open};
use platform::{Fatal, entry::sqs};

fn main() -> Result<(), Fatal> {
    sqs::run_with(open::for_check, check_attempt::handle)
}
