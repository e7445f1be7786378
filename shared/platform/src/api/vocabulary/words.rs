//! Texts that are one of a closed list of words, each as the type that writes it lists them.

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr,
        schema::{ObjectBuilder, Schema, Type},
    },
};

use crate::api::error_table::Code;

fn one_of<const N: usize>(about: &str, words: [&'static str; N]) -> RefOr<Schema> {
    let object = ObjectBuilder::new().schema_type(Type::String);
    let object = object.description(Some(about));
    object.enum_values(Some(words)).build().into()
}

pub struct PayoutStatus;
impl PartialSchema for PayoutStatus {
    fn schema() -> RefOr<Schema> {
        use domain::payout::PayoutStatus as It;
        one_of("Where a payout stands.", It::ALL.map(It::name))
    }
}
impl ToSchema for PayoutStatus {}

pub struct BatchStatus;
impl PartialSchema for BatchStatus {
    fn schema() -> RefOr<Schema> {
        use domain::batch::BatchStatus as It;
        one_of("Where a batch stands.", It::PUBLIC.map(It::name))
    }
}
impl ToSchema for BatchStatus {}

pub struct LineStatus;
impl PartialSchema for LineStatus {
    fn schema() -> RefOr<Schema> {
        use domain::payout::PayoutStatus as It;
        let about =
            "Where a line stands: as its payout, or `waiting` to become one, or `rejected`.";
        let [a, b, c, d, e, f, g, h] = It::ALL.map(It::name);
        one_of(about, [a, b, c, d, e, f, g, h, "waiting", "rejected"])
    }
}
impl ToSchema for LineStatus {}

pub struct LineResult;
impl PartialSchema for LineResult {
    fn schema() -> RefOr<Schema> {
        one_of(
            "Whether a line would become a payout.",
            ["accepted", "rejected"],
        )
    }
}
impl ToSchema for LineResult {}

pub struct LineRejection;
impl PartialSchema for LineRejection {
    fn schema() -> RefOr<Schema> {
        use domain::batch::Rejection as It;
        one_of("Why a line is no payout.", It::ALL.map(It::name))
    }
}
impl ToSchema for LineRejection {}

pub struct OnInvalid;
impl PartialSchema for OnInvalid {
    fn schema() -> RefOr<Schema> {
        let about = "What happens when lines cannot be paid: the batch is refused, or those lines are rejected.";
        one_of(about, ["refuseBatch", "rejectLines"])
    }
}
impl ToSchema for OnInvalid {}

pub struct Rail;
impl PartialSchema for Rail {
    fn schema() -> RefOr<Schema> {
        use domain::fee::Rail as It;
        one_of("How the money travels.", It::ALL.map(It::name))
    }
}
impl ToSchema for Rail {}

pub struct RailFallback;
impl PartialSchema for RailFallback {
    fn schema() -> RefOr<Schema> {
        let about = "What will do when nobody carries an instant payout by the instant rail. Without effect on others.";
        one_of(about, [domain::fee::Rail::Standard.name()])
    }
}
impl ToSchema for RailFallback {}

pub struct DriverStatus;
impl PartialSchema for DriverStatus {
    fn schema() -> RefOr<Schema> {
        use domain::driver::DriverStatus as It;
        let about = "Only an `active` driver is paid.";
        one_of(about, It::ALL.map(It::name))
    }
}
impl ToSchema for DriverStatus {}

pub struct WantedStatus;
impl PartialSchema for WantedStatus {
    fn schema() -> RefOr<Schema> {
        use domain::driver::WantedStatus as It;
        one_of("What a driver can be made.", It::ALL.map(It::name))
    }
}
impl ToSchema for WantedStatus {}

pub struct KycStatus;
impl PartialSchema for KycStatus {
    fn schema() -> RefOr<Schema> {
        use domain::driver::KycStatus as It;
        let about = "What is known of the driver's identity.";
        one_of(about, It::ALL.map(It::name))
    }
}
impl ToSchema for KycStatus {}

pub struct MethodKind;
impl PartialSchema for MethodKind {
    fn schema() -> RefOr<Schema> {
        use domain::driver::MethodKind as It;
        one_of("Where the money goes.", It::ALL.map(It::name))
    }
}
impl ToSchema for MethodKind {}

pub struct LoadStatus;
impl PartialSchema for LoadStatus {
    fn schema() -> RefOr<Schema> {
        use domain::load::LoadStatus as It;
        let about = "Whether a payout may take the load.";
        one_of(about, It::ALL.map(It::name))
    }
}
impl ToSchema for LoadStatus {}

pub struct Currency;
impl PartialSchema for Currency {
    fn schema() -> RefOr<Schema> {
        use domain::money::Currency as It;
        one_of("ISO 4217.", It::ALL.map(It::code))
    }
}
impl ToSchema for Currency {}

pub struct TimelineEvent;
impl PartialSchema for TimelineEvent {
    fn schema() -> RefOr<Schema> {
        use domain::transition::Recorded as It;
        one_of("What happened to a payout.", It::ALL.map(It::name))
    }
}
impl ToSchema for TimelineEvent {}

pub struct Account;
impl PartialSchema for Account {
    fn schema() -> RefOr<Schema> {
        use domain::ledger::Account as It;
        one_of("An account of the ledger.", It::ALL.map(It::name))
    }
}
impl ToSchema for Account {}

pub struct Provider;
impl PartialSchema for Provider {
    fn schema() -> RefOr<Schema> {
        use domain::routing::Provider as It;
        one_of("Who moves the money.", It::ALL.map(It::name))
    }
}
impl ToSchema for Provider {}

pub struct ReviewStatus;
impl PartialSchema for ReviewStatus {
    fn schema() -> RefOr<Schema> {
        use domain::review::ReviewStatus as It;
        let about = "Whether people still have to decide.";
        one_of(about, It::ALL.map(It::name))
    }
}
impl ToSchema for ReviewStatus {}

pub struct ReviewCloser;
impl PartialSchema for ReviewCloser {
    fn schema() -> RefOr<Schema> {
        use domain::review::Closer as It;
        let about = "Two owners agreed, or the provider ended the attempt.";
        one_of(about, It::ALL.map(It::name))
    }
}
impl ToSchema for ReviewCloser {}

pub struct ReviewQuestion;
impl PartialSchema for ReviewQuestion {
    fn schema() -> RefOr<Schema> {
        use domain::review::Question as It;
        let about = "What is asked: the outcome of an attempt under way, whether an ended one paid after all, how \
            much of a payment came back, or what became of money in suspense.";
        one_of(about, It::ALL.map(It::name))
    }
}
impl ToSchema for ReviewQuestion {}

pub struct EvidenceProof;
impl PartialSchema for EvidenceProof {
    fn schema() -> RefOr<Schema> {
        use domain::review::Proof as It;
        one_of("What the newest read of the provider proves.", It::NAMES)
    }
}
impl ToSchema for EvidenceProof {}

pub struct UnreadReason;
impl PartialSchema for UnreadReason {
    fn schema() -> RefOr<Schema> {
        use domain::review::Unreadable as It;
        one_of("Why the provider could not be read.", It::ALL.map(It::name))
    }
}
impl ToSchema for UnreadReason {}

pub struct SurplusBearer;
impl PartialSchema for SurplusBearer {
    fn schema() -> RefOr<Schema> {
        use domain::review::Bearer as It;
        one_of("Who bears a surplus.", It::ALL.map(It::name))
    }
}
impl ToSchema for SurplusBearer {}

pub struct ReviewOutcome;
impl PartialSchema for ReviewOutcome {
    fn schema() -> RefOr<Schema> {
        use domain::review::Disposition as It;
        one_of("What became of the money.", It::NAMES)
    }
}
impl ToSchema for ReviewOutcome {}
pub struct ProviderState;
impl PartialSchema for ProviderState {
    fn schema() -> RefOr<Schema> {
        use domain::routing::RouteState as It;
        let about = "Whether payouts go to a provider. `stopped`: none before `probeAt`, or until it is resumed. \
            `probing`: one at a time, until one goes through.";
        one_of(about, It::ALL.map(It::name))
    }
}
impl ToSchema for ProviderState {}

pub struct ProviderOperation;
impl PartialSchema for ProviderOperation {
    fn schema() -> RefOr<Schema> {
        use domain::breaker::Operation as It;
        one_of("What was asked of a provider.", It::ALL.map(It::name))
    }
}
impl ToSchema for ProviderOperation {}

pub struct DepositStatus;
impl PartialSchema for DepositStatus {
    fn schema() -> RefOr<Schema> {
        one_of(
            "In live mode a deposit waits for a second operator first.",
            ["posted", "awaiting_approval"],
        )
    }
}
impl ToSchema for DepositStatus {}

pub struct ChargeStatus;
impl PartialSchema for ChargeStatus {
    fn schema() -> RefOr<Schema> {
        use domain::charge::ChargeState as It;
        let about = "Where a card charge stands. The wallet has the money when it is `completed`.";
        one_of(about, It::PUBLIC)
    }
}
impl ToSchema for ChargeStatus {}

pub struct ChargeOutcome;
impl PartialSchema for ChargeOutcome {
    fn schema() -> RefOr<Schema> {
        use domain::charge::ChargeOutcome as It;
        let about = "Whether the card was debited, as an operator found out.";
        one_of(about, It::ALL.map(It::name))
    }
}
impl ToSchema for ChargeOutcome {}

pub struct Mode;
impl PartialSchema for Mode {
    fn schema() -> RefOr<Schema> {
        use domain::ids::Mode as It;
        let about = "Test and live are separate worlds.";
        one_of(about, [It::Test, It::Live].map(It::name))
    }
}
impl ToSchema for Mode {}

pub struct Scope;
impl PartialSchema for Scope {
    fn schema() -> RefOr<Schema> {
        one_of("What a key may do.", app::scope::ALL)
    }
}
impl ToSchema for Scope {}

pub struct DayStatus;
impl PartialSchema for DayStatus {
    fn schema() -> RefOr<Schema> {
        let about = "Whether a day was compared, and with complete lists.";
        one_of(about, ["not_compared", "incomplete", "complete"])
    }
}
impl ToSchema for DayStatus {}

pub struct ListStatus;
impl PartialSchema for ListStatus {
    fn schema() -> RefOr<Schema> {
        let about = "Whether a provider's list was read to its end.";
        one_of(about, ["complete", "incomplete", "cannot_list"])
    }
}
impl ToSchema for ListStatus {}

pub struct DifferenceReason;
impl PartialSchema for DifferenceReason {
    fn schema() -> RefOr<Schema> {
        one_of("What differs.", crate::api::reconciliation_view::reasons())
    }
}
impl ToSchema for DifferenceReason {}

pub struct RowOutcome;
impl PartialSchema for RowOutcome {
    fn schema() -> RefOr<Schema> {
        use app::import_loads::RowResult as It;
        one_of("What became of a row.", It::NAMES)
    }
}
impl ToSchema for RowOutcome {}

pub struct ErrorCode;
impl PartialSchema for ErrorCode {
    fn schema() -> RefOr<Schema> {
        one_of("For programs.", Code::ALL.map(Code::text))
    }
}
impl ToSchema for ErrorCode {}
