//! The bodies that endpoints take, as the published document describes them. Handlers read field by
//! field, so that one answer lists every problem; a test holds these types against them.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::vocabulary::{self, Text};

/// No fields: what an action takes. The body may be left out.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoFields {}

/// Registers or revises a load. What is not sent on a revision is removed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LoadTerms {
    /// A registered driver.
    #[schema(value_type = vocabulary::AnyDriverId)]
    pub driver_id: &'static str,
    #[schema(value_type = vocabulary::Amount)]
    pub amount: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Text<500>>)]
    pub description: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<vocabulary::Metadata>)]
    pub metadata: Option<BTreeMap<&'static str, &'static str>>,
}

/// Registers or revises many loads.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LoadsImport {
    /// 1 to 10,000 loads. What is wrong with one rejects that one.
    #[schema(min_items = 1, max_items = 10_000)]
    pub loads: Vec<ImportedLoad>,
}

/// A load of an import.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImportedLoad {
    #[schema(value_type = vocabulary::LoadId)]
    pub load_id: &'static str,
    /// A registered driver.
    #[schema(value_type = vocabulary::AnyDriverId)]
    pub driver_id: &'static str,
    #[schema(value_type = vocabulary::Amount)]
    pub amount: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Text<500>>)]
    pub description: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<vocabulary::Metadata>)]
    pub metadata: Option<BTreeMap<&'static str, &'static str>>,
}

/// A batch of loads, or what it would be.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewBatch {
    #[schema(value_type = Text<200>)]
    pub name: &'static str,
    /// 1 to 10,000 loads. One that stands there twice is rejected the second time.
    #[schema(value_type = Vec<vocabulary::LoadId>, min_items = 1, max_items = 10_000)]
    pub load_ids: Vec<&'static str>,
    /// When it releases itself, at most 90 days ahead. A time that has passed releases nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<vocabulary::Moment>)]
    pub scheduled_for: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<vocabulary::OnInvalid>)]
    pub on_invalid: Option<&'static str>,
    /// Makes it only as it was previewed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<vocabulary::PlanHash>)]
    pub plan_hash: Option<&'static str>,
}

/// A day to compare.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewReconciliation {
    #[schema(value_type = vocabulary::Date)]
    pub date: &'static str,
}

/// Releases a batch.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BatchRelease {
    /// Only if its lines were not changed since.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<vocabulary::BatchVersion>)]
    pub version: Option<u32>,
    /// Only if every line is still as planned.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<vocabulary::PlanHash>)]
    pub plan_hash: Option<&'static str>,
}

/// Approves a batch.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BatchApproval {
    #[schema(value_type = vocabulary::PlanHash)]
    pub plan_hash: &'static str,
}

/// Adds loads to a batch.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BatchAddition {
    /// 1 to 20 different loads.
    #[schema(value_type = vocabulary::AddedLoads)]
    pub load_ids: Vec<&'static str>,
    /// The version of the batch as the editor knows it.
    #[schema(value_type = vocabulary::BatchVersion)]
    pub version: u32,
}

/// What one owner decides about the outcome of an attempt, by `outcome`.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(discriminator(property_name = "outcome", mapping(
    ("paid" = "#/components/schemas/FullDecision"),
    ("not_paid" = "#/components/schemas/FullDecision"),
    ("surplus" = "#/components/schemas/FullDecision"),
    ("nothing" = "#/components/schemas/FullDecision"),
    ("partial" = "#/components/schemas/PartDecision"),
    ("returned" = "#/components/schemas/SumDecision"),
    ("recovered" = "#/components/schemas/SumDecision"),
    ("rest_returned" = "#/components/schemas/SumDecision"),
    ("absorbed" = "#/components/schemas/AbsorbedDecision")
)))]
pub enum NewReviewDecision {
    Full(FullDecision),
    Part(PartDecision),
    Sum(SumDecision),
    Absorbed(AbsorbedDecision),
}

/// What became of the whole of the money.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FullOutcome {
    Paid,
    NotPaid,
    Surplus,
    Nothing,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SumOutcome {
    Returned,
    Recovered,
    RestReturned,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AbsorbedOutcome {
    Absorbed,
}

/// What becomes of what did not reach the driver.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RestOutcome {
    Returned,
}

/// So much came back: of a payment (`returned`), of a surplus (`recovered`), or of what never reached anybody
/// (`rest_returned`).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SumDecision {
    #[schema(inline)]
    pub outcome: SumOutcome,
    /// How much, at most what the review shows as open.
    #[schema(value_type = vocabulary::Amount)]
    pub amount: i64,
    /// Names what proves it, as a line of a statement.
    #[schema(value_type = Text<200>)]
    pub evidence_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Text<500>>)]
    pub note: Option<&'static str>,
}

