//! `POST /api/v1/keys`: makes an API key, and shows its secret once.

use std::time::Duration;

use app::{
    api_key::Minting,
    create_key::{self, CreateKey},
    error::Error,
    port::{Store, Vault},
    request_key::Answered,
    secret_answer::ShownKey,
};
use domain::time::Timestamp;
use platform::{
    api::{envelope::Reply, key_view::NewKeyView, request::Request},
    entry::Backend,
};

use crate::asked::{Asked, asking, reply, required_scopes};

/// Five calendar years, whichever they are.
const LIFETIME_MAX: Duration = Duration::from_secs(1_827 * 86_400);

pub async fn handle<S: Store, V: Vault>(backend: Backend<S>, vault: V, request: Request) -> Reply {
    let meta = request.meta();
    reply(create(&backend, &vault, &request).await, &meta)
}

async fn create<S: Store, V: Vault>(
    backend: &Backend<S>,
    vault: &V,
    request: &Request,
) -> Result<Answered<ShownKey>, Error> {
    let mut asked = Asked::read(backend, request)?;
    let fields = &mut asked.fields;
    let name = fields.required_text("name", 200);
    let scopes = required_scopes(fields);
    let now = backend.clock.now();
    let expires_at = fields.optional("expiresAt", |text| expiry(text, now));
    let (name, scopes) = asked.fields.finish_with(name.zip(scopes))?;
    let meta = asked.meta;
    let render = |shown: &ShownKey| Reply::ok(&NewKeyView::from(shown), &meta).body;
    let command = CreateKey {
        asking: asking(&asked.caller, asked.key.as_ref(), &render),
        caller: &asked.caller,
        name,
        scopes,
        expires_at,
        minting: Minting {
            seal: &backend.seal,
            random: &backend.random(),
        },
    };
    let call = backend.call(asked.caller.actor());
    create_key::run(&call, &backend.store, vault, command).await
}

fn expiry(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    let at: Timestamp = text.parse().map_err(|error| format!("{error}"))?;
    if !text.ends_with('Z') {
        return Err("must be in UTC, with Z at its end".to_owned());
    }
    if at <= now || at > now.plus(LIFETIME_MAX) {
        return Err("must lie in the future, at most 5 years ahead".to_owned());
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_ends_in_the_future_but_within_five_years() {
        let now: Timestamp = "2026-01-31T12:00:00Z".parse().expect("a time");
        for text in ["2026-01-31T12:00:01Z", "2031-01-31T12:00:00Z"] {
            assert!(expiry(text, now).is_ok(), "{text}");
        }
        for text in [
            "2026-01-31T12:00:00Z",
            "2031-02-02T12:00:00Z",
            "2027-01-31T12:00:00+01:00",
            "2027-01-31",
            "soon",
        ] {
            assert!(expiry(text, now).is_err(), "{text}");
        }
    }
}
