//! `GET /docs`: the published document and a page that shows it. Everything it needs is in the binary;
//! the page loads nothing from elsewhere.

use app::error::Error;
use platform::api::{
    envelope::{Meta, Reply},
    request::Request,
};

/// The document as it is committed.
pub const DOCUMENT: &str = include_str!("../../docs/openapi.json");

/// What `/docs/{file}` serves.
pub const FILES: [&str; 4] = [
    "openapi.json",
    "init.js",
    "swagger-ui.css",
    "swagger-ui-bundle.js",
];

/// The page may run and call what comes from its own address, and nothing else.
pub const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Works with nothing but its request, whatever it is handed.
pub async fn handle<C>(_: C, request: Request) -> Reply {
    let meta = request.meta();
    let Some((content_type, text)) = file(request.param("file")) else {
        return Reply::error(&Error::NotFound("document"), &meta);
    };
    safe(content_type, text, &meta)
}

/// Media type and content of a file; the page itself has no name.
fn file(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name {
        "" => (HTML, include_str!("get_docs/index.html")),
        "init.js" => (SCRIPT, include_str!("get_docs/init.js")),
        "openapi.json" => ("application/json", DOCUMENT),
        "swagger-ui.css" => (CSS, include_str!("../vendor/swagger-ui/swagger-ui.css")),
        "swagger-ui-bundle.js" => (
            SCRIPT,
            include_str!("../vendor/swagger-ui/swagger-ui-bundle.js"),
        ),
        _ => return None,
    })
}

fn safe(content_type: &str, text: &str, meta: &Meta) -> Reply {
    Reply::document(content_type, text, meta)
        .header("content-security-policy", POLICY.to_owned())
        .header("referrer-policy", "no-referrer".to_owned())
        .header("x-content-type-options", "nosniff".to_owned())
}
