//! What is read of Payelata's errors: whether a 404 is its own, and the names of refused fields.

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Deserialize, de::IgnoredAny};

use super::wire::{document, read};

const FIELD_NAMES_MAX: usize = 10;
const FIELD_NAME_MAX: usize = 40;
/// More digits than a field's index has; an account number cannot pass as a field name.
const FIELD_DIGITS_MAX: usize = 2;

/// Whether the body of a 404 is Payelata's own error, and not the page of a gateway in between.
pub(super) fn is_own_404(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Line<'a> {
        #[serde(borrow)]
        code: Cow<'a, str>,
    }
    let lines: Option<Vec<Line<'_>>> = document(body)
        .and_then(|document| document.errors)
        .and_then(|errors| serde_json::from_str(errors.get()).ok());
    lines.is_some_and(|lines| !lines.is_empty() && lines.iter().all(|line| line.code == "404"))
}

/// The names of the refused fields in a 422 answer, comma-separated. Names only: a value could be an
/// account number.
pub(super) fn refused_fields(body: &[u8]) -> Option<String> {
    let errors: BTreeMap<String, IgnoredAny> = read(document(body)?.errors?)?;
    let names: Vec<&str> = errors
        .keys()
        .map(String::as_str)
        .filter(|name| is_field_name(name))
        .take(FIELD_NAMES_MAX)
        .collect();
    if names.is_empty() {
        None
    } else {
        Some(names.join(","))
    }
}

/// Whether a text can be shown as the name of a field: an account number cannot pass as one.
pub(super) fn is_field_name(name: &str) -> bool {
    (1..=FIELD_NAME_MAX).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
        && name.bytes().filter(u8::is_ascii_digit).count() <= FIELD_DIGITS_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_payelatas_own_error_says_that_something_is_not_there() {
        assert!(is_own_404(
            br#"{"errors":[{"status":"Not Found","code":"404"}]}"#
        ));
        for body in [
            &b""[..],
            b"<html>404</html>",
            br#"{"message":"not found"}"#,
            br#"{"errors":[]}"#,
            br#"{"errors":{"code":"404"}}"#,
            br#"{"errors":[{"status":"Bad Gateway","code":"502"}]}"#,
            br#"{"errors":["404"]}"#,
            br#"{"status":404,"error":"Not Found"}"#,
        ] {
            assert!(!is_own_404(body), "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn refused_fields_are_named_without_their_values() {
        let body = br#"{"errors":{"fields.card_number":"5123817234060000 is bad","amount":["x"],"5123817234060000":"?","a b":1}}"#;
        assert_eq!(
            refused_fields(body).as_deref(),
            Some("amount,fields.card_number")
        );
        for body in [
            br#"{"errors":[{"status":"x","code":"422"}]}"#.as_slice(),
            b"{}",
            b"no",
            br#"{"errors":{}}"#,
        ] {
            assert_eq!(refused_fields(body), None);
        }
    }
}
