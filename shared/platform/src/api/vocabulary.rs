//! The single values of the interface as the published document describes them. Limits and words are
//! those of the code that checks or writes them. A type's name is its name in the document.

mod batches;
mod errors;
mod words;

use std::borrow::Cow;

use app::{api_key::ID_LENGTH, rotate_key::GRACE_MAX, scope};
use domain::{ids::ID_MAX, money::Cents};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        KnownFormat, Ref, RefOr, SchemaFormat,
        schema::{AdditionalProperties, ArrayBuilder, Object, ObjectBuilder, Schema, Type},
    },
};

pub use self::batches::{AddedLoads, BatchId, BatchVersion, PlanHash};
pub use self::errors::{ErrorDetails, FieldProblem, LineProblem};
pub use self::words::{
    Account, BatchStatus, ChargeOutcome, ChargeStatus, Currency, DayStatus, DepositStatus,
    DifferenceReason, DriverStatus, ErrorCode, EvidenceProof, KycStatus, LineRejection, LineResult,
    LineStatus, ListStatus, LoadStatus, MethodKind, Mode, OnInvalid, PayoutStatus, Provider,
    ProviderOperation, ProviderState, Rail, RailFallback, ReviewCloser, ReviewOutcome,
    ReviewQuestion, ReviewStatus, RowOutcome, Scope, SurplusBearer, TimelineEvent, UnreadReason,
    WantedStatus,
};
use super::fields::{MAP_ENTRIES_MAX, MAP_TEXT_MAX, PARSED_MAX};

/// A date and a time, without its offset.
const MOMENT: &str = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?";
/// What an identifier consists of.
const ID: &str = "[A-Za-z0-9._:-]";
/// A text without control characters that is not only blanks.
const TEXT: &str = concat!(
    r"^[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufdd0-\ufdef\ufff9-\ufffb\ufffe\uffff]*",
    r"[^\s\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufdd0-\ufdef\ufff9-\ufffb\ufffe\uffff]",
    r"[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufdd0-\ufdef\ufff9-\ufffb\ufffe\uffff]*$"
);

fn text(about: &str) -> ObjectBuilder {
    let object = ObjectBuilder::new().schema_type(Type::String);
    object.description(Some(about))
}

fn id(about: &str, pattern: String) -> RefOr<Schema> {
    let object = text(about).min_length(Some(1)).max_length(Some(ID_MAX));
    object.pattern(Some(pattern)).build().into()
}

/// An id of ours: the prefix and a rest.
fn own_id(about: &str, prefix: &str) -> RefOr<Schema> {
    id(about, format!("^{prefix}{ID}+$"))
}

fn text_of(max: usize) -> RefOr<Schema> {
    let about = format!("1 to {max} characters, not only blanks, no control characters.");
    let object = text(&about).min_length(Some(1)).max_length(Some(max));
    object.pattern(Some(TEXT)).build().into()
}

fn minor_units(about: &str) -> ObjectBuilder {
    let object = ObjectBuilder::new().schema_type(Type::Integer);
    let object = object.format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)));
    object.description(Some(about))
}

fn constant(value: bool) -> Object {
    let object = ObjectBuilder::new().schema_type(Type::Boolean);
    object.enum_values(Some([value])).build()
}

/// `success` of an answer with data.
pub(crate) fn always_true() -> Object {
    constant(true)
}

/// `success` of a refusal.
pub(crate) fn always_false() -> Object {
    constant(false)
}

pub struct PayoutId;
impl PartialSchema for PayoutId {
    fn schema() -> RefOr<Schema> {
        own_id("Our id of a payout.", "pay_")
    }
}
impl ToSchema for PayoutId {}

pub struct ReviewId;
impl PartialSchema for ReviewId {
    fn schema() -> RefOr<Schema> {
        own_id("Our id of a review. It names the attempt.", "rev_")
    }
}
impl ToSchema for ReviewId {}

pub struct DriverId;
impl PartialSchema for DriverId {
    fn schema() -> RefOr<Schema> {
        own_id("Our id of a driver.", "drv_")
    }
}
impl ToSchema for DriverId {}

