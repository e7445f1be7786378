//! What is said of providers.

use app::{error::Error, list_providers::ProviderStanding};
use domain::routing::{Provider, RouteSwitch};
use platform::api::{
    body::ProviderTurn,
    provider_view::{ProviderView, ProvidersView},
};

use super::{
    operation::{Operation, Title},
    samples::Samples,
};

pub(super) const TAG: &str = "Providers";

const WHY: &str = "maintenance window announced for tonight";

pub(super) fn operations(samples: &Samples) -> Result<Vec<Operation>, Error> {
    let standing = |switch| ProviderStanding {
        switch,
        at: samples.now,
    };
    let mode = samples.driver.tenant.mode();
    let open = RouteSwitch::open(Provider::Payelata, mode);
    let paused = standing(open.paused(WHY.to_owned(), samples.now));
    let open = standing(open);
    Ok(vec![
        list(samples, &[&open, &paused]),
        pause(samples, &paused)?,
        resume(samples, &open)?,
    ])
}

fn list(samples: &Samples, standings: &[&ProviderStanding; 2]) -> Operation {
    let title = Title {
        function: "list-providers",
        tag: TAG,
        summary: "List the providers",
        description: "In the mode of the calling key: whether each is open, and why not. They are the same for all tenants, \
            so the scope belongs to operators.",
    };
    let [open, paused] = standings.map(|it| ProvidersView::new(std::slice::from_ref(it)));
    Operation::new(title)
        .answering("open", &open, samples)
        .answering("paused", &paused, samples)
        .refusing([Samples::unknown_query()], samples)
}

fn refusals() -> [Error; 3] {
    [
        Samples::invalid(&[("reason", "is required")]),
        Error::NotFound("provider"),
        Error::Conflict("the provider kept changing; send it again".to_owned()),
    ]
}

fn pause(samples: &Samples, paused: &ProviderStanding) -> Result<Operation, Error> {
    let title = Title {
        function: "pause-provider",
        tag: TAG,
        summary: "Pause a provider",
        description: "In the mode of the calling key, for all tenants. Nothing new is sent to it; payouts are accepted and \
            wait. What it already has is read on, and may still be paid. Pausing a paused provider changes nothing.",
    };
    Ok(Operation::new(title)
        .taking(&[("maintenance", ProviderTurn { reason: WHY })])?
        .answering("paused", &ProviderView::from(paused), samples)
        .refusing(refusals(), samples))
}

fn resume(samples: &Samples, open: &ProviderStanding) -> Result<Operation, Error> {
    let title = Title {
        function: "resume-provider",
        tag: TAG,
        summary: "Resume a provider",
        description: "Whatever stopped it: a pause, refused credentials, a defect, a contradiction, or too many calls that \
            told nothing. Payouts that wait go on within two minutes. Resuming an open provider changes nothing.",
    };
    let body = ProviderTurn {
        reason: "maintenance is over",
    };
    Ok(Operation::new(title)
        .taking(&[("over", body)])?
        .answering("open", &ProviderView::from(open), samples)
        .refusing(refusals(), samples))
}
