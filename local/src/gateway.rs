//! HTTP to handlers: what API Gateway does in the cloud, by the same table of functions.

use std::time::Duration;

use app::error::Error;
use axum::{
    Router,
    body::Body,
    extract::{Request as HttpRequest, State},
    http::{HeaderMap, StatusCode, request::Parts},
    response::Response,
};
use functions::{mount, table::FUNCTIONS};
use platform::api::{
    admission::admit,
    envelope::Reply,
    request::{Headers, RawRequest},
};

use crate::{clock::MovableClock, pump::LocalWorld};

/// More than any route admits; a longer body is not read to its end.
const READ_LIMIT: usize = 1024 * 1024;
/// How long a client may take to send a body.
const BODY_TIME: Duration = Duration::from_secs(10);

#[derive(Clone)]
struct Gateway {
    world: LocalWorld,
    clock: MovableClock,
}

/// Serves every HTTP function of the table.
pub fn router(world: LocalWorld, clock: MovableClock) -> Router {
    Router::new()
        .fallback(serve)
        .with_state(Gateway { world, clock })
}

async fn serve(State(gateway): State<Gateway>, request: HttpRequest) -> Response {
    let (parts, body) = request.into_parts();
    // Read before it counts as work under way: a client that never ends its body must not stop the clock.
    let body = tokio::time::timeout(BODY_TIME, axum::body::to_bytes(body, READ_LIMIT)).await;
    let _busy = gateway.clock.busy();
    let mut raw = raw_request(&gateway, &parts);
    let whole = match body {
        Ok(Ok(bytes)) => bytes.to_vec(),
        // Longer than anything we take: refused by its length.
        Ok(Err(error)) if error.to_string().contains("length limit") => vec![b' '; READ_LIMIT],
        Ok(Err(_)) | Err(_) => {
            let broken = Error::invalid("", "the body must arrive whole");
            return respond(Reply::error(&broken, &raw.meta()));
        }
    };
    raw.body = whole;
    respond(handle(&gateway.world, raw).await)
}

fn raw_request(gateway: &Gateway, parts: &Parts) -> RawRequest {
    RawRequest {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or("").to_owned(),
        headers: headers(&parts.headers),
        body: Vec::new(),
        id: format!("req_{:032x}", (gateway.world.backend.entropy)()),
        received_at: gateway.world.backend.clock.now(),
    }
}

fn headers(headers: &HeaderMap) -> Headers {
    Headers::new(headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.as_str().to_owned(), value)
    }))
}

async fn handle(world: &LocalWorld, raw: RawRequest) -> Reply {
    let mut allowed = Vec::new();
    for function in &FUNCTIONS {
        let Some(http) = function.http() else {
            continue;
        };
        let route = http.route();
        if route.matched(&raw.path).is_none() {
            continue;
        }
        if route.method != raw.method {
            allowed.push(route.method);
            continue;
        }
        return match admit(&route, raw) {
            // Boxed, because the handlers of all functions together make one large future.
            Ok(request) => Box::pin(mount::http(world, function, request)).await,
            Err(refused) => refused,
        };
    }
    if allowed.is_empty() {
        Reply::no_route(&raw.meta())
    } else {
        Reply::method_not_allowed(&allowed.join(", "), &raw.meta())
    }
}

fn respond(reply: Reply) -> Response {
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in reply.headers {
        if let Ok(value) = value.parse() {
            response.headers_mut().append(name, value);
        }
    }
    response
}
