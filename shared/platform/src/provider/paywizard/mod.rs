//! PayWizard: prepaid cards. A payment takes money from a card, a top-up puts money on it, each in one step. There is
//! no promise about repeats and no look-up by our own number, so every call is sent once. Whatever its answer does not
//! prove is for people; the order query by the vendor's own id may prove before that it was carried out.
//!
//! Nothing here decides about money: [`Told`] says what an answer proves.

mod answer;
mod payout;
pub mod settings;
mod sign;
mod wire;

use std::{sync::Arc, time::Duration};

pub use domain::order_no::OrderNo;
use domain::{ids::ProviderId, money::Currency};
use reqwest::{
    Body, Method, Request, Url,
    header::{CONTENT_TYPE, HeaderName, HeaderValue},
};

use self::settings::{PayWizardSettings, SettingsFault};
pub use self::{
    answer::{CardShown, Movement, OrderShown, OrderState, Told},
    wire::{CustomerInfo, EntryType, MoneyOrder, PrepaidCard},
};
use super::{
    CALL_BUDGET, READ_BUDGET,
    http::{Http, Lost, Reply},
};

/// The adapter for one PayWizard account.
#[derive(Clone, Debug)]
pub struct PayWizard {
    settings: Arc<PayWizardSettings>,
    base: Url,
    token: HeaderValue,
    http: Http,
}

/// One call: where it goes and how long it may take.
struct Call {
    path: [&'static str; 3],
    budget: Duration,
}

const fn loyalty(operation: &'static str, budget: Duration) -> Call {
    Call {
        path: ["ovstrade", "openLoyaltyPay", operation],
        budget,
    }
}

const PAY: Call = loyalty("giftTransaction", CALL_BUDGET);
const TOP_UP: Call = loyalty("giftIssuance", CALL_BUDGET);
const VOID: Call = loyalty("giftVoid", CALL_BUDGET);
const ACTIVATE: Call = loyalty("giftActivate", CALL_BUDGET);
const INQUIRY: Call = loyalty("giftInquiry", READ_BUDGET);
const QUERY_ORDER: Call = Call {
    path: ["ovstrade", "openPay", "queryOrder"],
    budget: READ_BUDGET,
};

impl PayWizard {
    /// # Errors
    /// [`SettingsFault`] when the settings are not safe to start with.
    pub fn new(settings: PayWizardSettings, http: Http) -> Result<Self, SettingsFault> {
        Ok(Self {
            base: settings.validate()?,
            token: settings.token()?,
            settings: Arc::new(settings),
            http,
        })
    }

    /// Takes money from the card, all of it or nothing.
    pub async fn pay(&self, order: &MoneyOrder<'_>) -> Told<Movement> {
        match self.send(PAY, wire::pay(&self.settings, order)).await {
            Ok(reply) => answer::moved(&self.settings, order, reply),
            Err(lost) => lost.into(),
        }
    }

    /// Puts money on the card.
    pub async fn top_up(&self, order: &MoneyOrder<'_>) -> Told<Movement> {
        match self.send(TOP_UP, wire::top_up(&self.settings, order)).await {
            Ok(reply) => answer::moved(&self.settings, order, reply),
            Err(lost) => lost.into(),
        }
    }

    /// Takes back the payment or top-up of this checkout id, under an order number of its own. Possible only before
    /// the vendor has settled it.
    pub async fn void(&self, order_no: &OrderNo, original: &ProviderId) -> Told<Movement> {
        let body = wire::void(&self.settings, order_no, original);
        match self.send(VOID, body).await {
            Ok(reply) => answer::voided(&self.settings, reply),
            Err(lost) => lost.into(),
        }
    }

    /// What the card holds.
    pub async fn balance(&self, card: &PrepaidCard, currency: Currency) -> Told<CardShown> {
        let body = wire::inquiry(&self.settings, card);
        match self.send(INQUIRY, body).await {
            Ok(reply) => answer::card(&self.settings, currency, reply),
            Err(lost) => lost.into(),
        }
    }

    /// Makes the card usable, and shows what it holds.
    pub async fn activate(
        &self,
        card: &PrepaidCard,
        customer: &CustomerInfo,
        currency: Currency,
    ) -> Told<CardShown> {
        let body = wire::activate(&self.settings, card, customer);
        match self.send(ACTIVATE, body).await {
            Ok(reply) => answer::card(&self.settings, currency, reply),
            Err(lost) => lost.into(),
        }
    }

    /// What became of an order that the vendor has named. Never asked for by our own number: whether that is found is
    /// not documented, and another transaction might be.
    pub async fn query_order(
        &self,
        checkout_id: &ProviderId,
        currency: Currency,
    ) -> Told<OrderShown> {
        let body = wire::query_order(&self.settings, checkout_id);
        match self.send(QUERY_ORDER, body).await {
            Ok(reply) => answer::order(&self.settings, (checkout_id, currency), reply),
            Err(lost) => lost.into(),
        }
    }

    /// Signs these bytes and sends them once.
    async fn send(&self, call: Call, body: Vec<u8>) -> Result<Reply, Lost> {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.extend(call.path);
        }
        let (id, secret) = (&self.settings.client_id, &self.settings.client_secret);
        let mut sign = HeaderValue::from_str(&sign::sign(&body, id, secret))
            .expect("hex is a valid header value");
        sign.set_sensitive(true);
        let mut request = Request::new(Method::POST, url);
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(HeaderName::from_static("jwt-token"), self.token.clone());
        headers.insert(HeaderName::from_static("sign"), sign);
        *request.body_mut() = Some(Body::from(body));
        self.http.send(request, call.budget).await
    }
}

#[cfg(test)]
mod samples {
    use domain::ids::Mode;

    use super::settings::{AmountUnit, Channels, PayWizardSettings};

    pub(super) fn settings() -> PayWizardSettings {
        PayWizardSettings {
            base: "http://127.0.0.1:9/paywizard".to_owned(),
            client_id: "900000000000000001".into(),
            client_secret: "0123456789abcdef0123456789abcdef".into(),
            jwt_token: "EXAMPLETOKENEXAMPLETOKEN00000001".into(),
            channels: Channels::default(),
            refusal_codes: vec![401, 403],
            amount_unit: AmountUnit::Major,
            top_ups: true,
            mode: Mode::Test,
            sandbox_hosts: Vec::new(),
        }
    }
}
