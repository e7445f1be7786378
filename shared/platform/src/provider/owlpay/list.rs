//! The list of orders, as a comparison of whole days reads it: page after page of what was made in a span.

use app::port::{ListAsk, Listing};
use domain::{answer::Answer, reconciliation::ListedObject, time::Timestamp};
use reqwest::{Method, Request};

use super::{
    Owlpay, READ_BUDGET, UNREADABLE, http_word,
    wire::{self, Data},
};
use crate::provider::http::{Lost, Reply};

/// Orders of one page: more would come near the largest answer that is read.
const PAGE: &str = "50";

impl Owlpay {
    /// `GET /orders`, narrowed to the span by `during_created_at`. In which order the rows come is not
    /// documented, so a row outside the span means that the filter was not obeyed, and the list says nothing.
    pub(in crate::provider) async fn list(&self, ask: ListAsk<'_>) -> Listing {
        if ask.mode != self.settings.mode {
            return Listing::CannotList;
        }
        match self.page(ask).await {
            Ok((objects, next)) => Listing::Page { objects, next },
            Err(cause) => Listing::Failed(cause),
        }
    }

    async fn page(&self, ask: ListAsk<'_>) -> Result<(Vec<ListedObject>, Option<String>), String> {
        let number = page_number(ask.after).ok_or("unknown_cursor")?;
        let reply = match self.http.send(self.asking(ask, number), READ_BUDGET).await {
            Ok(reply) => reply,
            Err(Lost::NotSent(cause) | Lost::Unclear(cause)) => return Err(cause.to_owned()),
        };
        let body = match reply {
            Reply {
                status: 200,
                body: Ok(body),
            } => body,
            Reply {
                status: 200,
                body: Err(cause),
            } => return Err(cause.to_owned()),
            Reply { status, .. } => return Err(http_word(status)),
        };
        let raw = match wire::data(&body) {
            Data::Shown(raw) => raw,
            Data::Status(status) => return Err(format!("body_status_{status}")),
            Data::Unreadable => return Err(UNREADABLE.to_owned()),
        };
        let pages = wire::pages(&body, number).ok_or(UNREADABLE)?;
        let rows = wire::orders(raw).ok_or(UNREADABLE)?;
        let mut objects = Vec::with_capacity(rows.len());
        for (order, created_at) in rows {
            if !(ask.made.0..=ask.made.1).contains(&created_at) {
                return Err("filter_not_obeyed".to_owned());
            }
            // Where only the reconciliation tells whether an order is paid, it is read here too.
            if let Answer::Exists { object, seen } = self.complete(order).await {
                objects.push(ListedObject {
                    object,
                    created_at,
                    seen: *seen,
                });
            }
        }
        let next = (number < pages).then(|| (number + 1).to_string());
        Ok((objects, next))
    }

    fn asking(&self, ask: ListAsk<'_>, number: u32) -> Request {
        let mut request = self.request(Method::GET, &["orders"], None);
        let span = format!("{},{}", second(ask.made.0), second(ask.made.1));
        request
            .url_mut()
            .query_pairs_mut()
            .append_pair("page", &number.to_string())
            .append_pair("limit", PAGE)
            .append_pair("during_created_at", &span);
        request
    }
}

/// The page that a cursor names: their numbers are the cursors, for the links of OwlPay lead nowhere.
fn page_number(after: Option<&str>) -> Option<u32> {
    after.map_or(Some(1), |text| text.parse().ok())
}

/// A moment to the second, in UTC without an offset, as the filters take it.
fn second(at: Timestamp) -> String {
    let text = at.to_string();
    text.get(..19).unwrap_or(&text).to_owned()
}
