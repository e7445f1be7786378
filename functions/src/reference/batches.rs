//! What is said of batches.

use app::error::Error;
use domain::{batch::BatchStatus, denied::Denied, payout::PayoutStatus};
use platform::api::{
    batch_action_view::{
        ApprovedBatchView, CanceledBatchView, ReleasedBatchView, RetriedBatchView,
    },
    batch_report,
    batch_view::{BatchDetailView, BatchPayoutView, BatchView, EditedBatchView},
    body::{BatchAddition, BatchApproval, BatchRelease, NewBatch, NoFields},
    csv_file::CSV,
    page_view::PageView,
    preview_view::PreviewView,
    vocabulary,
};

use super::{
    batch_parameters::{of_file, version},
    batch_samples::BatchSamples,
    lists::{filter, paging},
    operation::{Operation, Title},
    samples::Samples,
};

pub(super) const TAG: &str = "Batches";
const FILE: &str = "loadId,amount\r\nL-12345,45000\r\n";
const PLAN: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

pub(super) fn operations(samples: &Samples) -> Result<Vec<Operation>, Error> {
    let batches = BatchSamples::new(samples)?;
    let known = (samples, &batches);
    Ok(vec![
        create(known)?,
        preview(known)?,
        list(known),
        get(known),
        payouts(known),
        report(known)?,
        release(known)?,
        cancel(known)?,
        approve(known)?,
        add(known)?,
        remove(known),
        retry(known)?,
    ])
}

type Known<'a> = (&'a Samples, &'a BatchSamples);

fn kept_changing() -> Error {
    Error::Conflict("the batch kept changing; read it again".to_owned())
}

fn stale() -> Error {
    Denied::StaleVersion { current: 2 }.into()
}

/// What a request without fields refuses.
fn no_fields() -> Error {
    Samples::invalid(&[("reason", "is not a known field")])
}

fn wish(plan: Option<&'static str>) -> NewBatch {
    NewBatch {
        name: "Week 47",
        load_ids: vec!["L-12345"],
        scheduled_for: Some("2026-11-27T18:00:00Z"),
        on_invalid: Some("rejectLines"),
        plan_hash: plan,
    }
}

fn create((samples, batches): Known<'_>) -> Result<Operation, Error> {
    let title = Title {
        function: "create-batch",
        tag: TAG,
        summary: "Make a batch",
        description: "Of 1 to 10,000 loads, at most 2 MiB. The money of all its lines is put on hold at once; they become \
            payouts within seconds and wait for the release. As CSV, the header names the column `loadId` and, if wanted, \
            `amount`: what the file takes the load's amount to be. The query belongs to CSV files; the same file makes one \
            batch, unless that one was canceled. It releases itself at `scheduledFor`; a time that \
            has passed releases nothing.",
    };
    let refusals = [
        Samples::invalid(&[("loadIds", "must be a list of 1 to 10000 texts")]),
        Samples::wallet_too_low(),
        batches.unknown(),
        batches.taken(),
        batches.changed(),
        batches.known(),
    ];
    Ok(Operation::new(title)
        .asking([of_file()])
        .taking(&[("batch", wish(Some(PLAN)))])?
        .or_file(CSV, FILE)
        .answering("queued", &BatchView::from(&batches.batch), samples)
        .refusing(refusals, samples)
        .linking("get-batch", "id", "/data/id")
        .linking("list-batch-payouts", "id", "/data/id")
        .linking("get-batch-report", "id", "/data/id")
        .linking("release-batch", "id", "/data/id")
        .linking("cancel-batch", "id", "/data/id"))
}

fn preview((samples, batches): Known<'_>) -> Result<Operation, Error> {
    let title = Title {
        function: "preview-batch",
        tag: TAG,
        summary: "See what a batch would do",
        description: "Takes what `POST /api/v1/batches` takes and says of every line what would become of it. Nothing is \
            moved and nothing remembered: the idempotency key is accepted and not used. `planHash` makes the batch exactly \
            this one.",
    };
    let refusals = [Samples::invalid(&[("name", "is required")])];
    Ok(Operation::new(title)
        .asking([of_file()])
        .taking(&[("batch", wish(Some(PLAN)))])?
        .or_file(CSV, FILE)
        .answering("preview", &PreviewView::from(&batches.preview), samples)
        .refusing(refusals, samples))
}

