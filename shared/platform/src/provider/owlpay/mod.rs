//! OwlPay: an order, then a reconciliation that releases it; reads by id and by serial; and drivers as its vendors.
//!
//! This module turns HTTP statuses into answers by the decision tables of docs/providers/owlpay.md. No status
//! promises that nothing was created: a refusal is a doubt until reads find nothing.

pub mod callback;
mod errors;
pub mod invites;
mod list;
pub mod settings;
pub mod status;
mod vendor_wire;
mod vendors;
mod wire;

use std::sync::Arc;

use app::port::{CreateOrder, Lookup};
use domain::{
    answer::{Answer, Refusal},
    attempt::Attempt,
    ids::ProviderId,
};
use reqwest::{
    Body, Method, Request, Url,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue},
};
use secrecy::ExposeSecret;

use self::{
    settings::{OwlpaySettings, Remittance, SettingsFault},
    wire::{Data, Listing, Order},
};
use super::{
    CALL_BUDGET, READ_BUDGET,
    http::{FOREIGN_404, Http, Reply, SEARCH_404},
};

const UNREADABLE: &str = "body_unreadable";
/// The attempt belongs to the other mode than the key.
const OTHER_MODE: &str = "mode_not_served";
/// An identifier that OwlPay cannot have given; as part of a path it could lead elsewhere.
const NOT_ITS_OBJECT: &str = "not_an_order_id";

/// The adapter for one OwlPay application.
#[derive(Clone, Debug)]
pub struct Owlpay {
    settings: Arc<OwlpaySettings>,
    remittance: Remittance,
    base: Url,
    credentials: HeaderValue,
    http: Http,
}

impl Owlpay {
    /// # Errors
    /// [`SettingsFault`] when the settings are not safe to start with.
    pub fn new(settings: OwlpaySettings, http: Http) -> Result<Self, SettingsFault> {
        let base = settings.validate()?;
        Ok(Self {
            base,
            credentials: credentials(&settings)?,
            settings: Arc::new(settings),
            remittance: Remittance::default(),
            http,
        })
    }

    /// The same, telling bank accounts in another way than usual.
    #[must_use]
    pub fn with_remittance(self, remittance: Remittance) -> Self {
        Self { remittance, ..self }
    }

    /// `POST /orders`. An order that OwlPay cannot serve is refused here, and nothing is sent.
    pub(super) async fn create(&self, order: CreateOrder<'_>) -> Answer {
        if !self.serves(order.attempt) {
            return refused(OTHER_MODE);
        }
        let body = match wire::order(&order) {
            Ok(body) => body,
            Err(reason) => return refused(reason),
        };
        let mut request = self.request(Method::POST, &["orders"], Some(body));
        let key = order.attempt.reference.to_string();
        if let Ok(key) = HeaderValue::from_str(&key) {
            let name = HeaderName::from_static("idempotency-key");
            request.headers_mut().insert(name, key);
        }
        match self.http.send(request, CALL_BUDGET).await {
            Ok(reply) => created(order.attempt, reply),
            Err(lost) => lost.into(),
        }
    }

    /// `POST /orders_reconciliation` for this one order: it releases the order for payment. The answer is a
    /// courtesy: what happened is told by reads of the order.
    pub(super) async fn process(&self, attempt: &Attempt) -> Answer {
        if !self.serves(attempt) {
            return unclear(OTHER_MODE);
        }
        let body = wire::reconciliation(attempt);
        let request = self.request(Method::POST, &["orders_reconciliation"], Some(body));
        match self.http.send(request, CALL_BUDGET).await {
            Ok(reply) => taken(reply),
            Err(lost) => lost.into(),
        }
    }

    /// `PUT /orders/cancel`. Whether the order is canceled is told by a read of it.
    pub(super) async fn cancel(&self, attempt: &Attempt, object: &ProviderId) -> Answer {
        if !self.serves(attempt) {
            return unclear(OTHER_MODE);
        }
        let body = wire::cancellation(object);
        let request = self.request(Method::PUT, &["orders", "cancel"], Some(body));
        match self.http.send(request, READ_BUDGET).await {
            Ok(reply) => canceled(reply),
            Err(lost) => lost.into(),
        }
    }

    /// `GET /orders/{uuid}`, or the list filtered by serial. Where only the reconciliation can tell whether the
    /// order is paid, that is read too.
    pub(super) async fn read(&self, attempt: &Attempt, lookup: &Lookup) -> Answer {
        if !self.serves(attempt) {
            return unclear(OTHER_MODE);
        }
        let request = match lookup {
            Lookup::Object(object) if wire::order_id(object.as_str()).is_none() => {
                return unclear(NOT_ITS_OBJECT);
            }
            Lookup::Object(object) => self.request(Method::GET, &["orders", object.as_str()], None),
            Lookup::Reference => {
                let mut request = self.request(Method::GET, &["orders"], None);
                request
                    .url_mut()
                    .query_pairs_mut()
                    .append_pair("application_order_serial", &attempt.reference.to_string());
                request
            }
        };
        let reply = match self.http.send(request, READ_BUDGET).await {
            Ok(reply) => reply,
            Err(lost) => return lost.into(),
        };
        match seen(attempt, lookup, reply) {
            Ok(order) => self.complete(*order).await,
            Err(answer) => answer,
        }
    }

