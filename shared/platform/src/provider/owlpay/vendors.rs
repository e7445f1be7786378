//! Drivers as vendors of OwlPay: registered, told a bank account, read.
//!
//! The decision table is in docs/providers/owlpay.md. An error under HTTP 200 is read as that error. What OwlPay
//! will refuse again is refused; whatever may pass, its wrong credentials among them, is asked again later.

use std::time::Duration;

use app::port::{PayeeAnswer, PayeeAsk, Plaintext};
use domain::{
    driver::Driver,
    ids::{Mode, ProviderId},
};
use reqwest::{
    Method, Request,
    header::{HeaderName, HeaderValue},
};
use serde_json::value::RawValue;

use super::{
    CALL_BUDGET, Data, OTHER_MODE, Owlpay, READ_BUDGET, Reply, UNREADABLE, errors, http_word,
    vendor_wire::{self, Vendor},
    wire,
};
use crate::provider::http::{Lost, TIMEOUT};

/// An identifier that OwlPay cannot have given; as part of a path it could lead elsewhere.
const NOT_ITS_VENDOR: &str = "not_a_vendor_id";
/// Vendors on a page that is searched for a driver: the most OwlPay gives.
const PAGE: usize = 100;
/// Pages that are searched, and how long all of them may take.
const PAGES: u32 = 10;
const SEARCH_BUDGET: Duration = Duration::from_secs(20);

impl Owlpay {
    pub(in crate::provider) async fn payee(&self, ask: PayeeAsk<'_>) -> PayeeAnswer {
        let answer = match ask {
            PayeeAsk::Register { driver, again } => self.register(driver, again).await,
            PayeeAsk::Tell {
                driver,
                payee,
                account,
            } => self.tell(driver, payee, account).await,
            PayeeAsk::Change { driver, payee } => self.update_vendor(driver, payee).await,
            PayeeAsk::Read { payee, mode } => self.read_vendor(payee, mode).await,
            PayeeAsk::Delete { driver, payee } => self.delete(driver, payee).await,
        };
        answer.unwrap_or_else(|said| said)
    }

    /// `POST /vendors`. Where an earlier call may have made the vendor, the list is searched before another one
    /// is made.
    async fn register(&self, driver: &Driver, again: bool) -> Result<PayeeAnswer, PayeeAnswer> {
        self.require_mode(driver.tenant.mode())?;
        if again && let Some(vendor) = self.search(driver).await? {
            return Ok(vendor.answer());
        }
        let body = vendor_wire::vendor(driver, &self.remittance);
        let mut request = self.request(Method::POST, &["vendors"], Some(body));
        identify(&mut request, driver.id.as_str());
        let data = self.ask(request, CALL_BUDGET).await?;
        let vendor = vendor_wire::shown(&data).ok_or_else(|| unclear(UNREADABLE))?;
        match vendor.driver.as_deref() {
            None => Ok(vendor.answer()),
            Some(ours) if ours == driver.id.as_str() => Ok(vendor.answer()),
            Some(_) => Err(unclear("another_vendor")),
        }
    }

    /// The vendor of a driver, if it is on the first pages of the list. OwlPay does not document a filter by our
    /// id; where it obeys one, the first page is the last.
    async fn search(&self, driver: &Driver) -> Result<Option<Vendor>, PayeeAnswer> {
        let pages = async {
            for page in 1..=PAGES {
                let vendors = self.vendors_page(driver, page).await?;
                let is_last = vendors.len() < PAGE;
                let is_ours = |it: &Vendor| it.driver.as_deref() == Some(driver.id.as_str());
                let mut ours = vendors.into_iter().filter(is_ours);
                let found = ours.find(|vendor| !vendor.is_deleted());
                if found.is_some() || is_last {
                    return Ok(found);
                }
            }
            Ok(None)
        };
        tokio::select! {
            biased;
            found = pages => found,
            () = self.http.wait(SEARCH_BUDGET) => Err(unclear(TIMEOUT)),
        }
    }

