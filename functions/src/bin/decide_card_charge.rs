//! Lambda `decide-card-charge`.

use functions::{decide_card_charge, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("decide-card-charge", decide_card_charge::handle)
}
