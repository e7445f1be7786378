//! What is said of reviews.

use app::error::Error;
use domain::{
    answer::Answer,
    attempt::{Attempt, Opening},
    attempt_machine::AttemptState,
    batch::Hand,
    denied::Denied,
    ids::{AttemptRef, ProviderId},
    payout::{PayoutStatus, Settlement},
    review::{Decision, Review, Sighting},
    routing::Provider,
};
use platform::api::{
    body::{FullDecision, FullOutcome, NewReviewDecision, PartDecision, PartOutcome},
    page_view::PageView,
    review_view::ReviewView,
    vocabulary,
};

use super::{
    lists::{filter, paging},
    operation::{Operation, Title},
    samples::Samples,
};

pub(super) const TAG: &str = "Reviews";
const EVIDENCE: &str = "bank statement 2026-11-24, line 14";

pub(super) fn operations(samples: &Samples) -> Result<Vec<Operation>, Error> {
    let reviews = ReviewSamples::new(samples)?;
    let known = (samples, &reviews);
    Ok(vec![list(known), get(known), decide(known)?])
}

/// The first payout's attempt, which its provider paid in part.
struct ReviewSamples {
    open: Review,
    first: Review,
    settled: Review,
}

type Known<'a> = (&'a Samples, &'a ReviewSamples);

impl ReviewSamples {
    fn new(samples: &Samples) -> Result<Self, Error> {
        let object = ProviderId::parse("cpoi_2Yl6yuZQ8mQ1");
        let opening = Opening {
            reference: AttemptRef::new(samples.payout.id.clone(), 1),
            provider: Provider::Payelata,
            method: None,
            route: "payelata: standard rail".to_owned(),
            left: Vec::new(),
            fallback: Vec::new(),
            at: samples.now,
        };
        let attempt = Attempt {
            state: AttemptState::Review,
            object: object.ok(),
            last_status: Some("partially_processed".to_owned()),
            reason: Some("partially_processed".to_owned()),
            ..Attempt::prepared(&samples.payout, opening)
        };
        let sighting = Sighting {
            answer: &Answer::Absent,
            at: samples.now,
        };
        let says = |key: &str, owner: &str| Decision {
            by: Hand {
                key: key.to_owned(),
                owner: owner.to_owned(),
            },
            at: samples.now,
            outcome: Settlement::Paid,
            evidence_id: EVIDENCE.to_owned(),
            note: None,
        };
        let open = Review::opened(&attempt, sighting);
        let first = open.decided(says("f57fd3b39691", "ann"), &attempt)?;
        let settled = first.decided(says("0a7c41e8d2f3", "bob"), &attempt)?;
        Ok(Self {
            open,
            first,
            settled,
        })
    }
}

fn list((samples, reviews): Known<'_>) -> Operation {
    let title = Title {
        function: "list-reviews",
        tag: TAG,
        summary: "List reviews",
        description: "Newest first, by `openedAt`: attempts whose outcome people have to decide, or decided.",
    };
    let page = samples.page(&reviews.open);
    let view: PageView<ReviewView<'_>> = Samples::view(&page);
    Operation::new(title)
        .asking([
            filter::<vocabulary::ReviewStatus>("status", "Only reviews of this status."),
            paging(),
        ])
        .answering("reviews", &view, samples)
        .refusing([Samples::unlisted()], samples)
        .linking("get-review", "id", "/data/items/0/id")
        .linking("get-payout-timeline", "id", "/data/items/0/payoutId")
        .linking_on()
}

fn get((samples, reviews): Known<'_>) -> Operation {
    let title = Title {
        function: "get-review",
        tag: TAG,
        summary: "Read a review",
        description: "With what our books know of the attempt. There is one review of an attempt at the most.",
    };
    let refusals = [Samples::unknown_query(), Error::NotFound("review")];
    Operation::new(title)
        .answering("open", &ReviewView::from(&reviews.open), samples)
        .refusing(refusals, samples)
        .linking("decide-review", "id", "/data/id")
        .linking("get-payout", "id", "/data/payoutId")
        .linking("get-payout-timeline", "id", "/data/payoutId")
}

fn decide((samples, reviews): Known<'_>) -> Result<Operation, Error> {
    let title = Title {
        function: "decide-review",
        tag: TAG,
        summary: "Decide the outcome of an attempt",
        description: "The scope belongs to operators. The first decision is only stored. The second, by a key of another \
            owner, must equal it in `outcome`, `paidAmount` and `evidenceId`; it settles the payout at once and closes \
            the review. A decision cannot be taken back.",
    };
    let full = NewReviewDecision::Full(FullDecision {
        outcome: FullOutcome::Paid,
        evidence_id: EVIDENCE,
        note: Some("seen on the statement of the clearing account"),
    });
    let part = NewReviewDecision::Part(PartDecision {
        outcome: PartOutcome::Partial,
        paid_amount: 40_000,
        evidence_id: EVIDENCE,
        note: None,
    });
    let owner = "ann".to_owned();
    let net = samples.payout.net();
    let refusals = [
        Samples::invalid(&[("evidenceId", "is required")]),
        Denied::PartOutOfRange { net }.into(),
        Error::NotFound("review"),
        Denied::ReviewClosed.into(),
        Denied::ProviderOwnsOutcome.into(),
        Denied::OwnDecision { owner }.into(),
        Denied::DecisionDiffers.into(),
        Denied::WrongState(PayoutStatus::Completed).into(),
        Error::Conflict("the review kept changing; read it again".to_owned()),
    ];
    Ok(Operation::new(title)
        .taking(&[("paid", full), ("partial", part)])?
        .answering("first", &ReviewView::from(&reviews.first), samples)
        .answering("settled", &ReviewView::from(&reviews.settled), samples)
        .refusing(refusals, samples)
        .linking("get-review", "id", "/data/id")
        .linking("get-payout", "id", "/data/payoutId"))
}
