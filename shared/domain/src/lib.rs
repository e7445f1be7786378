//! Facts and decisions of the payout platform: no I/O, no clock, no async.
//!
//! Everything here is a value or a pure function of values. Money moves only by [`ledger`] postings,
//! and a payout or an attempt changes only through the exhaustive tables of [`payout_machine`] and
//! [`attempt_machine`].

pub mod answer;
pub mod attempt;
pub mod attempt_machine;
pub mod batch;
pub mod breaker;
pub mod charge;
pub mod day;
pub mod denied;
pub mod driver;
pub mod fee;
pub mod ids;
pub mod ledger;
pub mod load;
pub mod manifest;
pub mod money;
pub mod order_no;
pub mod payout;
pub mod payout_machine;
pub mod rate;
pub mod reconciliation;
pub mod resolution;
pub mod review;
pub mod routing;
pub mod schedule;
pub mod time;
pub mod transition;
