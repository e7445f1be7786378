//! Public JSON shapes of what is done with a whole batch.

use app::retry_batch::BatchRetry;
use domain::batch::Batch;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::{batch_view::BatchApprovalView, vocabulary};

/// The answer of `POST /batches/{id}/release`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ReleasedBatch)]
pub struct ReleasedBatchView<'a> {
    #[schema(value_type = vocabulary::BatchId)]
    id: &'a str,
    #[schema(value_type = vocabulary::BatchStatus)]
    status: &'static str,
    #[schema(value_type = vocabulary::Time)]
    released_at: String,
}

impl<'a> From<&'a Batch> for ReleasedBatchView<'a> {
    fn from(batch: &'a Batch) -> Self {
        Self {
            id: batch.id.as_str(),
            status: batch.status.public().name(),
            released_at: batch.released_at.unwrap_or(batch.created_at).to_string(),
        }
    }
}

/// The answer of `POST /batches/{id}/cancel`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CanceledBatch)]
pub struct CanceledBatchView<'a> {
    #[schema(value_type = vocabulary::BatchId)]
    id: &'a str,
    #[schema(value_type = vocabulary::BatchStatus)]
    status: &'static str,
    #[schema(value_type = vocabulary::Time)]
    canceled_at: String,
}

impl<'a> From<&'a Batch> for CanceledBatchView<'a> {
    fn from(batch: &'a Batch) -> Self {
        Self {
            id: batch.id.as_str(),
            status: batch.status.public().name(),
            canceled_at: batch.canceled_at.unwrap_or(batch.created_at).to_string(),
        }
    }
}

/// The answer of `POST /batches/{id}/approve`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ApprovedBatch)]
pub struct ApprovedBatchView<'a> {
    #[schema(value_type = vocabulary::BatchId)]
    id: &'a str,
    #[schema(value_type = vocabulary::BatchStatus)]
    status: &'static str,
    #[schema(required, value_type = BatchApprovalView)]
    approval: Option<BatchApprovalView<'a>>,
}

impl<'a> From<&'a Batch> for ApprovedBatchView<'a> {
    fn from(batch: &'a Batch) -> Self {
        Self {
            id: batch.id.as_str(),
            status: batch.status.public().name(),
            approval: batch.approval.as_ref().map(BatchApprovalView::from),
        }
    }
}

/// The answer of `POST /batches/{id}/retry-failed`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RetriedBatch)]
pub struct RetriedBatchView<'a> {
    #[schema(value_type = vocabulary::BatchId)]
    id: &'a str,
    #[schema(value_type = vocabulary::BatchStatus)]
    status: &'static str,
    /// Failed payouts that get another run, as far as their drivers and the wallet allow it.
    retrying: u32,
    untouched: UntouchedLines,
    message: &'static str,
}

/// Payouts that are not retried because they may still be paid.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UntouchedLines {
    /// Nobody knows yet whether they were paid.
    outcome_unknown: u32,
    /// They wait for an operator.
    in_review: u32,
    /// They are on their way.
    open: u32,
    /// A provider's news holds them until two owners have decided.
    held: Vec<HeldLineView>,
}

/// A line that was skipped.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = HeldLine)]
pub struct HeldLineView {
    /// From 1, in the order of the batch.
    #[schema(minimum = 1)]
    line: u32,
    #[schema(value_type = vocabulary::PayoutId)]
    payout_id: String,
}

impl<'a> From<&'a BatchRetry> for RetriedBatchView<'a> {
    fn from(retry: &'a BatchRetry) -> Self {
        Self {
            id: retry.batch.id.as_str(),
            status: retry.batch.status.public().name(),
            retrying: retry.retrying,
            untouched: UntouchedLines {
                outcome_unknown: retry.outcome_unknown,
                in_review: retry.in_review,
                open: retry.open,
                held: retry
                    .held
                    .iter()
                    .map(|held| HeldLineView {
                        line: held.line,
                        payout_id: held.payout.to_string(),
                    })
                    .collect(),
            },
            message: "Only failed payouts are retried. A payout whose outcome is unknown may still be paid and is \
                never touched.",
        }
    }
}
