//! The payee: who they are to us, and whether they can be paid now.
//!
//! Payable means active and verified, with a payout method on file.

mod vendor;

use serde::{Deserialize, Serialize};

use crate::{
    denied::{Denied, NotPayable},
    fee::Rail,
    ids::{DriverId, OvnDriverId, ProviderId, TenantId},
    money::Cents,
    routing::{Provider, routes},
    time::Timestamp,
};

pub use self::vendor::{VendorNews, VendorStep};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DriverStatus {
    Invited,
    Active,
    Suspended,
    Inactive,
}

impl DriverStatus {
    pub const ALL: [Self; 4] = [Self::Invited, Self::Active, Self::Suspended, Self::Inactive];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Inactive => "inactive",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KycStatus {
    Pending,
    InReview,
    Verified,
    Rejected,
    Expired,
}

impl KycStatus {
    pub const ALL: [Self; 5] = [
        Self::Pending,
        Self::InReview,
        Self::Verified,
        Self::Rejected,
        Self::Expired,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::InReview => "in_review",
            Self::Verified => "verified",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
        }
    }
}

/// What kind of place the driver's money goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MethodKind {
    Card,
    BankAccount,
    PrepaidCard,
}

impl MethodKind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::BankAccount => "bank_account",
            Self::PrepaidCard => "prepaid_card",
        }
    }

    pub const ALL: [Self; 3] = [Self::Card, Self::BankAccount, Self::PrepaidCard];

    /// Whether any provider carries this kind on the rail.
    pub const fn serves(self, rail: Rail) -> bool {
        !routes(self, rail).is_empty()
    }
}

/// A payout method as stored: the account itself is sealed, only the mask is readable. Every version
/// is immutable; an attempt pins the version it was sent with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Method {
    pub kind: MethodKind,
    /// 1 for the first method of the driver.
    pub version: u32,
    /// The last digits only, as `****0000`.
    pub masked: String,
    /// Ciphertext of the account details; only the dispatcher can open it.
    pub sealed: String,
    pub updated_at: Timestamp,
}

/// A driver as a payee ("vendor") at OwlPay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vendor {
    /// OwlPay's id.
    pub id: ProviderId,
    pub standing: VendorStanding,
    /// The version of the bank account that OwlPay was told, if any.
    pub told_method: Option<u32>,
    /// What OwlPay was told of the driver last; none when that is not certain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_details: Option<Details>,
    /// Since when OwlPay approves of the vendor; none while it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_at: Option<Timestamp>,
    /// OwlPay may have deleted the vendor at our wish: it is not paid any more, whatever becomes of the driver.
    #[serde(default)]
    pub leaving: bool,
}

/// What OwlPay is told of a driver beside their bank account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    pub name: String,
    pub email: String,
}

/// What OwlPay says of a vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VendorStanding {
    /// Not reviewed yet.
    Unchecked,
    /// Its review is under way.
    Checking,
    /// May be paid.
    Approved,
    Rejected,
}

impl VendorStanding {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unchecked => "unchecked",
            Self::Checking => "checking",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }
}

/// A driver of one tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Driver {
    pub tenant: TenantId,
    pub id: DriverId,
    pub version: u32,
    pub ovn_id: OvnDriverId,
    pub name: String,
    pub email: String,
    pub phone: String,
    pub status: DriverStatus,
    pub kyc: KycStatus,
    /// What the operator or the KYC provider gave as the reason of the last decision.
    pub kyc_reason: Option<String>,
    /// Whether that decision was OwlPay's. An operator's is never undone by OwlPay.
    #[serde(default)]
    pub kyc_by_owlpay: bool,
    pub method: Option<Method>,
    /// The driver as OwlPay knows them, once made known there.
    #[serde(default)]
    pub vendor: Option<Vendor>,
    /// When something may have to be done about the vendor; none while nothing waits.
    #[serde(default)]
    pub vendor_next_at: Option<Timestamp>,
    /// How often OwlPay was asked since the last thing that came of it.
    #[serde(default)]
    pub vendor_tries: u32,
    pub created_at: Timestamp,
    /// Payouts ever made to the driver. This and the next two are counted by the payouts' own
    /// transitions and never replaced with the rest of the record.
    pub payouts: i64,
    /// Payouts whose money is still reserved or on its way.
    pub pending_payouts: i64,
    /// The net amounts that were paid, less those that came back.
    pub total_paid: Cents,
}

