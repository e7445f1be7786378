//! Answers as they can be compared: what is new in every run is replaced by a word.

use serde_json::Value;

use crate::scene::{IDS, KEY_ID, NOW_TEXT, batches};

/// The same answer, its body read as JSON and everything minted in this run replaced.
pub(crate) fn plain(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| match name.as_str() {
                "x-ratelimit-reset" => (name, "<soon>".into()),
                "asked_at" => (name, "<now>".into()),
                _ => (name, plain(value)),
            })
            .collect(),
        Value::Array(items) => items.into_iter().map(plain).collect(),
        Value::String(text) => plain_text(text),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_)) => other,
    }
}

fn plain_text(text: String) -> Value {
    if let Ok(inner @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str(&text) {
        return plain(inner);
    }
    if is_time(&text) && text != NOW_TEXT {
        return "<now>".into();
    }
    // `pay_` and a ULID.
    let is_minted = |it: &str| it.len() == 30 && it.starts_with("pay_") && !IDS.contains(&it);
    if is_minted(&text) {
        return "<new payout>".into();
    }
    let is_batch = |it: &str| it.len() == 32 && it.starts_with("batch_") && it != batches::ID;
    if is_batch(&text) {
        return "<new batch>".into();
    }
    match as_key(&text) {
        Some(shown) => Value::String(shown),
        None => Value::String(text),
    }
}

/// A key that was made in this run, or its id, without what is random.
fn as_key(text: &str) -> Option<String> {
    let is_id = |it: &str| {
        let is_plain = it
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        it.len() == 12 && is_plain && it != KEY_ID
    };
    if is_id(text) {
        return Some("<new key>".to_owned());
    }
    let (mode, rest) = text.strip_prefix("psk_")?.split_once('_')?;
    let (id, secret) = rest.split_at_checked(12)?;
    let id = if is_id(id) { "<new key>" } else { id };
    let secret = if secret.len() == 48 {
        "<secret>"
    } else {
        secret
    };
    Some(format!("psk_{mode}_{id}{secret}"))
}

fn is_time(text: &str) -> bool {
    text.len() >= 20 && text.starts_with("20") && text.ends_with('Z') && text.contains('T')
}