    async fn vendors_page(&self, driver: &Driver, page: u32) -> Result<Vec<Vendor>, PayeeAnswer> {
        let mut request = self.request(Method::GET, &["vendors"], None);
        request
            .url_mut()
            .query_pairs_mut()
            .append_pair("page", &page.to_string())
            .append_pair("limit", &PAGE.to_string())
            .append_pair("application_vendor_uuid", driver.id.as_str());
        let data = match self.ask(request, READ_BUDGET).await {
            // Of a list that says nothing of anybody.
            Err(PayeeAnswer::Absent) => return Err(unclear(&http_word(404))),
            asked => asked?,
        };
        vendor_wire::listed(&data).ok_or_else(|| unclear(UNREADABLE))
    }

    /// `POST /vendors/{uuid}/remit_info/apply`: puts a bank account up for review.
    async fn tell(
        &self,
        driver: &Driver,
        payee: &ProviderId,
        account: &Plaintext,
    ) -> Result<PayeeAnswer, PayeeAnswer> {
        self.require_mode(driver.tenant.mode())?;
        let vendor = vendor_path(payee)?;
        let body = vendor_wire::remittance(driver, account, &self.remittance)
            .ok_or_else(|| refused("account_unreadable"))?;
        let path = ["vendors", vendor, "remit_info", "apply"];
        let mut request = self.request(Method::POST, &path, Some(body));
        let version = driver.method.as_ref().map_or(0, |method| method.version);
        identify(&mut request, &format!("{}-m{version}", driver.id));
        let data = self.ask(request, CALL_BUDGET).await?;
        vendor_wire::remitted(&data, payee).ok_or_else(|| unclear(UNREADABLE))
    }

    /// `GET /vendors/{uuid}`.
    async fn read_vendor(
        &self,
        payee: &ProviderId,
        mode: Mode,
    ) -> Result<PayeeAnswer, PayeeAnswer> {
        self.require_mode(mode)?;
        let request = self.request(Method::GET, &["vendors", vendor_path(payee)?], None);
        let data = self.ask(request, READ_BUDGET).await?;
        same(&data, payee)
    }

    /// `PUT /vendors/{uuid}`: the driver's name and address of mail as they are now.
    async fn update_vendor(
        &self,
        driver: &Driver,
        payee: &ProviderId,
    ) -> Result<PayeeAnswer, PayeeAnswer> {
        self.require_mode(driver.tenant.mode())?;
        let body = vendor_wire::vendor(driver, &self.remittance);
        let path = ["vendors", vendor_path(payee)?];
        let request = self.request(Method::PUT, &path, Some(body));
        let data = self.ask(request, CALL_BUDGET).await?;
        same(&data, payee)
    }

    /// `DELETE /vendors/{uuid}`, of the vendor an earlier call may have made where none is known.
    async fn delete(
        &self,
        driver: &Driver,
        payee: Option<&ProviderId>,
    ) -> Result<PayeeAnswer, PayeeAnswer> {
        self.require_mode(driver.tenant.mode())?;
        let found = match payee {
            Some(payee) => Some(payee.clone()),
            None => self.search(driver).await?.map(|vendor| vendor.id),
        };
        match found {
            Some(payee) => self.delete_vendor(&payee).await,
            None => Ok(PayeeAnswer::Absent),
        }
    }

    async fn delete_vendor(&self, payee: &ProviderId) -> Result<PayeeAnswer, PayeeAnswer> {
        let request = self.request(Method::DELETE, &["vendors", vendor_path(payee)?], None);
        let data = self.ask(request, CALL_BUDGET).await?;
        match vendor_wire::is_deleted(&data) {
            Some(true) => Ok(PayeeAnswer::Absent),
            Some(false) | None => Err(unclear(UNREADABLE)),
        }
    }

