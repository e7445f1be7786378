//! What arrives over HTTP, read once and strictly at the edge.

pub mod strict;
