//! The HTTP interface, independent of what carries it: Lambda or the local host.

pub mod admission;
pub mod auth;
pub mod envelope;
pub mod error_table;
pub mod fields;
pub mod idempotency;
pub mod path;
pub mod query;
pub mod request;
pub mod strict;
