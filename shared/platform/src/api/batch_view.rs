//! Public JSON shapes of batches and their lines.

use app::{
    batch_lines::{Fate, LineNow},
    get_batch::BatchNow,
};
use domain::batch::{Approval, Batch, Counts, LineState};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::{view::status_reason, vocabulary};

/// A batch as it is listed, and as `POST /batches` answers it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Batch)]
pub struct BatchView<'a> {
    #[schema(value_type = vocabulary::BatchId)]
    id: &'a str,
    name: &'a str,
    /// Lines that were put in and not taken out again, the rejected ones included.
    payout_count: u32,
    /// Gross amounts of the accepted lines; minor units.
    total_amount: i64,
    total_fees: i64,
    /// What the drivers receive: the amount less the fees.
    net_amount: i64,
    #[schema(value_type = vocabulary::BatchStatus)]
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::Time)]
    scheduled_for: Option<String>,
    #[schema(value_type = vocabulary::Time)]
    created_at: String,
    /// When its last line had ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::Time)]
    completed_at: Option<String>,
}

impl<'a> From<&'a Batch> for BatchView<'a> {
    fn from(batch: &'a Batch) -> Self {
        let (amount, fees) = (batch.total_amount().get(), batch.total_fees().get());
        Self {
            id: batch.id.as_str(),
            name: &batch.name,
            payout_count: batch.payout_count(),
            total_amount: amount,
            total_fees: fees,
            net_amount: amount - fees,
            status: batch.status.public().name(),
            scheduled_for: batch.scheduled_for.map(|at| at.to_string()),
            created_at: batch.created_at.to_string(),
            completed_at: batch.completed_at.map(|at| at.to_string()),
        }
    }
}

/// A batch with how far its lines are.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BatchDetail)]
pub struct BatchDetailView<'a> {
    #[schema(value_type = vocabulary::BatchId)]
    id: &'a str,
    name: &'a str,
    /// Lines that were put in and not taken out again, the rejected ones included.
    payout_count: u32,
    /// Gross amounts of the accepted lines; minor units.
    total_amount: i64,
    total_fees: i64,
    /// What the drivers receive: the amount less the fees.
    net_amount: i64,
    #[schema(value_type = vocabulary::BatchStatus)]
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::Time)]
    scheduled_for: Option<String>,
    #[schema(value_type = vocabulary::Time)]
    created_at: String,
    /// When its last line had ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::Time)]
    completed_at: Option<String>,
    /// Grows with every change of the lines; an editor names it.
    #[schema(value_type = vocabulary::BatchVersion)]
    version: u32,
    /// Of the plan as it was accepted or last changed: what an approval is bound to.
    #[schema(value_type = vocabulary::PlanHash)]
    plan_hash: &'a str,
    /// Lines that are not payouts yet; their money is on hold.
    waiting_count: i64,
    /// Payouts that are not final.
    open_count: i64,
    paid_count: i64,
    failed_count: i64,
    canceled_count: i64,
    rejected_count: i64,
    /// Of the paid ones, those whose money came back.
    returned_count: i64,
    /// Lines of any state that a provider's news holds until two owners have decided.
    held_count: i64,
    /// Whether somebody has to look, also when the batch has ended.
    attention: bool,
    amounts: LineAmounts,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = BatchApprovalView)]
    approval: Option<BatchApprovalView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::Time)]
    released_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::Time)]
    canceled_at: Option<String>,
}

/// Gross amounts of the lines in each state; minor units.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LineAmounts {
    waiting: i64,
    open: i64,
    paid: i64,
    failed: i64,
    canceled: i64,
    rejected: i64,
    returned: i64,
}

/// The consent of a second key to the plan.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ApprovedPlan)]
pub struct BatchApprovalView<'a> {
    /// The key that approved.
    #[schema(value_type = vocabulary::KeyId)]
    key_id: &'a str,
    #[schema(value_type = vocabulary::PlanHash)]
    plan_hash: &'a str,
    #[schema(value_type = vocabulary::Time)]
    approved_at: String,
    #[schema(value_type = vocabulary::Time)]
    lapses_at: String,
}

impl<'a> From<&'a Approval> for BatchApprovalView<'a> {
    fn from(approval: &'a Approval) -> Self {
        Self {
            key_id: &approval.by.key,
            plan_hash: &approval.plan,
            approved_at: approval.at.to_string(),
            lapses_at: approval.lapses_at.to_string(),
        }
    }
}

impl LineAmounts {
    fn of(counts: &Counts, batch: &Batch) -> Self {
        let cents = |state| counts.cents(state).get();
        Self {
            waiting: cents(LineState::Waiting),
            open: cents(LineState::Open),
            paid: cents(LineState::Paid) + cents(LineState::Returned),
            failed: cents(LineState::Failed),
            canceled: cents(LineState::Canceled) - batch.removed.amount.get(),
            rejected: cents(LineState::Rejected),
            returned: cents(LineState::Returned),
        }
    }
}