    /// The order in our words, with what its reconciliation says where that decides.
    async fn complete(&self, order: Order) -> Answer {
        let asked = order
            .reconciliation
            .clone()
            .filter(|_| order.needs_reconciliation());
        let Some(reconciliation) = asked else {
            return order.answer(None);
        };
        let path = ["orders_reconciliation", reconciliation.as_str()];
        let request = self.request(Method::GET, &path, None);
        let is_finished = match self.http.send(request, READ_BUDGET).await {
            Ok(Reply {
                status: 200,
                body: Ok(body),
            }) => match wire::data(&body) {
                Data::Shown(raw) => wire::is_finished(raw),
                Data::Status(_) | Data::Unreadable => None,
            },
            Ok(_) | Err(_) => None,
        };
        order.answer(is_finished)
    }

    /// Whether this key may be used for the attempt: money of one mode never meets the other's host.
    fn serves(&self, attempt: &Attempt) -> bool {
        attempt.tenant.mode() == self.settings.mode
    }

    fn request(&self, method: Method, below: &[&str], body: Option<Vec<u8>>) -> Request {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.extend(below);
        }
        let mut request = Request::new(method, url);
        let json = HeaderValue::from_static("application/json");
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, self.credentials.clone());
        headers.insert(ACCEPT, json.clone());
        if let Some(body) = body {
            headers.insert(CONTENT_TYPE, json);
            *request.body_mut() = Some(Body::from(body));
        }
        request
    }
}

/// The key as a bearer token. Marked so that it is never printed.
fn credentials(settings: &OwlpaySettings) -> Result<HeaderValue, SettingsFault> {
    let text = format!("Bearer {}", settings.api_key.expose_secret());
    let mut value = HeaderValue::from_str(&text).map_err(|_| SettingsFault::ApiKey)?;
    value.set_sensitive(true);
    Ok(value)
}

/// The create table.
fn created(attempt: &Attempt, reply: Reply) -> Answer {
    match (reply.status, reply.body) {
        (200 | 201, Ok(body)) => match wire::data(&body) {
            Data::Shown(raw) => wire::shown(raw, attempt.currency)
                .map_or_else(|| unclear(UNREADABLE), |order| order.answer(None)),
            Data::Status(status) => unclear(&format!("body_status_{status}")),
            Data::Unreadable => unclear(UNREADABLE),
        },
        (200 | 201, Err(cause)) => unclear(cause),
        (status, body) => errors::not_created(&Reply { status, body }),
    }
}

/// No promise of the provider covers these calls, so no status proves anything.
fn taken(reply: Reply) -> Answer {
    match (reply.status, reply.body) {
        (200..=202, Ok(body)) => match wire::data(&body) {
            Data::Shown(_) => Answer::Taken,
            Data::Status(status) => unclear(&format!("body_status_{status}")),
            Data::Unreadable => unclear(UNREADABLE),
        },
        (200..=202, Err(cause)) => unclear(cause),
        (status, body) => errors::not_released(&Reply { status, body }),
    }
}

fn canceled(reply: Reply) -> Answer {
    match reply.status {
        200..=202 => taken(reply),
        _ => errors::not_canceled(&reply),
    }
}

/// The query table: the order that was shown, or what the read says instead. Nothing is there when OwlPay itself
/// says so of an id, or shows an empty list; any other 404 says nothing.
fn seen(attempt: &Attempt, lookup: &Lookup, reply: Reply) -> Result<Box<Order>, Answer> {
    if errors::is_own_404(&reply) {
        return Err(match lookup {
            Lookup::Object(_) => Answer::Absent,
            Lookup::Reference => unclear(SEARCH_404),
        });
    }
    let body = match (reply.status, reply.body) {
        (404, _) => return Err(unclear(FOREIGN_404)),
        (200, Ok(body)) => body,
        (200, Err(cause)) => return Err(unclear(cause)),
        (status, _) => return Err(unclear(&http_word(status))),
    };
    let raw = match (wire::data(&body), lookup) {
        (Data::Shown(raw), _) => raw,
        (Data::Status(404), Lookup::Object(_)) if errors::is_absence(&body) => {
            return Err(Answer::Absent);
        }
        (Data::Status(status), _) => return Err(unclear(&format!("body_status_{status}"))),
        (Data::Unreadable, _) => return Err(unclear(UNREADABLE)),
    };
    match lookup {
        Lookup::Object(object) => match wire::shown(raw, attempt.currency) {
            Some(order) if order.object == *object => Ok(Box::new(order)),
            Some(_) => Err(unclear("another_object")),
            None => Err(unclear(UNREADABLE)),
        },
        Lookup::Reference => {
            let serial = attempt.reference.to_string();
            match wire::listing(raw, &serial, attempt.currency) {
                Some(Listing::Nothing) if wire::counts_none(&body) => Err(Answer::Absent),
                Some(Listing::Nothing) => Err(unclear(UNREADABLE)),
                Some(Listing::One(order)) => Ok(order),
                Some(Listing::Several(order)) => Err(order.duplicated()),
                Some(Listing::Others) => Err(unclear("filter_not_obeyed")),
                None => Err(unclear(UNREADABLE)),
            }
        }
    }
}

/// Refused by ourselves: nothing was sent.
fn refused(reason: &str) -> Answer {
    Answer::Refused {
        by: Refusal::Input,
        reason: reason.to_owned(),
    }
}

fn doubted(by: Refusal, reason: String) -> Answer {
    Answer::Doubted { by, reason }
}

fn unclear(cause: &str) -> Answer {
    Answer::Unclear {
        cause: cause.to_owned(),
    }
}

fn http_word(status: u16) -> String {
    format!("http_{status}")
}
