//! A driver as a payee ("vendor") at OwlPay: what is to be done next, and what its answers change.
//!
//! OwlPay reviews a vendor once it was told a bank account. Its approval verifies the driver, and is read again
//! from time to time; its rejection rejects them only while nobody else decided.

use std::time::Duration;

use crate::{
    driver::{
        Details, Driver, DriverStatus, KycStatus, Method, MethodKind, Vendor, VendorStanding,
    },
    ids::ProviderId,
    schedule,
    time::Timestamp,
};

/// What has to be done about a driver at OwlPay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VendorStep {
    /// Nothing: it knows all, and there is nothing to review.
    Nothing,
    /// It does not know the driver.
    Register,
    /// It may know them by an earlier name or address of mail.
    Change,
    /// It does not know the newest bank account.
    Tell,
    /// Its review is not over, or may be taken back.
    Read,
    /// The driver was deleted, and it may still know them.
    Delete,
}

/// What OwlPay said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VendorNews {
    /// It knows the driver under this id, and by these details where they are certain.
    Registered {
        id: ProviderId,
        standing: VendorStanding,
        details: Option<Details>,
    },
    /// It was told these details. It took them, or will refuse them each time.
    Changed { details: Details },
    /// It took the bank account of this version.
    Told { version: u32 },
    /// It shows the vendor, whom it was told the bank account of this version, in this standing; `status` is
    /// its own word.
    Seen {
        told: Option<u32>,
        standing: VendorStanding,
        status: String,
    },
    /// It has no vendor for the driver any more; the id is the one that was deleted, where we knew one.
    Deleted { id: Option<ProviderId> },
    /// It refused, and will refuse the same again.
    Refused,
}

impl Details {
    /// As they are now.
    pub fn of(driver: &Driver) -> Self {
        Self {
            name: driver.name.clone(),
            email: driver.email.clone(),
        }
    }
}

