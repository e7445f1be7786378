//! Use cases of the payout platform and the ports they need. No vendor, no JSON, no table key.

pub mod call;
pub mod changes;
pub mod error;
pub mod memory;
pub mod message;
pub mod port;
pub mod record;
pub mod request_key;
pub mod seal;
