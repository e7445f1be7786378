//! Lists the keys of a tenant, newest first, those included that open nothing any more.

use domain::ids::TenantId;

use crate::{
    api_key::ApiKey,
    error::Error,
    key_ring,
    list::{List, Range},
    page::{self, Page, Paging, Parts, Total},
    port::{Lists, Store},
    record::Record,
};

/// # Errors
/// `Invalid` when the page lies too deep; `Unavailable`.
pub async fn run<S: Store + Lists>(
    store: &S,
    tenant: &TenantId,
    paging: &Paging,
) -> Result<Page<ApiKey>, Error> {
    let made = key_ring::read(store, tenant).await?.made;
    let parts = Parts {
        lists: vec![List::ApiKeys(tenant.clone())],
        range: Range::default(),
    };
    let page = page::read(store, &parts, (paging, Total::Known(made.into()))).await?;
    Ok(page.filter_map(|record| match record {
        Record::ApiKey(key) if key.tenant == *tenant => Some(*key),
        _ => None,
    }))
}
