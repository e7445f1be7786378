//! A driver as a payee ("vendor") at OwlPay: what is to be done next, and what its answers change.
//!
//! OwlPay reviews a vendor once it was told a bank account. Its approval verifies the driver; its rejection
//! rejects them only while nobody else decided.

use crate::{
    driver::{Driver, DriverStatus, KycStatus, Method, MethodKind, Vendor, VendorStanding},
    ids::ProviderId,
    schedule,
    time::Timestamp,
};

/// What has to be done about a driver at OwlPay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VendorStep {
    /// Nothing: it knows all, and has approved; or there is nothing to review.
    Nothing,
    /// It does not know the driver.
    Register,
    /// It does not know the newest bank account.
    Tell,
    /// Its review is not over.
    Read,
}

/// What OwlPay said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VendorNews {
    /// It knows the driver under this id.
    Registered {
        id: ProviderId,
        standing: VendorStanding,
    },
    /// It took the bank account of this version.
    Told { version: u32 },
    /// It shows the vendor, whom it was told the bank account of this version, in this standing; `status` is
    /// its own word.
    Seen {
        told: Option<u32>,
        standing: VendorStanding,
        status: String,
    },
    /// It refused, and will refuse the same again.
    Refused,
}

impl Driver {
    /// What has to be done about the driver at OwlPay. Nobody is asked about a deleted driver.
    pub fn vendor_step(&self) -> VendorStep {
        match self.status {
            DriverStatus::Inactive => return VendorStep::Nothing,
            DriverStatus::Invited | DriverStatus::Active | DriverStatus::Suspended => {}
        }
        let Some(vendor) = &self.vendor else {
            return VendorStep::Register;
        };
        if self.untold_account().is_some() {
            return VendorStep::Tell;
        }
        match (vendor.told_method, vendor.standing) {
            (None, _) | (Some(_), VendorStanding::Approved) => VendorStep::Nothing,
            (
                Some(_),
                VendorStanding::Unchecked | VendorStanding::Checking | VendorStanding::Rejected,
            ) => VendorStep::Read,
        }
    }

    /// The driver's bank account, when OwlPay knows the driver but was not told this version.
    pub fn untold_account(&self) -> Option<&Method> {
        let told = self.vendor.as_ref()?.told_method;
        self.method.as_ref().filter(|method| match method.kind {
            MethodKind::BankAccount => told != Some(method.version),
            MethodKind::Card | MethodKind::PrepaidCard => false,
        })
    }

    /// Whether OwlPay should be asked now.
    pub fn is_vendor_due(&self, now: Timestamp) -> bool {
        self.vendor_next_at.is_some_and(|at| at <= now)
    }

    /// The driver with something new for OwlPay. Part of another change: the version stays.
    #[must_use]
    pub fn with_vendor_due(self, now: Timestamp) -> Self {
        Self {
            vendor_next_at: Some(now),
            vendor_tries: 0,
            ..self
        }
    }

    /// The driver about whom OwlPay is asked now: who dies meanwhile, or gets no clear answer, leaves it to the
    /// next time.
    #[must_use]
    pub fn asking_owlpay(&self, now: Timestamp) -> Self {
        let again = schedule::vendor_delay(self.vendor_tries);
        Self {
            version: self.version + 1,
            vendor_next_at: again.map(|delay| now.plus(delay)),
            vendor_tries: self.vendor_tries.saturating_add(1),
            ..self.clone()
        }
    }

    /// The driver about whom OwlPay is not asked any more, until there is something new.
    #[must_use]
    pub fn left_by_owlpay(&self) -> Self {
        Self {
            version: self.version + 1,
            vendor_next_at: None,
            vendor_tries: 0,
            ..self.clone()
        }
    }

    /// The driver after news from OwlPay; none when it changes nothing, or is about what has passed.
    pub fn heard_from_owlpay(&self, news: &VendorNews, now: Timestamp) -> Option<Self> {
        let next = Self {
            version: self.version + 1,
            ..self.clone()
        };
        match news {
            VendorNews::Registered { id, standing } => {
                // Who registered the driver a second time made a vendor that nobody will pay.
                if self.vendor.is_some() {
                    return None;
                }
                let vendor = Vendor {
                    id: id.clone(),
                    standing: *standing,
                    told_method: None,
                };
                Some(next.with_vendor(vendor).scheduled(0, now))
            }
            VendorNews::Told { version } => {
                let vendor = self.vendor.as_ref()?;
                if vendor.told_method >= Some(*version) {
                    return None;
                }
                let vendor = Vendor {
                    standing: VendorStanding::Checking,
                    told_method: Some(*version),
                    ..vendor.clone()
                };
                Some(next.in_review().with_vendor(vendor).scheduled(1, now))
            }
            VendorNews::Seen {
                told,
                standing,
                status,
            } => {
                let vendor = self.vendor.as_ref()?;
                if vendor.told_method != *told {
                    return None;
                }
                let vendor = Vendor {
                    standing: *standing,
                    ..vendor.clone()
                };
                let next = next.with_vendor(vendor).reviewed(*standing, status);
                let is_same = next.vendor == self.vendor && next.kyc == self.kyc;
                (!is_same).then(|| next.scheduled(self.vendor_tries, now))
            }
            VendorNews::Refused => Some(self.left_by_owlpay()),
        }
    }

    fn with_vendor(self, vendor: Vendor) -> Self {
        Self {
            vendor: Some(vendor),
            ..self
        }
    }

    /// When OwlPay is asked next, by what has to be done.
    fn scheduled(self, tries: u32, now: Timestamp) -> Self {
        let next_at = match self.vendor_step() {
            VendorStep::Nothing => None,
            VendorStep::Register | VendorStep::Tell => Some(now),
            VendorStep::Read => match tries.checked_sub(1) {
                None => Some(now),
                Some(before) => schedule::vendor_delay(before).map(|delay| now.plus(delay)),
            },
        };
        Self {
            vendor_next_at: next_at,
            vendor_tries: tries,
            ..self
        }
    }

    /// OwlPay looks at the driver; that reopens its own rejection and nobody else's decision.
    fn in_review(self) -> Self {
        let reopens = match self.kyc {
            KycStatus::Pending => true,
            KycStatus::Rejected => self.kyc_by_owlpay,
            KycStatus::InReview | KycStatus::Verified | KycStatus::Expired => false,
        };
        if reopens {
            Self {
                kyc: KycStatus::InReview,
                kyc_reason: None,
                ..self
            }
        } else {
            self
        }
    }

    /// What a standing at OwlPay says about the driver's identity.
    fn reviewed(self, standing: VendorStanding, status: &str) -> Self {
        let undecided = match self.kyc {
            KycStatus::Pending | KycStatus::InReview => true,
            KycStatus::Rejected => self.kyc_by_owlpay,
            KycStatus::Verified | KycStatus::Expired => false,
        };
        let kyc = match standing {
            VendorStanding::Approved => KycStatus::Verified,
            VendorStanding::Rejected => KycStatus::Rejected,
            VendorStanding::Unchecked | VendorStanding::Checking => return self,
        };
        if !undecided || self.kyc == kyc {
            return self;
        }
        Self {
            kyc_by_owlpay: true,
            ..self
        }
        .decided(kyc, &format!("OwlPay: {status}"))
    }
}

#[cfg(test)]
mod tests;