/// What paths and bodies take as a driver.
pub struct AnyDriverId;
impl PartialSchema for AnyDriverId {
    fn schema() -> RefOr<Schema> {
        let about = "A driver: our id (`drv_...`), or the id the driver was registered under.";
        id(about, format!("^{ID}+$"))
    }
}
impl ToSchema for AnyDriverId {}

pub struct OvnDriverId;
impl PartialSchema for OvnDriverId {
    fn schema() -> RefOr<Schema> {
        // Anything but `drv_` at the start, letter by letter: not every reader of patterns looks ahead.
        let other =
            "(?:[A-Za-ce-z0-9._:-]|d[A-Za-qs-z0-9._:-]|dr[A-Za-uw-z0-9._:-]|drv[A-Za-z0-9.:-])";
        let about = "Your own id of a driver. It does not start with `drv_`.";
        id(about, format!("^(?:d|dr|drv|{other}{ID}*)$"))
    }
}
impl ToSchema for OvnDriverId {}

pub struct LoadId;
impl PartialSchema for LoadId {
    fn schema() -> RefOr<Schema> {
        id("Your own id of a load.", format!("^{ID}+$"))
    }
}
impl ToSchema for LoadId {}

pub struct MailAddress;
impl PartialSchema for MailAddress {
    fn schema() -> RefOr<Schema> {
        let pattern = r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)+$";
        let object = text("A mail address of at most 254 bytes.").max_length(Some(254));
        let object = object.pattern(Some(pattern));
        object.examples(["john@example.com"]).build().into()
    }
}
impl ToSchema for MailAddress {}

pub struct PhoneNumber;
impl PartialSchema for PhoneNumber {
    fn schema() -> RefOr<Schema> {
        let object = text("`+` and 7 to 15 digits, the first not 0.");
        object
            .pattern(Some(r"^\+[1-9][0-9]{6,14}$"))
            .examples(["+15551234567"])
            .build()
            .into()
    }
}
impl ToSchema for PhoneNumber {}

pub struct DepositId;
impl PartialSchema for DepositId {
    fn schema() -> RefOr<Schema> {
        own_id("Our id of a deposit.", "dep_")
    }
}
impl ToSchema for DepositId {}

pub struct ChargeId;
impl PartialSchema for ChargeId {
    fn schema() -> RefOr<Schema> {
        own_id("Our id of a card charge.", "chg_")
    }
}
impl ToSchema for ChargeId {}

pub struct Amount;
impl PartialSchema for Amount {
    fn schema() -> RefOr<Schema> {
        let object = minor_units("Cents of USD: 45000 is 450.00 USD.");
        let object = object.minimum(Some(1_i64));
        object.maximum(Some(Cents::PAYOUT_MAX.get())).build().into()
    }
}
impl ToSchema for Amount {}

pub struct Fee;
impl PartialSchema for Fee {
    fn schema() -> RefOr<Schema> {
        let object = minor_units("Our fee in cents. It is part of the amount.");
        let object = object.minimum(Some(0_i64));
        object.maximum(Some(Cents::PAYOUT_MAX.get())).build().into()
    }
}
impl ToSchema for Fee {}

pub struct Total;
impl PartialSchema for Total {
    fn schema() -> RefOr<Schema> {
        let object = minor_units("A balance in cents of USD.").minimum(Some(0_i64));
        object.maximum(Some(Cents::WALLET_MAX.get())).build().into()
    }
}
impl ToSchema for Total {}

pub struct SignedAmount;
impl PartialSchema for SignedAmount {
    fn schema() -> RefOr<Schema> {
        minor_units("Cents; negative when the money leaves the account.")
            .build()
            .into()
    }
}
impl ToSchema for SignedAmount {}

pub struct Time;
impl PartialSchema for Time {
    fn schema() -> RefOr<Schema> {
        let object = text("ISO 8601 in UTC with whole seconds.");
        let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
        object.format(Some(format)).build().into()
    }
}
impl ToSchema for Time {}

pub struct Date;
impl PartialSchema for Date {
    fn schema() -> RefOr<Schema> {
        let object = text("A day in UTC, from 1970 on.");
        let format = SchemaFormat::KnownFormat(KnownFormat::Date);
        let pattern = "^(19[7-9][0-9]|[2-9][0-9]{3})-[0-9]{2}-[0-9]{2}$";
        object
            .format(Some(format))
            .pattern(Some(pattern))
            .build()
            .into()
    }
}
impl ToSchema for Date {}

