//! Lambda `receive-owlpay-callback`.

use functions::{open, receive_owlpay_callback};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve_with(
        "receive-owlpay-callback",
        open::for_owlpay_callbacks,
        |backend, (queue, secrets), request| {
            receive_owlpay_callback::handle(backend, queue, secrets, request)
        },
    )
}
