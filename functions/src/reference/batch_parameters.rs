//! What endpoints of batches take beside their bodies.

use platform::api::{
    batch_file::{CONTROL_MAX, EXPECT_COUNT, EXPECT_TOTAL},
    vocabulary::{BatchVersion, Moment, OnInvalid, Text},
};
use utoipa::openapi::{
    RefOr, Required,
    path::{Parameter, ParameterBuilder, ParameterIn},
    schema::{ObjectBuilder, Schema, Type},
};

use super::parameters::named;

fn parameter(
    (name, place): (&str, ParameterIn),
    about: &str,
    schema: RefOr<Schema>,
) -> ParameterBuilder {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(Required::False)
        .description(Some(about))
        .schema(Some(schema))
}

/// What a CSV file cannot say of its batch, and what any batch can be checked against.
pub(super) fn of_file() -> Vec<RefOr<Parameter>> {
    let total = || {
        let number = ObjectBuilder::new().schema_type(Type::Integer);
        let number = number.minimum(Some(0_u64)).maximum(Some(CONTROL_MAX));
        RefOr::T(Schema::from(number.build()))
    };
    let count = "How many loads there must be; a batch of another number is refused.";
    let amount = "What the amounts of all loads must add up to, in cents; a batch of another sum is refused.";
    let at = "With a CSV file: when the batch releases itself, at most 90 days ahead.";
    let bad =
        "With a CSV file: what happens when lines cannot be paid; `refuseBatch` unless given.";
    [
        parameter(
            ("name", ParameterIn::Query),
            "With a CSV file: the name of the batch.",
            named::<Text<200>>(),
        ),
        parameter(("scheduledFor", ParameterIn::Query), at, named::<Moment>()),
        parameter(("onInvalid", ParameterIn::Query), bad, named::<OnInvalid>()),
        parameter((EXPECT_COUNT, ParameterIn::Header), count, total()),
        parameter((EXPECT_TOTAL, ParameterIn::Header), amount, total()),
    ]
    .map(|it| RefOr::T(it.build()))
    .into()
}

/// The version an editor without a body names.
pub(super) fn version() -> Vec<RefOr<Parameter>> {
    let about = "The version of the batch as the editor knows it.";
    let version = parameter(
        ("version", ParameterIn::Query),
        about,
        named::<BatchVersion>(),
    );
    vec![RefOr::T(version.required(Required::True).build())]
}
