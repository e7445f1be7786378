//! What every mutation reads first, and how its answer is written.

use app::{
    call::Caller,
    error::Error,
    request_key::{Answered, Asking, RequestKey},
    scope,
};
use domain::{
    batch::Hand,
    fee::Rail,
    ids::{DriverId, OvnDriverId, TenantId},
};
use platform::{
    api::{
        envelope::{Meta, Reply},
        fields::Fields,
        idempotency,
        query::Query,
        request::Request,
    },
    entry::Backend,
};

/// What an instant payout may fall back to.
pub(crate) const RAIL_FALLBACKS: [(&str, Rail); 1] = [("standard", Rail::Standard)];

/// An authenticated request to change something, parsed as far as it can be without its own fields.
pub(crate) struct Asked {
    pub(crate) caller: Caller,
    pub(crate) key: Option<RequestKey>,
    pub(crate) fields: Fields,
    pub(crate) meta: Meta,
}

impl Asked {
    /// # Errors
    /// `Unauthenticated`, or `Invalid` for a query, a body that is not a JSON object, or an unusable request
    /// key.
    pub(crate) fn read<S>(backend: &Backend<S>, request: &Request) -> Result<Self, Error> {
        let caller = reader(request)?.clone();
        let body = request.json()?;
        let key = idempotency::request_key(request, &backend.seal, &caller.tenant, &body)?;
        Ok(Self {
            caller,
            key,
            fields: Fields::of_object(body)?,
            meta: request.meta(),
        })
    }
}

/// The caller of a request without query parameters.
///
/// # Errors
/// `Unauthenticated`, or `Invalid` for a query.
pub(crate) fn reader(request: &Request) -> Result<&Caller, Error> {
    Query::none(&request.query)?;
    request.caller()
}

/// The hand of a caller.
pub(crate) fn hand(caller: &Caller) -> Hand {
    Hand {
        key: caller.key_id.clone(),
        owner: caller.owner.clone(),
    }
}

/// How a use case recognises a repeat and writes its answer.
pub(crate) fn asking<'a, T>(
    caller: &'a Caller,
    key: Option<&'a RequestKey>,
    render: &'a (dyn Fn(&T) -> String + Sync),
) -> Asking<'a, T> {
    Asking {
        tenant: &caller.tenant,
        key,
        render,
    }
}

/// The answer of a mutation: fresh, replayed, or refused.
pub(crate) fn reply<T>(result: Result<Answered<T>, Error>, meta: &Meta) -> Reply {
    match result {
        Ok(Answered::Fresh { body, .. }) => Reply::stored(200, body, meta),
        Ok(Answered::Replayed { body }) => Reply::replayed(200, body, meta),
        Err(error) => Reply::error(&error, meta),
    }
}

/// A driver named by our id (`drv_...`) or by the ERP's.
///
/// # Errors
/// The text is neither.
pub(crate) fn driver_id<S>(
    backend: &Backend<S>,
    tenant: &TenantId,
    text: &str,
) -> Result<DriverId, domain::ids::InvalidId> {
    if text.starts_with("drv_") {
        return DriverId::parse(text);
    }
    OvnDriverId::parse(text).map(|ovn_id| backend.seal.driver_id(tenant, &ovn_id))
}

/// Different scopes of the closed list.
pub(crate) fn required_scopes(fields: &mut Fields) -> Option<Vec<&'static str>> {
    let scopes = fields.required_list("scopes", scope::ALL.len(), known_scope);
    distinct(fields, scopes)
}

pub(crate) fn optional_scopes(fields: &mut Fields) -> Option<Vec<&'static str>> {
    let scopes = fields.optional_list("scopes", scope::ALL.len(), known_scope);
    distinct(fields, scopes)
}

fn known_scope(text: &str) -> Result<&'static str, &'static str> {
    scope::known(text).ok_or("must be a scope of the documented list")
}

fn distinct(fields: &mut Fields, scopes: Option<Vec<&'static str>>) -> Option<Vec<&'static str>> {
    let scopes = scopes?;
    for (index, scope) in scopes.iter().enumerate() {
        if scopes[..index].contains(scope) {
            fields.problem(&format!("scopes[{index}]"), "must not be repeated");
        }
    }
    Some(scopes)
}
