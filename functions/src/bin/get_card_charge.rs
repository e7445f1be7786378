//! Lambda `get-card-charge`.

use functions::{get_card_charge, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("get-card-charge", get_card_charge::handle)
}
