//! Public JSON shapes of reviews: what people have to decide about an attempt, and what they decided.

use domain::review::{Closing, Decision, Disposition, Evidence, Review, Unreadable};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::vocabulary;

/// A review of the outcome of an attempt.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Review)]
pub struct ReviewView<'a> {
    #[schema(value_type = vocabulary::ReviewId)]
    id: String,
    #[schema(value_type = vocabulary::PayoutId)]
    payout_id: &'a str,
    #[schema(value_type = vocabulary::ReviewStatus)]
    status: &'static str,
    /// From 1; grows when the review is opened again.
    #[schema(minimum = 1)]
    round: u32,
    #[schema(value_type = vocabulary::ReviewQuestion)]
    question: &'static str,
    /// Why people have to look, in a stable word: `unknown_too_long`, `submitted_too_long`, or what does not fit.
    reason: &'a str,
    evidence: EvidenceView<'a>,
    /// One, or two that say the same.
    decisions: Vec<DecisionView<'a>>,
    #[schema(value_type = vocabulary::Time)]
    opened_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::Time)]
    closed_at: Option<String>,
    /// Left out while it is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::ReviewCloser)]
    closed_by: Option<&'static str>,
}

/// What our books know of the attempt.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ReviewEvidence)]
pub struct EvidenceView<'a> {
    #[schema(value_type = vocabulary::Provider)]
    provider: &'static str,
    /// 1 for the first attempt.
    attempt: u8,
    /// Where the attempt stands with us.
    attempt_state: &'static str,
    /// Our reference at the provider.
    reference: String,
    /// The provider's own id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String)]
    provider_reference: Option<&'a str>,
    /// The provider's own word for where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String)]
    provider_status: Option<&'a str>,
    #[schema(value_type = vocabulary::Currency)]
    currency: &'static str,
    /// What the driver should receive.
    #[schema(value_type = vocabulary::Amount)]
    expected_amount: i64,
    /// What the provider says that it paid, where it gives a figure.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::SignedAmount)]
    reported_amount: Option<i64>,
    /// What was on the driver's prepaid card before the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::SignedAmount)]
    balance_before: Option<i64>,
    /// Left out before the first read that said something.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::EvidenceProof)]
    proof: Option<&'static str>,
    /// When that read was made. The second decision needs one of the last ten minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::Time)]
    read_at: Option<String>,
    #[schema(value_type = vocabulary::Time)]
    first_checked_at: String,
    #[schema(value_type = vocabulary::Time)]
    last_checked_at: String,
}

/// What one owner decided.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ReviewDecision)]
pub struct DecisionView<'a> {
    #[schema(value_type = vocabulary::ReviewOutcome)]
    outcome: &'static str,
    /// Of a sum that came back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::Amount)]
    amount: Option<i64>,
    /// Who bears a surplus that nobody gets back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::SurplusBearer)]
    absorbed_by: Option<&'static str>,
    /// Of a part: what became of the rest, where it went back at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String)]
    rest: Option<&'static str>,
    /// Of a part: how much reached the driver.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::Amount)]
    paid_amount: Option<i64>,
    evidence_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String)]
    note: Option<&'a str>,
    /// Why it took effect without a read of the provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::UnreadReason)]
    unread: Option<&'static str>,
    #[schema(value_type = vocabulary::KeyId)]
    key_id: &'a str,
    /// Who holds the key.
    owner: &'a str,
    #[schema(value_type = vocabulary::Time)]
    decided_at: String,
}

impl<'a> From<&'a Review> for ReviewView<'a> {
    fn from(review: &'a Review) -> Self {
        let closing = review.closing.as_ref();
        Self {
            id: review.id().to_string(),
            payout_id: review.reference.payout.as_str(),
            status: review.status().name(),
            round: review.round,
            question: review.question.name(),
            reason: &review.reason,
            evidence: EvidenceView::of(review),
            decisions: review.decisions.iter().map(DecisionView::from).collect(),
            opened_at: review.opened_at.to_string(),
            closed_at: closing.map(|it| it.at.to_string()),
            closed_by: closing.map(|Closing { by, .. }| by.name()),
        }
    }
}

impl<'a> EvidenceView<'a> {
    fn of(review: &'a Review) -> Self {
        let Evidence {
            provider,
            object,
            state,
            last_status,
            expected,
            currency,
            reported,
            balance_before,
            first_checked_at,
            last_checked_at,
            read,
            unclear_reads: _,
            refused: _,
            withdrawal_refused: _,
        } = &review.evidence;
        Self {
            provider: provider.name(),
            attempt: review.reference.number,
            attempt_state: state.name(),
            reference: review.reference.to_string(),
            provider_reference: object.as_ref().map(|it| it.as_str()),
            provider_status: last_status.as_deref(),
            currency: currency.code(),
            expected_amount: expected.get(),
            reported_amount: reported.map(|it| it.get()),
            balance_before: balance_before.map(|it| it.get()),
            proof: read.as_ref().map(|it| it.proof.name()),
            read_at: read.as_ref().map(|it| it.at.to_string()),
            first_checked_at: first_checked_at.to_string(),
            last_checked_at: last_checked_at.to_string(),
        }
    }
}

impl<'a> From<&'a Decision> for DecisionView<'a> {
    fn from(decision: &'a Decision) -> Self {
        Self {
            outcome: decision.outcome.name(),
            paid_amount: decision.outcome.part().map(|it| it.get()),
            amount: decision.outcome.amount().map(|it| it.get()),
            absorbed_by: match decision.outcome {
                Disposition::Absorbed(bearer) => Some(bearer.name()),
                _ => None,
            },
            rest: match decision.outcome {
                Disposition::PartlyRestReturned(_) => Some("returned"),
                _ => None,
            },
            evidence_id: &decision.evidence_id,
            note: decision.note.as_deref(),
            unread: decision.unread.map(Unreadable::name),
            key_id: &decision.by.key,
            owner: &decision.by.owner,
            decided_at: decision.at.to_string(),
        }
    }
}
