//! Every vendor: AWS, Lambda, HTTP, JSON. It decides nothing about money.

pub mod api;
pub mod aws;
pub mod entry;
pub mod error;
pub mod kms;
pub mod log;
pub mod settings;
pub mod sqs;
