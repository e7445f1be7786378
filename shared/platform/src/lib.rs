//! Adapters of the ports to the outside: providers, and the strict reading of what arrives.

pub mod api;
pub mod pace;
pub mod provider;
