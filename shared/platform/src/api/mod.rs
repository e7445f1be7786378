//! The HTTP interface, independent of what carries it: Lambda or the local host.

pub mod admission;
pub mod audit_view;
pub mod auth;
pub mod batch_action_view;
pub mod batch_file;
pub mod batch_report;
pub mod batch_view;
pub mod body;
pub mod csv_file;
pub mod document;
pub mod envelope;
pub mod error_table;
pub mod fields;
pub mod idempotency;
pub mod import_view;
pub mod key_view;
pub mod loads_file;
pub mod page;
pub mod page_view;
pub mod path;
pub mod preview_view;
pub mod provider_view;
pub mod query;
pub mod rate;
pub mod reconciliation_view;
pub mod request;
pub mod review_view;
pub mod settings_view;
pub mod settlement_file;
pub mod strict;
mod text;
pub mod timeline;
pub mod view;
pub mod vocabulary;

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

/// A flat object of texts as compact JSON, its members in the order of their names.
pub fn json_text<K: AsRef<str> + Ord>(members: &BTreeMap<K, String>) -> String {
    let object: serde_json::Map<String, serde_json::Value> = members
        .iter()
        .map(|(name, text)| (name.as_ref().to_owned(), text.as_str().into()))
        .collect();
    serde_json::Value::Object(object).to_string()
}

/// SHA-256 of raw bytes in lower-case hex: how a callback's body is recognised again.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
