//! Payelata: two steps (create, then process), a reference it honours, reads by id and by reference.
//!
//! This module turns HTTP statuses into answers by the decision tables of create and query. A create
//! may prove that nothing was created; a process call and a read never do.

pub mod callback;
mod errors;
mod kept;
mod order;
mod pattern;
mod prerequest;
pub mod public;
pub mod services;
pub mod settings;
pub mod status;
mod wire;

use std::{sync::Arc, time::Duration};

use app::port::{CreateOrder, Listing, Lookup};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{
    answer::{Answer, Refusal},
    attempt::Attempt,
    ids::{Mode, ProviderId},
};
use reqwest::{
    Body, Method, Request, Url,
    header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue},
};
use secrecy::ExposeSecret;

use self::{
    services::KnownServices,
    settings::{PayelataSettings, SettingsFault},
};
use super::{
    CALL_BUDGET, READ_BUDGET,
    http::{FOREIGN_404, Http, Lost, Reply, SEARCH_404},
};

/// Invoices of one page: more would come near the largest answer that is read.
const PAGE: &str = "50";
const UNREADABLE: &str = "body_unreadable";
/// The attempt belongs to the other mode than the credentials.
const OTHER_MODE: &str = "mode_not_served";
/// An identifier that Payelata cannot have given; as part of a path it could lead elsewhere.
const NOT_ITS_OBJECT: &str = "not_an_invoice_id";

/// The adapter for one Payelata account.
#[derive(Clone, Debug)]
pub struct Payelata {
    settings: Arc<PayelataSettings>,
    base: Url,
    credentials: HeaderValue,
    http: Http,
    services: KnownServices,
}

impl Payelata {
    /// # Errors
    /// [`SettingsFault`] when the settings are not safe to start with.
    pub fn new(settings: PayelataSettings, http: Http) -> Result<Self, SettingsFault> {
        let base = settings.validate()?;
        Ok(Self {
            base,
            credentials: credentials(&settings),
            settings: Arc::new(settings),
            http,
            services: KnownServices::default(),
        })
    }

    /// `POST /payout-invoices` (contract, E4). An order that Payelata cannot serve is refused here, and
    /// nothing is sent.
    pub(super) async fn create(&self, order: CreateOrder<'_>) -> Answer {
        if !self.serves(order.attempt) {
            return refused(Refusal::Input, OTHER_MODE.to_owned());
        }
        let body = match order::body(&self.settings, &order) {
            Ok(body) => body,
            Err(reason) => return refused(Refusal::Input, reason.to_owned()),
        };
        let mut request = self.request(Method::POST, &[]);
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(CONTENT_TYPE, json);
        *request.body_mut() = Some(Body::from(body));
        match self.http.send(request, CALL_BUDGET).await {
            Ok(reply) => created(order.attempt, reply),
            Err(lost) => lost.into(),
        }
    }

    /// `POST /payout-invoices/{id}/process` (contract, E5), without a body. The answer is a courtesy:
    /// what happened is told by reads.
    pub(super) async fn process(&self, attempt: &Attempt, object: &ProviderId) -> Answer {
        if !self.serves(attempt) {
            return unclear(OTHER_MODE);
        }
        if wire::invoice_id(object.as_str()).is_none() {
            return unclear(NOT_ITS_OBJECT);
        }
        let mut request = self.request(Method::POST, &[object.as_str(), "process"]);
        let zero = HeaderValue::from_static("0");
        request.headers_mut().insert(CONTENT_LENGTH, zero);
        match self.http.send(request, CALL_BUDGET).await {
            Ok(reply) => processed(attempt, reply),
            Err(lost) => lost.into(),
        }
    }

    /// `GET /payout-invoices/{id}` or `?filter[reference_id]=` (contract, E6 and E7).
    pub(super) async fn read(&self, attempt: &Attempt, lookup: &Lookup) -> Answer {
        if !self.serves(attempt) {
            return unclear(OTHER_MODE);
        }
        let request = match lookup {
            Lookup::Object(object) if wire::invoice_id(object.as_str()).is_none() => {
                return unclear(NOT_ITS_OBJECT);
            }
            Lookup::Object(object) => self.request(Method::GET, &[object.as_str()]),
            Lookup::Reference => {
                let mut request = self.request(Method::GET, &[]);
                request
                    .url_mut()
                    .query_pairs_mut()
                    .append_pair("filter[reference_id]", &attempt.reference.to_string());
                request
            }
        };
        match self.http.send(request, READ_BUDGET).await {
            Ok(reply) => seen(attempt, lookup, reply),
            Err(lost) => lost.into(),
        }
    }

    /// `GET /payout-invoices` (contract, E8): newest first, older ones after the last row of the page before.
    /// The account holds both modes; rows of the other one are left out.
    pub(super) async fn list(&self, mode: Mode, after: Option<&str>) -> Listing {
        if mode != self.settings.mode {
            return Listing::CannotList;
        }
        let mut request = self.request(Method::GET, &[]);
        {
            let mut query = request.url_mut().query_pairs_mut();
            query.append_pair("page[size]", PAGE);
            if let Some(after) = after {
                query.append_pair("page[before]", after);
            }
        }
        let reply = match self.http.send(request, READ_BUDGET).await {
            Ok(reply) => reply,
            Err(Lost::NotSent(cause) | Lost::Unclear(cause)) => {
                return Listing::Failed(cause.to_owned());
            }
        };
        match (reply.status, reply.body) {
            (200, Ok(body)) => match wire::page(&body, mode) {
                // A page that goes on with itself would never end.
                Some((_, Some(next))) if Some(next.as_str()) == after => {
                    Listing::Failed("same_page".to_owned())
                }
                Some((objects, next)) => Listing::Page { objects, next },
                None => Listing::Failed(UNREADABLE.to_owned()),
            },
            (200, Err(cause)) => Listing::Failed(cause.to_owned()),
            (status, _) => Listing::Failed(http_word(status)),
        }
    }