/// What one change of payouts adds to a driver's figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DriverFigures {
    pub payouts: i64,
    pub pending_payouts: i64,
    pub total_paid: Cents,
}

impl DriverFigures {
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }

    #[must_use]
    pub fn plus(self, more: Self) -> Self {
        Self {
            payouts: self.payouts + more.payouts,
            pending_payouts: self.pending_payouts + more.pending_payouts,
            total_paid: Cents::new(self.total_paid.get().saturating_add(more.total_paid.get())),
        }
    }
}

/// A status a client may set. Nobody can be invited again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WantedStatus {
    Active,
    Suspended,
    Inactive,
}

impl WantedStatus {
    pub const ALL: [Self; 3] = [Self::Active, Self::Suspended, Self::Inactive];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => DriverStatus::Active.name(),
            Self::Suspended => DriverStatus::Suspended.name(),
            Self::Inactive => DriverStatus::Inactive.name(),
        }
    }
}

/// What a client wants to be different about a driver; none leaves the member as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Revision {
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub status: Option<WantedStatus>,
}

/// What the operator or the KYC provider says of a driver's identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KycDecision {
    Approve,
    Reject,
}

impl Driver {
    /// # Errors
    /// The first reason why no payout of this rail can be made to the driver now.
    pub fn require_payable(&self, rail: Rail) -> Result<(), NotPayable> {
        match self.status {
            DriverStatus::Active => {}
            DriverStatus::Invited | DriverStatus::Suspended | DriverStatus::Inactive => {
                return Err(self.first_missing());
            }
        }
        let method = self.verified_method()?;
        match (method.kind.serves(rail), rail) {
            (true, _) => Ok(()),
            (false, Rail::Instant) => Err(NotPayable::InstantNotAvailable),
            (false, Rail::Standard) => Err(NotPayable::NoRoute),
        }
    }

    /// Whether a provider pays this driver at all: OwlPay pays only vendors that it has approved, with the
    /// bank account it was told last.
    pub fn is_approved_at(&self, provider: Provider) -> bool {
        match provider {
            Provider::Payelata | Provider::Paywizard => true,
            Provider::Owlpay => {
                let newest = self.method.as_ref().map(|method| method.version);
                self.vendor.as_ref().is_some_and(|vendor| {
                    vendor.standing == VendorStanding::Approved
                        && vendor.told_method == newest
                        && !vendor.leaving
                })
            }
        }
    }

    /// The driver's own id at a provider that pays registered payees.
    pub fn payee_at(&self, provider: Provider) -> Option<&ProviderId> {
        match provider {
            Provider::Payelata | Provider::Paywizard => None,
            Provider::Owlpay => self.vendor.as_ref().map(|vendor| &vendor.id),
        }
    }

    /// The method of a driver who is verified, whatever their status.
    fn verified_method(&self) -> Result<&Method, NotPayable> {
        match self.kyc {
            KycStatus::Verified => self.method.as_ref().ok_or(NotPayable::NoMethod),
            KycStatus::Pending | KycStatus::InReview | KycStatus::Rejected | KycStatus::Expired => {
                Err(NotPayable::NotVerified)
            }
        }
    }

    /// Why an invited driver is not active yet; other states speak for themselves.
    fn first_missing(&self) -> NotPayable {
        match (self.status, self.kyc, &self.method) {
            (DriverStatus::Invited, KycStatus::Verified, None) => NotPayable::NoMethod,
            (DriverStatus::Invited, KycStatus::Verified, Some(_))
            | (DriverStatus::Suspended | DriverStatus::Inactive | DriverStatus::Active, _, _) => {
                NotPayable::NotActive
            }
            (
                DriverStatus::Invited,
                KycStatus::Pending | KycStatus::InReview | KycStatus::Rejected | KycStatus::Expired,
                _,
            ) => NotPayable::NotVerified,
        }
    }

