//! The public JSON shape of a tenant's settings.

use app::record::Settings;
use serde::Serialize;
use utoipa::ToSchema;

/// What a tenant decided for itself.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Settings)]
pub struct SettingsView {
    /// Whether a batch needs the approval of a second key to be released.
    batch_approval: bool,
    /// How long an approval holds.
    #[schema(minimum = 1, maximum = 43_200)]
    approval_minutes: u32,
}

impl From<&Settings> for SettingsView {
    fn from(settings: &Settings) -> Self {
        Self {
            batch_approval: settings.batch_approval,
            approval_minutes: settings.approval_minutes,
        }
    }
}
