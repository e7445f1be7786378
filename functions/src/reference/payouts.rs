//! What is said of payouts.

use app::error::Error;
use domain::{denied::Denied, money::Cents, payout::PayoutStatus};
use platform::api::{
    body::{
        NewInstantPayout, NewPayout, NoFields, PayoutForDriver, PayoutForLoad, PayoutForRecipient,
    },
    page_view::PageView,
    timeline::TimelineView,
    view::{CanceledView, InstantPayoutView, PayoutView, RetriedView},
    vocabulary,
};

use utoipa::openapi::{RefOr, path::Parameter};

use super::{
    lists::{filter, paging, range},
    operation::{Operation, Title},
    samples::Samples,
};

pub(super) const TAG: &str = "Payouts";

/// Functions that take a payout's id in their path.
const OF_A_PAYOUT: [&str; 4] = [
    "get-payout",
    "get-payout-timeline",
    "cancel-payout",
    "retry-payout",
];

pub(super) fn operations(samples: &Samples) -> Result<Vec<Operation>, Error> {
    Ok(vec![
        create(samples)?,
        create_instant(samples)?,
        list(samples),
        list_of_driver(samples),
        get(samples),
        timeline(samples),
        cancel(samples)?,
        retry(samples)?,
    ])
}

fn linked(operation: Operation) -> Operation {
    OF_A_PAYOUT.into_iter().fold(operation, |linked, function| {
        linked.linking(function, "id", "/data/id")
    })
}

/// Why a new payout is refused.
fn refusals(samples: &Samples, missing: &'static str) -> Vec<Error> {
    let nothing_left = Denied::FeeNotBelowAmount {
        amount: Cents::new(250),
        fee: Cents::new(250),
    };
    let mut errors = vec![
        Samples::invalid(&[(missing, "is required")]),
        Samples::wallet_too_low(),
        nothing_left.into(),
        Error::NotFound("load"),
        Samples::driver_vanished(),
        samples.load_held(),
        samples.load_paid(),
    ];
    errors.extend(Samples::not_payable());
    errors
}

fn create(samples: &Samples) -> Result<Operation, Error> {
    let title = Title {
        function: "create-payout",
        tag: TAG,
        summary: "Create a payout",
        description: "For a load, or for a driver and an amount; never both. The second form needs an idempotency \
            key. The amount is reserved, and the payout is sent at once. An instant payout is answered as by \
            `POST /api/v1/payouts/instant`.",
    };
    let for_load = NewPayout::Load(PayoutForLoad {
        load_id: "L-12345",
        urgency: Some("standard"),
        rail_fallback: None,
        requested_by: Some("dispatch desk"),
    });
    let for_driver = NewPayout::Driver(PayoutForDriver {
        driver_id: "OVN-DRIVER-789",
        amount: 45_000,
        rail: Some("standard"),
        rail_fallback: None,
        description: Some("Detention at the dock"),
        requested_by: None,
    });
    let for_recipient = NewPayout::Recipient(PayoutForRecipient {
        recipient_id: "OVN-DRIVER-789",
        amount: 45_000,
        rail: None,
        rail_fallback: None,
        description: Some("Load #L-12345"),
        requested_by: None,
    });
    let bodies = [
        ("delivered_load", for_load),
        ("driver_and_amount", for_driver),
        ("recipient_and_amount", for_recipient),
    ];
    let instant = InstantPayoutView::from(&samples.instant);
    let created = Operation::new(title)
        .taking(&bodies)?
        .answering("standard", &PayoutView::from(&samples.payout), samples)
        .answering("instant", &instant, samples)
        .refusing(refusals(samples, "loadId"), samples);
    Ok(linked(created))
}

fn create_instant(samples: &Samples) -> Result<Operation, Error> {
    let title = Title {
        function: "create-instant-payout",
        tag: TAG,
        summary: "Create an instant payout",
        description: "Cash-out of a delivered load within seconds. The driver needs a card, unless `railFallback` allows \
            the standard rail when nobody carries it by the instant one.",
    };
    let body = NewInstantPayout {
        load_id: "L-12345",
        requested_by: "John Smith",
        rail_fallback: None,
    };
    let either_way = NewInstantPayout {
        load_id: "L-12345",
        requested_by: "John Smith",
        rail_fallback: Some("standard"),
    };
    let view = InstantPayoutView::from(&samples.instant);
    let created = Operation::new(title)
        .taking(&[("instant", body), ("standard_will_do", either_way)])?
        .answering("instant", &view, samples)
        .refusing(refusals(samples, "requestedBy"), samples);
    Ok(linked(created))
}

fn of_status() -> Vec<RefOr<Parameter>> {
    let about = "Only payouts of this status.";
    filter::<vocabulary::PayoutStatus>("status", about)
}

