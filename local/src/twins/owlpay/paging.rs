//! Pages of lists.

use serde::Serialize;

use super::asked::Asked;
use super::problem::Problem;

const LIMIT_DEFAULT: usize = 12;
const LIMIT_MAX: usize = 100;
const PAGE_MAX: usize = 1_000_000;
/// Links name a host inside the vendor's network, as the documented ones do: nobody can follow them.
const INSIDE: &str = "http://owlpay.owlting.worker";

/// Which page is asked for.
#[derive(Clone, Copy)]
pub(crate) struct Paging {
    page: usize,
    limit: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Pagination {
    total: usize,
    count: usize,
    per_page: usize,
    current_page: usize,
    total_pages: usize,
    links: Links,
}

#[derive(Serialize)]
struct Links {
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prev: Option<String>,
}

impl Paging {
    pub(crate) fn read(asked: &Asked) -> Result<Self, Problem> {
        Ok(Self {
            page: asked.number("page", 1..=PAGE_MAX)?.unwrap_or(1),
            limit: asked
                .number("limit", 1..=LIMIT_MAX)?
                .unwrap_or(LIMIT_DEFAULT),
        })
    }

    /// Everything on one page, as answers about several objects show it.
    pub(crate) fn whole() -> Self {
        Self {
            page: 1,
            limit: LIMIT_DEFAULT,
        }
    }

    /// The rows of the page.
    pub(crate) fn cut<T>(self, rows: Vec<T>) -> Vec<T> {
        let before = (self.page - 1).saturating_mul(self.limit);
        rows.into_iter().skip(before).take(self.limit).collect()
    }

    /// The figures of a page of `count` rows out of `total`; `path` is the list's, below the prefix of the API.
    pub(crate) fn told(self, path: &str, count: usize, total: usize) -> Pagination {
        let total_pages = total.div_ceil(self.limit).max(1);
        let link = |page: usize| {
            let path = format!("/api/v1/platform/tunnel/{path}");
            let query = path.replace('/', "%2F");
            format!("{INSIDE}{path}?q={query}&page={page}")
        };
        Pagination {
            total,
            count,
            per_page: self.limit,
            current_page: self.page,
            total_pages,
            links: Links {
                next: (self.page < total_pages).then(|| link(self.page + 1)),
                prev: (self.page > 1).then(|| link(self.page - 1)),
            },
        }
    }
}
