//! The public API: a key that may be known, and may move no money. It tells which fields a service asks for
//! (contract, E1), and shows invoices (E9).
//!
//! An invoice of the public API names neither our reference, nor the order of its news, nor the fee. It is no
//! evidence about a payout, so nothing here can become an `Answer`.

use std::{borrow::Cow, sync::Arc, time::Duration};

use app::port::{AccountAsk, AccountCheck};
use domain::{
    answer::Standing,
    ids::{AttemptRef, Mode, ProviderId},
    money::{self, Cents, Currency},
    time::Timestamp,
};
use reqwest::{
    Body, Method, Request, Url,
    header::{CONTENT_TYPE, HeaderValue},
};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::sync::Mutex;
use tracing::warn;

use super::{
    NOT_ITS_OBJECT, OTHER_MODE, UNREADABLE, body_of_200,
    kept::Kept,
    order::{self, CARD_SERVICE},
    prerequest::{self, Asked, Offers, unchecked},
    settings::{PublicSettings, SettingsFault},
    status, wire,
};
use crate::provider::{READ_BUDGET, http::Http};

/// The most time a pre-request may take: a caller of our API waits for it.
const PREREQUEST_BUDGET: Duration = Duration::from_secs(3);
/// A pre-request shows the services that carry its amount. No amount is known when a method is saved; this one is
/// usual, and lies well inside of what is paid out.
const USUAL_AMOUNT: Cents = Cents::new(10_000);

type Learned = Kept<Asked, Result<Arc<Offers>, String>>;

/// The public API of one Payelata account. Clones share what they learned.
#[derive(Clone, Debug)]
pub struct PayelataPublic {
    settings: Arc<PublicSettings>,
    base: Url,
    http: Http,
    /// Locked while it is asked, so that everybody waits for one answer.
    learned: Arc<Mutex<Learned>>,
}

/// What the public API shows of an invoice. A figure that is not an exact amount of the currency is absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicInvoice {
    pub object: ProviderId,
    pub standing: Standing,
    /// The provider's own word.
    pub status: String,
    pub resolution: String,
    pub created: Timestamp,
    pub currency: String,
    pub amount: Option<Cents>,
    pub payout_amount: Option<Cents>,
    pub service: String,
    pub service_method: String,
    pub service_currency: String,
    pub service_amount: Option<Cents>,
    pub service_payout_amount: Option<Cents>,
    pub processed_amount: Option<Cents>,
}

/// What a read of the public API showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicReading {
    /// There is no such invoice for this key.
    Nothing,
    Shown(Vec<PublicInvoice>),
    /// Nothing can be said, and why, as a stable word.
    Failed(String),
}

#[derive(Serialize)]
struct Question<'a> {
    currency: &'static str,
    amount: Box<RawValue>,
    public_key: &'a str,
}

impl PayelataPublic {
    /// # Errors
    /// [`SettingsFault`] when the settings are not safe to start with.
    pub fn new(settings: PublicSettings, http: Http) -> Result<Self, SettingsFault> {
        Ok(Self {
            base: settings.validate()?,
            settings: Arc::new(settings),
            http,
            learned: Arc::default(),
        })
    }

    /// Whether the service that would carry an account takes it.
    pub(in crate::provider) async fn check(&self, ask: AccountAsk<'_>) -> AccountCheck {
        if ask.mode != self.settings.mode {
            return unchecked(OTHER_MODE);
        }
        let bank_service = &self.settings.bank_service;
        let (service, fields) = match order::filled(bank_service, ask.kind, ask.account) {
            Ok(filled) => filled,
            Err(cause) => return unchecked(cause),
        };
        let question = Asked {
            currency: Currency::Usd,
            amount: USUAL_AMOUNT,
        };
        match self.offers(question, ask.now).await {
            Ok(offers) => offers.judge(service, &fields),
            Err(cause) => unchecked(&cause),
        }
    }

    /// What is offered, as it was learned not long ago, or from one call that everybody waits for.
    async fn offers(&self, asked: Asked, now: Timestamp) -> Result<Arc<Offers>, String> {
        let mut learned = self.learned.lock().await;
        if let Some(known) = learned.get(&asked, now) {
            return known;
        }
        let answer = self.prerequest(asked).await.map(Arc::new);
        if let Ok(offers) = &answer {
            for (service, remark) in offers.remarks() {
                warn!(
                    service,
                    remark, "a service of payelata is not as payouts need it"
                );
            }
        }
        learned.keep(asked, now, answer.clone());
        answer
    }

