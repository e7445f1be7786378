//! What is said of loads.

use std::collections::BTreeMap;

use app::{
    error::Error,
    import_loads::{DoneRow, Import, RowResult},
};
use domain::ids::LoadId;
use platform::api::{
    body::{ImportedLoad, LoadTerms, LoadsImport, PayoutForLoad},
    csv_file::CSV,
    import_view::ImportView,
    page_view::PageView,
    view::LoadView,
};

use super::{
    lists::{paging, range},
    operation::{Operation, Title},
    samples::Samples,
};

pub(super) const TAG: &str = "Loads";
const FILE: &str =
    "loadId,driverId,amount,description\r\nL-12345,OVN-DRIVER-789,45000,Dallas to Tulsa\r\n";

pub(super) fn operations(samples: &Samples) -> Result<Vec<Operation>, Error> {
    Ok(vec![
        put(samples)?,
        import(samples)?,
        list(samples),
        get(samples),
    ])
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
        rail_fallback: None,
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

fn import(samples: &Samples) -> Result<Operation, Error> {
    let title = Title {
        function: "import-loads",
        tag: TAG,
        summary: "Register or revise many loads",
        description: "1 to 10,000 loads, at most 4 MiB. Each row stands for itself: what is wrong with one rejects that \
            one. As CSV, the header names the columns `loadId`, `driverId`, `amount` and, if wanted, `description`, in \
            any order. After a 503 send it again: what was written is `unchanged` then.",
    };
    let load = |load_id, driver_id| ImportedLoad {
        load_id,
        driver_id,
        amount: 45_000,
        description: Some("Dallas to Tulsa"),
        metadata: None,
    };
    let body = LoadsImport {
        loads: vec![
            load("L-12345", "OVN-DRIVER-789"),
            load("L-12346", "OVN-DRIVER-000"),
        ],
    };
    let other = LoadId::parse("L-12346").map_err(|error| Error::invalid("", &error.to_string()))?;
    let unknown = Error::invalid("driverId", "is not a registered driver");
    let rows = [
        (samples.load.id.clone(), RowResult::Created),
        (other, RowResult::Rejected(unknown)),
    ];
    let done = rows.map(|(load, result)| DoneRow {
        load: Some(load),
        result,
    });
    let import = Import {
        rows: done.to_vec(),
    };
    let whole = [Samples::invalid(&[(
        "loads",
        "must be a list of 1 to 10000 loads",
    )])];
    Ok(Operation::new(title)
        .taking(&[("loads", body)])?
        .or_file(CSV, FILE)
        .answering("import", &ImportView::from(&import), samples)
        .refusing(whole, samples)
        .linking("get-load", "loadId", "/data/rows/0/loadId"))
}

fn list(samples: &Samples) -> Operation {
    let title = Title {
        function: "list-loads",
        tag: TAG,
        summary: "List loads",
        description: "Newest first, by `createdAt`.",
    };
    let page = samples.page(&samples.load);
    let view: PageView<LoadView<'_>> = Samples::view(&page);
    Operation::new(title)
        .asking([range(), paging()])
        .answering("loads", &view, samples)
        .refusing([Samples::unlisted()], samples)
        .linking("get-load", "loadId", "/data/items/0/loadId")
        .linking("get-driver", "id", "/data/items/0/driverId")
        .linking_on()
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
