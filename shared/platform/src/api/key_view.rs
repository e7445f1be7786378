//! Public JSON shapes of API keys.

use app::{api_key::ApiKey, secret_answer::ShownKey};
use serde::Serialize;

/// The answer of `POST /keys` and of a rotation. `secret` is the whole text of the key, shown once.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewKeyView<'a> {
    id: &'a str,
    name: &'a str,
    mode: &'a str,
    prefix: String,
    scopes: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'a str>,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
}

impl<'a> From<&'a ShownKey> for NewKeyView<'a> {
    fn from(shown: &'a ShownKey) -> Self {
        let key = &shown.key;
        Self {
            id: &key.id,
            name: &key.name,
            mode: key.tenant.mode().name(),
            prefix: key.prefix(),
            scopes: &key.scopes,
            secret: shown.secret.as_deref(),
            created_at: key.created_at.to_string(),
            expires_at: key.expires_at.map(|at| at.to_string()),
        }
    }
}

/// A key as the list and its revocation show it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyView<'a> {
    id: &'a str,
    name: &'a str,
    mode: &'a str,
    prefix: String,
    scopes: &'a [String],
    owner: &'a str,
    operator: bool,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<String>,
}

impl<'a> From<&'a ApiKey> for KeyView<'a> {
    fn from(key: &'a ApiKey) -> Self {
        Self {
            id: &key.id,
            name: &key.name,
            mode: key.tenant.mode().name(),
            prefix: key.prefix(),
            scopes: &key.scopes,
            owner: &key.owner,
            operator: key.operator,
            created_at: key.created_at.to_string(),
            expires_at: key.expires_at.map(|at| at.to_string()),
            revoked_at: key.revoked_at.map(|at| at.to_string()),
        }
    }
}

/// The answer of `create-operator-key`.
#[derive(Serialize)]
pub struct OperatorKeyView {
    id: String,
    prefix: String,
    secret: Option<String>,
    scopes: Vec<String>,
}

impl From<ShownKey> for OperatorKeyView {
    fn from(shown: ShownKey) -> Self {
        Self {
            prefix: shown.key.prefix(),
            id: shown.key.id,
            secret: shown.secret,
            scopes: shown.key.scopes,
        }
    }
}
