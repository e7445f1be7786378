//! One HTTP request, before and after it was admitted.

use app::{
    call::Caller,
    error::{Error, FieldError},
};
use domain::time::Timestamp;
use serde_json::Value;

use crate::api::{envelope::Meta, strict};

/// Header fields, found whatever case their names are written in.
#[derive(Clone, Debug, Default)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(pairs.into_iter().collect())
    }

    /// The value of the first field of that name.
    pub fn get<'a>(&'a self, name: &str) -> Option<&'a str> {
        self.all(name).next()
    }

    /// Every value under that name, in the order they came.
    pub fn all<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        self.0
            .iter()
            .filter(move |(held, _)| held.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    }

    /// The value when exactly one field has that name.
    pub fn only<'a>(&'a self, name: &str) -> Option<&'a str> {
        let mut values = self.all(name);
        let first = values.next();
        if values.next().is_some() {
            return None;
        }
        first
    }
}

/// A request as it arrived: nothing in it is checked.
#[derive(Clone)]
pub struct RawRequest {
    pub method: String,
    /// As sent, still percent-encoded.
    pub path: String,
    /// What stood after the `?`, still percent-encoded; empty without one.
    pub query: String,
    pub headers: Headers,
    pub body: Vec<u8>,
    /// Names this request in its answer and in logs.
    pub id: String,
    pub received_at: Timestamp,
}

impl RawRequest {
    pub fn meta(&self) -> Meta {
        Meta::new(&self.id, self.received_at)
    }
}

/// A request to a route of ours, with method, size and content type already accepted. It has no debug
/// form: body and headers hold secrets.
#[derive(Clone)]
pub struct Request {
    pub method: String,
    /// The route template, as `/api/v1/payouts/{id}/cancel`.
    pub route: &'static str,
    pub path: String,
    /// Decoded path values, in the order of the template.
    pub params: Vec<(String, String)>,
    /// Decoded query parameters, in the order sent, repeats included.
    pub query: Vec<(String, String)>,
    pub headers: Headers,
    pub body: Vec<u8>,
    pub id: String,
    pub received_at: Timestamp,
    /// Who is asking, once their key was accepted.
    pub caller: Option<Caller>,
}

impl Request {
    /// Who is asking.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] when nobody was identified.
    pub fn caller(&self) -> Result<&Caller, Error> {
        self.caller.as_ref().ok_or(Error::Unauthenticated)
    }

    /// The decoded path value of that name; empty when the template has no such name.
    pub fn param(&self, name: &str) -> &str {
        self.params
            .iter()
            .find(|(held, _)| held == name)
            .map_or("", |(_, value)| value)
    }

    /// A path value as what it names.
    ///
    /// # Errors
    /// [`Error::NotFound`] of `what`: a text that cannot be an id names nothing.
    pub fn parsed_param<T, E>(
        &self,
        name: &str,
        what: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, Error> {
        parse(self.param(name)).map_err(|_| Error::NotFound(what))
    }

    pub fn meta(&self) -> Meta {
        Meta::new(&self.id, self.received_at)
    }

    /// The media type of the body in lower case, without parameters; empty when it is not said.
    pub fn media_type(&self) -> String {
        let content_type = self.headers.get("content-type").unwrap_or_default();
        let media_type = content_type.split(';').next().unwrap_or_default();
        media_type.trim().to_ascii_lowercase()
    }

    /// The body as JSON; no body reads as `{}`, so that actions need none.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the place that is not acceptable JSON.
    pub fn json(&self) -> Result<Value, Error> {
        if self.body.is_empty() {
            return Ok(Value::Object(serde_json::Map::new()));
        }
        strict::parse(&self.body)
            .map_err(|error| Error::Invalid(vec![FieldError::new(error.path, error.message)]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_found_in_any_case_and_trimmed() {
        let headers = Headers::new([("Content-TYPE".to_owned(), " a ".to_owned())]);
        assert_eq!(headers.get("content-type"), Some("a"));
        assert_eq!(headers.get("accept"), None);
    }

    #[test]
    fn a_repeated_header_is_not_the_only_one() {
        let twice = ["1", "2"].map(|value| ("X".to_owned(), value.to_owned()));
        let headers = Headers::new(twice);
        assert_eq!(headers.only("x"), None);
        assert_eq!(headers.all("x").collect::<Vec<_>>(), ["1", "2"]);
    }
}
