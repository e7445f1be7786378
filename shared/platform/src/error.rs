//! Why a function cannot start. Bad input never leads here.

/// Start-up is impossible. The process ends and Lambda reports it; values of settings are never shown.
#[derive(Debug, thiserror::Error)]
pub enum Fatal {
    /// A setting is missing or has another form.
    #[error("the setting {name} must be {expected}")]
    Setting {
        name: &'static str,
        expected: &'static str,
    },
    /// A client or the async runtime could not be built.
    #[error("cannot build {what}: {cause}")]
    Build { what: &'static str, cause: String },
    /// The Lambda runtime ended.
    #[error("the Lambda runtime ended: {0}")]
    Runtime(String),
}
