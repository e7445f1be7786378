//! The query parameters of lists. Those that every list has are described once.

use app::page::{DEPTH_MAX, SIZE_MAX};
use platform::api::{page::SIZE_DEFAULT, vocabulary};
use utoipa::{
    ToSchema,
    openapi::{
        Ref, RefOr, Required,
        path::{Parameter, ParameterBuilder, ParameterIn},
        schema::{ObjectBuilder, Schema, Type},
    },
};

use super::parameters::named;

fn shared(names: &[&str]) -> Vec<RefOr<Parameter>> {
    let place = |name: &&str| RefOr::Ref(Ref::new(format!("#/components/parameters/{name}")));
    names.iter().map(place).collect()
}

/// What part of a list is asked for.
pub(super) fn paging() -> Vec<RefOr<Parameter>> {
    shared(&["Page", "PageSize", "Limit", "Cursor"])
}

/// What part of a log is asked for.
pub(super) fn log_paging() -> Vec<RefOr<Parameter>> {
    shared(&["PageSize", "Limit", "Cursor"])
}

/// Since when and until when.
pub(super) fn range() -> Vec<RefOr<Parameter>> {
    shared(&["From", "To"])
}

/// What a list is narrowed down to.
pub(super) fn filter<T: ToSchema>(name: &str, about: &str) -> Vec<RefOr<Parameter>> {
    vec![RefOr::T(query(name, about, named::<T>()))]
}

/// Without an example or a default: a page that shows this document would send them all, and some exclude
/// each other.
fn query(name: &str, about: &str, schema: RefOr<Schema>) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(about))
        .schema(Some(schema))
        .build()
}

fn up_to(max: u32) -> RefOr<Schema> {
    let number = ObjectBuilder::new().schema_type(Type::Integer);
    number.minimum(Some(1)).maximum(Some(max)).build().into()
}

/// Every shared one, by its shared name.
pub(super) fn all_shared() -> [(&'static str, Parameter); 6] {
    let number = format!(
        "The number of the page; 1 unless given. It must lie within the first {DEPTH_MAX} entries; beyond, the cursor \
            goes on."
    );
    let size = format!("Entries of a page; {SIZE_DEFAULT} unless given.");
    let limit = "The same as `pageSize`, as the published client calls it. Not together with it.";
    let after =
        "The `nextCursor` of the page before, with the same filters. Not together with `page`.";
    let from = "Only what was made at this moment or later.";
    let to = "Only what was made before this moment. It must be later than `from`.";
    let moment = named::<vocabulary::Moment>;
    [
        ("Page", query("page", &number, up_to(DEPTH_MAX))),
        ("PageSize", query("pageSize", &size, up_to(SIZE_MAX))),
        ("Limit", query("limit", limit, up_to(SIZE_MAX))),
        (
            "Cursor",
            query("cursor", after, named::<vocabulary::Cursor>()),
        ),
        ("From", query("from", from, moment())),
        ("To", query("to", to, moment())),
    ]
}
