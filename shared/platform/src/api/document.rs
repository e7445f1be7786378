//! What the published document takes from this room: schemas of the shapes that are really written, and
//! the refusals that come before any handler.

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{Ref, RefOr, Schema},
};

use super::{
    admission::Route,
    envelope::{Failure, Meta, Reply, Success},
    error_table::Refusal,
};

/// A schema, and every schema it refers to by name.
pub struct Shape {
    pub schema: RefOr<Schema>,
    pub named: Vec<(String, RefOr<Schema>)>,
}

/// A schema by its name.
pub fn named<T: ToSchema>() -> Shape {
    let name = T::name();
    let mut named = vec![(name.to_string(), T::schema())];
    T::schemas(&mut named);
    Shape {
        schema: Ref::from_schema_name(name).into(),
        named,
    }
}

/// The envelope around data of one kind.
pub fn success<T: ToSchema>() -> Shape {
    let mut named = named::<T>().named;
    Success::<T>::schemas(&mut named);
    Shape {
        schema: Success::<T>::schema(),
        named,
    }
}

/// The envelope around every error.
pub fn failure() -> Shape {
    named::<Failure<'_>>()
}

/// What [`super::admission::admit`] refuses of a body: too large, and of another media type.
pub fn body_refusals(route: &Route, meta: &Meta) -> [Reply; 2] {
    [
        Refusal::body_too_large(route.body_max),
        Refusal::media_type(route.accepts),
    ]
    .map(|refusal| Reply::refusal(&refusal, meta))
}
