//! What belongs to an error.

use utoipa::ToSchema;

/// A field that cannot be used, as `details.fields` lists it.
#[derive(ToSchema)]
pub struct FieldProblem {
    /// Where it stands, as `metadata.truck`; empty for the body itself.
    pub path: String,
    /// What was expected.
    pub message: String,
}

/// A line of a batch that cannot be paid, or is not as it was planned.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct LineProblem {
    /// From 1, in the order sent.
    pub line: u32,
    #[schema(required = false)]
    pub load_id: String,
    /// Why it cannot be paid.
    #[schema(required = false)]
    pub reason: String,
    /// The earlier line with the same load.
    #[schema(required = false)]
    pub first_line: u32,
    /// The payout that has the load.
    #[schema(required = false)]
    pub payout_id: String,
    /// Where that payout is read.
    #[schema(required = false)]
    pub link: String,
    /// The batch of that payout.
    #[schema(required = false)]
    pub batch_id: String,
    #[schema(required = false)]
    pub driver_id: String,
    #[schema(required = false)]
    pub amount: i64,
    #[schema(required = false)]
    pub fee: i64,
    /// What it is now: `accepted`, why it is rejected, or `absent`.
    #[schema(required = false)]
    pub result: String,
}

/// What belongs to an error. Which members are there depends on the code.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct ErrorDetails {
    /// `VALIDATION_ERROR`: every problem of the request at once.
    #[schema(required = false, max_items = 100)]
    pub fields: Vec<FieldProblem>,
    /// `INSUFFICIENT_FUNDS`: what the wallet would need, in cents.
    #[schema(required = false)]
    pub required: i64,
    /// `FORBIDDEN`: the scope that the key lacks.
    #[schema(required = false)]
    pub scope: String,
    /// `NOT_FOUND`: what was not found.
    #[schema(required = false)]
    pub resource: String,
    /// A stable word for programs.
    #[schema(required = false)]
    pub reason: String,
    /// The load in question.
    #[schema(required = false)]
    pub load_id: String,
    /// The payout that has the load.
    #[schema(required = false)]
    pub payout_id: String,
    /// Every line of a batch that stands in the way.
    #[schema(required = false)]
    pub lines: Vec<LineProblem>,
    /// The batch in question.
    #[schema(required = false)]
    pub batch_id: String,
    /// Where it is read.
    #[schema(required = false)]
    pub link: String,
    /// The version that the batch has now.
    #[schema(required = false)]
    pub version: u32,
    /// The status that does not allow it.
    #[schema(required = false)]
    pub status: String,
    /// The outcomes that a decision may have here.
    #[schema(required = false)]
    pub offered: Vec<String>,
    /// What the newest read of the provider proves.
    #[schema(required = false)]
    pub proof: String,
    /// The methods that the path has.
    #[schema(required = false)]
    pub allowed: String,
    /// The longest body.
    #[schema(required = false)]
    pub max_bytes: i64,
    /// The media types of bodies.
    #[schema(required = false)]
    pub accepted: Vec<String>,
    /// In how many seconds the key may go on.
    #[schema(required = false)]
    pub retry_after: i64,
}