fn list((samples, batches): Known<'_>) -> Operation {
    let title = Title {
        function: "list-batches",
        tag: TAG,
        summary: "List batches",
        description: "Newest first, by `createdAt`; 20 a page unless another size is given.",
    };
    let page = samples.page(&batches.batch);
    let view: PageView<BatchView<'_>> = Samples::view(&page);
    Operation::new(title)
        .asking([
            filter::<vocabulary::BatchStatus>("status", "Only batches of this status."),
            paging(),
        ])
        .answering("batches", &view, samples)
        .refusing([Samples::unlisted()], samples)
        .linking("get-batch", "id", "/data/items/0/id")
        .linking("list-batch-payouts", "id", "/data/items/0/id")
        .linking("get-batch-report", "id", "/data/items/0/id")
        .linking_on()
}

fn get((samples, batches): Known<'_>) -> Operation {
    let title = Title {
        function: "get-batch",
        tag: TAG,
        summary: "Read a batch",
        description: "With how far its lines are, exact.",
    };
    let refusals = [Samples::unknown_query(), Error::NotFound("batch")];
    Operation::new(title)
        .answering("batch", &BatchDetailView::from(&batches.now), samples)
        .refusing(refusals, samples)
        .linking("list-batch-payouts", "id", "/data/id")
        .linking("get-batch-report", "id", "/data/id")
        .linking("release-batch", "id", "/data/id")
        .linking("cancel-batch", "id", "/data/id")
        .linking("retry-batch", "id", "/data/id")
}

fn payouts((samples, batches): Known<'_>) -> Operation {
    let title = Title {
        function: "list-batch-payouts",
        tag: TAG,
        summary: "List the lines of a batch",
        description: "In the order of the batch, each with its payout once it is one; without the lines that were taken out.",
    };
    let page = samples.page(&batches.line);
    let view: PageView<BatchPayoutView<'_>> = Samples::view(&page);
    let refusals = [Samples::unlisted(), Error::NotFound("batch")];
    Operation::new(title)
        .asking([paging()])
        .answering("lines", &view, samples)
        .refusing(refusals, samples)
        .linking("get-payout", "id", "/data/items/0/id")
        .linking("get-load", "loadId", "/data/items/0/loadId")
        .linking_on()
}

fn report((samples, batches): Known<'_>) -> Result<Operation, Error> {
    let title = Title {
        function: "get-batch-report",
        tag: TAG,
        summary: "Read a batch as a CSV report",
        description: "One row a line, in the order of the batch. The same state gives the same bytes.",
    };
    let refusals = [Samples::unknown_query(), Error::NotFound("batch")];
    Ok(Operation::new(title)
        .answering_file(CSV, batch_report::text(&batches.report)?)
        .refusing(refusals, samples))
}

fn release((samples, batches): Known<'_>) -> Result<Operation, Error> {
    let title = Title {
        function: "release-batch",
        tag: TAG,
        summary: "Release a batch",
        description: "From here on its payouts are sent and it cannot be changed. With `version`, only if its lines were not \
            changed since; with `planHash`, only if every line can still be paid as planned. Releasing a released batch \
            answers as the first time. Where the tenant wants it, another key has to approve first.",
    };
    let body = BatchRelease {
        version: Some(1),
        plan_hash: Some(PLAN),
    };
    let refusals = [
        Samples::invalid(&[("version", "must be a whole number from 1 to 4294967295")]),
        Error::NotFound("batch"),
        Denied::BatchState(BatchStatus::Canceled).into(),
        Denied::ApprovalMissing.into(),
        Denied::ApprovalLapsed.into(),
        stale(),
        batches.changed(),
        kept_changing(),
    ];
    let view = ReleasedBatchView::from(&batches.released);
    Ok(Operation::new(title)
        .taking_at_most(("as_planned", body))?
        .answering("processing", &view, samples)
        .refusing(refusals, samples)
        .linking("get-batch", "id", "/data/id")
        .linking("list-batch-payouts", "id", "/data/id")
        .linking("retry-batch", "id", "/data/id"))
}