fn list(samples: &Samples) -> Operation {
    let title = Title {
        function: "list-payouts",
        tag: TAG,
        summary: "List payouts",
        description: "Newest first, by `requestedAt`. Filters join with \"and\"; what they name need not exist.",
    };
    let driver = "Only payouts to this driver: our id, or the one the driver was registered under.";
    let load = "Every payout that ever had this load.";
    let listed = Operation::new(title).asking([
        of_status(),
        filter::<vocabulary::AnyDriverId>("driverId", driver),
        filter::<vocabulary::LoadId>("loadId", load),
        range(),
        paging(),
    ]);
    page_of(listed, samples)
        .refusing([Samples::unlisted()], samples)
        .linking_on()
}

fn list_of_driver(samples: &Samples) -> Operation {
    let title = Title {
        function: "list-driver-payouts",
        tag: TAG,
        summary: "List the payouts of a driver",
        description: "Newest first, by `requestedAt`. With `status`, at most 1,000 payouts may lie between `from` and \
            `to`.",
    };
    let listed = Operation::new(title).asking([of_status(), range(), paging()]);
    let refusals = [Samples::unlisted(), Error::NotFound("driver")];
    page_of(listed, samples)
        .refusing(refusals, samples)
        .linking("get-driver", "id", "/data/items/0/driverId")
        .linking_on()
}

fn page_of(listed: Operation, samples: &Samples) -> Operation {
    let page = samples.page(&samples.completed);
    let view: PageView<PayoutView<'_>> = Samples::view(&page);
    listed
        .answering("payouts", &view, samples)
        .linking("get-payout", "id", "/data/items/0/id")
        .linking("get-payout-timeline", "id", "/data/items/0/id")
}

fn get(samples: &Samples) -> Operation {
    let title = Title {
        function: "get-payout",
        tag: TAG,
        summary: "Read a payout",
        description: "As it is now. A payout whose outcome is not known stays `processing` with a `statusReason`; it \
            never shows `failed` while it may still be paid.",
    };
    let refusals = [Samples::unknown_query(), Error::NotFound("payout")];
    let read = Operation::new(title)
        .answering("completed", &PayoutView::from(&samples.completed), samples)
        .answering("failed", &PayoutView::from(&samples.failed), samples)
        .refusing(refusals, samples)
        .linking("get-driver", "id", "/data/driverId");
    linked(read)
}

fn timeline(samples: &Samples) -> Operation {
    let title = Title {
        function: "get-payout-timeline",
        tag: TAG,
        summary: "Read everything that happened to a payout",
        description: "Oldest first: each change, the money it moved, and what comes next.",
    };
    let refusals = [Samples::unknown_query(), Error::NotFound("payout")];
    let view = TimelineView::new(&samples.payout, &samples.transitions);
    Operation::new(title)
        .answering("timeline", &view, samples)
        .refusing(refusals, samples)
        .linking("get-payout", "id", "/data/payoutId")
}

fn cancel(samples: &Samples) -> Result<Operation, Error> {
    let title = Title {
        function: "cancel-payout",
        tag: TAG,
        summary: "Cancel a payout",
        description: "Possible in `validated`, `queued` and `failed`; the load is open again. Canceling a canceled \
            payout answers as the first time.",
    };
    let refusals = [
        Samples::invalid(&[("reason", "is not a known field")]),
        Error::NotFound("payout"),
        Denied::WrongState(PayoutStatus::Processing).into(),
        Error::Conflict("the payout kept changing; read it again".to_owned()),
    ];
    Ok(Operation::new(title)
        .taking_at_most(("empty", NoFields {}))?
        .answering("canceled", &CanceledView::from(&samples.canceled), samples)
        .refusing(refusals, samples)
        .linking("get-payout", "id", "/data/id")
        .linking("get-payout-timeline", "id", "/data/id"))
}

fn retry(samples: &Samples) -> Result<Operation, Error> {
    let title = Title {
        function: "retry-payout",
        tag: TAG,
        summary: "Retry a failed payout",
        description: "Possible in `failed`; the amount is reserved again and a new run of attempts begins.",
    };
    let mut refusals = vec![
        Samples::invalid(&[("reason", "is not a known field")]),
        Samples::wallet_too_low(),
        Error::NotFound("payout"),
        Samples::driver_vanished(),
        Denied::WrongState(PayoutStatus::Completed).into(),
        Denied::AttemptsExhausted.into(),
        Error::Conflict("the payout kept changing; read it again".to_owned()),
    ];
    refusals.extend(Samples::not_payable());
    Ok(Operation::new(title)
        .taking_at_most(("empty", NoFields {}))?
        .answering("queued", &RetriedView::from(&samples.queued), samples)
        .refusing(refusals, samples)
        .linking("get-payout", "id", "/data/id")
        .linking("get-payout-timeline", "id", "/data/id"))
}
