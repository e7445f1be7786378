//! What is said of one function, and how that becomes an operation of the document.

use std::collections::BTreeMap;

use app::error::Error;
use platform::api::{
    document::{self, Shape},
    envelope::Reply,
};
use serde::Serialize;
use serde_json::Value;
use utoipa::{
    ToSchema,
    openapi::{
        Content, ContentBuilder, Ref, RefOr, Required, Schema,
        example::{Example, ExampleBuilder},
        extensions::ExtensionsBuilder,
        link::{Link, LinkBuilder},
        path::{self, OperationBuilder, Parameter},
        request_body::{RequestBody, RequestBodyBuilder},
        response::{Response, ResponseBuilder},
        schema::{ObjectBuilder, OneOfBuilder, Type},
        security::SecurityRequirement,
    },
};

use super::{
    API_KEY,
    parameters::{self, IDEMPOTENCY_KEY, RATE_LIMIT, REPLAYED, REQUEST_ID, shared_header},
    place::{Place, camel},
    refusals,
    samples::Samples,
};
use crate::table;

type Examples = Vec<(&'static str, Value)>;

/// A body that a function takes.
struct Body {
    /// None where only a file is taken.
    shape: Option<Shape>,
    required: Required,
    examples: Examples,
    /// The same as a file of a media type, and an example of it.
    file: Option<(&'static str, &'static str)>,
}

/// What a success looks like.
enum Answer {
    /// Data in the envelope, of any of these shapes.
    Data(Vec<Shape>, Examples),
    /// Files of these media types: under the path alone, and under a path with a name.
    Files(&'static str, &'static [&'static str]),
    /// One file of a media type, and an example of it.
    File(&'static str, String),
}

/// Name, tag, summary and description of a function.
pub(super) struct Title {
    pub(super) function: &'static str,
    pub(super) tag: &'static str,
    pub(super) summary: &'static str,
    pub(super) description: &'static str,
}

/// What is said of one HTTP function.
pub(super) struct Operation {
    pub(super) function: &'static str,
    title: Title,
    query: Vec<RefOr<Parameter>>,
    body: Option<Body>,
    answer: Answer,
    refusals: Vec<Reply>,
    links: Vec<(String, Link)>,
}

impl Operation {
    pub(super) fn new(title: Title) -> Self {
        Self {
            function: title.function,
            title,
            query: Vec::new(),
            body: None,
            answer: Answer::Data(Vec::new(), Vec::new()),
            refusals: Vec::new(),
            links: Vec::new(),
        }
    }

    /// Takes these in its query.
    pub(super) fn asking<const N: usize>(mut self, parameters: [Vec<RefOr<Parameter>>; N]) -> Self {
        self.query.extend(parameters.into_iter().flatten());
        self
    }

    /// Takes a body, as these examples of it.
    ///
    /// # Errors
    /// When an example cannot be written as JSON.
    pub(super) fn taking<T: ToSchema + Serialize>(
        mut self,
        examples: &[(&'static str, T)],
    ) -> Result<Self, Error> {
        let written = examples.iter().map(|(name, body)| Ok((*name, json(body)?)));
        self.body = Some(Body {
            shape: Some(document::named::<T>()),
            required: Required::True,
            examples: written.collect::<Result<_, Error>>()?,
            file: None,
        });
        Ok(self)
    }

    /// Takes the body as a file of this media type too.
    pub(super) fn or_file(mut self, media_type: &'static str, example: &'static str) -> Self {
        if let Some(body) = &mut self.body {
            body.file = Some((media_type, example));
        }
        self
    }

    /// Takes a file of this media type and nothing else.
    pub(super) fn taking_file(mut self, media_type: &'static str, example: &'static str) -> Self {
        self.body = Some(Body {
            shape: None,
            required: Required::True,
            examples: Vec::new(),
            file: Some((media_type, example)),
        });
        self
    }

    /// Takes a body that may be left out.
    ///
    /// # Errors
    /// As [`Operation::taking`].
    pub(super) fn taking_at_most<T: ToSchema + Serialize>(
        self,
        example: (&'static str, T),
    ) -> Result<Self, Error> {
        let mut taking = self.taking(&[example])?;
        if let Some(body) = &mut taking.body {
            body.required = Required::False;
        }
        Ok(taking)
    }

    /// Answers data, as this example of it. Called again, it may also answer another shape.
    pub(super) fn answering<T: ToSchema + Serialize>(
        mut self,
        name: &'static str,
        data: &T,
        samples: &Samples,
    ) -> Self {
        if let Answer::Data(shapes, examples) = &mut self.answer {
            let reply = Reply::ok(data, &samples.meta);
            let body = serde_json::from_str(&reply.body).unwrap_or_default();
            let shape = document::success::<T>();
            if shapes.iter().all(|it| it.schema != shape.schema) {
                shapes.push(shape);
            }
            examples.push((name, body));
        }
        self
    }

    /// Answers a page, and files under names.
    pub(super) fn serving(mut self, page: &'static str, files: &'static [&'static str]) -> Self {
        self.answer = Answer::Files(page, files);
        self
    }

    /// Answers a file, as this example of it.
    pub(super) fn answering_file(mut self, media_type: &'static str, example: String) -> Self {
        self.answer = Answer::File(media_type, example);
        self
    }

    /// May refuse for reasons of its own. Those of every function need not be named.
    pub(super) fn refusing(
        mut self,
        errors: impl IntoIterator<Item = Error>,
        samples: &Samples,
    ) -> Self {
        let errors = errors.into_iter();
        let replies = errors.map(|error| Reply::error(&error, &samples.meta));
        self.refusals.extend(replies);
        self
    }

    /// Another function takes a member of this answer as `name` in its path.
    pub(super) fn linking(self, function: &'static str, name: &str, member: &str) -> Self {
        let value = format!("$response.body#{member}");
        self.linked(function, LinkBuilder::new().parameter(name, value))
    }

    /// Another function takes a body made of members of this answer.
    ///
    /// # Errors
    /// When the body cannot be written as JSON.
    pub(super) fn linking_body(
        self,
        function: &'static str,
        body: &impl Serialize,
    ) -> Result<Self, Error> {
        let link = LinkBuilder::new().request_body(Some(json(body)?));
        Ok(self.linked(function, link))
    }

    /// The next page of the same list. Its path values are those that were asked with.
    pub(super) fn linking_on(self) -> Self {
        let function = self.function;
        let path = match table::function(function).and_then(table::Function::http) {
            Some(http) => parameters::of_path(http.routes[0]),
            None => Vec::new(),
        };
        let mut link = LinkBuilder::new()
            .description("The next page, with the same filters.")
            .parameter("cursor", "$response.body#/data/nextCursor");
        for value in path {
            link = link.parameter(value.name.clone(), format!("$request.path.{}", value.name));
        }
        self.linked(function, link)
    }

    fn linked(mut self, function: &'static str, link: LinkBuilder) -> Self {
        let target = camel(function);
        self.links
            .push((target.clone(), link.operation_id(target).build()));
        self
    }

    /// The operation under one path.
    pub(super) fn at(&self, place: &Place, samples: &Samples) -> path::Operation {
        let security = place
            .with_key
            .then(|| SecurityRequirement::new(API_KEY, [] as [&str; 0]));
        let mut operation = OperationBuilder::new()
            .tag(self.title.tag)
            .summary(Some(self.title.summary))
            .description(Some(self.description(place)))
            .operation_id(Some(place.operation_id(self.function)))
            .securities(Some(security))
            .request_body(self.body.as_ref().map(request_body));
        for parameter in parameters::of_path(place.route) {
            operation = operation.parameter(parameter);
        }
        for parameter in &self.query {
            operation = match parameter {
                RefOr::Ref(shared) => operation.parameter_ref(shared.clone()),
                RefOr::T(own) => operation.parameter(own.clone()),
            };
        }
        if place.is_change() {
            let shared = format!("#/components/parameters/{IDEMPOTENCY_KEY}");
            operation = operation.parameter_ref(Ref::new(shared));
        }
        if !place.http.scopes.is_empty() {
            let extensions = ExtensionsBuilder::new().add("x-required-scopes", place.http.scopes);
            operation = operation.extensions(Some(extensions.build()));
        }
        operation = operation.response("200", self.success(place));
        for (status, shared) in refusals::common_at(place, samples) {
            operation = operation.response(status.to_string(), Ref::from_response_name(shared));
        }
        for (status, replies) in self.own_refusals(place, samples) {
            operation = operation.response(status.to_string(), refusals::response(&replies));
        }
        operation.build()
    }

    fn description(&self, place: &Place) -> String {
        let scopes: Vec<_> = place
            .http
            .scopes
            .iter()
            .map(|it| format!("`{it}`"))
            .collect();
        let opens = match (place.with_key, scopes.is_empty()) {
            (false, _) => "No key is needed.".to_owned(),
            (true, true) => "Any key will do.".to_owned(),
            (true, false) => format!("Scope: {}.", scopes.join(" or ")),
        };
        format!("{}\n\n{opens}", self.title.description)
    }

    /// Refusals of this function alone, by status.
    fn own_refusals(&self, place: &Place, samples: &Samples) -> BTreeMap<u16, Vec<Reply>> {
        let is_page = matches!(self.answer, Answer::Files(..)) && !place.has_values();
        let mut found: BTreeMap<u16, Vec<Reply>> = BTreeMap::new();
        let own = self.refusals.iter().filter(|_| !is_page).cloned();
        let scope = place.http.scopes.first();
        let forbidden = scope.map(|it| Reply::error(&Error::Forbidden(it), &samples.meta));
        let of_body = refusals::own_of_body(place, samples);
        for reply in own.chain(forbidden).chain(of_body) {
            found.entry(reply.status).or_default().push(reply);
        }
        found
    }

    fn success(&self, place: &Place) -> Response {
        let mut response = ResponseBuilder::new()
            .description("Done.")
            .header_ref(REQUEST_ID.0, shared_header(REQUEST_ID.1));
        if place.with_key {
            for (name, shared) in RATE_LIMIT {
                response = response.header_ref(name, shared_header(shared));
            }
        }
        if place.is_change() {
            response = response.header_ref(REPLAYED.0, shared_header(REPLAYED.1));
        }
        for (name, link) in &self.links {
            response = response.link(name, link.clone());
        }
        match &self.answer {
            Answer::Data(shapes, examples) => {
                let content = content(one_of(shapes), examples);
                response = response.content("application/json", content);
            }
            Answer::File(media_type, example) => {
                response = response.content(*media_type, file(example));
            }
            Answer::Files(page, files) => {
                let page = std::slice::from_ref(page);
                let media_types = if place.has_values() { *files } else { page };
                for media_type in media_types {
                    let kind = match *media_type {
                        "application/json" => Type::Object,
                        _ => Type::String,
                    };
                    let schema = ObjectBuilder::new().schema_type(kind);
                    let content = ContentBuilder::new().schema(Some(schema)).build();
                    response = response.content(*media_type, content);
                }
            }
        }
        response.build()
    }

    /// Every schema that was named.
    pub(super) fn into_named(self) -> Vec<(String, RefOr<Schema>)> {
        let answered = match self.answer {
            Answer::Data(shapes, _) => shapes,
            Answer::Files(..) | Answer::File(..) => Vec::new(),
        };
        let taken = self.body.and_then(|body| body.shape);
        let shapes = taken.into_iter().chain(answered);
        shapes.flat_map(|shape| shape.named).collect()
    }
}

fn json(value: &impl Serialize) -> Result<Value, Error> {
    serde_json::to_value(value).map_err(|error| Error::invalid("", &error.to_string()))
}

fn one_of(shapes: &[Shape]) -> RefOr<Schema> {
    if let [only] = shapes {
        return only.schema.clone();
    }
    let all = shapes.iter().map(|shape| shape.schema.clone());
    Schema::from(all.fold(OneOfBuilder::new(), OneOfBuilder::item).build()).into()
}

fn content(schema: RefOr<Schema>, examples: &Examples) -> Content {
    let examples = examples.iter().map(|(name, body)| {
        let example: RefOr<Example> = ExampleBuilder::new().value(Some(body.clone())).into();
        (*name, example)
    });
    ContentBuilder::new()
        .schema(Some(schema))
        .examples_from_iter(examples)
        .build()
}

fn request_body(body: &Body) -> RequestBody {
    let mut taken = RequestBodyBuilder::new().required(Some(body.required.clone()));
    if let Some(shape) = &body.shape {
        let json = content(shape.schema.clone(), &body.examples);
        taken = taken.content("application/json", json);
    }
    if let Some((media_type, example)) = body.file {
        taken = taken.content(media_type, file(example));
    }
    taken.build()
}

/// A text of a media type of its own.
fn file(example: &str) -> Content {
    let text = ObjectBuilder::new().schema_type(Type::String).build();
    let examples = vec![("file", Value::from(example))];
    content(Schema::from(text).into(), &examples)
}
