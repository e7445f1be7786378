//! The services of the account, over the private API (contract, E2 and E3): limits, fees and whether they can be
//! used. They are shown to operators and decide nothing: what a payout may be is said by the manifest, and what
//! the provider takes by its answer to a create.

use std::{borrow::Cow, sync::Arc};

use domain::{ids::Mode, time::Timestamp};
use reqwest::Method;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::Mutex;

use super::{Payelata, READ_BUDGET, UNREADABLE, body_of_200, kept::Kept, wire};

/// Services of one page.
const PAGE: &str = "50";
/// The most pages that are read.
const PAGES_MAX: u64 = 20;
const SERVICES: &str = "payout-services";

/// By the id of one service; the whole list without.
type Learned = Kept<Option<String>, Result<Arc<[PayoutService]>, String>>;

/// What was learned of services not long ago. Locked while the provider is asked.
#[derive(Clone, Debug, Default)]
pub(super) struct KnownServices(Arc<Mutex<Learned>>);

/// A service of the account. Amounts are in major units of `service_currency`, exact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayoutService {
    pub id: String,
    /// What an order names.
    pub service: String,
    pub service_method: String,
    pub service_currency: String,
    /// Of the account.
    pub currency: String,
    pub available: bool,
    pub active: bool,
    pub enabled: bool,
    pub amount_min: Decimal,
    pub amount_max: Decimal,
    pub fee_min: Decimal,
    pub fee_max: Decimal,
    /// In percent.
    pub fee_rate: Decimal,
    pub fee_fix: Decimal,
    pub test_mode: bool,
}

impl PayoutService {
    /// Whether an order of the mode may name it.
    pub const fn is_usable(&self, mode: Mode) -> bool {
        let is_ours = self.test_mode == matches!(mode, Mode::Test);
        self.available && self.active && self.enabled && is_ours
    }
}

impl Payelata {
    /// `GET /payout-services`, page by page (contract, E2), or what it said not long before `now`.
    ///
    /// # Errors
    /// A stable word when a page cannot be had or read; half a list is none.
    pub async fn services(&self, now: Timestamp) -> Result<Arc<[PayoutService]>, String> {
        let mut learned = self.services.0.lock().await;
        if let Some(known) = learned.get(&None, now) {
            return known;
        }
        let answer = self.all_services().await.map(Arc::from);
        learned.keep(None, now, answer.clone());
        answer
    }

    /// `GET /payout-services/{id}` (contract, E3), or what was learned of it not long before `now`. None when
    /// there is no such service.
    ///
    /// # Errors
    /// A stable word when it cannot be had or read.
    pub async fn service(&self, id: &str, now: Timestamp) -> Result<Option<PayoutService>, String> {
        if !is_service_id(id) {
            return Err("not_a_service_id".to_owned());
        }
        let mut learned = self.services.0.lock().await;
        let key = Some(id.to_owned());
        let listed = learned.get(&None, now).and_then(Result::ok);
        let listed = listed.and_then(|all| all.iter().find(|it| it.id == id).cloned());
        if listed.is_some() {
            return Ok(listed);
        }
        let known = learned.get(&key, now);
        let answer = match known {
            Some(known) => known,
            None => {
                let answer = self.one_service(id).await.map(Arc::from);
                learned.keep(key, now, answer.clone());
                answer
            }
        };
        answer.map(|found| found.first().cloned())
    }

    async fn all_services(&self) -> Result<Vec<PayoutService>, String> {
        let mut all = Vec::new();
        for number in 1..=PAGES_MAX {
            let mut request = self.asking(Method::GET, &[SERVICES]);
            request
                .url_mut()
                .query_pairs_mut()
                .append_pair("page[number]", &number.to_string())
                .append_pair("page[size]", PAGE);
            let body = body_of_200(&self.http, request, READ_BUDGET).await?;
            let page: Page<'_> = serde_json::from_slice(&body).map_err(|_| UNREADABLE)?;
            if page.meta.page != number {
                return Err("other_page".to_owned());
            }
            for row in &page.data {
                all.push(service(row).ok_or(UNREADABLE)?);
            }
            let goes_on = page.links.next.is_some_and(|link| !link.is_empty());
            if !goes_on || number >= page.meta.pages {
                return Ok(all);
            }
        }
        Err("too_many_pages".to_owned())
    }

    async fn one_service(&self, id: &str) -> Result<Vec<PayoutService>, String> {
        let request = self.asking(Method::GET, &[SERVICES, id]);
        let body = match body_of_200(&self.http, request, READ_BUDGET).await {
            Ok(body) => body,
            Err(cause) if cause == "http_404" => return Ok(Vec::new()),
            Err(cause) => return Err(cause),
        };
        let Document { data } = serde_json::from_slice(&body).map_err(|_| UNREADABLE)?;
        let found = service(data).ok_or(UNREADABLE)?;
        if found.id != id {
            return Err("another_object".to_owned());
        }
        Ok(vec![found])
    }
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
    meta: Meta,
    links: Links,
}

#[derive(Deserialize)]
struct Meta {
    pages: u64,
    page: u64,
}

#[derive(Deserialize)]
struct Links {
    next: Option<String>,
}

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    data: &'a RawValue,
}

#[derive(Deserialize)]
struct Resource<'a> {
    #[serde(borrow)]
    r#type: Cow<'a, str>,
    id: String,
    #[serde(borrow)]
    attributes: Attributes<'a>,
}

#[derive(Deserialize)]
struct Attributes<'a> {
    service: String,
    service_method: String,
    service_currency: String,
    currency: String,
    available: bool,
    active: bool,
    enabled: bool,
    test_mode: bool,
    #[serde(borrow)]
    amount_min: &'a RawValue,
    #[serde(borrow)]
    amount_max: &'a RawValue,
    #[serde(borrow)]
    fee_min: &'a RawValue,
    #[serde(borrow)]
    fee_max: &'a RawValue,
    #[serde(borrow)]
    fee_rate: &'a RawValue,
    #[serde(borrow)]
    fee_fix: &'a RawValue,
}

fn service(raw: &RawValue) -> Option<PayoutService> {
    let Resource {
        r#type,
        id,
        attributes: it,
    } = serde_json::from_str(raw.get()).ok()?;
    if r#type != SERVICES || !is_service_id(&id) {
        return None;
    }
    let figure = |raw: &RawValue| wire::decimal(raw.get());
    Some(PayoutService {
        id,
        service: it.service,
        service_method: it.service_method,
        service_currency: it.service_currency,
        currency: it.currency,
        available: it.available,
        active: it.active,
        enabled: it.enabled,
        amount_min: figure(it.amount_min)?,
        amount_max: figure(it.amount_max)?,
        fee_min: figure(it.fee_min)?,
        fee_max: figure(it.fee_max)?,
        fee_rate: figure(it.fee_rate)?,
        fee_fix: figure(it.fee_fix)?,
        test_mode: it.test_mode,
    })
}

/// `comcpos_` and letters or digits: as part of a path anything else could lead elsewhere.
fn is_service_id(text: &str) -> bool {
    text.strip_prefix("comcpos_").is_some_and(|rest| {
        (8..=64).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_alphanumeric())
    })
}
