//! The operations on the ways to pay a vendor.

use axum::extract::Path;
use axum::response::Response;

use super::asked::Asked;
use super::caller::{Answer, Caller};
use super::outcome::{self, REVIEWS, Wish};
use super::problem::{Failed, Problem};
use super::shelf::Shelf;
use super::vendor::{Channel, Detail, Review, Vendor};
use super::vendors::{present, reference_of};

/// What is asked of a company that Cathay pays in Taiwan. The other forms are not published.
const COMPANY: [&str; 9] = [
    "companyName",
    "businessAddressCity",
    "businessAddressArea",
    "businessAddress",
    "companyPhoneCode",
    "companyPhoneNumber",
    "companyEmail",
    "companyId",
    "customName",
];

/// Applies for a way to pay. The answer shows it under review; how that ends is not part of the call.
pub(crate) async fn apply(caller: Caller, Path(uuid): Path<String>, asked: Asked) -> Response {
    let reference = reference_of(&caller, &uuid);
    let work = || {
        caller.write(|shelf| {
            let mut vendor = present(shelf, &uuid)?;
            let (channel, detail) = wanted(&asked)?;
            vendor.apply(channel, detail);
            let under_review = vendor.remit_views();
            review(shelf, &mut vendor, channel)?;
            shelf.replace(&vendor)?;
            Ok(Answer::of(under_review))
        })
    };
    caller.answer("remit", reference.as_deref(), work).await
}

/// Lets the review of a channel end: as ordered, or approved at once.
pub(crate) fn review(
    shelf: &Shelf<'_>,
    vendor: &mut Vendor,
    channel: Channel,
) -> Result<(), Failed> {
    let (end, after_s) = match outcome::take(shelf, REVIEWS, vendor.reference())? {
        Some(Wish::Reviewed(review, after_s)) => (review, after_s),
        _ => (Review::Approved, 0),
    };
    vendor.review(channel, end, shelf.now_s() + after_s);
    Ok(())
}

fn wanted(asked: &Asked) -> Result<(Channel, Detail), Problem> {
    let name = asked.required("payout_channel")?;
    let channel = Channel::ALL.into_iter().find(|one| one.name() == name);
    let channel = channel.ok_or_else(|| asked.wrong("payout_channel", "is not a channel"))?;
    let applicant = asked.required("applicant")?;
    if !["company", "individual"].contains(&applicant.as_str()) {
        return Err(asked.wrong("applicant", "must be company or individual"));
    }
    let aml = asked.object("aml_data")?;
    let aml = aml.ok_or_else(|| asked.wrong("aml_data", "is required"))?;
    if channel == Channel::Cathay && applicant == "company" {
        for name in COMPANY {
            aml.required(name)?;
        }
    }
    let bank_code = aml.text("bankCode")?.unwrap_or_default();
    let branch = aml.text("branchCode")?.unwrap_or_default();
    let detail = Detail {
        country_code: aml.required("bankCountry")?,
        branch_code: format!("{bank_code}{branch}"),
        bank_code,
        account: aml.required("account")?,
        account_name: aml.required("accountName")?,
        currency: aml.required("currency")?,
    };
    Ok((channel, detail))
}

pub(crate) async fn list(caller: Caller, Path(uuid): Path<String>) -> Response {
    let reference = reference_of(&caller, &uuid);
    let work = || {
        caller.read(|shelf| {
            let vendor = present(shelf, &uuid)?;
            Ok(Answer::of(vendor.remit_views()))
        })
    };
    caller.answer("remit", reference.as_deref(), work).await
}
