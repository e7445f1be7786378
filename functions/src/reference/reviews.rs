//! What is said of reviews.

use app::error::Error;
use domain::{
    answer::Answer,
    attempt::{Attempt, Opening},
    attempt_machine::AttemptState,
    batch::Hand,
    denied::Denied,
    ids::{AttemptRef, ProviderId},
    payout::PayoutStatus,
    review::{Case, Decision, Disposition, Proof, Review, Sighting},
    routing::Provider,
};
use platform::api::{
    body::{
        AbsorbedDecision, AbsorbedOutcome, FullDecision, FullOutcome, NewReviewDecision,
        PartDecision, PartOutcome, RestOutcome, SumDecision, SumOutcome,
    },
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
            is_read: true,
        };
        let attempt = Attempt {
            reviewed_at: Some(samples.now),
            ..attempt
        };
        let case = Case {
            attempt: &attempt,
            another_paid: false,
        };
        let says = |key: &str, owner: &str| Decision {
            by: Hand {
                key: key.to_owned(),
                owner: owner.to_owned(),
            },
            at: samples.now,
            outcome: Disposition::Paid,
            evidence_id: EVIDENCE.to_owned(),
            note: None,
            unread: None,
        };
        let open = Review::opened(None, &attempt, sighting);
        let first = open.decided(says("f57fd3b39691", "ann"), case)?.review;
        let settled = first.decided(says("0a7c41e8d2f3", "bob"), case)?.review;
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
            owner, must say the same with the same `evidenceId`; it takes effect at once. `question` says what is asked, \
            and the refusal of another word lists those that are offered. The second decision needs a read of the \
            provider of the last ten minutes: where there is none, one is made and the answer is `evidence_stale`. \
            Whoever decided first may replace their own decision.",
    };
    let full = NewReviewDecision::Full(FullDecision {
        outcome: FullOutcome::Paid,
        evidence_id: EVIDENCE,
        note: Some("seen on the statement of the clearing account"),
    });
    let part = NewReviewDecision::Part(PartDecision {
        outcome: PartOutcome::Partial,
        paid_amount: 40_000,
        rest: Some(RestOutcome::Returned),
        evidence_id: EVIDENCE,
        note: None,
    });
    let returned = NewReviewDecision::Sum(SumDecision {
        outcome: SumOutcome::Returned,
        amount: 4_750,
        evidence_id: EVIDENCE,
        note: None,
    });
    let absorbed = NewReviewDecision::Absorbed(AbsorbedDecision {
        outcome: AbsorbedOutcome::Absorbed,
        absorbed_by: "platform",
        evidence_id: EVIDENCE,
        note: None,
    });
    let owner = "ann".to_owned();
    let net = samples.payout.net();
    let refusals = [
        Samples::invalid(&[("evidenceId", "is required")]),
        Denied::PartOutOfRange { net }.into(),
        Denied::SumOutOfRange { most: net }.into(),
        Denied::InsufficientFunds {
            required: samples.payout.amount,
        }
        .into(),
        Error::NotFound("review"),
        Denied::ReviewClosed.into(),
        Denied::ProviderOwnsOutcome.into(),
        Denied::OwnDecision { owner }.into(),
        Denied::DecisionDiffers.into(),
        Denied::OutcomeNotOffered {
            offered: vec!["surplus"],
        }
        .into(),
        Denied::EvidenceStale.into(),
        Denied::EvidenceContradicts {
            proof: Proof::PaidInFull,
        }
        .into(),
        Denied::WithdrawalPending.into(),
        Denied::AttemptInFlight.into(),
        Denied::WrongState(PayoutStatus::Completed).into(),
        Error::Conflict("the review kept changing; read it again".to_owned()),
    ];
    Ok(Operation::new(title)
        .taking(&[
            ("paid", full),
            ("partial", part),
            ("returned", returned),
            ("absorbed", absorbed),
        ])?
        .answering("first", &ReviewView::from(&reviews.first), samples)
        .answering("settled", &ReviewView::from(&reviews.settled), samples)
        .refusing(refusals, samples)
        .linking("get-review", "id", "/data/id")
        .linking("get-payout", "id", "/data/payoutId"))
}
