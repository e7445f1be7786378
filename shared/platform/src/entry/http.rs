//! Start-up of functions behind the HTTP API (payload format 2.0), and the conversion to and from it.
//!
//! The event is read leniently and by hand: whatever a client puts into a path, a query or a header
//! must end in an answer, never in a failed invocation.

use std::{collections::BTreeMap, future::Future};

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::time::Timestamp;
use lambda_http::{
    Body,
    aws_lambda_events::apigw::ApiGatewayV2httpResponse,
    http::HeaderValue,
    lambda_runtime::{self, LambdaEvent, service_fn},
};
use serde::Deserialize;

use super::{start, system_now};
use crate::{
    api::{
        admission::{Route, admit},
        envelope::Reply,
        error_table::Refusal,
        request::{Headers, RawRequest, Request},
    },
    error::Fatal,
};

/// Runs a function behind one route: `open` builds what the handler works with, once.
///
/// # Errors
/// [`Fatal`] when the function cannot start.
pub fn run_with<C, F, Fut>(
    route: Route,
    open: impl FnOnce() -> Result<C, Fatal>,
    handler: F,
) -> Result<(), Fatal>
where
    C: Clone,
    F: Fn(C, Request) -> Fut,
    Fut: Future<Output = Reply> + Send,
{
    start(|| async {
        let context = open()?;
        let (context, handler) = (&context, &handler);
        let service = service_fn(|event: LambdaEvent<HttpEvent>| async move {
            let id = event.context.request_id;
            let reply = match raw_request(event.payload, id, system_now()) {
                Ok(raw) => answer(route, raw, |it| handler(context.clone(), it)).await,
                Err(reply) => reply,
            };
            Ok::<_, std::convert::Infallible>(http_answer(reply))
        });
        lambda_runtime::run(service)
            .await
            .map_err(|error| Fatal::Runtime(error.to_string()))
    })
}

async fn answer<F, Fut>(route: Route, raw: RawRequest, handler: F) -> Reply
where
    F: FnOnce(Request) -> Fut,
    Fut: Future<Output = Reply>,
{
    match admit(&route, raw) {
        // Boxed: futures of the SDK nest so deeply that the compiler gives up on the whole as one type.
        Ok(request) => Box::pin(handler(request)).await,
        Err(reply) => reply,
    }
}

