//! The shape of every answer: `{success, data, meta}` or `{success, error, meta}`.

use app::error::Error;
use domain::time::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::Value;
use utoipa::ToSchema;

use crate::api::{
    error_table::{Refusal, refusal_of},
    vocabulary,
};

/// What every answer says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Meta {
    /// Names this request in its answer and in our logs.
    pub request_id: String,
    #[serde(serialize_with = "as_text")]
    #[schema(value_type = vocabulary::Time)]
    pub timestamp: Timestamp,
}

fn as_text<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}

impl Meta {
    pub fn new(request_id: &str, timestamp: Timestamp) -> Self {
        Self {
            request_id: request_id.to_owned(),
            timestamp,
        }
    }
}

/// One complete answer. Its text goes out as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    /// Lower-case names, each at most once.
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Success<'a, T> {
    #[schema(schema_with = vocabulary::always_true)]
    success: bool,
    data: &'a T,
    meta: &'a Meta,
}

/// What every request that was refused gets.
#[derive(Serialize, ToSchema)]
pub(crate) struct Failure<'a> {
    #[schema(schema_with = vocabulary::always_false)]
    success: bool,
    error: Problem<'a>,
    meta: &'a Meta,
}

/// Why a request was refused.
#[derive(Serialize, ToSchema)]
struct Problem<'a> {
    #[schema(value_type = vocabulary::ErrorCode)]
    code: &'static str,
    /// For people; may change.
    message: &'a str,
    #[schema(value_type = vocabulary::ErrorDetails)]
    details: &'a Value,
}

impl Reply {
    /// 200 with `data`. Data that cannot be written as JSON is our fault: 500, and a log line.
    pub fn ok(data: &impl Serialize, meta: &Meta) -> Self {
        let success = Success {
            success: true,
            data,
            meta,
        };
        match serde_json::to_string(&success) {
            Ok(body) => Self::with_body(200, body, meta),
            Err(error) => {
                tracing::error!(%error, "an answer cannot be written as JSON");
                Self::internal(meta)
            }
        }
    }

    /// What a use case could not do. The cause of an outage is logged here and not sent.
    pub fn error(error: &Error, meta: &Meta) -> Self {
        if let Error::Unavailable { cause } = error {
            tracing::error!(request.id = meta.request_id, cause, "a dependency failed");
        }
        Self::refusal(&refusal_of(error), meta)
    }

    /// The answer of a handler that ends in data or an [`Error`].
    pub fn of<T: Serialize>(result: Result<T, Error>, meta: &Meta) -> Self {
        match result {
            Ok(data) => Self::ok(&data, meta),
            Err(error) => Self::error(&error, meta),
        }
    }

    pub(crate) fn refusal(refusal: &Refusal, meta: &Meta) -> Self {
        let failure = Failure {
            success: false,
            error: Problem {
                code: refusal.code.text(),
                message: &refusal.message,
                details: &refusal.details,
            },
            meta,
        };
        // Texts, numbers and lists only: there is nothing in it that JSON could not hold.
        let body = serde_json::to_string(&failure).unwrap_or_else(|_| "{\"success\":false}".into());
        let mut reply = Self::with_body(refusal.status, body, meta);
        reply.headers.extend(refusal.headers.iter().cloned());
        reply
    }

    /// 500: a fault of ours.
    pub fn internal(meta: &Meta) -> Self {
        Self::refusal(&Refusal::internal(), meta)
    }

    /// 404: no route of ours.
    pub fn no_route(meta: &Meta) -> Self {
        Self::refusal(&Refusal::no_route(), meta)
    }

    /// 405: the path has other methods, as `GET, POST`.
    pub fn method_not_allowed(allowed: &str, meta: &Meta) -> Self {
        Self::refusal(&Refusal::method_not_allowed(allowed), meta)
    }

    /// 429: the key may go on in `retry_after` seconds.
    pub fn rate_limited(retry_after: u64, meta: &Meta) -> Self {
        Self::refusal(&Refusal::rate_limited(retry_after), meta)
    }

