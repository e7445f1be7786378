//! Lambda `dispatch-payout`.

use functions::{dispatch_payout, open};
use platform::{Fatal, entry::sqs};

fn main() -> Result<(), Fatal> {
    sqs::run_with(open::for_dispatch, dispatch_payout::handle)
}