/// The parts of an HTTP API event that we read.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct HttpEvent {
    raw_path: Option<String>,
    raw_query_string: Option<String>,
    headers: Option<BTreeMap<String, Option<String>>>,
    body: Option<String>,
    is_base64_encoded: Option<bool>,
    request_context: EventContext,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct EventContext {
    stage: Option<String>,
    http: EventHttp,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct EventHttp {
    method: Option<String>,
}

fn raw_request(event: HttpEvent, id: String, now: Timestamp) -> Result<RawRequest, Reply> {
    let path = event.raw_path.unwrap_or_default();
    let headers = event.headers.unwrap_or_default();
    let headers = headers
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    let mut raw = RawRequest {
        method: event.request_context.http.method.unwrap_or_default(),
        path: without_stage(path, event.request_context.stage.as_deref()),
        query: event.raw_query_string.unwrap_or_default(),
        headers: Headers::new(headers),
        body: Vec::new(),
        id,
        received_at: now,
    };
    let body = event.body.unwrap_or_default();
    if event.is_base64_encoded != Some(true) {
        raw.body = body.into_bytes();
        return Ok(raw);
    }
    match STANDARD.decode(&body) {
        Ok(body) => {
            raw.body = body;
            Ok(raw)
        }
        Err(_) => {
            let refusal = Refusal::bad_body("must arrive as it was sent");
            Err(Reply::refusal(&refusal, &raw.meta()))
        }
    }
}

/// A named stage stands in front of the path; the default stage does not.
fn without_stage(path: String, stage: Option<&str>) -> String {
    let rest = stage
        .filter(|stage| !stage.is_empty() && *stage != "$default")
        .and_then(|stage| path.strip_prefix('/')?.strip_prefix(stage))
        .filter(|rest| rest.starts_with('/'));
    rest.map(str::to_owned).unwrap_or(path)
}

/// The answer in the gateway's own form.
fn http_answer(reply: Reply) -> ApiGatewayV2httpResponse {
    let mut answer = ApiGatewayV2httpResponse::default();
    answer.status_code = i64::from(reply.status);
    for (name, value) in reply.headers {
        // Our own names, and values without line breaks; anything else is left out, not a failed call.
        if let Ok(value) = HeaderValue::from_str(&value) {
            answer.headers.append(name, value);
        }
    }
    answer.body = Some(Body::Text(reply.body));
    answer
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ROUTE: Route = Route::new("POST", &["/api/v1/payouts/{id}/cancel"]);

    fn event() -> Value {
        json!({
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": "/api/v1/payouts/pay_1/cancel",
            "rawQueryString": "",
            "headers": {"content-type": "application/json", "authorization": "Bearer x"},
            "requestContext": {
                "accountId": "123456789012",
                "apiId": "api-id",
                "http": {
                    "method": "POST",
                    "path": "/api/v1/payouts/pay_1/cancel",
                    "protocol": "HTTP/1.1",
                    "sourceIp": "192.0.2.1",
                    "userAgent": "agent"
                },
                "requestId": "id",
                "stage": "$default",
                "timeEpoch": 1583348638390_i64
            },
            "body": "{\"reason\":\"x\"}",
            "isBase64Encoded": false
        })
    }

    /// The answer to an event; the handler answers with what it was given.
    async fn answer_to(event: Value) -> Value {
        let event: HttpEvent = serde_json::from_value(event).expect("an event");
        let now = Timestamp::from_millis(0);
        let handler = |request: Request| async move {
            let seen = json!({
                "id": request.param("id"),
                "body": String::from_utf8_lossy(&request.body),
                "auth": request.headers.get("Authorization"),
            });
            Reply::ok(&seen, &request.meta())
        };
        let reply = match raw_request(event, "req-1".to_owned(), now) {
            Ok(raw) => answer(ROUTE, raw, handler).await,
            Err(reply) => reply,
        };
        serde_json::to_value(http_answer(reply)).expect("JSON")
    }

    fn data(answer: &Value) -> Value {
        let body = answer["body"].as_str().expect("a text");
        let body: Value = serde_json::from_str(body).expect("JSON");
        body["data"].clone()
    }

    #[tokio::test]
    async fn an_event_of_the_http_api_reaches_the_handler_and_its_answer_goes_back() {
        let answer = answer_to(event()).await;
        assert_eq!(answer["statusCode"], 200);
        assert_eq!(answer["headers"]["x-request-id"], "req-1");
        assert_eq!(answer["isBase64Encoded"], false);
        let seen = json!({"id": "pay_1", "body": "{\"reason\":\"x\"}", "auth": "Bearer x"});
        assert_eq!(data(&answer), seen);
    }

    #[tokio::test]
    async fn a_body_in_base64_arrives_as_it_was_sent() {
        let mut event = event();
        event["body"] = json!("eyJhIjoxfQ==");
        event["isBase64Encoded"] = json!(true);
        assert_eq!(data(&answer_to(event.clone()).await)["body"], "{\"a\":1}");
        event["body"] = json!("no base64!");
        assert_eq!(answer_to(event).await["statusCode"], 400);
    }

    #[tokio::test]
    async fn a_named_stage_is_no_part_of_the_path() {
        let mut event = event();
        event["requestContext"]["stage"] = json!("prod");
        assert_eq!(answer_to(event.clone()).await["statusCode"], 200);
        event["rawPath"] = json!("/prod/api/v1/payouts/pay_1/cancel");
        assert_eq!(answer_to(event.clone()).await["statusCode"], 200);
        event["rawPath"] = json!("/production/api/v1/payouts/pay_1/cancel");
        assert_eq!(answer_to(event).await["statusCode"], 404);
    }

    #[tokio::test]
    async fn hostile_paths_queries_and_headers_get_an_answer() {
        let cases = [
            ("rawPath", json!("/a b?c#d\u{0}"), 404),
            ("rawPath", json!("/api/v1/payouts/\u{e9} |/cancel"), 200),
            ("rawPath", json!(null), 404),
            ("rawQueryString", json!("a=b c&\u{0}=%zz"), 400),
            ("rawQueryString", json!("\"<>{}"), 200),
            (
                "headers",
                json!({"host": "a b", "x-forwarded-proto": ":", "content-type": "application/json", "bad name": "\u{0}"}),
                200,
            ),
            ("headers", json!(null), 415),
            ("body", json!(null), 200),
            ("requestContext", json!({}), 405),
        ];
        for (member, value, status) in cases {
            let mut event = event();
            event[member] = value;
            let answer = answer_to(event).await;
            assert_eq!(answer["statusCode"], status, "{member}");
        }
        assert_eq!(answer_to(json!({})).await["statusCode"], 404);
    }
}
