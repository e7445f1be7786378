//! Lambda `sync-vendor`.

use functions::{open, sync_vendor};
use platform::{Fatal, entry::sqs};

fn main() -> Result<(), Fatal> {
    sqs::run_with(open::for_vendors, sync_vendor::handle)
}