impl Driver {
    /// What has to be done about the driver at OwlPay, when something is due. What OwlPay began to delete is
    /// deleted, even when the driver is back.
    pub fn vendor_step(&self) -> VendorStep {
        match self.status {
            DriverStatus::Inactive => return VendorStep::Delete,
            DriverStatus::Invited | DriverStatus::Active | DriverStatus::Suspended => {}
        }
        let Some(vendor) = &self.vendor else {
            return VendorStep::Register;
        };
        if vendor.leaving {
            return VendorStep::Delete;
        }
        if vendor.told_details.as_ref() != Some(&Details::of(self)) {
            return VendorStep::Change;
        }
        if self.untold_account().is_some() {
            return VendorStep::Tell;
        }
        match vendor.told_method {
            None => VendorStep::Nothing,
            Some(_) => VendorStep::Read,
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

    /// The driver with something new for OwlPay. Part of another change: the version stays. A registration
    /// that may have been made stays one that may have been made.
    #[must_use]
    pub fn with_vendor_due(self, now: Timestamp) -> Self {
        let is_doubtful = self.vendor.is_none() && self.vendor_tries > 0;
        Self {
            vendor_next_at: Some(now),
            vendor_tries: u32::from(is_doubtful),
            ..self
        }
    }

    /// The driver who was `before`, due where that is news for OwlPay. Part of another change: the version stays.
    #[must_use]
    pub fn with_news_for_owlpay(self, before: &Self, now: Timestamp) -> Self {
        let is_news = match (before.status, self.status) {
            (DriverStatus::Inactive, DriverStatus::Inactive) => false,
            (
                DriverStatus::Inactive,
                DriverStatus::Invited | DriverStatus::Active | DriverStatus::Suspended,
            ) => true,
            // Whom OwlPay was never told about, and is not being told about, it need not forget.
            (
                DriverStatus::Invited | DriverStatus::Active | DriverStatus::Suspended,
                DriverStatus::Inactive,
            ) => self.vendor.is_some() || self.vendor_next_at.is_some(),
            (
                DriverStatus::Invited | DriverStatus::Active | DriverStatus::Suspended,
                DriverStatus::Invited | DriverStatus::Active | DriverStatus::Suspended,
            ) => self.vendor.is_some() && Details::of(before) != Details::of(&self),
        };
        if is_news {
            self.with_vendor_due(now)
        } else {
            self
        }
    }

    /// The driver about whom OwlPay is asked now: who dies meanwhile, or gets no clear answer, leaves it to the
    /// next time.
    #[must_use]
    pub fn asking_owlpay(&self, now: Timestamp) -> Self {
        let again = schedule::vendor_delay(self.vendor_tries);
        let leaves = match self.vendor_step() {
            VendorStep::Delete => true,
            VendorStep::Nothing
            | VendorStep::Register
            | VendorStep::Change
            | VendorStep::Tell
            | VendorStep::Read => false,
        };
        let vendor = self.vendor.clone().map(|vendor| Vendor {
            leaving: leaves,
            ..vendor
        });
        Self {
            version: self.version + 1,
            vendor,
            vendor_next_at: again.map(|delay| now.plus(delay)),
            vendor_tries: self.vendor_tries.saturating_add(1),
            ..self.clone()
        }
    }

    /// The driver of whom OwlPay says that something changed: the next read is now. None where there is nothing
    /// to read, or something is due as it is.
    pub fn rung_by_owlpay(&self, now: Timestamp) -> Option<Self> {
        let reads = match self.vendor_step() {
            VendorStep::Read => !self.is_vendor_due(now),
            VendorStep::Nothing
            | VendorStep::Register
            | VendorStep::Change
            | VendorStep::Tell
            | VendorStep::Delete => false,
        };
        reads.then(|| Self {
            version: self.version + 1,
            vendor_next_at: Some(now),
            ..self.clone()
        })
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
            VendorNews::Registered {
                id,
                standing,
                details,
            } => {
                // Who registered the driver a second time made a vendor that nobody will pay.
                if self.vendor.is_some() {
                    return None;
                }
                let vendor = Vendor {
                    id: id.clone(),
                    standing: *standing,
                    told_method: None,
                    told_details: details.clone(),
                    approved_at: None,
                    leaving: false,
                };
                Some(next.with_vendor(vendor).scheduled(0, now))
            }
            VendorNews::Changed { details } => {
                let vendor = self.vendor.as_ref()?;
                if vendor.told_details.as_ref() == Some(details) {
                    return None;
                }
                let vendor = Vendor {
                    told_details: Some(details.clone()),
                    ..vendor.clone()
                };
                // Other details may be reviewed anew.
                Some(next.with_vendor(vendor).scheduled(1, now))
            }
            VendorNews::Told { version } => {
                let vendor = self.vendor.as_ref()?;
                if vendor.told_method >= Some(*version) {
                    return None;
                }
                let vendor = Vendor {
                    standing: VendorStanding::Checking,
                    told_method: Some(*version),
                    approved_at: None,
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
                let (approved_at, tries) = match standing {
                    VendorStanding::Approved => (vendor.approved_at.or(Some(now)), 0),
                    VendorStanding::Unchecked
                    | VendorStanding::Checking
                    | VendorStanding::Rejected => (None, self.vendor_tries),
                };
                let vendor = Vendor {
                    standing: *standing,
                    approved_at,
                    ..vendor.clone()
                };
                let next = next.with_vendor(vendor).reviewed(*standing, status);
                let is_same = next.vendor == self.vendor && next.kyc == self.kyc;
                let next = next.scheduled(tries, now);
                // An approval that stands is read again by its own calendar; a review that goes on is asked
                // about at the time that was set before it was asked.
                let is_settled =
                    approved_at.is_none() || next.vendor_next_at == self.vendor_next_at;
                (!(is_same && is_settled)).then_some(next)
            }
            VendorNews::Deleted { id } => {
                if self.vendor.as_ref().map(|vendor| &vendor.id) != id.as_ref() {
                    return None;
                }
                let next = Self {
                    vendor: None,
                    ..self.left_by_owlpay()
                };
                match next.status {
                    DriverStatus::Inactive => Some(next),
                    // Back meanwhile.
                    DriverStatus::Invited | DriverStatus::Active | DriverStatus::Suspended => {
                        Some(next.scheduled(0, now))
                    }
                }
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

    /// When OwlPay is asked next, by what has to be done. An approval that was just seen (`tries` is 0) has a
    /// calendar of its own.
    fn scheduled(self, tries: u32, now: Timestamp) -> Self {
        let approved_at = self.vendor.as_ref().and_then(|it| it.approved_at);
        let next_at = match self.vendor_step() {
            VendorStep::Nothing => None,
            VendorStep::Register | VendorStep::Change | VendorStep::Tell | VendorStep::Delete => {
                Some(now)
            }
            VendorStep::Read => match (tries.checked_sub(1), approved_at) {
                (None, Some(since)) => schedule::next_vendor_reread(since, now, self.offset()),
                (None, None) => Some(now),
                (Some(before), _) => schedule::vendor_delay(before).map(|delay| now.plus(delay)),
            },
        };
        Self {
            vendor_next_at: next_at,
            vendor_tries: tries,
            ..self
        }
    }

    /// Keeps the reads of drivers who were approved together apart: up to six hours, by the driver's id.
    fn offset(&self) -> Duration {
        let id = self.id.as_str().bytes();
        let sum = id.fold(0_u64, |sum, byte| {
            sum.wrapping_mul(31).wrapping_add(u64::from(byte))
        });
        Duration::from_secs(sum % (6 * 3_600))
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
            KycStatus::Verified | KycStatus::Rejected => self.kyc_by_owlpay,
            KycStatus::Expired => false,
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
