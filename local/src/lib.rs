//! The bundle on one computer: the movable clock and the sandbox twins of the payout providers.
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, reason = "a test may fail where it stands")
)]

pub mod clock;
pub mod twins;
