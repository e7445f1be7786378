//! The client's request key, as a use case stores and recognises it.

use domain::time::Timestamp;

/// What recognises a repeat of one request. The client's own text is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestKey {
    /// Where the answer is remembered.
    pub digest: String,
    /// What was asked; another one under the same digest is another request.
    pub fingerprint: String,
    /// From when on the key counts as never used.
    pub expires_at: Timestamp,
}
