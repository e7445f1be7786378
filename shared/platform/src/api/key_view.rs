//! Public JSON shapes of API keys.

use app::{api_key::ApiKey, secret_answer::ShownKey};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::vocabulary;

/// The answer of `POST /keys` and of a rotation.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NewKey)]
pub struct NewKeyView<'a> {
    #[schema(value_type = vocabulary::KeyId)]
    id: &'a str,
    name: &'a str,
    #[schema(value_type = vocabulary::Mode)]
    mode: &'a str,
    /// The text of the key before its secret.
    prefix: String,
    #[schema(value_type = Vec<vocabulary::Scope>)]
    scopes: &'a [String],
    /// The whole text of the key. A repeat has it for 10 minutes and for the same caller only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String)]
    secret: Option<&'a str>,
    #[schema(value_type = vocabulary::Time)]
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::Time)]
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
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Key)]
pub struct KeyView<'a> {
    #[schema(value_type = vocabulary::KeyId)]
    id: &'a str,
    name: &'a str,
    #[schema(value_type = vocabulary::Mode)]
    mode: &'a str,
    /// The text of the key before its secret.
    prefix: String,
    #[schema(value_type = Vec<vocabulary::Scope>)]
    scopes: &'a [String],
    /// Who holds the key.
    owner: &'a str,
    /// Whether it may use the scopes of operators.
    operator: bool,
    #[schema(value_type = vocabulary::Time)]
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::Time)]
    expires_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::Time)]
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
