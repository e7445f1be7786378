//! What a card charge shows.

use domain::{
    charge::{Charge, ChargeDecision, ChargeState},
    money::Cents,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::vocabulary;

/// A charge of a company's prepaid card.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CardCharge)]
pub struct CardChargeView<'a> {
    #[schema(value_type = vocabulary::ChargeId)]
    id: &'a str,
    #[schema(value_type = vocabulary::ChargeStatus)]
    status: &'static str,
    /// Why it stands there, as a stable word.
    #[serde(skip_serializing_if = "Option::is_none")]
    status_reason: Option<&'a str>,
    #[schema(value_type = vocabulary::Amount)]
    amount: i64,
    #[schema(value_type = vocabulary::Currency)]
    currency: &'static str,
    /// The last four digits of the card.
    masked: &'a str,
    /// Your own reference; one charge each.
    reference: &'a str,
    /// What is known about a charge that operators decide.
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<EvidenceView<'a>>,
    /// What operators said of it so far.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 2)]
    decisions: Vec<DecisionView<'a>>,
    #[schema(value_type = vocabulary::Time)]
    created_at: String,
    #[schema(value_type = vocabulary::Time)]
    updated_at: String,
}

/// What was on the card around the call, and what the provider calls it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ChargeEvidence)]
pub struct EvidenceView<'a> {
    /// Right before the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<vocabulary::SignedAmount>)]
    balance_before: Option<i64>,
    /// When it was last read since.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<vocabulary::SignedAmount>)]
    balance_after: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<vocabulary::Time>)]
    read_at: Option<String>,
    /// What the provider says that it took, where it gives a figure.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<vocabulary::SignedAmount>)]
    reported_amount: Option<i64>,
    /// The provider's own last word.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_status: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_id: Option<&'a str>,
}

/// One operator's word.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ChargeDecision)]
pub struct DecisionView<'a> {
    #[schema(value_type = vocabulary::ChargeOutcome)]
    outcome: &'static str,
    evidence_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
    #[schema(value_type = vocabulary::Time)]
    decided_at: String,
}

impl<'a> From<&'a Charge> for CardChargeView<'a> {
    fn from(charge: &'a Charge) -> Self {
        let is_decided_by_people =
            charge.state == ChargeState::Review || !charge.decisions.is_empty();
        Self {
            id: charge.id.as_str(),
            status: charge.state.public(),
            status_reason: charge.reason.as_deref(),
            amount: charge.amount.get(),
            currency: charge.currency.code(),
            masked: &charge.masked,
            reference: &charge.reference,
            evidence: is_decided_by_people.then(|| EvidenceView::from(charge)),
            decisions: charge.decisions.iter().map(DecisionView::from).collect(),
            created_at: charge.created_at.to_string(),
            updated_at: charge.changed_at.to_string(),
        }
    }
}

impl<'a> From<&'a Charge> for EvidenceView<'a> {
    fn from(charge: &'a Charge) -> Self {
        let (seen, told) = (charge.evidence, charge.told.as_ref());
        Self {
            balance_before: charge.balance_before.map(|balance| balance.get()),
            balance_after: seen.map(|seen| seen.balance.get()),
            read_at: seen.map(|seen| seen.at.to_string()),
            reported_amount: told.and_then(|told| told.paid).map(Cents::get),
            provider_status: told.map(|told| told.status.as_str()),
            provider_id: charge.object.as_ref().map(|object| object.as_str()),
        }
    }
}

impl<'a> From<&'a ChargeDecision> for DecisionView<'a> {
    fn from(decision: &'a ChargeDecision) -> Self {
        Self {
            outcome: decision.outcome.name(),
            evidence_id: &decision.evidence,
            note: decision.note.as_deref(),
            decided_at: decision.at.to_string(),
        }
    }
}
