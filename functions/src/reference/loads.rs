//! What is said of loads.

use std::collections::BTreeMap;

use app::error::Error;
use platform::api::{
    body::{LoadTerms, PayoutForLoad},
    view::LoadView,
};

use super::{
    operation::{Operation, Title},
    samples::Samples,
};

pub(super) const TAG: &str = "Loads";

pub(super) fn operations(samples: &Samples) -> Result<Vec<Operation>, Error> {
    Ok(vec![put(samples)?, get(samples)])
}

fn put(samples: &Samples) -> Result<Operation, Error> {
    let title = Title {
        function: "put-load",
        tag: TAG,
        summary: "Register or revise a load",
        description: "What is not sent on a revision is removed. While a payout has the load, driver and amount stay \
            as they are.",
    };
    let body = LoadTerms {
        driver_id: "OVN-DRIVER-789",
        amount: 45_000,
        description: Some("Dallas to Tulsa"),
        metadata: Some(BTreeMap::from([("truck", "T-17")])),
    };
    let payout = PayoutForLoad {
        load_id: "$response.body#/data/loadId",
        urgency: None,
        requested_by: None,
    };
    let refusals = [
        Samples::invalid(&[("driverId", "is required"), ("amount", "is required")]),
        samples.load_held(),
        samples.load_paid(),
        Error::Conflict("the load kept changing; send it again".to_owned()),
    ];
    Operation::new(title)
        .taking(&[("load", body)])?
        .answering("load", &LoadView::from(&samples.load), samples)
        .refusing(refusals, samples)
        .linking("get-load", "loadId", "/data/loadId")
        .linking("get-driver", "id", "/data/driverId")
        .linking_body("create-payout", &payout)
}

fn get(samples: &Samples) -> Operation {
    let title = Title {
        function: "get-load",
        tag: TAG,
        summary: "Read a load",
        description: "Says whether a payout has the load, and which.",
    };
    let refusals = [Samples::unknown_query(), Error::NotFound("load")];
    Operation::new(title)
        .answering("load", &LoadView::from(&samples.load), samples)
        .refusing(refusals, samples)
        .linking("get-driver", "id", "/data/driverId")
        .linking("get-payout", "id", "/data/payoutId")
}