    /// `POST /payout-prerequest` (contract, E1).
    async fn prerequest(&self, asked: Asked) -> Result<Offers, String> {
        let amount = money::to_decimal_token(asked.amount, asked.currency.exponent());
        let question = Question {
            currency: asked.currency.code(),
            amount: RawValue::from_string(amount).map_err(|_| "amount_unwritable")?,
            public_key: self.settings.public_key.expose_secret(),
        };
        let body = serde_json::to_vec(&question).map_err(|_| "order_unwritable")?;
        let mut request = Request::new(Method::POST, self.url(&["payout-prerequest"]));
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(CONTENT_TYPE, json);
        *request.body_mut() = Some(Body::from(body));
        let body = body_of_200(&self.http, request, PREREQUEST_BUDGET).await?;
        let codes = [CARD_SERVICE, self.settings.bank_service.as_str()];
        Ok(prerequest::offers(&body, asked, self.settings.mode, codes)?)
    }

    /// `GET /payout-invoices/{id}` (contract, E9).
    pub async fn invoice(&self, object: &ProviderId) -> PublicReading {
        if wire::invoice_id(object.as_str()).is_none() {
            return PublicReading::Failed(NOT_ITS_OBJECT.to_owned());
        }
        let request = self.reading(&["payout-invoices", object.as_str()], None);
        match self.read(request).await {
            PublicReading::Shown(shown) if shown.iter().any(|it| it.object != *object) => {
                PublicReading::Failed("another_object".to_owned())
            }
            reading => reading,
        }
    }

    /// `GET /payout-invoices?filter[reference_id]=` (contract, E9). What is shown does not name the reference.
    pub async fn invoices_of(&self, reference: &AttemptRef) -> PublicReading {
        let reference = reference.to_string();
        self.read(self.reading(&["payout-invoices"], Some(&reference)))
            .await
    }

    fn reading(&self, path: &[&str], reference: Option<&str>) -> Request {
        let mut url = self.url(path);
        {
            let mut query = url.query_pairs_mut();
            if let Some(reference) = reference {
                query.append_pair("filter[reference_id]", reference);
            }
            query.append_pair("public_key", self.settings.public_key.expose_secret());
        }
        Request::new(Method::GET, url)
    }

    async fn read(&self, request: Request) -> PublicReading {
        match body_of_200(&self.http, request, READ_BUDGET).await {
            Ok(body) => match shown(&body, self.settings.mode) {
                Ok(shown) if shown.is_empty() => PublicReading::Nothing,
                Ok(shown) => PublicReading::Shown(shown),
                Err(cause) => PublicReading::Failed(cause.to_owned()),
            },
            Err(cause) if cause == "http_404" => PublicReading::Nothing,
            Err(cause) => PublicReading::Failed(cause),
        }
    }

    fn url(&self, path: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.extend(path);
        }
        url
    }
}

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    data: &'a RawValue,
}

#[derive(Deserialize)]
struct Flat<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    created: i64,
    status: String,
    resolution: String,
    test_mode: bool,
    currency: String,
    #[serde(borrow)]
    amount: &'a RawValue,
    #[serde(borrow)]
    payout_amount: &'a RawValue,
    service: String,
    #[serde(borrow)]
    service_amount: &'a RawValue,
    #[serde(borrow)]
    service_payout_amount: &'a RawValue,
    service_method: String,
    service_currency: String,
    #[serde(borrow)]
    processed_amount: Option<&'a RawValue>,
}

/// The invoices of an answer: one, or a list of them.
fn shown(body: &[u8], mode: Mode) -> Result<Vec<PublicInvoice>, &'static str> {
    let Document { data } = serde_json::from_slice(body).map_err(|_| UNREADABLE)?;
    let rows: Vec<&RawValue> = if data.get().starts_with('[') {
        serde_json::from_str(data.get()).map_err(|_| UNREADABLE)?
    } else {
        vec![data]
    };
    rows.into_iter().map(|row| flat(row, mode)).collect()
}

fn flat(raw: &RawValue, mode: Mode) -> Result<PublicInvoice, &'static str> {
    let it: Flat<'_> = serde_json::from_str(raw.get()).map_err(|_| UNREADABLE)?;
    if it.test_mode != (mode == Mode::Test) {
        return Err("other_mode");
    }
    let created = it.created.checked_mul(1_000).ok_or(UNREADABLE)?;
    let is_status = (1..=wire::STATUS_MAX).contains(&it.status.len());
    let object = wire::invoice_id(&it.id).filter(|_| is_status);
    let cents = |raw: &RawValue| wire::amount(raw.get(), Currency::Usd);
    let processed = wire::figure(it.processed_amount, Currency::Usd);
    Ok(PublicInvoice {
        object: object.ok_or(UNREADABLE)?,
        standing: status::standing(&it.status, processed.may_be_money()),
        status: it.status,
        resolution: it.resolution,
        created: Timestamp::from_millis(created),
        currency: it.currency,
        amount: cents(it.amount),
        payout_amount: cents(it.payout_amount),
        service: it.service,
        service_method: it.service_method,
        service_currency: it.service_currency,
        service_amount: cents(it.service_amount),
        service_payout_amount: cents(it.service_payout_amount),
        processed_amount: processed.exact(),
    })
}
