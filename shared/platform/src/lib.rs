//! The ports over AWS, and everything that reads the environment.

pub mod dynamo;