    /// `GET /vendors/{uuid}/remit_info`: the channels a vendor was told for, and the word of each review.
    ///
    /// # Errors
    /// What OwlPay said instead.
    pub async fn remittances(
        &self,
        payee: &ProviderId,
        mode: Mode,
    ) -> Result<Vec<(String, String)>, PayeeAnswer> {
        self.require_mode(mode)?;
        let path = ["vendors", vendor_path(payee)?, "remit_info"];
        let request = self.request(Method::GET, &path, None);
        let data = self.ask(request, READ_BUDGET).await?;
        vendor_wire::remittances(&data).ok_or_else(|| unclear(UNREADABLE))
    }

    /// The `data` of an answer, or what the answer says instead.
    pub(super) async fn ask(
        &self,
        request: Request,
        budget: Duration,
    ) -> Result<Box<RawValue>, PayeeAnswer> {
        let reply = self.http.send(request, budget).await;
        let Reply { status, body } = reply.map_err(|lost| match lost {
            Lost::NotSent(cause) | Lost::Unclear(cause) => unclear(cause),
        })?;
        let is_good = matches!(status, 200 | 201);
        let body = match body {
            Ok(body) => body,
            Err(cause) if is_good => return Err(unclear(cause)),
            Err(_) => Vec::new(),
        };
        if !is_good {
            return Err(said(status, &body));
        }
        match wire::data(&body) {
            Data::Shown(raw) => Ok(raw.to_owned()),
            // Under HTTP 200 nobody but OwlPay speaks, and an envelope without an error is its own.
            Data::Status(404) if errors::error_word(&body).is_none() => Err(PayeeAnswer::Absent),
            Data::Status(status) => Err(said(status, &body)),
            Data::Unreadable => Err(unclear(UNREADABLE)),
        }
    }

    /// Drivers of one mode never meet the other's host.
    pub(super) fn require_mode(&self, mode: Mode) -> Result<(), PayeeAnswer> {
        if mode == self.settings.mode {
            Ok(())
        } else {
            Err(refused(OTHER_MODE))
        }
    }
}

/// So that a repeat of the same call is recognised, for as long as OwlPay remembers.
fn identify(request: &mut Request, key: &str) {
    if let Ok(key) = HeaderValue::from_str(key) {
        let name = HeaderName::from_static("idempotency-key");
        request.headers_mut().insert(name, key);
    }
}

fn vendor_path(payee: &ProviderId) -> Result<&str, PayeeAnswer> {
    match wire::vendor_id(payee.as_str()) {
        Some(_) => Ok(payee.as_str()),
        None => Err(refused(NOT_ITS_VENDOR)),
    }
}

/// The vendor that was shown, when it is the one that was asked about.
fn same(data: &RawValue, payee: &ProviderId) -> Result<PayeeAnswer, PayeeAnswer> {
    match vendor_wire::shown(data) {
        Some(vendor) if vendor.id == *payee => Ok(vendor.answer()),
        Some(_) => Err(unclear("another_vendor")),
        None => Err(unclear(UNREADABLE)),
    }
}

/// What a status says that brought no data. A conflict may be our own earlier call: the list tells. That a vendor
/// is absent takes OwlPay's own error: a 404 of something in between would take every approval back.
fn said(status: u16, body: &[u8]) -> PayeeAnswer {
    let word = errors::error_word(body);
    match (status, word.as_deref()) {
        (_, Some(word @ ("rate_limit" | "data_is_lock"))) => unclear(word),
        (_, Some(word)) if errors::is_about_our_account(word) => unclear(word),
        (404, _) if errors::is_absence(body) => PayeeAnswer::Absent,
        (400 | 402 | 422, Some(word)) => refused(&format!("{}_{word}", http_word(status))),
        (400 | 402 | 422, None) => refused(&http_word(status)),
        (status, _) => unclear(&http_word(status)),
    }
}

fn refused(reason: &str) -> PayeeAnswer {
    PayeeAnswer::Refused {
        reason: reason.to_owned(),
    }
}

pub(super) fn unclear(cause: &str) -> PayeeAnswer {
    PayeeAnswer::Unclear {
        cause: cause.to_owned(),
    }
}