    /// The driver with a new payout method. Whichever of method and verification comes second makes
    /// an invited driver active. OwlPay has to be told of a bank account.
    #[must_use]
    pub fn with_method(&self, method: Method) -> Self {
        let (kind, now) = (method.kind, method.updated_at);
        let next = Self {
            version: self.version + 1,
            method: Some(method),
            ..self.clone()
        }
        .activated();
        match kind {
            MethodKind::BankAccount => next.with_vendor_due(now),
            MethodKind::Card | MethodKind::PrepaidCard => next,
        }
    }

    /// # Errors
    /// [`Denied::DriverState`] when the driver was deleted.
    pub fn verified(&self, decision: KycDecision, reason: &str) -> Result<Self, Denied> {
        match self.status {
            DriverStatus::Inactive => return Err(Denied::DriverState("the driver is inactive")),
            DriverStatus::Invited | DriverStatus::Active | DriverStatus::Suspended => {}
        }
        let kyc = match decision {
            KycDecision::Approve => KycStatus::Verified,
            KycDecision::Reject => KycStatus::Rejected,
        };
        Ok(Self {
            version: self.version + 1,
            kyc_by_owlpay: false,
            ..self.clone()
        }
        .decided(kyc, reason))
    }

    /// The driver after a revision, or none when it changes nothing.
    ///
    /// # Errors
    /// [`Denied::DriverNotPayable`] for an active driver who could not be paid, [`Denied::DriverHasPayouts`]
    /// for an inactive one with money under way, [`Denied::DriverState`] for any other move.
    pub fn revised(&self, revision: Revision) -> Result<Option<Self>, Denied> {
        let status = match revision.status {
            Some(wanted) => self.moved_to(wanted)?,
            None => self.status,
        };
        let next = Self {
            name: revision.name.unwrap_or_else(|| self.name.clone()),
            email: revision.email.unwrap_or_else(|| self.email.clone()),
            phone: revision.phone.unwrap_or_else(|| self.phone.clone()),
            status,
            ..self.clone()
        };
        Ok((next != *self).then(|| Self {
            version: self.version + 1,
            ..next
        }))
    }

    fn moved_to(&self, wanted: WantedStatus) -> Result<DriverStatus, Denied> {
        match (self.status, wanted) {
            (DriverStatus::Active, WantedStatus::Active)
            | (DriverStatus::Suspended, WantedStatus::Suspended)
            | (DriverStatus::Inactive, WantedStatus::Inactive) => Ok(self.status),
            (DriverStatus::Active, WantedStatus::Suspended) => Ok(DriverStatus::Suspended),
            (DriverStatus::Invited | DriverStatus::Inactive, WantedStatus::Suspended) => Err(
                Denied::DriverState("only an active driver can be suspended"),
            ),
            (
                DriverStatus::Invited | DriverStatus::Suspended | DriverStatus::Inactive,
                WantedStatus::Active,
            ) => match self.verified_method() {
                Ok(_) => Ok(DriverStatus::Active),
                Err(reason) => Err(Denied::DriverNotPayable(reason)),
            },
            (
                DriverStatus::Invited | DriverStatus::Active | DriverStatus::Suspended,
                WantedStatus::Inactive,
            ) => {
                if self.pending_payouts > 0 {
                    return Err(Denied::DriverHasPayouts);
                }
                Ok(DriverStatus::Inactive)
            }
        }
    }

    /// The driver with a decision about their identity, which may make an invited one active.
    fn decided(self, kyc: KycStatus, reason: &str) -> Self {
        Self {
            kyc,
            kyc_reason: Some(reason.to_owned()),
            ..self
        }
        .activated()
    }

    fn activated(self) -> Self {
        let ready = self.status == DriverStatus::Invited
            && self.kyc == KycStatus::Verified
            && self.method.is_some();
        if ready {
            Self {
                status: DriverStatus::Active,
                ..self
            }
        } else {
            self
        }
    }
}

#[cfg(test)]
mod tests;