pub struct KeyId;
impl PartialSchema for KeyId {
    fn schema() -> RefOr<Schema> {
        let object = text("The id of an API key: the part of its text before the secret.");
        let pattern = format!("^[a-z0-9]{{{ID_LENGTH}}}$");
        object.pattern(Some(pattern)).build().into()
    }
}
impl ToSchema for KeyId {}

/// What a new key may do.
pub struct Scopes;
impl PartialSchema for Scopes {
    fn schema() -> RefOr<Schema> {
        ArrayBuilder::new()
            .items(Ref::from_schema_name(Scope::name()))
            .min_items(Some(1))
            .max_items(Some(scope::ALL.len()))
            .unique_items(true)
            .build()
            .into()
    }
}
impl ToSchema for Scopes {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((Scope::name().into_owned(), Scope::schema()));
    }
}

/// How long the old secret of a rotated key goes on.
pub struct GracePeriod;
impl PartialSchema for GracePeriod {
    fn schema() -> RefOr<Schema> {
        let object = ObjectBuilder::new().schema_type(Type::Integer);
        let object = object.description(Some("Seconds.")).minimum(Some(0));
        object.maximum(Some(GRACE_MAX.as_secs())).build().into()
    }
}
impl ToSchema for GracePeriod {}

/// When a key ends.
pub struct Expiry;
impl PartialSchema for Expiry {
    fn schema() -> RefOr<Schema> {
        let about = "ISO 8601 in UTC, in the future, at most 5 years ahead.";
        let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
        text(about)
            .format(Some(format))
            .pattern(Some(format!("{MOMENT}Z$")))
            .build()
            .into()
    }
}
impl ToSchema for Expiry {}

/// What queries take as a moment.
pub struct Moment;
impl PartialSchema for Moment {
    fn schema() -> RefOr<Schema> {
        let object =
            text("ISO 8601: date and time with `Z` or an offset, as `2026-01-31T12:00:00Z`.");
        let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
        let pattern = format!("{MOMENT}(Z|[+-][0-9]{{2}}:[0-9]{{2}})$");
        object
            .format(Some(format))
            .pattern(Some(pattern))
            .build()
            .into()
    }
}
impl ToSchema for Moment {}

/// What leads from one page to the next.
pub struct Cursor;
impl PartialSchema for Cursor {
    fn schema() -> RefOr<Schema> {
        let object = text("A place in one list. Only its next page can be asked for with it.");
        let object = object.min_length(Some(1)).max_length(Some(PARSED_MAX));
        object.pattern(Some("^[A-Za-z0-9_-]+$")).build().into()
    }
}
impl ToSchema for Cursor {}

pub struct Text<const MAX: usize>;
impl<const MAX: usize> PartialSchema for Text<MAX> {
    fn schema() -> RefOr<Schema> {
        text_of(MAX)
    }
}
impl<const MAX: usize> ToSchema for Text<MAX> {
    fn name() -> Cow<'static, str> {
        format!("Text{MAX}").into()
    }
}

/// The ERP's own labels.
pub struct Metadata;
impl PartialSchema for Metadata {
    fn schema() -> RefOr<Schema> {
        let printable = || {
            text("").pattern(Some(
                r"^[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufdd0-\ufdef\ufff9-\ufffb\ufffe\uffff]*$",
            ))
        };
        let name = printable()
            .min_length(Some(1))
            .max_length(Some(MAP_TEXT_MAX));
        let value = printable().max_length(Some(MAP_TEXT_MAX));
        let bare = |object: ObjectBuilder| object.description(None::<String>).build();
        ObjectBuilder::new()
            .schema_type(Type::Object)
            .description(Some("Your own labels: a flat object of texts."))
            .max_properties(Some(MAP_ENTRIES_MAX))
            .property_names(Some(bare(name)))
            .additional_properties(Some(AdditionalProperties::RefOr(bare(value).into())))
            .build()
            .into()
    }
}
impl ToSchema for Metadata {}