fn cancel((samples, batches): Known<'_>) -> Result<Operation, Error> {
    let title = Title {
        function: "cancel-batch",
        tag: TAG,
        summary: "Cancel a batch",
        description: "Possible until it is released. Its lines end within seconds, their loads are open again and their money \
            comes back. Canceling a canceled batch answers as the first time.",
    };
    let refusals = [
        no_fields(),
        Error::NotFound("batch"),
        Denied::BatchState(BatchStatus::Processing).into(),
        kept_changing(),
    ];
    let view = CanceledBatchView::from(&batches.canceled);
    Ok(Operation::new(title)
        .taking_at_most(("empty", NoFields {}))?
        .answering("canceled", &view, samples)
        .refusing(refusals, samples)
        .linking("get-batch", "id", "/data/id"))
}

fn approve((samples, batches): Known<'_>) -> Result<Operation, Error> {
    let title = Title {
        function: "approve-batch",
        tag: TAG,
        summary: "Approve a batch",
        description: "The consent of a second key, in live mode of another owner, to exactly this plan. An edit voids it, and \
            it lapses after the minutes of the settings.",
    };
    let refusals = [
        Samples::invalid(&[("planHash", "must be the planHash of a preview or a batch")]),
        Denied::OwnBatch.into(),
        Error::NotFound("batch"),
        Denied::BatchState(BatchStatus::Processing).into(),
        batches.changed(),
        kept_changing(),
    ];
    let view = ApprovedBatchView::from(&batches.approved);
    Ok(Operation::new(title)
        .taking(&[("plan", BatchApproval { plan_hash: PLAN })])?
        .answering("approved", &view, samples)
        .refusing(refusals, samples)
        .linking("get-batch", "id", "/data/id")
        .linking("release-batch", "id", "/data/id"))
}

fn add((samples, batches): Known<'_>) -> Result<Operation, Error> {
    let title = Title {
        function: "add-batch-lines",
        tag: TAG,
        summary: "Add loads to a batch",
        description: "Up to 20 at a time, all or none, once its lines are payouts and until it is released.",
    };
    let body = BatchAddition {
        load_ids: vec!["L-12345"],
        version: 1,
    };
    let mut refusals = vec![
        Samples::invalid(&[("loadIds[1]", "must not be repeated")]),
        Samples::wallet_too_low(),
        Error::NotFound("batch"),
        batches.unknown(),
        Samples::driver_vanished(),
        Denied::BatchState(BatchStatus::Processing).into(),
        Denied::BatchFull.into(),
        stale(),
        batches.taken(),
        kept_changing(),
    ];
    refusals.extend(Samples::not_payable());
    Ok(Operation::new(title)
        .taking(&[("loads", body)])?
        .answering("edited", &EditedBatchView::from(&batches.batch), samples)
        .refusing(refusals, samples)
        .linking("get-batch", "id", "/data/id")
        .linking("list-batch-payouts", "id", "/data/id"))
}

fn remove((samples, batches): Known<'_>) -> Operation {
    let title = Title {
        function: "remove-batch-line",
        tag: TAG,
        summary: "Take a load out of a batch",
        description: "Until it is released: the payout of the line is canceled, its load is open again and its money comes \
            back. It takes no idempotency key; a repeat is 409 `stale_version`.",
    };
    let refusals = [
        Samples::invalid(&[("version", "is required")]),
        Error::NotFound("batch"),
        Error::NotFound("line"),
        Denied::WrongState(PayoutStatus::Canceled).into(),
        Denied::BatchFull.into(),
        stale(),
        kept_changing(),
    ];
    Operation::new(title)
        .asking([version()])
        .answering("edited", &EditedBatchView::from(&batches.batch), samples)
        .refusing(refusals, samples)
        .linking("get-batch", "id", "/data/id")
        .linking("list-batch-payouts", "id", "/data/id")
}

fn retry((samples, batches): Known<'_>) -> Result<Operation, Error> {
    let title = Title {
        function: "retry-batch",
        tag: TAG,
        summary: "Retry the failed payouts of a batch",
        description: "Once it was released. Only what has failed is sent again; a payout whose outcome is unknown may still \
            be paid and is never touched.",
    };
    let refusals = [
        no_fields(),
        Error::NotFound("batch"),
        Denied::BatchState(BatchStatus::Queued).into(),
    ];
    let view = RetriedBatchView::from(&batches.retry);
    Ok(Operation::new(title)
        .taking_at_most(("empty", NoFields {}))?
        .answering("retrying", &view, samples)
        .refusing(refusals, samples)
        .linking("get-batch", "id", "/data/id")
        .linking("list-batch-payouts", "id", "/data/id"))
}