/// Nobody gets the surplus back.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AbsorbedDecision {
    #[schema(inline)]
    pub outcome: AbsorbedOutcome,
    /// Whose money it is: the tenant's wallet, or the platform's own.
    #[schema(value_type = vocabulary::SurplusBearer)]
    pub absorbed_by: &'static str,
    /// Names what proves it, as a line of a statement.
    #[schema(value_type = Text<200>)]
    pub evidence_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Text<500>>)]
    pub note: Option<&'static str>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartOutcome {
    Partial,
}

/// All of the money or none of it: `paid` and `not_paid` speak of the net amount, `surplus` of what was paid twice,
/// `nothing` of a return.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FullDecision {
    #[schema(inline)]
    pub outcome: FullOutcome,
    /// Names what proves it, as a line of a statement.
    #[schema(value_type = Text<200>)]
    pub evidence_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Text<500>>)]
    pub note: Option<&'static str>,
}

/// Only a part of the net amount reached the driver.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PartDecision {
    #[schema(inline)]
    pub outcome: PartOutcome,
    /// How much, below the net amount.
    #[schema(value_type = vocabulary::Amount)]
    pub paid_amount: i64,
    /// Gives the rest back to the wallet at once; without it the rest waits in suspense.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(inline, value_type = Option<RestOutcome>)]
    pub rest: Option<RestOutcome>,
    /// Names what proves it, as a line of a statement.
    #[schema(value_type = Text<200>)]
    pub evidence_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Text<500>>)]
    pub note: Option<&'static str>,
}

/// What a tenant decides for itself.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewSettings {
    /// Whether a batch needs the approval of a second key to be released.
    pub batch_approval: bool,
    /// How long an approval holds; at most 30 days.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 43_200)]
    pub approval_minutes: Option<u32>,
}

/// Why an operator pauses or resumes a provider.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProviderTurn {
    #[schema(value_type = Text<200>)]
    pub reason: &'static str,
}

/// Registers a driver.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DriverRegistration {
    #[schema(value_type = vocabulary::OvnDriverId)]
    pub ovn_driver_id: &'static str,
    #[schema(value_type = Text<200>)]
    pub name: &'static str,
    #[schema(value_type = vocabulary::MailAddress)]
    pub email: &'static str,
    #[schema(value_type = vocabulary::PhoneNumber)]
    pub phone: &'static str,
}

/// Changes a driver. What is not sent stays.
#[derive(Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(min_properties = 1)]
pub struct DriverRevision {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Text<200>>)]
    pub name: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<vocabulary::MailAddress>)]
    pub email: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<vocabulary::PhoneNumber>)]
    pub phone: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<vocabulary::WantedStatus>)]
    pub status: Option<&'static str>,
}

/// Where a driver's money goes, by `type`.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(discriminator(property_name = "type", mapping(
    ("card" = "#/components/schemas/CardMethod"),
    ("bank_account" = "#/components/schemas/BankAccountMethod"),
    ("prepaid_card" = "#/components/schemas/PrepaidCardMethod")
)))]
pub enum NewPayoutMethod {
    Card(CardMethod),
    BankAccount(BankAccountMethod),
    PrepaidCard(PrepaidCardMethod),
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CardType {
    Card,
}

/// A debit or credit card.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CardMethod {
    #[schema(inline)]
    pub r#type: CardType,
    #[schema(pattern = "^[0-9]{12,19}$")]
    pub card_number: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[0-9]{1,2}$")]
    pub exp_month: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[0-9]{4}$")]
    pub exp_year: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Text<200>>)]
    pub holder: Option<&'static str>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BankAccountType {
    BankAccount,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountType {
    Checking,
    Savings,
}

/// A bank account.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BankAccountMethod {
    #[schema(inline)]
    pub r#type: BankAccountType,
    #[schema(pattern = "^[0-9]{4,17}$")]
    pub account_number: &'static str,
    #[schema(pattern = "^[0-9]{9}$")]
    pub routing_number: &'static str,
    #[schema(value_type = Text<200>)]
    pub holder: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_type: Option<AccountType>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PrepaidCardType {
    PrepaidCard,
}

/// How an account of prepaid cards is named.
#[derive(Serialize, ToSchema)]
pub enum EntryType {
    B,
    K,
    M,
    P,
}

/// The issuer of a prepaid card, as PayWizard calls it. An operator of a deployment can have more of them served.
#[derive(Serialize, ToSchema)]
pub enum PrepaidChannel {
    #[serde(rename = "FACTOR4")]
    Factor4,
}

