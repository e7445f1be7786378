//! Lambda `put-settlement`.

use functions::{open, put_settlement};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("put-settlement", put_settlement::handle)
}
