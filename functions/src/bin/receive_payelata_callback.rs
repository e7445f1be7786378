//! Lambda `receive-payelata-callback`.

use functions::{open, receive_payelata_callback};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve_with(
        "receive-payelata-callback",
        open::for_callbacks,
        |backend, (queue, secrets), request| {
            receive_payelata_callback::handle(backend, queue, secrets, request)
        },
    )
}
