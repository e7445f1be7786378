//! Every reason a decision can say no.

use crate::{
    batch::BatchStatus,
    charge::ChargeState,
    ids::{LoadId, PayoutId},
    money::Cents,
    payout::PayoutStatus,
    review::Proof,
};

/// A rule refused. It carries what the caller needs to act, and never a status code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    #[error("the amount must be from 1 to 100000000 minor units")]
    AmountOutOfRange,
    #[error("the fee of {fee} leaves nothing of the amount of {amount}")]
    FeeNotBelowAmount { amount: Cents, fee: Cents },
    #[error("the wallet is too low for {required}")]
    InsufficientFunds { required: Cents },
    #[error("the load {load} is held by payout {payout}")]
    LoadHeld { load: LoadId, payout: PayoutId },
    #[error("the load {load} was already paid by payout {payout}")]
    LoadPaid { load: LoadId, payout: PayoutId },
    #[error("the load {load} was taken by payouts too often")]
    LoadExhausted { load: LoadId },
    #[error("the driver cannot be paid: {0}")]
    DriverNotPayable(NotPayable),
    #[error("the payout is {0}, which this does not allow")]
    WrongState(PayoutStatus),
    #[error("the payout has used all its attempts")]
    AttemptsExhausted,
    #[error("the driver's state does not allow this: {0}")]
    DriverState(&'static str),
    #[error("payouts of the driver are under way")]
    DriverHasPayouts,
    #[error("the balance would leave its limits")]
    WalletLimit,
    #[error("the tenant has as many keys as it may have; revoke one first")]
    KeysExhausted,
    #[error("the key was revoked or has expired")]
    KeyNotUsable,
    #[error("the attempt machine does not allow this event now")]
    AttemptState,
    #[error("the charge is {}, which this does not allow", .0.public())]
    ChargeState(ChargeState),
    #[error("the batch is {0}, which this does not allow")]
    BatchState(BatchStatus),
    #[error("the batch was changed meanwhile; its version is {current} now")]
    StaleVersion { current: u32 },
    #[error("the batch has as many lines as it may have, or was added to too often")]
    BatchFull,
    #[error("the batch needs an approval of its present plan")]
    ApprovalMissing,
    #[error("the approval of the batch has lapsed")]
    ApprovalLapsed,
    #[error("who made a batch or changed its lines last cannot approve it")]
    OwnBatch,
    #[error("the review is closed")]
    ReviewClosed,
    #[error("the provider still owns the outcome")]
    ProviderOwnsOutcome,
    #[error("the second decision takes another owner than {owner}")]
    OwnDecision { owner: String },
    #[error("the second decision must equal the first in outcome, paidAmount and evidenceId")]
    DecisionDiffers,
    #[error("this review is not answered so; it can be {}", .offered.join(", "))]
    OutcomeNotOffered { offered: Vec<&'static str> },
    #[error("must be from 1 to {most}")]
    SumOutOfRange { most: Cents },
    #[error(
        "what is known of the attempt is older than ten minutes; the provider is asked now, decide again in a moment"
    )]
    EvidenceStale,
    #[error("the newest read shows {}, which this denies", .proof.name())]
    EvidenceContradicts { proof: Proof },
    #[error("the provider can still withdraw it and is asked to; decide again in a moment")]
    WithdrawalPending,
    #[error("another attempt may hold money; wait for its outcome")]
    AttemptInFlight,
    #[error("a provider's news about the payout waits for two owners to decide")]
    Contradicted,
    #[error("must be from 1 to below the {net} that was asked for")]
    PartOutOfRange { net: Cents },
}

/// Why a driver cannot be paid now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotPayable {
    #[error("driver_not_found")]
    Unknown,
    #[error("driver_not_active")]
    NotActive,
    #[error("kyc_not_verified")]
    NotVerified,
    #[error("payout_method_missing")]
    NoMethod,
    #[error("instant_not_available")]
    InstantNotAvailable,
    #[error("no_route")]
    NoRoute,
}
