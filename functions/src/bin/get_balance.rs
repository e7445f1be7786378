//! Lambda `get-balance`.

use functions::{get_balance, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("get-balance", get_balance::handle)
}
