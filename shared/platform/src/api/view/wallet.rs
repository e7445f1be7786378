//! What the wallet and the health check show.

use app::{create_deposit::Booked, record::Balances};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::vocabulary;

/// The answer of `POST /wallet/deposits`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Deposit)]
pub struct DepositView<'a> {
    #[schema(value_type = vocabulary::DepositId)]
    id: &'a str,
    #[schema(value_type = vocabulary::Amount)]
    amount: i64,
    #[schema(value_type = vocabulary::Currency)]
    currency: &'a str,
    /// The bank's or your own reference; one deposit each.
    reference: &'a str,
    #[schema(value_type = vocabulary::DepositStatus)]
    status: &'static str,
    #[schema(value_type = vocabulary::Time)]
    created_at: String,
}

impl<'a> From<&'a Booked> for DepositView<'a> {
    fn from(booked: &'a Booked) -> Self {
        match booked {
            Booked::Posted(deposit) => Self {
                id: deposit.id.as_str(),
                amount: deposit.amount.get(),
                currency: deposit.currency.code(),
                reference: &deposit.reference,
                status: "posted",
                created_at: deposit.created_at.to_string(),
            },
            Booked::AwaitingApproval(proposal) => Self {
                id: proposal.id.as_str(),
                amount: proposal.amount.get(),
                currency: proposal.currency.code(),
                reference: &proposal.reference,
                status: "awaiting_approval",
                created_at: proposal.created_at.to_string(),
            },
        }
    }
}

/// The answer of `GET /balance`, minor units.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Balance)]
pub struct BalanceView {
    /// What can be paid out.
    #[schema(value_type = vocabulary::Total)]
    available: i64,
    /// Reserved for payouts that were not sent yet.
    #[schema(value_type = vocabulary::Total)]
    pending: i64,
    /// Handed to a provider, outcome not final.
    #[schema(value_type = vocabulary::Total)]
    in_transit: i64,
    #[schema(value_type = vocabulary::Currency)]
    currency: &'static str,
}

impl From<Balances> for BalanceView {
    fn from(balances: Balances) -> Self {
        Self {
            available: balances.available.get(),
            pending: balances.pending.get(),
            in_transit: balances.in_transit.get(),
            currency: domain::money::Currency::Usd.code(),
        }
    }
}

/// The answer of `GET /health`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Health)]
pub struct HealthView {
    /// Always `healthy`: it says that the function runs.
    pub status: &'static str,
    /// Of this program.
    pub version: &'static str,
    #[schema(value_type = vocabulary::Time)]
    pub timestamp: String,
}
