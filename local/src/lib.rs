//! The whole bundle in one process, for people without AWS: handlers, engine, queues, timers, and the
//! sandbox twins of the payout providers.
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, reason = "a test may fail where it stands")
)]

mod adapters;
pub mod client;
pub mod clock;
pub mod comparison;
pub mod demo;
pub mod engine;
pub mod gateway;
pub mod host;
pub mod load;
pub mod pump;
pub mod secrets;
pub mod start;
pub mod twins;
pub mod vault;
