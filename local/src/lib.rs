//! The whole bundle in one process, with twins for what is outside.

pub mod engine;
