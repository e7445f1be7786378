//! What is said of API keys.

use app::{
    api_key::ApiKey,
    error::{Error, KeyRule},
    secret_answer::ShownKey,
};
use domain::{denied::Denied, rate::RateLimit};
use platform::api::{
    body::{KeyRequest, KeyRotation},
    key_view::{KeyView, NewKeyView},
    page_view::PageView,
};

use super::{
    lists::paging,
    operation::{Operation, Title},
    samples::Samples,
};

pub(super) const TAG: &str = "Keys";

pub(super) fn operations(samples: &Samples) -> Result<Vec<Operation>, Error> {
    let key = key(samples);
    Ok(vec![
        create(samples, &key)?,
        list(samples, &key),
        revoke(samples, &key),
        rotate(samples, &key)?,
    ])
}

fn key(samples: &Samples) -> ApiKey {
    ApiKey {
        id: "k3y0f0rd3sk1".to_owned(),
        version: 1,
        tenant: samples.driver.tenant.clone(),
        name: "dispatch desk".to_owned(),
        owner: "acme".to_owned(),
        operator: false,
        digest: String::new(),
        previous: None,
        scopes: vec!["loads:write".to_owned(), "payouts:write".to_owned()],
        limit: RateLimit::STANDARD,
        expires_at: None,
        revoked_at: None,
        created_at: samples.now,
    }
}

/// A key as it is shown once.
fn shown(key: &ApiKey) -> ShownKey {
    ShownKey {
        secret: Some(format!("{}{}", key.prefix(), "0123456789ab".repeat(4))),
        key: key.clone(),
    }
}

/// What no key may do to another that is stronger.
fn too_weak() -> [Error; 3] {
    [
        Error::Forbidden("drivers:write"),
        Error::KeyRule(KeyRule::OperatorKey),
        Error::NotFound("key"),
    ]
}

fn create(samples: &Samples, key: &ApiKey) -> Result<Operation, Error> {
    let title = Title {
        function: "create-key",
        tag: TAG,
        summary: "Make an API key",
        description: "For the tenant, mode and owner of the calling key, with scopes that the calling key has; the scopes \
            of operators cannot be given. `secret` is shown once; a repeat with the same idempotency key has it for 10 \
            minutes.",
    };
    let body = KeyRequest {
        name: "dispatch desk",
        scopes: vec!["loads:write", "payouts:write"],
        expires_at: None,
    };
    let refusals = [
        Samples::invalid(&[
            ("scopes[0]", "must be a scope of the documented list"),
            ("expiresAt", "must lie in the future, at most 5 years ahead"),
        ]),
        Error::KeyRule(KeyRule::OperatorOnly("wallet:write")),
        Denied::KeysExhausted.into(),
        Error::Conflict("the tenant's keys kept changing; send it again".to_owned()),
    ];
    Ok(Operation::new(title)
        .taking(&[("key", body)])?
        .answering("key", &NewKeyView::from(&shown(key)), samples)
        .refusing(refusals, samples)
        .linking("rotate-key", "id", "/data/id")
        .linking("revoke-key", "id", "/data/id"))
}

/// No links: the first key of a list may be the one that asks, and following them must not end it.
fn list(samples: &Samples, key: &ApiKey) -> Operation {
    let title = Title {
        function: "list-keys",
        tag: TAG,
        summary: "List API keys",
        description: "Newest first, those too that were revoked or have expired. No secrets.",
    };
    let page = samples.page(key);
    let view: PageView<KeyView<'_>> = Samples::view(&page);
    Operation::new(title)
        .asking([paging()])
        .answering("keys", &view, samples)
        .refusing([Samples::unlisted()], samples)
        .linking_on()
}

fn revoke(samples: &Samples, key: &ApiKey) -> Operation {
    let title = Title {
        function: "revoke-key",
        tag: TAG,
        summary: "Revoke an API key",
        description: "For ever, within 60 seconds. Revoking again answers the same. It needs every scope of that key, and \
            takes no idempotency key.",
    };
    let revoked = ApiKey {
        revoked_at: Some(samples.now),
        ..key.clone()
    };
    let conflict = Error::Conflict("the tenant's keys kept changing; send it again".to_owned());
    Operation::new(title)
        .answering("revoked", &KeyView::from(&revoked), samples)
        .refusing([Samples::unknown_query(), conflict], samples)
        .refusing(too_weak(), samples)
}

fn rotate(samples: &Samples, key: &ApiKey) -> Result<Operation, Error> {
    let title = Title {
        function: "rotate-key",
        tag: TAG,
        summary: "Give an API key a new secret",
        description: "Under the same id. The old secret goes on for the grace period, an even older one does not. A key \
            that rotates itself should ask for one: if the answer is lost, the old secret is what it has left. It needs \
            every scope of that key.",
    };
    let body = KeyRotation {
        grace_period_seconds: Some(3_600),
    };
    let refusals = [
        Samples::invalid(&[(
            "gracePeriodSeconds",
            "must be a whole number from 0 to 604800",
        )]),
        Error::KeyRule(KeyRule::OtherOwner),
        Denied::KeyNotUsable.into(),
        Error::Conflict("the key kept changing; send it again".to_owned()),
    ];
    Ok(Operation::new(title)
        .taking_at_most(("one_hour", body))?
        .answering("key", &NewKeyView::from(&shown(key)), samples)
        .refusing(refusals, samples)
        .refusing(too_weak(), samples)
        .linking("revoke-key", "id", "/data/id"))
}
