//! The client's `Idempotency-Key`, and what recognises a repeat of the request it came with.

use std::time::Duration;

use app::{error::Error, request_key::RequestKey, seal::Seal};
use domain::ids::TenantId;
use serde_json::Value;

use crate::api::request::Request;

/// The header that carries the client's key.
pub const HEADER: &str = "Idempotency-Key";
/// How long an answer is remembered.
pub const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// The most characters of a key.
pub const KEY_MAX: usize = 255;

/// The request key of `request`, if the client sent one. `body` is the parsed body: neither the order
/// of its members nor its blanks matter.
///
/// # Errors
/// [`Error::Invalid`] naming the header when it comes twice or is not 1 to 255 printable ASCII
/// characters.
pub fn request_key(
    request: &Request,
    seal: &Seal,
    tenant: &TenantId,
    body: &Value,
) -> Result<Option<RequestKey>, Error> {
    let Some(key) = client_key(request)? else {
        return Ok(None);
    };
    let route = format!("{} {}", request.method, request.route);
    let values: Vec<Value> = request
        .params
        .iter()
        .map(|(_, value)| Value::from(value.as_str()))
        .collect();
    let asked = format!("{route} {}", Value::Array(values));
    Ok(Some(RequestKey {
        digest: seal.request_key(tenant, &route, key),
        fingerprint: seal.fingerprint(&asked, canonical(body).as_bytes()),
        expires_at: request.received_at.plus(KEPT),
    }))
}

fn client_key(request: &Request) -> Result<Option<&str>, Error> {
    let mut keys = request.headers.all(HEADER);
    let Some(key) = keys.next() else {
        return Ok(None);
    };
    if keys.next().is_some() {
        return Err(Error::invalid(HEADER, "must be given once"));
    }
    let is_printable = key.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if !is_printable || !(1..=KEY_MAX).contains(&key.len()) {
        let message = format!("must be 1 to {KEY_MAX} printable ASCII characters");
        return Err(Error::invalid(HEADER, &message));
    }
    Ok(Some(key))
}

/// Compact JSON with the members of every object in the order of their names.
pub fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write_canonical(value, &mut text);
    text
}

fn write_canonical(value: &Value, text: &mut String) {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            text.push_str(&value.to_string());
        }
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { "," });
                write_canonical(item, text);
            }
            text.push(']');
        }
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by_key(|(name, _)| *name);
            text.push('{');
            for (index, (name, member)) in sorted.into_iter().enumerate() {
                text.push_str(if index == 0 { "" } else { "," });
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                write_canonical(member, text);
            }
            text.push('}');
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::time::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::api::request::Headers;

    fn request(keys: &[&str]) -> Request {
        let pairs = keys
            .iter()
            .map(|key| ("idempotency-key".to_owned(), (*key).to_owned()));
        Request {
            method: "POST".to_owned(),
            route: "/api/v1/payouts/{id}/cancel",
            path: "/api/v1/payouts/pay_1/cancel".to_owned(),
            params: vec![("id".to_owned(), "pay_1".to_owned())],
            query: Vec::new(),
            headers: Headers::new(pairs),
            body: Vec::new(),
            id: "req-1".to_owned(),
            received_at: Timestamp::from_millis(1000),
            caller: None,
        }
    }

    fn key_of(request: &Request, body: &str) -> RequestKey {
        let tenant = "acme~test".parse().expect("valid");
        let body = serde_json::from_str(body).expect("JSON");
        request_key(request, &Seal::new([7; 32]), &tenant, &body)
            .expect("valid")
            .expect("present")
    }

    #[test]
    fn the_same_request_written_differently_has_the_same_fingerprint() {
        let first = key_of(&request(&["k"]), r#"{"a":1,"b":{"x":[1,2],"y":"z"}}"#);
        let again = key_of(
            &request(&["k"]),
            r#" {"b": {"y":"z", "x": [1, 2]}, "a": 1} "#,
        );
        assert_eq!(first, again);
        assert_eq!(first.expires_at.millis(), 1000 + 30 * 86_400_000);
    }

    #[test]
    fn another_body_or_path_value_has_another_fingerprint_under_the_same_digest() {
        let first = key_of(&request(&["k"]), r#"{"a":[1,2]}"#);
        let mut elsewhere = request(&["k"]);
        elsewhere.params = vec![("id".to_owned(), "pay_2".to_owned())];
        for other in [
            key_of(&request(&["k"]), r#"{"a":[2,1]}"#),
            key_of(&elsewhere, r#"{"a":[1,2]}"#),
        ] {
            assert_eq!(other.digest, first.digest);
            assert_ne!(other.fingerprint, first.fingerprint);
        }
    }

    #[test]
    fn another_key_or_method_has_another_digest() {
        let first = key_of(&request(&["k"]), "{}");
        let mut put = request(&["k"]);
        put.method = "PUT".to_owned();
        assert_ne!(key_of(&request(&["K"]), "{}").digest, first.digest);
        assert_ne!(key_of(&put, "{}").digest, first.digest);
    }

    #[test]
    fn a_request_without_a_key_has_none() {
        let tenant = "acme~test".parse().expect("valid");
        let key = request_key(&request(&[]), &Seal::new([7; 32]), &tenant, &json!({}));
        assert_eq!(key, Ok(None));
    }

    #[test]
    fn an_unusable_key_is_refused_by_the_name_of_its_header() {
        let long = "x".repeat(KEY_MAX + 1);
        let tenant = "acme~test".parse().expect("valid");
        for keys in [
            vec![""],
            vec!["  "],
            vec!["a\tb"],
            vec!["é"],
            vec![long.as_str()],
            vec!["a", "a"],
        ] {
            let refused = request_key(&request(&keys), &Seal::new([7; 32]), &tenant, &json!({}));
            let Err(Error::Invalid(problems)) = refused else {
                panic!("{keys:?}");
            };
            assert_eq!(problems[0].path, "Idempotency-Key");
        }
        let longest = "x".repeat(KEY_MAX);
        key_of(&request(&[&longest]), "{}");
    }

    #[test]
    fn canonical_json_is_compact_and_sorted() {
        let value = json!({"b": [true, null, {"z": 1, "a": "\""}], "a": 1.5});
        let text = r#"{"a":1.5,"b":[true,null,{"a":"\"","z":1}]}"#;
        assert_eq!(canonical(&value), text);
    }
}
