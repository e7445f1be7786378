//! The bundle on one computer: the movable clock.
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, reason = "a test may fail where it stands")
)]

pub mod clock;
