//! What every request passes before its handler runs: path, method, query, body size, content type.

use crate::api::{
    envelope::Reply,
    error_table::Refusal,
    path::{match_route, percent_decode},
    request::{RawRequest, Request},
};

/// The most bytes a body may have unless its route says otherwise.
pub const BODY_MAX: usize = 64 * 1024;

/// One route of the interface and what it accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// In upper case, as `POST`.
    pub method: &'static str,
    /// Templates, as `/api/v1/payouts/{id}`. The first is the route's name; others are aliases.
    pub paths: &'static [&'static str],
    /// Media types of bodies, in lower case; none means any.
    pub accepts: &'static [&'static str],
    /// In bytes.
    pub body_max: usize,
}

impl Route {
    /// A route with JSON bodies of up to [`BODY_MAX`] bytes.
    pub const fn new(method: &'static str, paths: &'static [&'static str]) -> Self {
        Self {
            method,
            paths,
            accepts: &["application/json"],
            body_max: BODY_MAX,
        }
    }

    #[must_use]
    pub const fn accepting(mut self, accepts: &'static [&'static str]) -> Self {
        self.accepts = accepts;
        self
    }

    #[must_use]
    pub const fn with_body_max(mut self, bytes: usize) -> Self {
        self.body_max = bytes;
        self
    }

    /// The template that `path` is an instance of, with its decoded values.
    pub fn matched(&self, path: &str) -> Option<(&'static str, Vec<(String, String)>)> {
        self.paths
            .iter()
            .find_map(|template| match_route(template, path).map(|params| (*template, params)))
    }
}

/// Lets a request through to the handler of `route`.
///
/// # Errors
/// The answer to send instead: 404 for another path, 405 with `Allow` for another method, 400 for a
/// query that cannot be decoded, 413 for a body that is too large, 415 for one of another type.
pub fn admit(route: &Route, raw: RawRequest) -> Result<Request, Reply> {
    let meta = raw.meta();
    let refuse = |refusal: Refusal| Reply::refusal(&refusal, &meta);
    let Some((template, params)) = route.matched(&raw.path) else {
        return Err(refuse(Refusal::no_route()));
    };
    if raw.method != route.method {
        return Err(refuse(Refusal::method_not_allowed(route.method)));
    }
    let Some(query) = decode_query(&raw.query) else {
        let message = "must be percent-encoded UTF-8";
        return Err(refuse(Refusal::bad_query(message)));
    };
    if raw.body.len() > route.body_max {
        return Err(refuse(Refusal::body_too_large(route.body_max)));
    }
    if !raw.body.is_empty() && !has_accepted_type(route, &raw) {
        return Err(refuse(Refusal::media_type(route.accepts)));
    }
    Ok(Request {
        method: raw.method,
        route: template,
        path: raw.path,
        params,
        query,
        headers: raw.headers,
        body: raw.body,
        id: raw.id,
        received_at: raw.received_at,
        caller: None,
    })
}

fn has_accepted_type(route: &Route, raw: &RawRequest) -> bool {
    let is_plain = raw
        .headers
        .all("content-encoding")
        .all(|coding| coding.eq_ignore_ascii_case("identity"));
    if !is_plain {
        return false;
    }
    if route.accepts.is_empty() {
        return true;
    }
    let Some(content_type) = raw.headers.only("content-type") else {
        return false;
    };
    let mut parts = content_type.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default();
    route
        .accepts
        .iter()
        .any(|accepted| accepted.eq_ignore_ascii_case(media_type))
        && parts.all(is_utf8_parameter)
}

/// A `charset` must be UTF-8; other parameters of a media type change nothing.
fn is_utf8_parameter(parameter: &str) -> bool {
    match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            let value = value.trim().trim_matches('"');
            value.eq_ignore_ascii_case("utf-8") || value.eq_ignore_ascii_case("utf8")
        }
        Some(_) | None => true,
    }
}

fn decode_query(query: &str) -> Option<Vec<(String, String)>> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode_form(name)?, decode_form(value)?))
        })
        .collect()
}

fn decode_form(text: &str) -> Option<String> {
    percent_decode(&text.replace('+', " "))
}

#[cfg(test)]
mod tests {
    use domain::time::Timestamp;

    use super::*;
    use crate::api::request::Headers;

    const ROUTE: Route = Route::new("POST", &["/api/v1/payouts/{id}/cancel"]);

