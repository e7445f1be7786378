//! Public JSON shapes of lists and logs.

use std::borrow::Cow;

use app::page::Page;
use serde::Serialize;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

use crate::api::vocabulary;

/// One page as every list answers it.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct PageView<V>(PageMembers<V>);

/// One page of a list, newest first.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PageMembers<V> {
    items: Vec<V>,
    /// Entries of the whole list, exact.
    total: u64,
    /// The number of this page, from 1.
    #[schema(minimum = 1)]
    page: u32,
    #[schema(minimum = 1, maximum = 100)]
    page_size: u32,
    has_next_page: bool,
    /// Where a page follows: the `cursor` that asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::Cursor)]
    next_cursor: Option<String>,
}

/// A part of a log: it only grows, so it has neither a total nor numbered pages.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct LogView<V>(LogMembers<V>);

/// A part of a log, newest first.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LogMembers<V> {
    items: Vec<V>,
    has_next_page: bool,
    /// Where more follows: the `cursor` that asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::Cursor)]
    next_cursor: Option<String>,
}

impl<V> PageView<V> {
    /// A page, and the cursor to the next one where there is one.
    pub fn new<'p, T>(page: &'p Page<T>, next_cursor: Option<String>) -> Self
    where
        V: From<&'p T>,
    {
        Self(PageMembers {
            items: page.items.iter().map(V::from).collect(),
            total: page.total,
            page: page.page,
            page_size: page.size,
            has_next_page: page.has_next(),
            next_cursor,
        })
    }
}

impl<V> LogView<V> {
    /// A part, and the cursor to the next one where there is one.
    pub fn new<'p, T>(items: &'p [T], next_cursor: Option<String>) -> Self
    where
        V: From<&'p T>,
    {
        Self(LogMembers {
            items: items.iter().map(V::from).collect(),
            has_next_page: next_cursor.is_some(),
            next_cursor,
        })
    }
}

// Lists of different things have different names in the document; a derived name would be the same.

impl<V: ToSchema> PartialSchema for PageView<V> {
    fn schema() -> RefOr<Schema> {
        PageMembers::<V>::schema()
    }
}

impl<V: ToSchema> ToSchema for PageView<V> {
    fn name() -> Cow<'static, str> {
        format!("{}Page", V::name()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((V::name().into_owned(), V::schema()));
        PageMembers::<V>::schemas(schemas);
    }
}

impl<V: ToSchema> PartialSchema for LogView<V> {
    fn schema() -> RefOr<Schema> {
        LogMembers::<V>::schema()
    }
}

impl<V: ToSchema> ToSchema for LogView<V> {
    fn name() -> Cow<'static, str> {
        format!("{}Log", V::name()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((V::name().into_owned(), V::schema()));
        LogMembers::<V>::schemas(schemas);
    }
}
