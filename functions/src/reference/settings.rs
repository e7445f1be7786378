//! What is said of a tenant's settings.

use app::{error::Error, record::Settings};
use platform::api::{body::NewSettings, settings_view::SettingsView};

use super::{
    operation::{Operation, Title},
    samples::Samples,
};

pub(super) const TAG: &str = "Settings";

pub(super) fn operations(samples: &Samples) -> Result<Vec<Operation>, Error> {
    let settings = Settings {
        batch_approval: true,
        ..Settings::of(samples.driver.tenant.clone())
    };
    let view = SettingsView::from(&settings);
    Ok(vec![get(samples, &view), put(samples, &view)?])
}

fn get(samples: &Samples, view: &SettingsView) -> Operation {
    let title = Title {
        function: "get-settings",
        tag: TAG,
        summary: "Read the settings",
        description: "Of the tenant and mode of the calling key.",
    };
    Operation::new(title)
        .answering("settings", view, samples)
        .refusing([Samples::unknown_query()], samples)
}

fn put(samples: &Samples, view: &SettingsView) -> Result<Operation, Error> {
    let title = Title {
        function: "put-settings",
        tag: TAG,
        summary: "Change the settings",
        description: "The scope belongs to operators. They hold from the next release on, for batches too that were made before.",
    };
    let body = NewSettings {
        batch_approval: true,
        approval_minutes: Some(1_440),
    };
    let refusals = [
        Samples::invalid(&[("batchApproval", "must be true or false")]),
        Error::Conflict("the settings kept changing; send them again".to_owned()),
    ];
    Ok(Operation::new(title)
        .taking(&[("approval", body)])?
        .answering("settings", view, samples)
        .refusing(refusals, samples))
}