    /// Whether these credentials may be used for the attempt: money of one mode never meets the other's host.
    fn serves(&self, attempt: &Attempt) -> bool {
        attempt.tenant.mode() == self.settings.mode
    }

    /// A request to `/payout-invoices` and the segments below it, with our credentials.
    fn request(&self, method: Method, below: &[&str]) -> Request {
        self.asking(method, &[&["payout-invoices"], below].concat())
    }

    /// A request to the segments below the base, with our credentials.
    fn asking(&self, method: Method, path: &[&str]) -> Request {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.extend(path);
        }
        let mut request = Request::new(method, url);
        request
            .headers_mut()
            .insert(AUTHORIZATION, self.credentials.clone());
        request
    }
}

/// The body of a 200, or why there is none, as a stable word.
async fn body_of_200(http: &Http, request: Request, budget: Duration) -> Result<Vec<u8>, String> {
    match http.send(request, budget).await {
        Ok(Reply { status: 200, body }) => body.map_err(str::to_owned),
        Ok(Reply { status, .. }) => Err(http_word(status)),
        Err(Lost::NotSent(cause) | Lost::Unclear(cause)) => Err(cause.to_owned()),
    }
}

/// HTTP Basic with account id and API key (contract, section 1). Marked so that it is never printed.
fn credentials(settings: &PayelataSettings) -> HeaderValue {
    let pair = format!(
        "{}:{}",
        settings.account_id.expose_secret(),
        settings.api_key.expose_secret()
    );
    let mut value = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(pair)))
        .expect("base64 is a valid header value");
    value.set_sensitive(true);
    value
}

/// The create table. Only four statuses promise that nothing was created.
fn created(attempt: &Attempt, reply: Reply) -> Answer {
    let currency = attempt.currency;
    match (reply.status, reply.body) {
        (200 | 201, Ok(body)) => {
            wire::single(&body, currency).map_or_else(|| unclear(UNREADABLE), wire::Invoice::answer)
        }
        (409, Ok(body)) => wire::conflicting(&body, currency)
            .map_or_else(|| unclear("http_409"), wire::Invoice::answer),
        (200 | 201 | 409, Err(cause)) => unclear(cause),
        (status @ (401 | 403), _) => refused(Refusal::Credentials, http_word(status)),
        (405, _) => refused(Refusal::Integration, http_word(405)),
        (422, body) => {
            let fields = body.ok().and_then(|body| errors::refused_fields(&body));
            refused(Refusal::Input, fields.unwrap_or_else(|| http_word(422)))
        }
        (404, body) if !is_own_404(&body) => unclear(FOREIGN_404),
        (status, _) => unclear(&http_word(status)),
    }
}

/// No promise of the provider covers this call, so no status proves anything.
fn processed(attempt: &Attempt, reply: Reply) -> Answer {
    match (reply.status, reply.body) {
        (200..=202, Ok(body)) => wire::single(&body, attempt.currency)
            .map_or_else(|| unclear(UNREADABLE), wire::Invoice::answer),
        (200..=202, Err(cause)) => unclear(cause),
        (404, body) if !is_own_404(&body) => unclear(FOREIGN_404),
        (status, _) => unclear(&http_word(status)),
    }
}

/// The query table. Nothing is there when Payelata itself says so of an id, or shows an empty list; any other status,
/// and any other 404, says nothing about the payout.
fn seen(attempt: &Attempt, lookup: &Lookup, reply: Reply) -> Answer {
    let currency = attempt.currency;
    match (reply.status, reply.body, lookup) {
        (404, body, _) if !is_own_404(&body) => unclear(FOREIGN_404),
        (404, _, Lookup::Object(_)) => Answer::Absent,
        (404, _, Lookup::Reference) => unclear(SEARCH_404),
        (200, Ok(body), Lookup::Object(object)) => match wire::single(&body, currency) {
            Some(invoice) if invoice.object == *object => invoice.answer(),
            Some(_) => unclear("another_object"),
            None => unclear(UNREADABLE),
        },
        (200, Ok(body), Lookup::Reference) => {
            wire::listing(&body, &attempt.reference.to_string(), currency)
                .map_or_else(|| unclear(UNREADABLE), wire::Listing::answer)
        }
        (200, Err(cause), _) => unclear(cause),
        (status, _, _) => unclear(&http_word(status)),
    }
}

fn is_own_404(body: &Result<Vec<u8>, &'static str>) -> bool {
    body.as_ref().is_ok_and(|body| errors::is_own_404(body))
}

fn refused(by: Refusal, reason: String) -> Answer {
    Answer::Refused { by, reason }
}

fn unclear(cause: &str) -> Answer {
    Answer::Unclear {
        cause: cause.to_owned(),
    }
}

fn http_word(status: u16) -> String {
    format!("http_{status}")
}
