//! Route templates against request paths. `cargo lambda watch` and API Gateway hand over the raw path,
//! so the values in it are found here and nowhere else.

/// The decoded values of `template`'s `{names}` in `path`, or none when the path is another route.
///
/// Segments are split before they are decoded, so an encoded slash stays inside its value. An empty
/// value, `.`, `..`, a broken escape or bytes that are not UTF-8 match no route.
pub fn match_route(template: &str, path: &str) -> Option<Vec<(String, String)>> {
    let mut params = Vec::new();
    let mut expected = template.split('/');
    let mut segments = path.split('/');
    loop {
        match (expected.next(), segments.next()) {
            (None, None) => return Some(params),
            (Some(want), Some(segment)) => {
                let value = percent_decode(segment)?;
                match param_name(want) {
                    Some(_) if matches!(value.as_str(), "" | "." | "..") => return None,
                    Some(name) => params.push((name.to_owned(), value)),
                    None if value == want => {}
                    None => return None,
                }
            }
            (Some(_), None) | (None, Some(_)) => return None,
        }
    }
}

fn param_name(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

/// Undoes percent-encoding; none for a broken escape or bytes that are not UTF-8.
pub(crate) fn percent_decode(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let high = hex_digit(bytes.next()?)?;
            let low = hex_digit(bytes.next()?)?;
            decoded.push(high << 4 | low);
        } else {
            decoded.push(byte);
        }
    }
    String::from_utf8(decoded).ok()
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CANCEL: &str = "/api/v1/payouts/{id}/cancel";

    fn one(value: &str) -> Option<Vec<(String, String)>> {
        Some(vec![("id".to_owned(), value.to_owned())])
    }

    #[test]
    fn a_route_yields_its_values_decoded() {
        assert_eq!(
            match_route(CANCEL, "/api/v1/payouts/pay_1/cancel"),
            one("pay_1")
        );
        assert_eq!(
            match_route(CANCEL, "/api/v1/payouts/pay%5f1/cancel"),
            one("pay_1")
        );
        assert_eq!(match_route("/health", "/health"), Some(vec![]));
        assert_eq!(
            match_route("/{a}/{b}", "/1/2"),
            Some(vec![
                ("a".to_owned(), "1".to_owned()),
                ("b".to_owned(), "2".to_owned())
            ])
        );
    }

    #[test]
    fn an_encoded_slash_stays_inside_its_value() {
        assert_eq!(
            match_route(CANCEL, "/api/v1/payouts/a%2Fb/cancel"),
            one("a/b")
        );
        assert_eq!(match_route(CANCEL, "/api/v1/payouts/a/b/cancel"), None);
    }

    #[test]
    fn dots_empty_segments_and_extra_slashes_match_nothing() {
        for path in [
            "",
            "/",
            "/api/v1/payouts//cancel",
            "/api/v1/payouts/./cancel",
            "/api/v1/payouts/../cancel",
            "/api/v1/payouts/%2e%2E/cancel",
            "/api/v1/payouts/pay_1/cancel/",
            "//api/v1/payouts/pay_1/cancel",
            "/api/v1/payouts/pay_1",
            "/API/v1/payouts/pay_1/cancel",
        ] {
            assert_eq!(match_route(CANCEL, path), None, "{path}");
        }
    }

    #[test]
    fn a_broken_escape_matches_nothing() {
        for value in ["%", "%4", "%zz", "%+1", "%ff", "a%c3", "100%"] {
            let path = format!("/api/v1/payouts/{value}/cancel");
            assert_eq!(match_route(CANCEL, &path), None, "{value}");
        }
        assert_eq!(match_route("/{id}", "/%c3%a9"), one("é"));
    }
}
