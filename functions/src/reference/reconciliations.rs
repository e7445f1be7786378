//! What is said of reconciliations.

use app::{
    error::Error,
    reconcile_day::Reconciled,
    record::{Comparison, ListEnding, PartSet, ProviderList, Reconciliation, Settlement},
};
use domain::{
    day::Day,
    reconciliation::{Difference, Reason},
    routing::Provider,
};
use platform::api::{
    body::NewReconciliation,
    csv_file::CSV,
    reconciliation_view::{self, ReconciliationReportView, ReconciliationView},
};

use super::{
    operation::{Operation, Title},
    samples::Samples,
};

pub(super) const TAG: &str = "Reconciliations";
const FILE: &str = "reference,amount,currency\r\npay_01M7Y8BCGA4T04JNKTBYHB7SCK-a01,44750,USD\r\n";

pub(super) fn operations(samples: &Samples) -> Result<Vec<Operation>, Error> {
    let known = reconciled(samples);
    Ok(vec![
        run(samples, &known)?,
        get(samples, &known),
        report(samples, &known)?,
        settle(samples, &known),
    ])
}

/// The day before, with one payout that the provider took back.
fn reconciled(samples: &Samples) -> Reconciled {
    let set = PartSet {
        number: 2,
        rows: 1,
        parts: 1,
    };
    let payout = &samples.completed;
    let head = Reconciliation {
        version: 2,
        run: Some(Comparison {
            set,
            at: samples.now,
            lists: vec![ProviderList {
                provider: Provider::Payelata,
                objects: 212,
                ending: ListEnding::Complete,
            }],
            cut: false,
        }),
        settlements: [(
            Provider::Payelata,
            Settlement {
                set,
                at: samples.now,
            },
        )]
        .into(),
        ..Reconciliation::empty(payout.tenant.clone(), Day::of(samples.now).back(1))
    };
    let difference = Difference {
        reason: Reason::StatusDiffers,
        payout: Some(payout.id.clone()),
        provider: Some(Provider::Payelata),
        reference: format!("{}-a01", payout.id),
        object: None,
        ours: Some("completed".to_owned()),
        theirs: Some("refunded".to_owned()),
        made_at: payout.requested_at,
    };
    Reconciled {
        head,
        differences: vec![difference],
    }
}

fn unknown() -> Error {
    Error::NotFound("reconciliation")
}

fn future() -> Error {
    Samples::invalid(&[("date", "must not lie in the future")])
}

fn run(samples: &Samples, known: &Reconciled) -> Result<Operation, Error> {
    let title = Title {
        function: "run-reconciliation",
        tag: TAG,
        summary: "Compare a day",
        description: "Compares the payouts sent on a day with the providers' lists and with the settlements, and keeps what \
            differs. Every night this is done for the day before. Nothing is moved: where asking the provider may settle a \
            difference, it is asked. A list that cannot be read to its end within 15 seconds leaves the day `incomplete` \
            and makes no differences; run it again.",
    };
    let refusals = [
        future(),
        Error::Conflict("the day is being reconciled by others; send it again".to_owned()),
    ];
    Ok(Operation::new(title)
        .taking(&[("day", NewReconciliation { date: "2026-11-20" })])?
        .answering("complete", &ReconciliationView::from(&known.head), samples)
        .refusing(refusals, samples)
        .linking("get-reconciliation", "date", "/data/date")
        .linking("get-reconciliation-report", "date", "/data/date"))
}

fn get(samples: &Samples, known: &Reconciled) -> Operation {
    let title = Title {
        function: "get-reconciliation",
        tag: TAG,
        summary: "Read what differs on a day",
        description: "By reason, the oldest first, as the newest comparison found it. At most 5,000 differences are kept; a \
            day with more is `incomplete`.",
    };
    Operation::new(title)
        .answering(
            "one_difference",
            &ReconciliationReportView::new(known, samples.now),
            samples,
        )
        .refusing([Samples::unknown_query(), unknown()], samples)
}

fn report(samples: &Samples, known: &Reconciled) -> Result<Operation, Error> {
    let title = Title {
        function: "get-reconciliation-report",
        tag: TAG,
        summary: "Read what differs as a CSV report",
        description: "One row a difference, in the order of the JSON. The same differences give the same bytes all day; then \
            their ages grow.",
    };
    Ok(Operation::new(title)
        .answering_file(CSV, reconciliation_view::report(known, samples.now)?)
        .refusing([Samples::unknown_query(), unknown()], samples))
}

fn settle(samples: &Samples, known: &Reconciled) -> Operation {
    let title = Title {
        function: "put-settlement",
        tag: TAG,
        summary: "Import a provider's settlement of a day",
        description: "A CSV file of at most 10,000 rows and 1 MiB: our reference or the provider's id, the amount in cents, and \
            the currency. It takes the place of an earlier one of the provider, and counts from the next comparison of the day on. A file \
            with a bad row is refused as a whole.",
    };
    let refusals = [
        Samples::invalid(&[("rows[0].reference", "is required")]),
        unknown(),
        Error::Conflict("the day kept changing; send the settlement again".to_owned()),
    ];
    Operation::new(title)
        .taking_file(CSV, FILE)
        .answering("imported", &ReconciliationView::from(&known.head), samples)
        .refusing(refusals, samples)
        .linking("get-reconciliation", "date", "/data/date")
}
