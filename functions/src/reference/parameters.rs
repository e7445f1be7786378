//! Parameters and headers, each described once.

use platform::api::{
    idempotency::{HEADER, KEY_MAX},
    vocabulary,
};
use utoipa::{
    ToSchema,
    openapi::{
        Ref, RefOr, Required,
        header::{Header, HeaderBuilder},
        path::{Parameter, ParameterBuilder, ParameterIn},
        schema::{ObjectBuilder, Schema, Type},
    },
};

use crate::get_docs;

/// The id of a card charge.
pub(super) const CHARGE: &str = "chg_9b1f0c42d7e85a3361f2b4c8d0e9a7563c1b2d4f";

/// The name of the idempotency key among the shared parameters.
pub(super) const IDEMPOTENCY_KEY: &str = "IdempotencyKey";

/// Header of every answer, and its name among the shared headers.
pub(super) const REQUEST_ID: (&str, &str) = ("X-Request-Id", "RequestId");
pub(super) const REPLAYED: (&str, &str) = ("Idempotent-Replayed", "IdempotentReplayed");
pub(super) const RETRY_AFTER: (&str, &str) = ("Retry-After", "RetryAfter");
pub(super) const AUTHENTICATE: (&str, &str) = ("WWW-Authenticate", "Authenticate");
/// On every answer to a key.
pub(super) const RATE_LIMIT: [(&str, &str); 3] = [
    ("X-RateLimit-Limit", "RateLimitLimit"),
    ("X-RateLimit-Remaining", "RateLimitRemaining"),
    ("X-RateLimit-Reset", "RateLimitReset"),
];

pub(super) fn named<T: ToSchema>() -> RefOr<Schema> {
    Ref::from_schema_name(T::name()).into()
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

/// The values in a route template, left to right.
pub(super) fn of_path(route: &str) -> Vec<Parameter> {
    let mut before = "";
    let mut found = Vec::new();
    for segment in route.split('/') {
        let name = segment
            .strip_prefix('{')
            .and_then(|it| it.strip_suffix('}'));
        if let Some(name) = name {
            let (schema, about, example) = path_value(before);
            let parameter = ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Path)
                .required(Required::True)
                .description(Some(about))
                .schema(Some(schema))
                .example(Some(example.into()));
            found.push(parameter.build());
        }
        before = segment;
    }
    found
}

/// Schema, description and example of the value that follows a word of the path.
fn path_value(before: &str) -> (RefOr<Schema>, &'static str, &'static str) {
    match before {
        "loads" => (
            named::<vocabulary::LoadId>(),
            "Your own id of the load.",
            "L-12345",
        ),
        "drivers" => (
            named::<vocabulary::AnyDriverId>(),
            "Our id of the driver, or the one the driver was registered under.",
            "OVN-DRIVER-789",
        ),
        "payouts" => (
            named::<vocabulary::PayoutId>(),
            "Our id of the payout.",
            "pay_01M7Y8BCGA4T04JNKTBYHB7SCK",
        ),
        "reviews" => (
            named::<vocabulary::ReviewId>(),
            "Our id of the review.",
            "rev_01M7Y8BCGA4T04JNKTBYHB7SCK-a01",
        ),
        "batches" => (
            named::<vocabulary::BatchId>(),
            "Our id of the batch.",
            "batch_01M7Y8BCGA4T04JNKTBYHB7SCN",
        ),
        "reconciliations" => (
            named::<vocabulary::Date>(),
            "The day, in UTC.",
            "2026-11-20",
        ),
        "lines" => (
            named::<vocabulary::LoadId>(),
            "The load of the line.",
            "L-12345",
        ),
        "card-charges" => (
            named::<vocabulary::ChargeId>(),
            "Our id of the charge.",
            CHARGE,
        ),
        "keys" => (
            named::<vocabulary::KeyId>(),
            "The id of the key.",
            "k3y0f0rd3sk1",
        ),
        "providers" | "settlements" => (
            named::<vocabulary::Provider>(),
            "The name of the provider.",
            "payelata",
        ),
        "docs" => (
            text().enum_values(Some(get_docs::FILES)).into(),
            "A file of the page.",
            get_docs::FILES[0],
        ),
        _ => (
            text().min_length(Some(1)).into(),
            "What follows in the path.",
            "value",
        ),
    }
}

/// What every POST and PUT takes.
pub(super) fn idempotency_key() -> Parameter {
    let about = "Recognises a repeat: within 30 days the same key with the same request answers the first answer \
        again, and with another request 422. Choose a new one for each thing you want done.";
    let schema = text()
        .min_length(Some(1))
        .max_length(Some(KEY_MAX))
        .pattern(Some("^[ -~]+$"));
    ParameterBuilder::new()
        .name(HEADER)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(about))
        .schema(Some(schema))
        .build()
}

/// Headers of answers, by their shared names.
pub(super) fn answer_headers() -> Vec<(&'static str, Header)> {
    let texts = [
        (REQUEST_ID.1, "Names the request, as `meta.requestId`."),
        (
            REPLAYED.1,
            "`true` when this is the remembered answer of an earlier request with the same idempotency key.",
        ),
        (AUTHENTICATE.1, "`Bearer`."),
    ];
    let numbers = [
        (RETRY_AFTER.1, "In how many seconds to try again."),
        (
            RATE_LIMIT[0].1,
            "Requests a minute, when the key is limited.",
        ),
        (
            RATE_LIMIT[1].1,
            "About how many requests are left now, when the key is limited.",
        ),
        (
            RATE_LIMIT[2].1,
            "When all of them are there again, in Unix seconds, when the key is limited.",
        ),
    ];
    let header = |kind: Type, about: &str| {
        let schema = ObjectBuilder::new().schema_type(kind);
        let header = HeaderBuilder::new().schema(Some(schema));
        header.description(Some(about)).build()
    };
    let texts = texts.map(|(name, about)| (name, header(Type::String, about)));
    let numbers = numbers.map(|(name, about)| (name, header(Type::Integer, about)));
    texts.into_iter().chain(numbers).collect()
}

/// A shared header.
pub(super) fn shared_header(name: &str) -> Ref {
    Ref::new(format!("#/components/headers/{name}"))
}
