//! A vendor as the twin keeps it, and its JSON as the API reference prints it.

use serde::{Deserialize, Serialize};

use super::shelf::{Kept, random};

/// Times in Unix seconds of the sandbox clock.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Vendor {
    pub(crate) uuid: String,
    /// The merchant's name of it; unique among vendors that are not deleted.
    pub(crate) application_uuid: Option<String>,
    pub(crate) name: String,
    pub(crate) email: Option<String>,
    pub(crate) description: String,
    pub(crate) country: Option<String>,
    pub(crate) removed: bool,
    pub(crate) invited: bool,
    pub(crate) registered: bool,
    /// In the order they were applied for.
    pub(crate) remits: Vec<Remit>,
}

/// A way to pay a vendor, which is reviewed before it counts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Remit {
    id: u32,
    pub(crate) channel: Channel,
    pub(crate) detail: Detail,
    pub(crate) review: Review,
    /// What the review becomes by itself, and when.
    later: Option<(i64, Review)>,
}

/// Where the money goes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Detail {
    pub(crate) country_code: String,
    pub(crate) bank_code: String,
    pub(crate) branch_code: String,
    pub(crate) account: String,
    pub(crate) account_name: String,
    pub(crate) currency: String,
}

/// The payout methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Channel {
    Cathay,
    FirstBank,
    Nium,
    Visa,
}

/// Where the review of a way to pay stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Review {
    Checking,
    Approved,
    Rejected,
    NeedCorrection,
}

impl Channel {
    pub(crate) const ALL: [Self; 4] = [Self::Cathay, Self::FirstBank, Self::Nium, Self::Visa];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Cathay => "cathay",
            Self::FirstBank => "firstBank",
            Self::Nium => "nium",
            Self::Visa => "visa",
        }
    }

    fn key(self) -> &'static str {
        match self {
            Self::Cathay => "MyB2B_batch_payout",
            Self::FirstBank => "firstBank_batch_payout",
            Self::Nium => "nium_payout",
            Self::Visa => "visa_payout",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Cathay => "Cathay United Bank - Global MyB2B",
            Self::FirstBank => "First Bank",
            Self::Nium => "Nium",
            Self::Visa => "Visa",
        }
    }
}

impl Review {
    pub(crate) const ALL: [Self; 4] = [
        Self::Checking,
        Self::Approved,
        Self::Rejected,
        Self::NeedCorrection,
    ];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Checking => "checking",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::NeedCorrection => "need_correction",
        }
    }

    fn number(self) -> u8 {
        match self {
            Self::Checking => 0,
            Self::Approved => 1,
            Self::Rejected => 2,
            Self::NeedCorrection => 3,
        }
    }
}

impl Kept for Vendor {
    const KIND: &'static str = "vendor";

    fn uuid(&self) -> &str {
        &self.uuid
    }

    /// A deleted vendor leaves the merchant's name of it to the next.
    fn key(&self) -> &str {
        match &self.application_uuid {
            Some(name) if !self.removed => name,
            _ => &self.uuid,
        }
    }

    fn catch_up(&mut self, now_s: i64) {
        for remit in &mut self.remits {
            if let Some((_, review)) = remit.later.take_if(|(at_s, _)| *at_s <= now_s) {
                remit.review = review;
            }
        }
    }
}

impl Vendor {
    /// What the control API and faults call it.
    pub(crate) fn reference(&self) -> &str {
        self.application_uuid.as_deref().unwrap_or(&self.uuid)
    }

    /// The KYC is passed: money can be sent to it.
    pub(crate) fn is_approved(&self) -> bool {
        let is_good = |remit: &Remit| remit.review == Review::Approved;
        !self.removed && self.remits.iter().any(is_good)
    }

    pub(crate) fn status(&self) -> &'static str {
        match (self.removed, self.is_approved()) {
            (true, _) => "deleted",
            (false, true) => "approved",
            (false, false) => "uncheck",
        }
    }

    /// Adds a way to pay under review, instead of the earlier one of its channel.
    pub(crate) fn apply(&mut self, channel: Channel, detail: Detail) {
        let remit = Remit {
            id: u32::from_le_bytes(random()) % 1_000_000,
            channel,
            detail,
            review: Review::Checking,
            later: None,
        };
        self.remits.retain(|earlier| earlier.channel != channel);
        self.remits.push(remit);
    }

    /// Ends the review of a channel at `at_s`.
    pub(crate) fn review(&mut self, channel: Channel, review: Review, at_s: i64) {
        for remit in self.remits.iter_mut().filter(|one| one.channel == channel) {
            remit.later = Some((at_s, review));
        }
    }
}

#[derive(Serialize)]
pub(crate) struct VendorView {
    uuid: String,
    object: &'static str,
    application_vendor_uuid: Option<String>,
    name: String,
    email: Option<String>,
    description: String,
    note: Option<String>,
    is_removed: bool,
    is_active: bool,
    is_vendor_kyc_passed: bool,
    status: &'static str,
    kyc_status_list: KycList,
    country_iso: Option<String>,
    is_invited: bool,
    is_registered: bool,
    remit_info: Vec<VendorRemitView>,
}

#[derive(Serialize)]
struct KycList {
    remit_info: Kyc,
}

#[derive(Serialize)]
struct Kyc {
    status: &'static str,
    is_allow_update: bool,
}

/// As the vendor shows it: flags and statuses are numbers here.
#[derive(Serialize)]
struct VendorRemitView {
    id: u32,
    status: u8,
    sort: usize,
    payout_gateway: &'static str,
    is_enable: u8,
    detail: Detail,
}

/// As the operations on remit info show it.
#[derive(Serialize)]
pub(crate) struct RemitView {
    payout_gateway_channel: &'static str,
    payout_gateway_key: &'static str,
    payout_gateway: &'static str,
    status: &'static str,
    sort: usize,
    is_enable: bool,
    detail: Detail,
}

impl Vendor {
    pub(crate) fn view(&self) -> VendorView {
        let newest = self.remits.last().map(|remit| remit.review);
        let rows = self.remits.iter().enumerate();
        let remits = rows.map(|(sort, remit)| VendorRemitView {
            id: remit.id,
            status: remit.review.number(),
            sort,
            payout_gateway: remit.channel.key(),
            is_enable: 1,
            detail: remit.detail.clone(),
        });
        VendorView {
            uuid: self.uuid.clone(),
            object: "vendor",
            application_vendor_uuid: self.application_uuid.clone(),
            name: self.name.clone(),
            email: self.email.clone(),
            description: self.description.clone(),
            note: None,
            is_removed: self.removed,
            is_active: self.is_approved(),
            is_vendor_kyc_passed: self.is_approved(),
            status: self.status(),
            kyc_status_list: KycList {
                remit_info: Kyc {
                    status: newest.map_or("unchecked", Review::word),
                    is_allow_update: newest != Some(Review::Checking),
                },
            },
            country_iso: self.country.clone(),
            is_invited: self.invited,
            is_registered: self.registered,
            remit_info: remits.collect(),
        }
    }

    pub(crate) fn remit_views(&self) -> Vec<RemitView> {
        let rows = self.remits.iter().enumerate();
        rows.map(|(sort, remit)| RemitView {
            payout_gateway_channel: remit.channel.name(),
            payout_gateway_key: remit.channel.key(),
            payout_gateway: remit.channel.title(),
            status: remit.review.word(),
            sort,
            is_enable: true,
            detail: remit.detail.clone(),
        })
        .collect()
    }
}
