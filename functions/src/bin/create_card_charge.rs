//! Lambda `create-card-charge`.

use functions::{create_card_charge, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve_with(
        "create-card-charge",
        open::for_charges,
        create_card_charge::handle,
    )
}
