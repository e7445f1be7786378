//! Sending hints after a commit. A hint that cannot be sent is not an error: the outbox and the due
//! index send it again.

use tracing::warn;

use crate::{message::Message, port::Queue};

/// Sends a message at once, or leaves it to the repair paths.
pub(crate) async fn now(queue: &impl Queue, message: Message) {
    after(queue, message, 0).await;
}

/// Sends a message to arrive after `seconds`, or leaves it to the repair paths.
pub(crate) async fn after(queue: &impl Queue, message: Message, seconds: u32) {
    let name = message.queue().name();
    if let Err(cause) = queue.send(message, seconds).await {
        warn!(queue = name, %cause, "a message could not be sent and is left to the outbox");
    }
}
