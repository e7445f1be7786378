//! Paging of lists: its query parameters, the cursor, and the shape of a page.
//!
//! A cursor names the place after which the next page begins. It is bound to the tenant, the route and
//! every parameter that says what is listed, so it opens no other list and cannot be made up.

use app::{
    error::Error,
    list::{Place, Range},
    page::{DEPTH_MAX, Page, Paging, SIZE_MAX, Start},
    seal::Seal,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{ids::TenantId, time::Timestamp};
use subtle::ConstantTimeEq;

use crate::api::{
    page_view::{LogView, PageView},
    query::Query,
    request::Request,
};

/// The size of a page that names none.
pub const SIZE_DEFAULT: u32 = 50;

/// The parameters that say which part of a list is meant, not which list.
const PAGING: [&str; 4] = ["page", "pageSize", "limit", "cursor"];
const MAC_BYTES: usize = 16;

/// The list one request asks for, to which its cursors are bound.
pub struct Listing<'a> {
    seal: &'a Seal,
    tenant: &'a TenantId,
    /// Route, path values and filters, written in one way only.
    name: String,
    /// Of a page that names none.
    size: u32,
}

struct Part {
    size: u32,
    after: Option<Start>,
}

impl<'a> Listing<'a> {
    /// # Errors
    /// [`Error::Unauthenticated`] when nobody was identified.
    pub fn of(request: &'a Request, seal: &'a Seal) -> Result<Self, Error> {
        let is_filter = |name: &str| !PAGING.contains(&name);
        let mut filters: Vec<_> = request
            .query
            .iter()
            .filter(|(name, _)| is_filter(name))
            .collect();
        filters.sort_unstable();
        Ok(Self {
            seal,
            tenant: &request.caller()?.tenant,
            name: serde_json::json!([request.method, request.route, request.params, filters])
                .to_string(),
            size: SIZE_DEFAULT,
        })
    }

    /// With another size for pages that name none.
    #[must_use]
    pub fn with_size(self, size: u32) -> Self {
        Self { size, ..self }
    }

    /// Reads `page`, `pageSize` or its alias `limit`, and `cursor`. What cannot be used is a problem of the
    /// query.
    pub fn paging(&self, query: &mut Query<'_>) -> Paging {
        let page = query.optional_number("page", 1..=DEPTH_MAX);
        let part = self.part(query);
        if query.has("page") && query.has("cursor") {
            query.problem("cursor", "must not be sent together with page");
        }
        Paging {
            start: part.after.unwrap_or(Start::Page(page.unwrap_or(1))),
            size: part.size,
        }
    }

    /// Reads `pageSize` or its alias `limit`, and `cursor`, of a log: its parts have no numbers.
    pub fn log_part(&self, query: &mut Query<'_>) -> (u32, Option<Place>) {
        let part = self.part(query);
        let after = part.after.and_then(|start| match start {
            Start::After { place, .. } => Some(place),
            Start::Page(_) => None,
        });
        (part.size, after)
    }

    fn part(&self, query: &mut Query<'_>) -> Part {
        let size = query.optional_number("pageSize", 1..=SIZE_MAX);
        let limit = query.optional_number("limit", 1..=SIZE_MAX);
        let after = query.optional("cursor", |text| {
            self.opened(text)
                .ok_or("must be the nextCursor of this list with the same filters")
        });
        if query.has("pageSize") && query.has("limit") {
            query.problem("limit", "must not be sent together with pageSize");
        }
        Part {
            size: size.or(limit).unwrap_or(self.size),
            after,
        }
    }

    /// The answer with a part of this log.
    pub fn log<'p, T, V: From<&'p T>>(&self, items: &'p [T], next: Option<&Place>) -> LogView<V> {
        LogView::new(items, next.map(|place| self.cursor(1, place)))
    }

    /// The answer with a page of this list.
    pub fn view<'p, T, V: From<&'p T>>(&self, page: &'p Page<T>) -> PageView<V> {
        let next = page.next.as_ref();
        let cursor = next.map(|place| self.cursor(page.page.saturating_add(1), place));
        PageView::new(page, cursor)
    }

    /// Number of the page (4 bytes), milliseconds (8), id; and the MAC before them.
    fn cursor(&self, page: u32, place: &Place) -> String {
        let mut content = page.to_be_bytes().to_vec();
        content.extend(place.at.millis().to_be_bytes());
        content.extend(place.id.as_bytes());
        let mac = self.seal.cursor_mac(self.tenant, &self.name, &content);
        URL_SAFE_NO_PAD.encode([&mac[..], &content].concat())
    }

    /// Where a cursor of this list leads; none for any other text. Constant time in the MAC.
    fn opened(&self, text: &str) -> Option<Start> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (mac, content) = bytes.split_at_checked(MAC_BYTES)?;
        let expected = self.seal.cursor_mac(self.tenant, &self.name, content);
        if !bool::from(expected.ct_eq(mac)) {
            return None;
        }
        let (page, rest) = content.split_first_chunk()?;
        let (millis, id) = rest.split_first_chunk()?;
        Some(Start::After {
            page: u32::from_be_bytes(*page),
            place: Place {
                at: Timestamp::from_millis(i64::from_be_bytes(*millis)),
                id: String::from_utf8(id.to_vec()).ok()?,
            },
        })
    }
}

/// Reads `from` and `to`: what was made at or after the one and before the other.
pub fn range(query: &mut Query<'_>) -> Range {
    let from = query.optional("from", str::parse::<Timestamp>);
    let to = query.optional("to", str::parse::<Timestamp>);
    if from.zip(to).is_some_and(|(from, to)| from >= to) {
        query.problem("to", "must be later than from");
    }
    Range { from, to }
}

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;
