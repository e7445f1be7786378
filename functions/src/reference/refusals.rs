//! Errors as responses. Status, code, text and details of every example come from the table of errors.

use std::collections::BTreeMap;

use app::error::Error;
use platform::api::{admission::BODY_MAX, document, envelope::Reply};
use serde_json::Value;
use utoipa::openapi::{
    ContentBuilder, RefOr,
    example::{Example, ExampleBuilder},
    response::{Response, ResponseBuilder},
};

use super::{
    parameters::{AUTHENTICATE, RATE_LIMIT, REQUEST_ID, RETRY_AFTER, shared_header},
    place::Place,
    samples::Samples,
};
use crate::table::{Function, Http, function};

/// Refusals that are the same wherever they occur: name among the shared responses, and the answer.
fn common(samples: &Samples) -> Vec<(&'static str, Reply)> {
    let meta = &samples.meta;
    let mut replies = vec![
        (
            "Unauthenticated",
            Reply::error(&Error::Unauthenticated, meta),
        ),
        ("KeyReused", Reply::error(&Error::KeyReused, meta)),
        ("RateLimited", Reply::rate_limited(7, meta)),
        ("Internal", Reply::internal(meta)),
        ("Unavailable", Reply::error(&Samples::unavailable(), meta)),
    ];
    // Any function with a body: size and type are the same for all of them.
    let route = function("create-payout").and_then(Function::http);
    if let Some(route) = route.map(Http::route) {
        let [too_large, media_type] = document::body_refusals(&route, meta);
        replies.push(("BodyTooLarge", too_large));
        replies.push(("MediaType", media_type));
    }
    replies
}

/// The shared responses.
pub(super) fn shared(samples: &Samples) -> Vec<(&'static str, Response)> {
    let replies = common(samples);
    let response = |(name, reply)| (name, response(&[reply]));
    replies.into_iter().map(response).collect()
}

fn has_usual_body(http: &Http) -> bool {
    http.body_max == BODY_MAX && *http.accepts == ["application/json"]
}

/// What is refused of bodies that are unlike all others.
pub(super) fn own_of_body(place: &Place, samples: &Samples) -> Vec<Reply> {
    if !place.is_change() || has_usual_body(place.http) {
        return Vec::new();
    }
    document::body_refusals(&place.http.route(), &samples.meta).to_vec()
}

/// Names of the shared responses of an operation, by status.
pub(super) fn common_at(place: &Place, samples: &Samples) -> Vec<(u16, &'static str)> {
    let fits = |name: &str| match name {
        "Unauthenticated" | "RateLimited" => place.with_key,
        "KeyReused" => place.is_change(),
        "BodyTooLarge" | "MediaType" => place.is_change() && has_usual_body(place.http),
        "Unavailable" => place.with_key,
        _ => true,
    };
    let replies = common(samples).into_iter();
    let fitting = replies.filter(|(name, _)| fits(name));
    fitting.map(|(name, reply)| (reply.status, name)).collect()
}

/// Refusals of one status as one response, with an example each.
pub(super) fn response(replies: &[Reply]) -> Response {
    let examples: BTreeMap<String, Value> = replies
        .iter()
        .map(|reply| {
            let body: Value = serde_json::from_str(&reply.body).unwrap_or_default();
            (example_name(&body["error"]), body)
        })
        .collect();
    let told: Vec<_> = examples
        .iter()
        .map(|(name, body)| told(name, &body["error"]))
        .collect();
    let content = ContentBuilder::new()
        .schema(Some(document::failure().schema))
        .examples_from_iter(examples.into_iter().map(|(name, body)| {
            let summary = body["error"]["message"].as_str().unwrap_or_default();
            let example = ExampleBuilder::new().summary(summary.to_owned());
            let example: RefOr<Example> = example.value(Some(body)).into();
            (name, example)
        }))
        .build();
    let mut response = ResponseBuilder::new()
        .description(told.join("; "))
        .content("application/json", content)
        .header_ref(REQUEST_ID.0, shared_header(REQUEST_ID.1));
    for (name, shared) in [AUTHENTICATE, RETRY_AFTER] {
        let is_set = |reply: &Reply| {
            let mut names = reply.headers.iter().map(|(held, _)| held);
            names.any(|held| held.eq_ignore_ascii_case(name))
        };
        if replies.iter().any(is_set) {
            response = response.header_ref(name, shared_header(shared));
        }
    }
    // Whoever was recognised learns how much is left, also in a refusal.
    let is_recognised = |reply: &Reply| !matches!(reply.status, 401 | 413 | 415);
    if replies.iter().any(is_recognised) {
        for (name, shared) in RATE_LIMIT {
            response = response.header_ref(name, shared_header(shared));
        }
    }
    response.build()
}

/// The word that tells this refusal from others of its status.
fn example_name(error: &Value) -> String {
    let details = &error["details"];
    let word = details["reason"].as_str().or(details["resource"].as_str());
    let word = word.or(error["code"].as_str()).unwrap_or("error");
    word.to_owned()
}

fn told(name: &str, error: &Value) -> String {
    let code = error["code"].as_str().unwrap_or_default();
    let message = error["message"].as_str().unwrap_or_default();
    if name == code {
        format!("`{code}`: {message}")
    } else {
        format!("`{code}` `{name}`: {message}")
    }
}