/// A prepaid card. PayWizard pays it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PrepaidCardMethod {
    #[schema(inline)]
    pub r#type: PrepaidCardType,
    #[schema(value_type = Text<64>)]
    pub account_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry_type: Option<EntryType>,
    /// `FACTOR4` unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<PrepaidChannel>,
}

/// What can be decided about a driver's identity.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    Approve,
    Reject,
}

/// What was decided about a driver's identity.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Verification {
    pub decision: Decision,
    #[schema(value_type = Text<500>)]
    pub reason: &'static str,
}

/// A payout for a load, or for a driver and an amount.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum NewPayout {
    Load(PayoutForLoad),
    Driver(PayoutForDriver),
    Recipient(PayoutForRecipient),
}

/// A payout for a delivered load, which names driver and amount.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PayoutForLoad {
    #[schema(value_type = vocabulary::LoadId)]
    pub load_id: &'static str,
    /// `standard` unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<vocabulary::Rail>)]
    pub urgency: Option<&'static str>,
    /// What will do when nobody carries an instant payout by the instant rail. The fee stays that of the instant rail.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<vocabulary::RailFallback>)]
    pub rail_fallback: Option<&'static str>,
    /// Who asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Text<200>>)]
    pub requested_by: Option<&'static str>,
}

/// A payout without a load. It needs an idempotency key.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PayoutForDriver {
    #[schema(value_type = vocabulary::AnyDriverId)]
    pub driver_id: &'static str,
    #[schema(value_type = vocabulary::Amount)]
    pub amount: i64,
    /// `standard` unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<vocabulary::Rail>)]
    pub rail: Option<&'static str>,
    /// What will do when nobody carries an instant payout by the instant rail. The fee stays that of the instant rail.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<vocabulary::RailFallback>)]
    pub rail_fallback: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Text<500>>)]
    pub description: Option<&'static str>,
    /// Who asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Text<200>>)]
    pub requested_by: Option<&'static str>,
}

/// The same under the driver's other name. It needs an idempotency key.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PayoutForRecipient {
    #[schema(value_type = vocabulary::AnyDriverId)]
    pub recipient_id: &'static str,
    #[schema(value_type = vocabulary::Amount)]
    pub amount: i64,
    /// `standard` unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<vocabulary::Rail>)]
    pub rail: Option<&'static str>,
    /// What will do when nobody carries an instant payout by the instant rail. The fee stays that of the instant rail.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<vocabulary::RailFallback>)]
    pub rail_fallback: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Text<500>>)]
    pub description: Option<&'static str>,
    /// Who asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Text<200>>)]
    pub requested_by: Option<&'static str>,
}

/// An instant payout for a delivered load.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewInstantPayout {
    #[schema(value_type = vocabulary::LoadId)]
    pub load_id: &'static str,
    /// Who asked for it.
    #[schema(value_type = Text<200>)]
    pub requested_by: &'static str,
    /// What will do when nobody carries an instant payout by the instant rail. The fee stays that of the instant rail.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<vocabulary::RailFallback>)]
    pub rail_fallback: Option<&'static str>,
}

/// Money that came from the bank.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewDeposit {
    #[schema(value_type = vocabulary::Amount)]
    pub amount: i64,
    /// One deposit each: the same reference with the same amount answers the first.
    #[schema(value_type = Text<200>)]
    pub reference: &'static str,
}

/// Money to take from a company's prepaid card.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewCardCharge {
    #[schema(value_type = vocabulary::Amount)]
    pub amount: i64,
    /// The number of the card. Only its last four digits can be read again.
    #[schema(pattern = "^[0-9]{12,19}$")]
    pub account_id: &'static str,
    /// `K` unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry_type: Option<EntryType>,
    /// `FACTOR4` unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<PrepaidChannel>,
    /// One charge each: the same reference with the same amount and card answers the first.
    #[schema(value_type = Text<200>)]
    pub reference: &'static str,
}

/// What an operator found out about a charge in review.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewChargeDecision {
    #[schema(value_type = vocabulary::ChargeOutcome)]
    pub outcome: &'static str,
    /// Where the evidence is filed, as the number of a statement.
    #[schema(value_type = Text<200>)]
    pub evidence_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Text<500>>)]
    pub note: Option<&'static str>,
}

/// Asks for an API key.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyRequest {
    #[schema(value_type = Text<200>)]
    pub name: &'static str,
    /// Different ones, all held by the calling key.
    #[schema(value_type = vocabulary::Scopes)]
    pub scopes: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<vocabulary::Expiry>)]
    pub expires_at: Option<&'static str>,
}

/// Asks for a new secret.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyRotation {
    /// How long the old secret goes on; 0 unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<vocabulary::GracePeriod>)]
    pub grace_period_seconds: Option<u32>,
}
