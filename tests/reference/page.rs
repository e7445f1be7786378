//! The reference page: complete, from one address, and small enough for a Lambda.

use std::{collections::BTreeSet, fs};

use domain::time::Timestamp;
use functions::{
    get_docs,
    table::{Function, Http, function},
};
use platform::api::{
    admission::admit,
    envelope::Reply,
    request::{Headers, RawRequest},
    sha256_hex,
};
use serde_json::Value;

use crate::published::{path, read};

/// What Lambda hands to the gateway at the most.
const ANSWER_MAX: usize = 6 * 1024 * 1024;

async fn get(path: &str) -> Reply {
    let route = function("get-docs")
        .and_then(Function::http)
        .map(Http::route);
    let raw = RawRequest {
        method: "GET".to_owned(),
        path: path.to_owned(),
        query: String::new(),
        headers: Headers::default(),
        body: Vec::new(),
        id: "req-1".to_owned(),
        received_at: Timestamp::from_millis(0),
    };
    match admit(&route.expect("a route"), raw) {
        Ok(request) => get_docs::handle((), request).await,
        Err(reply) => reply,
    }
}

fn header<'a>(reply: &'a Reply, name: &str) -> &'a str {
    let mut values = reply.headers.iter().filter(|(held, _)| *held == name);
    let found = values.next().unwrap_or_else(|| panic!("no header {name}"));
    assert!(values.next().is_none(), "{name} twice");
    &found.1
}

#[tokio::test]
async fn everything_the_page_names_is_served_with_its_type() {
    let page = get("/docs").await;
    assert_eq!(page.status, 200);
    let script = get("/docs/init.js").await.body;
    let named: Vec<_> = [page.body.as_str(), script.as_str()]
        .iter()
        .flat_map(|text| text.split('"'))
        .filter(|text| text.starts_with("docs/"))
        .collect();
    assert_eq!(
        named,
        [
            "docs/swagger-ui.css",
            "docs/swagger-ui-bundle.js",
            "docs/init.js",
            "docs/openapi.json"
        ]
    );
    let served = get_docs::FILES.map(|name| format!("docs/{name}"));
    let as_set =
        |names: &[&str]| -> BTreeSet<String> { names.iter().map(ToString::to_string).collect() };
    assert_eq!(as_set(&named), BTreeSet::from(served));
    for name in named {
        let reply = get(&format!("/{name}")).await;
        assert_eq!(reply.status, 200, "{name}");
        let wanted = match name.rsplit('.').next() {
            Some("css") => "text/css; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            _ => "application/json",
        };
        assert_eq!(header(&reply, "content-type"), wanted);
        assert!(reply.body.len() < ANSWER_MAX / 2, "{name}");
    }
}

#[tokio::test]
async fn the_page_can_load_and_call_nothing_but_its_own_address() {
    for path in ["/docs", "/docs/swagger-ui-bundle.js", "/docs/openapi.json"] {
        let reply = get(path).await;
        assert_eq!(header(&reply, "x-content-type-options"), "nosniff");
        assert_eq!(header(&reply, "cache-control"), "public, max-age=300");
        assert_eq!(header(&reply, "x-request-id"), "req-1");
        let policy = header(&reply, "content-security-policy");
        assert!(policy.starts_with("default-src 'none';"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert!(!policy.contains("http"), "{policy}");
    }
    let page = get("/docs").await.body + &get("/docs/init.js").await.body;
    assert!(!page.contains("//cdn") && !page.contains("http"), "{page}");
    assert!(!page.contains("<script>"), "no script within the page");
}

#[tokio::test]
async fn the_document_is_served_as_it_is_committed() {
    let reply = get("/docs/openapi.json").await;
    assert_eq!(reply.body, read("docs/openapi.json"));
}

#[tokio::test]
async fn a_file_that_is_not_there_is_not_found_in_the_envelope() {
    for path in ["/docs/nothing.js", "/docs/..%2fsecret", "/docs/index.html"] {
        let reply = get(path).await;
        assert_eq!(reply.status, 404, "{path}");
        let body: Value = serde_json::from_str(&reply.body).expect("JSON");
        assert_eq!(body["error"]["code"], "NOT_FOUND", "{path}");
    }
}

#[test]
fn what_came_from_others_is_unchanged() {
    let told = read("functions/vendor/swagger-ui/README.md");
    let files = fs::read_dir(path("functions/vendor/swagger-ui")).expect("a folder");
    let mut sums = 0;
    for file in files {
        let name = file.expect("an entry").file_name();
        let name = name.to_str().expect("UTF-8");
        if name == "README.md" {
            continue;
        }
        let content = read(&format!("functions/vendor/swagger-ui/{name}"));
        let sum = sha256_hex(content.as_bytes());
        let row = format!("| `{name}` | {} | `{sum}` |", content.len());
        assert!(told.contains(&row), "{row}");
        sums += 1;
    }
    assert_eq!(sums, 5);
}
