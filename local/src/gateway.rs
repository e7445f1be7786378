//! HTTP to handlers: what API Gateway does in the cloud, by the same table of functions.

use std::{future::poll_fn, pin::Pin, time::Duration};

use app::error::Error;
use axum::{
    Router,
    body::Body,
    extract::{Request as HttpRequest, State},
    http::{HeaderMap, StatusCode, request::Parts},
    response::Response,
};
use functions::{
    mount,
    table::{FUNCTIONS, Function},
};
use hyper::body::Body as _;
use platform::api::{
    admission::{BODY_MAX, admit},
    envelope::Reply,
    request::{Headers, RawRequest},
};

use crate::{clock::MovableClock, pump::LocalWorld};

/// More than any route admits; a longer body is not read to its end.
const READ_LIMIT: usize = 8 * 1024 * 1024;
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
    let body = tokio::time::timeout(BODY_TIME, read(body, body_max(&parts))).await;
    let _busy = gateway.clock.busy();
    let mut raw = raw_request(&gateway, &parts);
    let whole = match body {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) | Err(_) => {
            let broken = Error::invalid("", "the body must arrive whole");
            return respond(Reply::error(&broken, &raw.meta()));
        }
    };
    raw.body = whole;
    respond(handle(&gateway.world, raw).await)
}

/// The most bytes that the route of a request takes.
fn body_max(parts: &Parts) -> usize {
    let mut routes = FUNCTIONS.iter().filter_map(Function::http);
    let route = routes.find(|http| {
        parts.method == http.method && http.route().matched(parts.uri.path()).is_some()
    });
    route.map_or(BODY_MAX, |http| http.body_max)
}

/// The body, of which no more than `max` bytes are kept. One that is longer becomes blanks, to be refused by
/// its length; what is left of it is passed over, so that the client hears the answer.
async fn read(mut body: Body, max: usize) -> Result<Vec<u8>, axum::Error> {
    let (mut kept, mut length) = (Vec::new(), 0);
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        length += data.len();
        if length <= max {
            kept.extend_from_slice(&data);
        } else if length > READ_LIMIT {
            break;
        }
    }
    if length > max {
        kept = vec![b' '; max + 1];
    }
    Ok(kept)
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