    /// An answer whose bytes are remembered under a request key, the first time.
    pub fn stored(status: u16, body: String, meta: &Meta) -> Self {
        Self::with_body(status, body, meta)
    }

    /// The remembered bytes of an earlier answer.
    pub fn replayed(status: u16, body: String, meta: &Meta) -> Self {
        Self::with_body(status, body, meta).header("idempotent-replayed", "true".to_owned())
    }

    /// 200 with a text of our own that is the same for everybody, and may be kept for five minutes.
    pub fn document(content_type: &str, text: &str, meta: &Meta) -> Self {
        Self {
            status: 200,
            headers: vec![
                ("content-type", content_type.to_owned()),
                ("cache-control", "public, max-age=300".to_owned()),
                ("x-request-id", meta.request_id.clone()),
            ],
            body: text.to_owned(),
        }
    }

    /// 200 with a text that only the caller may see.
    pub fn report(content_type: &'static str, text: String, meta: &Meta) -> Self {
        Self {
            headers: vec![
                ("content-type", content_type.to_owned()),
                ("cache-control", "no-store".to_owned()),
                ("x-request-id", meta.request_id.clone()),
            ],
            status: 200,
            body: text,
        }
    }

    /// Adds one header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    fn with_body(status: u16, body: String, meta: &Meta) -> Self {
        Self {
            status,
            headers: vec![
                ("content-type", "application/json".to_owned()),
                ("cache-control", "no-store".to_owned()),
                ("x-request-id", meta.request_id.clone()),
            ],
            body,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn meta() -> Meta {
        Meta::new("req-1", Timestamp::from_millis(1_769_860_800_000))
    }

    fn header<'a>(reply: &'a Reply, name: &str) -> Option<&'a str> {
        let found = reply.headers.iter().find(|(held, _)| *held == name);
        found.map(|(_, value)| value.as_str())
    }

    #[test]
    fn a_success_carries_data_and_meta_in_the_published_shape() {
        let reply = Reply::ok(&json!({"id": "pay_1"}), &meta());
        assert_eq!(reply.status, 200);
        assert_eq!(
            reply.body,
            r#"{"success":true,"data":{"id":"pay_1"},"meta":{"requestId":"req-1","timestamp":"2026-01-31T12:00:00Z"}}"#
        );
    }

    #[test]
    fn every_answer_is_json_that_nobody_caches_and_names_its_request() {
        let replies = [
            Reply::ok(&1, &meta()),
            Reply::error(&Error::Unauthenticated, &meta()),
            Reply::no_route(&meta()),
            Reply::stored(200, "{}".to_owned(), &meta()),
            Reply::replayed(200, "{}".to_owned(), &meta()),
        ];
        for reply in replies {
            assert_eq!(header(&reply, "content-type"), Some("application/json"));
            assert_eq!(header(&reply, "cache-control"), Some("no-store"));
            assert_eq!(header(&reply, "x-request-id"), Some("req-1"));
        }
    }

    #[test]
    fn a_replay_returns_the_stored_bytes_and_says_so() {
        let first = Reply::stored(409, "{\"a\":1}".to_owned(), &meta());
        let again = Reply::replayed(409, "{\"a\":1}".to_owned(), &meta());
        assert_eq!((first.status, &first.body), (again.status, &again.body));
        assert_eq!(header(&first, "idempotent-replayed"), None);
        assert_eq!(header(&again, "idempotent-replayed"), Some("true"));
    }

    #[test]
    fn data_that_json_cannot_hold_is_our_fault() {
        let keys_are_no_texts = std::collections::BTreeMap::from([((1, 2), 3)]);
        assert_eq!(Reply::ok(&keys_are_no_texts, &meta()).status, 500);
    }

    #[test]
    fn an_outage_keeps_its_cause_to_itself() {
        let error = Error::Unavailable {
            cause: "table ovn-secret".to_owned(),
        };
        let reply = Reply::error(&error, &meta());
        assert_eq!(reply.status, 503);
        assert_eq!(header(&reply, "retry-after"), Some("1"));
        assert!(!reply.body.contains("ovn-secret"));
    }
}