    fn raw() -> RawRequest {
        RawRequest {
            method: "POST".to_owned(),
            path: "/api/v1/payouts/pay_1/cancel".to_owned(),
            query: String::new(),
            headers: Headers::default(),
            body: Vec::new(),
            id: "req-1".to_owned(),
            received_at: Timestamp::from_millis(0),
        }
    }

    fn with_type(content_type: &str) -> RawRequest {
        RawRequest {
            headers: Headers::new([("Content-Type".to_owned(), content_type.to_owned())]),
            body: b"{}".to_vec(),
            ..raw()
        }
    }

    fn status(raw: RawRequest) -> u16 {
        admit(&ROUTE, raw).map_or_else(|reply| reply.status, |_| 200)
    }

    #[test]
    fn a_fitting_request_comes_through_with_its_values() {
        let request = admit(&ROUTE, raw()).expect("admitted");
        assert_eq!(request.route, "/api/v1/payouts/{id}/cancel");
        assert_eq!(request.param("id"), "pay_1");
        assert_eq!(request.param("other"), "");
    }

    #[test]
    fn an_alias_is_the_same_route() {
        let route = Route::new("GET", &["/api/v1/health", "/health"]);
        let raw = RawRequest {
            method: "GET".to_owned(),
            path: "/health".to_owned(),
            ..raw()
        };
        let request = admit(&route, raw).expect("admitted");
        assert_eq!(request.route, "/health");
    }

    #[test]
    fn another_path_is_not_found() {
        let path = "/api/v1/payouts/../cancel".to_owned();
        assert_eq!(status(RawRequest { path, ..raw() }), 404);
    }

    #[test]
    fn another_method_is_refused_and_the_right_one_named() {
        for method in ["GET", "post", "", "P\u{f6}ST"] {
            let raw = RawRequest {
                method: method.to_owned(),
                ..raw()
            };
            let reply = admit(&ROUTE, raw).err().expect("refused");
            assert_eq!(reply.status, 405);
            assert!(reply.headers.contains(&("allow", "POST".to_owned())));
        }
    }

    #[test]
    fn a_body_may_be_as_large_as_the_limit_and_no_larger() {
        let sized = |length| RawRequest {
            body: vec![b' '; length],
            ..with_type("application/json")
        };
        assert_eq!(status(sized(BODY_MAX)), 200);
        assert_eq!(status(sized(BODY_MAX + 1)), 413);
    }

    #[test]
    fn a_body_must_be_json_in_utf8() {
        for good in [
            "application/json",
            "Application/JSON",
            "application/json; charset=utf-8",
            "application/json;charset=\"UTF-8\"",
            "application/json; odata=verbose",
        ] {
            assert_eq!(status(with_type(good)), 200, "{good}");
        }
        for bad in [
            "",
            "text/plain",
            "application/json-patch+json",
            "application/json; charset=utf-16",
            "application/json, application/json",
        ] {
            assert_eq!(status(with_type(bad)), 415, "{bad}");
        }
        let untyped = RawRequest {
            body: b"{}".to_vec(),
            ..raw()
        };
        assert_eq!(status(untyped), 415);
    }

    #[test]
    fn a_compressed_body_is_refused() {
        let pairs = [
            ("content-type", "application/json"),
            ("content-encoding", "gzip"),
        ];
        let headers = Headers::new(pairs.map(|(a, b)| (a.to_owned(), b.to_owned())));
        let body = b"{}".to_vec();
        assert_eq!(
            status(RawRequest {
                headers,
                body,
                ..raw()
            }),
            415
        );
    }

    #[test]
    fn a_route_may_take_any_type() {
        let route = ROUTE.accepting(&[]);
        assert!(admit(&route, with_type("text/plain")).is_ok());
    }

    #[test]
    fn a_query_is_decoded_in_order_with_repeats() {
        let query = "a=1+2&b=%C3%A9&&a=x%3Dy&flag".to_owned();
        let request = admit(&ROUTE, RawRequest { query, ..raw() }).ok();
        let pairs = [("a", "1 2"), ("b", "é"), ("a", "x=y"), ("flag", "")];
        assert_eq!(
            request.expect("admitted").query,
            pairs.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
    }

    #[test]
    fn a_query_with_a_broken_escape_is_refused() {
        for query in ["a=%", "%zz=1", "a=%ff"] {
            let query = query.to_owned();
            assert_eq!(status(RawRequest { query, ..raw() }), 400);
        }
    }
}
