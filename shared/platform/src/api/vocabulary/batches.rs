//! The single values of batches.

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Ref, RefOr,
        schema::{ArrayBuilder, ObjectBuilder, Schema, Type},
    },
};

use super::{LoadId, own_id, text};

pub struct BatchId;
impl PartialSchema for BatchId {
    fn schema() -> RefOr<Schema> {
        own_id("Our id of a batch.", "batch_")
    }
}
impl ToSchema for BatchId {}

pub struct PlanHash;
impl PartialSchema for PlanHash {
    fn schema() -> RefOr<Schema> {
        let about = "Names a plan: 64 hexadecimal digits, and after a dot four for each line, which may be left out.";
        let object = text(about)
            .min_length(Some(64))
            .max_length(Some(domain::batch::PlanHash::TEXT_MAX));
        let pattern = r"^[0-9a-f]{64}(\.([0-9a-f]{4})*)?$";
        object.pattern(Some(pattern)).build().into()
    }
}
impl ToSchema for PlanHash {}

/// What an edit adds to a batch.
pub struct AddedLoads;
impl PartialSchema for AddedLoads {
    fn schema() -> RefOr<Schema> {
        ArrayBuilder::new()
            .items(Ref::from_schema_name(LoadId::name()))
            .min_items(Some(1))
            .max_items(Some(domain::batch::ADDED_MAX))
            .unique_items(true)
            .build()
            .into()
    }
}
impl ToSchema for AddedLoads {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((LoadId::name().into_owned(), LoadId::schema()));
    }
}

pub struct BatchVersion;
impl PartialSchema for BatchVersion {
    fn schema() -> RefOr<Schema> {
        let number = ObjectBuilder::new().schema_type(Type::Integer);
        let about = "Of the lines of a batch: grows with every edit.";
        let number = number.description(Some(about)).minimum(Some(1));
        number.maximum(Some(u32::MAX)).build().into()
    }
}
impl ToSchema for BatchVersion {}