impl<'a> From<&'a BatchNow> for BatchDetailView<'a> {
    fn from(now: &'a BatchNow) -> Self {
        let BatchNow { batch, counts } = now;
        let listed = BatchView::from(batch);
        Self {
            id: listed.id,
            name: listed.name,
            payout_count: listed.payout_count,
            total_amount: listed.total_amount,
            total_fees: listed.total_fees,
            net_amount: listed.net_amount,
            status: listed.status,
            scheduled_for: listed.scheduled_for,
            created_at: listed.created_at,
            completed_at: listed.completed_at,
            version: batch.edition,
            plan_hash: &batch.plan,
            waiting_count: counts.waiting,
            open_count: counts.open,
            paid_count: counts.ever_paid(),
            failed_count: counts.failed,
            canceled_count: counts.canceled - i64::from(batch.removed.lines),
            rejected_count: counts.rejected,
            returned_count: counts.returned,
            held_count: counts.held,
            attention: counts.held > 0,
            amounts: LineAmounts::of(counts, batch),
            approval: batch.approval.as_ref().map(BatchApprovalView::from),
            released_at: batch.released_at.map(|at| at.to_string()),
            canceled_at: batch.canceled_at.map(|at| at.to_string()),
        }
    }
}

/// A batch after its lines were changed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = EditedBatch)]
pub struct EditedBatchView<'a> {
    #[schema(value_type = vocabulary::BatchId)]
    id: &'a str,
    name: &'a str,
    /// Lines that were put in and not taken out again, the rejected ones included.
    payout_count: u32,
    /// Gross amounts of the accepted lines; minor units.
    total_amount: i64,
    total_fees: i64,
    /// What the drivers receive: the amount less the fees.
    net_amount: i64,
    #[schema(value_type = vocabulary::BatchStatus)]
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::Time)]
    scheduled_for: Option<String>,
    #[schema(value_type = vocabulary::Time)]
    created_at: String,
    /// When its last line had ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::Time)]
    completed_at: Option<String>,
    #[schema(value_type = vocabulary::BatchVersion)]
    version: u32,
    #[schema(value_type = vocabulary::PlanHash)]
    plan_hash: &'a str,
}

impl<'a> From<&'a Batch> for EditedBatchView<'a> {
    fn from(batch: &'a Batch) -> Self {
        let listed = BatchView::from(batch);
        Self {
            id: listed.id,
            name: listed.name,
            payout_count: listed.payout_count,
            total_amount: listed.total_amount,
            total_fees: listed.total_fees,
            net_amount: listed.net_amount,
            status: listed.status,
            scheduled_for: listed.scheduled_for,
            created_at: listed.created_at,
            completed_at: listed.completed_at,
            version: batch.edition,
            plan_hash: &batch.plan,
        }
    }
}

/// A line of a batch with its payout, if it became one.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BatchPayout)]
pub struct BatchPayoutView<'a> {
    /// From 1, in the order of the batch.
    #[schema(minimum = 1)]
    line: u32,
    /// The payout, once there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::PayoutId)]
    id: Option<&'a str>,
    #[schema(value_type = vocabulary::LoadId)]
    load_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::DriverId)]
    driver_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String)]
    driver_name: Option<&'a str>,
    amount: i64,
    fee: i64,
    net_amount: i64,
    #[schema(value_type = vocabulary::LineStatus)]
    status: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String)]
    status_reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::Time)]
    completed_at: Option<String>,
}

/// The status of a line: of its payout, or `waiting`, `rejected` or `canceled` without one.
pub(crate) fn line_status(now: &LineNow) -> &str {
    match &now.fate {
        Fate::Waiting => LineState::Waiting.name(),
        Fate::Rejected(_) => LineState::Rejected.name(),
        Fate::Canceled => LineState::Canceled.name(),
        Fate::Payout(payout) => payout.status.name(),
    }
}

pub(crate) fn line_reason(now: &LineNow) -> Option<&str> {
    match &now.fate {
        Fate::Waiting => None,
        Fate::Rejected(why) => Some(why.name()),
        Fate::Canceled => Some("batch_canceled"),
        Fate::Payout(payout) => status_reason(payout),
    }
}

impl<'a> From<&'a LineNow> for BatchPayoutView<'a> {
    fn from(now: &'a LineNow) -> Self {
        let payout = match &now.fate {
            Fate::Payout(payout) => Some(payout),
            Fate::Waiting | Fate::Rejected(_) | Fate::Canceled => None,
        };
        Self {
            line: now.number,
            id: payout.map(|payout| payout.id.as_str()),
            load_id: now.line.load.as_str(),
            driver_id: now.line.driver.as_ref().map(|driver| driver.as_str()),
            driver_name: payout.map(|payout| payout.driver_name.as_str()),
            amount: now.line.amount.get(),
            fee: now.line.fee.get(),
            net_amount: now.line.net().get(),
            status: line_status(now),
            status_reason: line_reason(now),
            completed_at: payout
                .and_then(|payout| payout.completed_at)
                .map(|at| at.to_string()),
        }
    }
}
