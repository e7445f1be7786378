//! The published description of the HTTP API, OpenAPI 3.1. Methods and paths come from the table of
//! functions, schemas from the types that are written, examples from those types and the table of errors.
//! docs/openapi.json is this document; a test compares them.

mod audit;
mod batch_parameters;
mod batch_samples;
mod batches;
mod charges;
mod drivers;
mod keys;
mod lists;
mod loads;
mod operation;
mod parameters;
mod payouts;
mod place;
mod providers;
mod reconciliations;
mod refusals;
mod reviews;
mod samples;
mod service;
mod settings;
mod wallet;

use std::collections::BTreeMap;

use app::error::Error;
use platform::api::{document, vocabulary};
use utoipa::openapi::{
    Components, ComponentsBuilder, Info, InfoBuilder, OpenApi, OpenApiBuilder, Paths, RefOr,
    Schema, Server,
    path::HttpMethod,
    security::{Http, HttpAuthScheme, SecurityScheme},
    tag::Tag,
};

use self::{operation::Operation, place::Place, samples::Samples};
use crate::table::{FUNCTIONS, Function};

/// The name of the one way to authenticate.
pub(crate) const API_KEY: &str = "apiKey";
/// Everything below takes a key; nothing else does.
const WITH_KEY: &str = "/api/v1/";

const ABOUT: &str = "Pays freight drivers for delivered loads and keeps a double-entry ledger of every cent.\n\n\
    All bodies are JSON. All amounts are integers in cents of USD. Success is always 200 with `{success, data, meta}`; \
    everything else is `{success, error, meta}` with a code for programs. Every POST and PUT takes an `Idempotency-Key`. \
    Optional members are left out of answers when they have no value; in bodies `null` counts as absent. Members may be \
    added to answers.\n\n\
    Authenticate with `Authorization: Bearer psk_...`. A key has scopes; each operation names the ones that open it. \
    A path that exists under another method answers 405 with header `allow`.";

const TAGS: [(&str, &str); 12] = [
    (loads::TAG, "The delivered jobs that payouts are for."),
    (
        drivers::TAG,
        "Who is paid: registration, payout method, verification.",
    ),
    (payouts::TAG, "Money on its way to a driver."),
    (
        batches::TAG,
        "Many payouts that are reserved, approved and released together.",
    ),
    (
        reviews::TAG,
        "Attempts whose outcome people decide, two owners together.",
    ),
    (wallet::TAG, "What there is to pay out."),
    (keys::TAG, "Who may call, and for what."),
    (settings::TAG, "What a tenant decides for itself."),
    (
        reconciliations::TAG,
        "Our payouts held against the providers' lists and settlements, day by day.",
    ),
    (
        providers::TAG,
        "Who moves the money, and whether payouts go there.",
    ),
    (audit::TAG, "What was changed, and by whom."),
    (service::TAG, "Health and this document."),
];

/// What is said of every function. The order is the order of tags in a reference page.
fn operations(samples: &Samples) -> Result<Vec<Operation>, Error> {
    Ok([
        loads::operations(samples)?,
        drivers::operations(samples)?,
        payouts::operations(samples)?,
        batches::operations(samples)?,
        reviews::operations(samples)?,
        wallet::operations(samples)?,
        charges::operations(samples)?,
        keys::operations(samples)?,
        settings::operations(samples)?,
        reconciliations::operations(samples)?,
        providers::operations(samples)?,
        audit::operations(samples),
        service::operations(samples),
    ]
    .into_iter()
    .flatten()
    .collect())
}

/// The whole document.
///
/// # Errors
/// When an example is not valid, or a function with one description has another method than the
/// document can name.
pub fn document() -> Result<OpenApi, Error> {
    let samples = Samples::new()?;
    let mut schemas: BTreeMap<String, RefOr<Schema>> = BTreeMap::new();
    schemas.extend(document::failure().named);
    let mut paths = Paths::new();
    for operation in operations(&samples)? {
        let found = FUNCTIONS.iter().find(|it| it.name == operation.function);
        let Some(http) = found.and_then(Function::http) else {
            return Err(Error::NotFound("function"));
        };
        let verb = verb(http.method).ok_or(Error::NotFound("method"))?;
        for (index, route) in http.routes.iter().enumerate() {
            let place = Place {
                http,
                route,
                is_alias: index > 0,
                with_key: route.starts_with(WITH_KEY),
            };
            paths.add_path_operation(*route, vec![verb.clone()], operation.at(&place, &samples));
        }
        schemas.extend(operation.into_named());
    }
    Ok(OpenApiBuilder::new()
        .info(info())
        .servers(Some([Server::new("/")]))
        .tags(Some(TAGS.map(|(name, about)| {
            let mut tag = Tag::new(name);
            tag.description = Some(about.to_owned());
            tag
        })))
        .paths(paths)
        .components(Some(components(schemas, &samples)))
        .build())
}

/// The document as it is committed and served.
///
/// # Errors
/// As [`document`].
pub fn text() -> Result<String, Error> {
    let text = document()?.to_pretty_json();
    text.map(|text| text + "\n")
        .map_err(|error| Error::invalid("", &error.to_string()))
}

fn info() -> Info {
    InfoBuilder::new()
        .title("OVN Pay")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT))
        .build()
}

fn verb(method: &str) -> Option<HttpMethod> {
    match method {
        "GET" => Some(HttpMethod::Get),
        "POST" => Some(HttpMethod::Post),
        "PUT" => Some(HttpMethod::Put),
        "DELETE" => Some(HttpMethod::Delete),
        _ => None,
    }
}

fn components(schemas: BTreeMap<String, RefOr<Schema>>, samples: &Samples) -> Components {
    let mut scheme = Http::new(HttpAuthScheme::Bearer);
    scheme.bearer_format = Some("psk_<mode>_<key id><secret>".to_owned());
    scheme.description = Some("The API key of a tenant in one mode, test or live.".to_owned());
    let mut components = ComponentsBuilder::new()
        .schemas_from_iter(schemas)
        .security_scheme(API_KEY, SecurityScheme::Http(scheme))
        .parameter(parameters::IDEMPOTENCY_KEY, parameters::idempotency_key());
    for (name, parameter) in lists::all_shared() {
        components = components.parameter(name, parameter);
    }
    let moment = document::named::<vocabulary::Moment>();
    components = components.schemas_from_iter(moment.named);
    for (name, header) in parameters::answer_headers() {
        components = components.header(name, header);
    }
    for (name, response) in refusals::shared(samples) {
        components = components.response(name, response);
    }
    components.build()
}
