//! Every vendor: AWS, Lambda, HTTP, JSON and the providers' wire formats. It decides nothing about money.

pub mod api;
pub mod aws;
pub mod dynamo;
pub mod entry;
pub mod error;
pub mod kms;
pub mod log;
pub mod pace;
pub mod provider;
pub mod settings;
pub mod sqs;

pub use error::Fatal;
