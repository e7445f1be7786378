//! Stand-in until the strict reader arrives.

/// Why a body is not acceptable JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StrictError {
    pub path: String,
    pub message: String,
}

/// # Errors
/// [`StrictError`] when the bytes are not JSON.
pub fn parse(bytes: &[u8]) -> Result<serde_json::Value, StrictError> {
    serde_json::from_slice(bytes).map_err(|_| StrictError {
        path: String::new(),
        message: "must be JSON".to_owned(),
    })
}
