//! What goes to OwlPay about a vendor and what its answers look like (docs/providers/owlpay.md).
//!
//! Bodies hold names and account numbers: nothing here can be printed.

use app::port::{PayeeAnswer, Plaintext};
use domain::{
    driver::{Driver, VendorStanding},
    ids::ProviderId,
    money::Currency,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    errors,
    settings::{Applicant, Remittance},
    wire,
};

#[derive(Serialize)]
struct VendorBody<'a> {
    name: &'a str,
    email: &'a str,
    country_iso: &'a str,
    application_vendor_uuid: &'a str,
    description: String,
}

/// The body of a vendor, for making and for changing it.
pub(super) fn vendor(driver: &Driver, remittance: &Remittance) -> Vec<u8> {
    let body = VendorBody {
        name: &driver.name,
        email: &driver.email,
        country_iso: &remittance.country,
        application_vendor_uuid: driver.id.as_str(),
        description: format!("Driver {}", driver.ovn_id),
    };
    serde_json::to_vec(&body).expect("a record of text has a JSON form")
}

/// A bank account as it was sealed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Account<'a> {
    account_number: &'a str,
    routing_number: &'a str,
    /// With whatever had to be escaped.
    holder: String,
}

#[derive(Serialize)]
struct RemittanceBody<'a> {
    payout_channel: &'a str,
    applicant: &'static str,
    aml_data: AmlData<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AmlData<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    company_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    company_email: Option<&'a str>,
    custom_name: &'a str,
    bank_country: &'a str,
    bank_code: &'a str,
    currency: &'static str,
    account_name: &'a str,
    account: &'a str,
}

/// The body that puts a bank account up for review; none when the account is not one.
pub(super) fn remittance(
    driver: &Driver,
    account: &Plaintext,
    remittance: &Remittance,
) -> Option<Vec<u8>> {
    let account: Account<'_> = serde_json::from_str(&account.0).ok()?;
    let company = |text| match remittance.applicant {
        Applicant::Company => Some(text),
        Applicant::Individual => None,
    };
    let body = RemittanceBody {
        payout_channel: &remittance.channel,
        applicant: remittance.applicant.name(),
        aml_data: AmlData {
            company_name: company(driver.name.as_str()),
            company_email: company(driver.email.as_str()),
            custom_name: &account.holder,
            bank_country: &remittance.country,
            bank_code: account.routing_number,
            currency: Currency::Usd.code(),
            account_name: &account.holder,
            account: account.account_number,
        },
    };
    serde_json::to_vec(&body).ok()
}

#[derive(Deserialize)]
struct VendorRow {
    uuid: String,
    application_vendor_uuid: Option<String>,
    status: String,
    is_removed: Option<bool>,
    is_vendor_kyc_passed: Option<bool>,
    #[serde(alias = "kyc_status")]
    kyc_status_list: Option<KycRow>,
}

#[derive(Deserialize)]
struct KycRow {
    remit_info: Option<RemitRow>,
}

#[derive(Deserialize)]
struct RemitRow {
    status: String,
}

/// A vendor as it was shown.
pub(super) struct Vendor {
    pub(super) id: ProviderId,
    /// Our id of the driver, where OwlPay shows it.
    pub(super) driver: Option<String>,
    status: String,
    review: Option<String>,
    is_removed: bool,
    is_passed: Option<bool>,
}

/// The vendor in `raw`.
pub(super) fn shown(raw: &RawValue) -> Option<Vendor> {
    let row: VendorRow = serde_json::from_str(raw.get()).ok()?;
    Some(Vendor {
        id: wire::vendor_id(&row.uuid)?,
        driver: row.application_vendor_uuid,
        status: row.status,
        review: row
            .kyc_status_list
            .and_then(|it| it.remit_info)
            .map(|it| it.status),
        is_removed: row.is_removed.unwrap_or(false),
        is_passed: row.is_vendor_kyc_passed,
    })
}

/// The vendors of a page.
pub(super) fn listed(raw: &RawValue) -> Option<Vec<Vendor>> {
    let rows: Vec<&RawValue> = serde_json::from_str(raw.get()).ok()?;
    rows.into_iter().map(shown).collect()
}

impl Vendor {
    pub(super) fn is_deleted(&self) -> bool {
        self.is_removed || self.status == "deleted"
    }

    /// Approved is only who is approved in every respect that is shown; a word nobody told us about is a review
    /// that goes on.
    pub(super) fn answer(&self) -> PayeeAnswer {
        let is_approved = self.status == "approved" && self.is_passed != Some(false);
        let (standing, word) = match self.review.as_deref() {
            _ if self.is_deleted() => (VendorStanding::Rejected, "deleted"),
            Some(word @ ("rejected" | "need_correction")) => (VendorStanding::Rejected, word),
            Some("approved") if is_approved => (VendorStanding::Approved, "approved"),
            None if is_approved && self.is_passed == Some(true) => {
                (VendorStanding::Approved, "approved")
            }
            Some(word @ "unchecked") => (VendorStanding::Unchecked, word),
            Some(word) => (VendorStanding::Checking, word),
            None if self.status == "uncheck" => (VendorStanding::Unchecked, "uncheck"),
            None => (VendorStanding::Checking, self.status.as_str()),
        };
        PayeeAnswer::Known {
            id: self.id.clone(),
            standing,
            status: plain(word),
        }
    }
}

/// What a review of remittances says: `data` is a list, and may be its only row.
pub(super) fn remitted(raw: &RawValue, payee: &ProviderId) -> Option<PayeeAnswer> {
    let rows = remittances(raw)?;
    let (_, word) = rows.first()?;
    let standing = match word.as_str() {
        "approved" => VendorStanding::Approved,
        "rejected" | "need_correction" => VendorStanding::Rejected,
        _ => VendorStanding::Checking,
    };
    Some(PayeeAnswer::Known {
        id: payee.clone(),
        standing,
        status: word.clone(),
    })
}

/// Channel and word of each review.
pub(super) fn remittances(raw: &RawValue) -> Option<Vec<(String, String)>> {
    #[derive(Deserialize)]
    struct Row {
        payout_gateway_channel: Option<String>,
        status: String,
    }
    let rows: Vec<Row> = match serde_json::from_str(raw.get()) {
        Ok(rows) => rows,
        Err(_) => vec![serde_json::from_str(raw.get()).ok()?],
    };
    let row = |it: Row| {
        let channel = it.payout_gateway_channel.unwrap_or_default();
        (plain(&channel.to_ascii_lowercase()), plain(&it.status))
    };
    Some(rows.into_iter().map(row).collect())
}

pub(super) fn is_deleted(raw: &RawValue) -> Option<bool> {
    #[derive(Deserialize)]
    struct Row {
        deleted: bool,
    }
    let row: Row = serde_json::from_str(raw.get()).ok()?;
    Some(row.deleted)
}

/// A word that may be kept and shown; nothing else that OwlPay writes is.
fn plain(word: &str) -> String {
    if errors::is_plain(word) {
        word.to_owned()
    } else {
        "unknown".to_owned()
    }
}
